"""What entry points write to the log."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from autoforge import log

_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


@pytest.fixture(autouse=True)
def process() -> Iterator[None]:
    """Leave the logging of the tests' own process as it was."""
    logger = logging.getLogger("autoforge")
    kept = (logger.handlers, logger.level, logger.propagate)
    yield
    logger.handlers, logger.level, logger.propagate = kept


def fail() -> Exception:
    """An error that was raised."""
    with pytest.raises(ValueError, match="invalid") as raised:
        int("no")
    return raised.value


def write_some() -> None:
    """Log what an event may be like."""
    logger = logging.getLogger("autoforge.http")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        logger.info("http.request", extra={"status": 200, "route": None, "text": "a b"})
        logger.warning("take %s", "care")
        logger.error("http.crash", exc_info=fail(), extra={"path": "/x=y", "quoted": "it's"})


def test_a_line_of_json_has_the_event_its_values_and_those_of_its_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure(level="INFO", json=True)

    write_some()

    asked, warned, crashed = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    common = {"request_id": "r1", "logger": "autoforge.http"}
    assert re.fullmatch(_MOMENT, asked.pop("timestamp"))
    assert asked == {
        **common,
        "event": "http.request",
        "level": "info",
        "status": 200,
        "route": None,
        "text": "a b",
    }
    assert (warned["event"], warned["level"]) == ("take care", "warning")
    assert crashed["exception"].endswith("'no'")


def test_a_line_for_people_is_the_consoles_without_its_colours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure(level="INFO", json=False)
    console = structlog.dev.ConsoleRenderer(colors=False)
    expected: list[str] = []

    class Beside(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            event: dict[str, Any] = json.loads(as_json.format(record))
            expected.append(console(None, "", event))

    as_json = log._Formatter(structlog.processors.JSONRenderer())
    logging.getLogger("autoforge").addHandler(Beside())

    write_some()

    assert capsys.readouterr().err == "".join(f"{line}\n" for line in expected)
    assert "ValueError: " in expected[-1]


def test_a_terminal_has_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    log.configure(level="INFO", json=False)

    write_some()

    assert "\x1b[" in capsys.readouterr().err


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(level="ERROR", json=True)

    write_some()

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "http.crash"

"""What the entry points log."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import threading
from threading import Thread
from typing import Any

import pytest
import structlog

from autoforge import log

_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def fail() -> Exception:
    """A raised error, with its traceback."""
    with pytest.raises(ValueError, match="invalid") as raised:
        int("no")
    return raised.value


def write_some() -> None:
    """Log events of several kinds: with values, with arguments, with an error."""
    logger = logging.getLogger("autoforge.http")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        logger.info("http.request", extra={"status": 200, "route": None, "text": "a b"})
        logger.warning("take %s", "care")
        logger.error("http.crash", exc_info=fail(), extra={"path": "/x=y", "quoted": "it's"})


def test_a_line_of_json_has_the_event_its_values_and_those_of_its_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with log.configured(level="INFO", json=True):
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
    console = structlog.dev.ConsoleRenderer(colors=False)
    expected: list[str] = []

    class Beside(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            event: dict[str, Any] = json.loads(as_json.format(record))
            expected.append(console(None, "", event))

    as_json = log._Formatter(structlog.processors.JSONRenderer())
    with log.configured(level="INFO", json=False):
        logging.getLogger("autoforge").addHandler(Beside())
        write_some()

    assert capsys.readouterr().err == "".join(f"{line}\n" for line in expected)
    assert "ValueError: " in expected[-1]


def test_a_terminal_has_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with log.configured(level="INFO", json=False):
        write_some()

    assert "\x1b[" in capsys.readouterr().err


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    with log.configured(level="ERROR", json=True):
        write_some()

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "http.crash"


def test_logging_is_afterwards_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    def states() -> list[object]:
        loggers = [logging.getLogger(name) for name in ("autoforge", "asyncio", "uvicorn")]
        return [(list(each.handlers), each.level, each.propagate) for each in loggers]

    before, threads = states(), set(threading.enumerate())
    with log.configured(level="INFO", json=True):
        assert states() != before

    assert states() == before
    assert set(threading.enumerate()) <= threads


def test_of_other_packages_warnings_are_written(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET, "uvicorn.error")  # a server in this process may have set it
    with log.configured(level="DEBUG", json=True):
        logging.getLogger("uvicorn.error").info("Started")
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "Invalid HTTP request received."


def test_who_logs_does_not_wait_for_who_reads_and_what_is_dropped_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[dict[str, Any]] = []
    reading, writing = (os.fdopen(end, mode) for end, mode in zip(os.pipe(), "rw", strict=True))
    reader = Thread(target=lambda: said.extend(map(json.loads, reading)))
    monkeypatch.setattr(sys, "stderr", writing)
    with reading:
        with writing, log.configured(level="INFO", json=True, capacity=100):
            for number in range(5000):  # several times the capacity of the pipe and the queue
                logging.getLogger("autoforge.http").info("x" * 500, extra={"number": number})
            reader.start()
        reader.join()

    numbers = [each["number"] for each in said if "number" in each]
    dropped = [each["records"] for each in said if each["event"] == "log.dropped"]
    assert numbers == sorted(numbers)
    assert len(numbers) + sum(dropped) == 5000
    assert dropped


def test_a_process_ends_though_nobody_reads_what_it_logs() -> None:
    program = (
        "import logging; from autoforge import log\n"
        "with log.configured(level='INFO', json=True):\n"
        "    for _ in range(20_000): logging.getLogger('autoforge').info('x' * 100)\n"
        "print('done')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.wait(60) == 0
        assert process.stdout is not None
        assert process.stdout.read() == b"done\n"


def test_who_logs_after_the_reader_is_gone_is_not_disturbed() -> None:
    program = (
        "import logging; from autoforge import log\n"
        "with log.configured(level='INFO', json=True):\n"
        "    input()\n"
        "    for _ in range(2_000): logging.getLogger('autoforge').info('x' * 100)\n"
        "print('done')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        process.stderr.close()
        out, _ = process.communicate(b"\n", 60)
        assert (process.returncode, out) == (0, b"done\n")

"""Configures logging for an entry point: structured, one event a line.

The library itself only speaks to the standard library's loggers, and says nothing unless asked.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import structlog

#: What every record has; anything else was said of its event.
_STANDARD: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime"})

#: What a record says of the request it belongs to; without it, the context says so.
REQUEST_ID: Final = "request_id"

#: What makes a text in a line hard to tell from what stands beside it.
_AMBIGUOUS: Final = frozenset(" \t=\r\n\"'")


def configure(*, level: str, json: bool) -> None:
    """Send every log event to standard error, as JSON for machines or as text for people."""
    in_colour: structlog.typing.Processor = structlog.dev.ConsoleRenderer(colors=True)
    for_people = in_colour if sys.stderr.isatty() else _plain_line
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(structlog.processors.JSONRenderer() if json else for_people))
    logger = logging.getLogger("autoforge")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


class _Formatter(logging.Formatter):
    """Writes records by a renderer of structlog's.

    structlog's own formatter copies each record and passes it through a chain of processors, which
    costs three times what the rendering does; a server writes a line for every request.
    """

    def __init__(self, renderer: structlog.typing.Processor) -> None:
        super().__init__()
        self._render = renderer

    def format(self, record: logging.LogRecord) -> str:
        """Write a record with what was said of its event, and of the request it belongs to."""
        values = vars(record)
        said = {name: values[name] for name in values.keys() - _STANDARD}
        if REQUEST_ID not in said:
            said = {**structlog.contextvars.get_contextvars(), **said}
        event = {
            "event": record.getMessage(),
            **said,
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": _moment(record.created),
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return str(self._render(None, event["level"], event))


def _plain_line(logger: Any, level: str, event: MutableMapping[str, Any]) -> str:
    """Write what structlog's console has without its colours, at a fraction of its cost."""
    del logger
    moment, name, said = event.pop("timestamp"), event.pop("logger"), event.pop("event")
    exception = event.pop("exception", None)
    del event["level"]
    values = " ".join(f"{each}={_shown(event[each])}" for each in sorted(event))
    line = f"{moment} [{level:<9}] {said:<30} [{name}]{' ' if values else ''}{values}"
    return line if exception is None else f"{line}\n{exception}"


def _shown(value: object) -> str:
    """A value as it is, unless it could be taken for more than one."""
    if isinstance(value, str) and _AMBIGUOUS.isdisjoint(value):
        return value
    return repr(value)


def _moment(created: float) -> str:
    second, fraction = divmod(created, 1)
    return f"{_second(int(second))}.{int(fraction * 1e6):06}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    """A second as text; a server writes many lines in each."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[: len("2026-02-04T10:30:00")]

"""Configures logging for an entry point: structured, one event a line, written by a thread.

The library itself only uses the standard library's loggers; without this, its events are not shown.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from queue import Queue
from typing import Any, Final

from autoforge.dynamodb.extras import extra

with extra("http", "autoforge.log"):
    import structlog

    from autoforge.log_queue import CAPACITY, LineWriter, QueuedHandler

#: The attributes that every record has; all others belong to its event.
_STANDARD: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime"})

#: Characters that make a value in a line hard to tell from its neighbours.
_AMBIGUOUS: Final = frozenset(" \t=\r\n\"'")


#: The loggers whose events are written, ours and those of the server, with their lowest levels.
_LOGGERS: Final = {
    "autoforge": logging.DEBUG,
    "asyncio": logging.WARNING,
    "uvicorn": logging.WARNING,
}


@contextmanager
def configured(*, level: str, json: bool, capacity: int = CAPACITY) -> Iterator[None]:
    """Send log events to standard error until the block ends, as JSON or as text for people.

    Args:
        level: The lowest level that is logged; events of other packages are logged from WARNING on.
        json: Whether to write one JSON object per line, for machines.
        capacity: How many events may wait to be written; further ones are dropped and counted.
    """
    in_colour: structlog.typing.Processor = structlog.dev.ConsoleRenderer(colors=True)
    for_people = in_colour if sys.stderr.isatty() else _plain_line
    renderer = structlog.processors.JSONRenderer() if json else for_people
    records: Queue[logging.LogRecord | None] = Queue(capacity)
    handler = QueuedHandler(records)
    writer = LineWriter(records, _Formatter(renderer).format, sys.stderr)
    with ExitStack() as restoring:
        for name, lowest in _LOGGERS.items():
            restoring.enter_context(_sent(logging.getLogger(name), handler, level, lowest))
        writer.start()
        try:
            yield
        finally:
            writer.finish(handler.last())


@contextmanager
def _sent(
    logger: logging.Logger, handler: logging.Handler, level: str, lowest: int
) -> Iterator[None]:
    """Send the records of a logger to one handler only, until the block ends."""
    kept = (logger.handlers, logger.level, logger.propagate)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(max(logging.getLevelNamesMapping()[level], lowest))
    try:
        yield
    finally:
        logger.handlers, before, logger.propagate = kept
        logger.setLevel(before)


class _Formatter(logging.Formatter):
    """Formats records with a renderer of structlog.

    structlog's own formatter copies each record and passes it through a chain of processors, which
    costs three times what the rendering does; a server writes a line for every request.
    """

    def __init__(self, renderer: structlog.typing.Processor) -> None:
        super().__init__()
        self._render = renderer

    def format(self, record: logging.LogRecord) -> str:
        """Format a record with the values of its event."""
        values = vars(record)
        own = {name: values[name] for name in values.keys() - _STANDARD}
        event = {
            "event": record.getMessage(),
            **own,
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": _timestamp(record.created),
        }
        if record.exc_text:
            event["exception"] = record.exc_text
        return str(self._render(None, event["level"], event))


def _plain_line(logger: Any, level: str, event: MutableMapping[str, Any]) -> str:
    """Format an event as structlog's console does without colours, at a fraction of its cost."""
    del logger
    timestamp, name, title = event.pop("timestamp"), event.pop("logger"), event.pop("event")
    exception = event.pop("exception", None)
    del event["level"]
    values = " ".join(f"{each}={_shown(event[each])}" for each in sorted(event))
    line = f"{timestamp} [{level:<9}] {title:<30} [{name}]{' ' if values else ''}{values}"
    return line if exception is None else f"{line}\n{exception}"


def _shown(value: object) -> str:
    """A value as text; quoted if it could be read as several values."""
    if isinstance(value, str) and _AMBIGUOUS.isdisjoint(value):
        return value
    return repr(value)


def _timestamp(created: float) -> str:
    second, fraction = divmod(created, 1)
    return f"{_second(int(second))}.{int(fraction * 1e6):06}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    """A second as text; cached, since a server writes many lines in each."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[: len("2026-02-04T10:30:00")]

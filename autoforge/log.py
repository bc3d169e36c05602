"""Configures logging for an entry point: structured, one event a line, written by a thread.

The library itself only speaks to the standard library's loggers, and says nothing unless asked.
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

#: What every record has; anything else was said of its event.
_STANDARD: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime"})

#: What makes a text in a line hard to tell from what stands beside it.
_AMBIGUOUS: Final = frozenset(" \t=\r\n\"'")


#: Whose events are written: ours, and those of what serves requests for us.
#: Each with the least level that is logged of it.
_LOGGERS: Final = {
    "autoforge": logging.DEBUG,
    "asyncio": logging.WARNING,
    "uvicorn": logging.WARNING,
}


@contextmanager
def configured(*, level: str, json: bool, capacity: int = CAPACITY) -> Iterator[None]:
    """Send log events to standard error until the block ends, as JSON or as text for people.

    Args:
        level: What is of less weight is not logged; of other packages, nothing below WARNING is.
        json: One JSON object a line, for machines.
        capacity: How many events may wait to be written; further ones are dropped and counted.
    """
    in_colour: structlog.typing.Processor = structlog.dev.ConsoleRenderer(colors=True)
    for_people = in_colour if sys.stderr.isatty() else _plain_line
    renderer = structlog.processors.JSONRenderer() if json else for_people
    records: Queue[logging.LogRecord | None] = Queue(capacity)
    handler = QueuedHandler(records)
    writer = LineWriter(records, _Formatter(renderer).format, sys.stderr)
    with ExitStack() as restoring:
        for name, least in _LOGGERS.items():
            restoring.enter_context(_sent(logging.getLogger(name), handler, level, least))
        writer.start()
        try:
            yield
        finally:
            writer.finish(handler.last())


@contextmanager
def _sent(
    logger: logging.Logger, handler: logging.Handler, level: str, least: int
) -> Iterator[None]:
    """Send what a logger logs to a handler alone, until the block ends."""
    kept = (logger.handlers, logger.level, logger.propagate)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(max(logging.getLevelNamesMapping()[level], least))
    try:
        yield
    finally:
        logger.handlers, before, logger.propagate = kept
        logger.setLevel(before)


class _Formatter(logging.Formatter):
    """Writes records by a renderer of structlog's.

    structlog's own formatter copies each record and passes it through a chain of processors, which
    costs three times what the rendering does; a server writes a line for every request.
    """

    def __init__(self, renderer: structlog.typing.Processor) -> None:
        super().__init__()
        self._render = renderer

    def format(self, record: logging.LogRecord) -> str:
        """Write a record with what was said of its event."""
        values = vars(record)
        said = {name: values[name] for name in values.keys() - _STANDARD}
        event = {
            "event": record.getMessage(),
            **said,
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": _moment(record.created),
        }
        if record.exc_text:
            event["exception"] = record.exc_text
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

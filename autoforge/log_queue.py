"""Hands log records to a thread that writes them, so that logging never waits for a slow reader.

A pipe that nobody reads is full after 64 KB; then writing to it blocks. The queue is bounded:
records that do not fit are dropped and counted, and the count is logged as soon as there is room.
"""

from __future__ import annotations

import logging
import os
import select
from collections.abc import Callable
from contextlib import suppress
from io import UnsupportedOperation
from logging.handlers import QueueHandler, QueueListener
from queue import Full, Queue
from typing import Any, Final, TextIO, TypeAlias

import structlog

#: The most records that wait to be written; a few megabytes.
CAPACITY: Final = 10_000

#: Seconds to wait at the end of logging, for room in the queue and for the last line.
PATIENCE: Final = 1.0

#: The most lines that are written together.
_BATCH: Final = 100

#: The attribute with the id of a record's request; without it, the id is taken from the context.
REQUEST_ID: Final = "request_id"

_Records: TypeAlias = "Queue[logging.LogRecord | None]"


class QueuedHandler(QueueHandler):
    """Puts records into a queue, and never waits."""

    queue: _Records

    def __init__(self, queue: _Records) -> None:
        super().__init__(queue)
        self._dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Add to a record what the writing thread cannot find out: its traceback and context."""
        if record.exc_info:
            # As text: a traceback keeps all local variables alive, such as the body of a request.
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        values = vars(record)
        if REQUEST_ID not in values:
            record.__dict__ = {**structlog.contextvars.get_contextvars(), **values}
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Put a record into the queue, after a note of the records that were dropped."""
        try:
            if self._dropped:
                self.queue.put_nowait(_note(self._dropped))
                self._dropped = 0
            self.queue.put_nowait(record)
        except Full:
            self._dropped += 1

    def last(self) -> logging.LogRecord | None:
        """A note of the records that were dropped since the last note; None if there are none."""
        return _note(self._dropped) if self._dropped else None


class LineWriter(QueueListener):
    """Writes the records of a queue to a stream, in a thread, several at a time.

    Args:
        queue: The queue of records.
        line_of: Formats a record as a line.
        stream: The stream of lines. If it has a file, that is written to directly: a process that
            ends while a write blocks must not wait for the lock of the stream.
    """

    queue: _Records

    def __init__(
        self, queue: _Records, line_of: Callable[[logging.LogRecord], str], stream: TextIO
    ) -> None:
        super().__init__(queue)
        self._line_of = line_of
        self._stream = stream
        self._lines: list[str] = []

    def dequeue(self, block: bool) -> Any:
        """Return the next record, or None at the end; write the lines before waiting for one."""
        if self.queue.empty():
            self._flush()
        record: Any = super().dequeue(block)
        if record is None:
            self._flush()
        return record

    def handle(self, record: logging.LogRecord) -> None:
        """Format a record, and write it together with others."""
        self._lines.append(self._line_of(record))
        if len(self._lines) >= _BATCH:
            self._flush()

    def finish(self, last: logging.LogRecord | None) -> None:
        """Write the waiting records and end; a thread whose write blocks is left behind.

        Args:
            last: A record to write after all others.
        """
        thread, self._thread = self._thread, None
        with suppress(Full):
            if last is not None:
                self.queue.put(last, timeout=PATIENCE)
            self.queue.put(None, timeout=PATIENCE)
            if thread is not None:
                thread.join(PATIENCE)

    def _flush(self) -> None:
        text = "".join(f"{line}\n" for line in self._lines)
        self._lines.clear()
        with suppress(OSError, ValueError):  # the reader has gone
            self._write(text)

    def _write(self, text: str) -> None:
        try:
            file = self._stream.fileno()
        except UnsupportedOperation:
            self._stream.write(text)
            return
        left = memoryview(text.encode(errors="backslashreplace"))
        while left:
            try:
                left = left[os.write(file, left) :]
            except BlockingIOError:
                select.select([], [file], [])


def _note(dropped: int) -> logging.LogRecord:
    note = logging.LogRecord(__name__, logging.WARNING, __file__, 0, "log.dropped", (), None)
    note.__dict__["records"] = dropped
    return note

"""Client: the interface that each module here gives to the client it is named after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.sample import Sample


@dataclass(frozen=True)
class Population:
    """The events that are read and written."""

    #: The event of single reads and writes.
    single: Sample
    #: The events of pages; the first three are written in one transaction.
    listed: Sequence[Sample]

    @property
    def together(self) -> Sequence[Sample]:
        """The events of one transaction."""
        return self.listed[:3]


def repeated(call: Callable[[], Any], times: int) -> Any:
    """Call a function so many times, and return the last result."""
    answer = None
    for _ in range(times):
        answer = call()
    return answer


@dataclass(frozen=True)
class Client:
    """A connected client, with the four tasks that are measured.

    The values to be written exist already: a call serialises them, but does not construct them.
    """

    #: Reads the single event by its key.
    get: Callable[[], Any]
    #: Stores the single event.
    put: Callable[[], Any]
    #: Stores three events together.
    transact: Callable[[], Any]
    #: Reads a page of the project's events, the newest first, in one request; takes the limit.
    page: Callable[[int], Any]
    #: Returns the events of a page that ``page`` returned.
    events: Callable[[Any], Iterable[Any]]
    #: Returns the attributes of an event, by their names in the table.
    values: Callable[[Any], Mapping[str, Any]]
    #: Makes a call many times; calls of an asynchronous client are awaited one after another.
    run: Callable[[Callable[[], Any], int], Any] = repeated

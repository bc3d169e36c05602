"""Client, what each module here makes of the client it is named for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.sample import Sample


@dataclass(frozen=True)
class Population:
    """The events that are read and written."""

    #: What single answers hold, and what is put.
    single: Sample
    #: What lists hold; the first three are written together.
    listed: Sequence[Sample]

    @property
    def together(self) -> Sequence[Sample]:
        """The events of one transaction."""
        return self.listed[:3]


def repeated(call: Callable[[], Any], times: int) -> Any:
    """Make a call so many times, and return what the last one answered."""
    answer = None
    for _ in range(times):
        answer = call()
    return answer


@dataclass(frozen=True)
class Client:
    """A client that is connected, with the four things it is asked to do.

    What is written is made beforehand: a call serialises it, and does not construct it.
    """

    #: Reads the single event by its key.
    get: Callable[[], Any]
    #: Stores the single event.
    put: Callable[[], Any]
    #: Stores three events together.
    transact: Callable[[], Any]
    #: Reads so many of the project's events, the newest first, in one request.
    page: Callable[[int], Any]
    #: The events of a page that ``page`` answered with.
    events: Callable[[Any], Iterable[Any]]
    #: An event's attributes, by their names in the table.
    values: Callable[[Any], Mapping[str, Any]]
    #: Makes a call many times; an asynchronous client's calls are awaited one after another.
    run: Callable[[Callable[[], Any], int], Any] = repeated

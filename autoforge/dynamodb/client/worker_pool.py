"""WorkerPool: threads that make requests at once which do not need each other's answers.

The caller works too, and waits for nothing but what others have begun. So nothing is ever stuck:
not where all threads are busy, not where a task has tasks of its own, not in the child of a fork.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from operator import length_hint
from threading import Lock
from typing import Final, Generic, TypeVar

T = TypeVar("T")

#: Something to do that another thread may do.
Task = Callable[[], T]

#: Requests under way at once for one caller: with answers 20 ms away, batches keep a core busy.
WIDTH: Final = 32


@dataclass
class WorkerPool:
    """Up to so many threads, made when they are first needed; safe under threads itself."""

    width: int = WIDTH
    _threads: ThreadPoolExecutor | None = field(default=None, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def run(self, tasks: Iterable[Task[T]]) -> list[T]:
        """Do all tasks, several at a time, and return what they return, in their order.

        Tasks are taken when they are begun, by one thread at a time. After an error no further one
        is taken.

        Raises:
            Exception: the first, in the order of the tasks, that one raised.
        """
        most = min(self.width, length_hint(tasks, self.width))
        work = _Work(iter(tasks), most - 1, self._call_for_help)
        work.take_part()
        for helper in work.helpers:
            # One that has not begun is not needed any more.
            if not helper.cancel():
                helper.result()
        return work.results()

    def close(self) -> None:
        """Let the threads go; they are made again if they are needed again."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown()

    def _call_for_help(self, take_part: Callable[[], None]) -> Future[None]:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self.width, thread_name_prefix="autoforge")
            return self._threads.submit(copy_context().run, take_part)


class _Work(Generic[T]):
    """Tasks that several threads take from, and what has come of them."""

    def __init__(
        self,
        tasks: Iterator[Task[T]],
        most_helpers: int,
        call_for_help: Callable[[Callable[[], None]], Future[None]],
    ) -> None:
        self.helpers: list[Future[None]] = []
        self._tasks = tasks
        self._most_helpers = most_helpers
        self._call_for_help = call_for_help
        self._taken = 0
        self._done: dict[int, T] = {}
        self._errors: dict[int, BaseException] = {}
        self._lock = Lock()

    def take_part(self) -> None:
        """Do tasks until none is left or one has failed."""
        while (taken := self._take()) is not None:
            place, task = taken
            try:
                self._done[place] = task()
            except BaseException as error:  # noqa: BLE001 - raised again by whoever called
                self._errors[place] = error

    def results(self) -> list[T]:
        """What the tasks returned, in their order; the first error if there was one."""
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._done[place] for place in range(self._taken)]

    def _take(self) -> tuple[int, Task[T]] | None:
        with self._lock:
            if self._errors:
                return None
            try:
                task = next(self._tasks, None)
            except BaseException as error:  # noqa: BLE001 - as above
                self._errors[self._taken] = error
                return None
            if task is None:
                return None
            place, self._taken = self._taken, self._taken + 1
            # Each that takes a task calls one more, so that short work is not shared too widely.
            if len(self.helpers) < self._most_helpers:
                self.helpers.append(self._call_for_help(self.take_part))
        return place, task

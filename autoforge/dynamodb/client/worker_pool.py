"""WorkerPool: threads that run independent tasks concurrently.

The calling thread runs tasks too, and only waits for tasks that other threads have started. So a
call never deadlocks: not if all threads are busy, nor if a task runs tasks itself, nor in the child
of a fork.
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

#: A function that any thread may run.
Task = Callable[[], T]

#: Concurrent tasks of one call: with answers after 20 ms, so many batches keep a core busy.
WIDTH: Final = 32


@dataclass
class WorkerPool:
    """Up to ``width`` threads, started when they are first needed; thread-safe."""

    width: int = WIDTH
    _threads: ThreadPoolExecutor | None = field(default=None, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def run(self, tasks: Iterable[Task[T]]) -> list[T]:
        """Run all tasks, several at a time, and return their results in order.

        A task is taken from the iterable when it is started, by one thread at a time. After an
        error no further task is taken.

        Raises:
            Exception: the first exception of a task, in the order of the tasks.
        """
        most = min(self.width, length_hint(tasks, self.width))
        work = _Work(iter(tasks), most - 1, self._start_helper)
        work.run_tasks()
        for helper in work.helpers:
            # No task is left for a helper that has not started.
            if not helper.cancel():
                helper.result()
        return work.results()

    def close(self) -> None:
        """Stop the threads; a later run starts new ones."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown()

    def _start_helper(self, run_tasks: Callable[[], None]) -> Future[None]:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self.width, thread_name_prefix="autoforge")
            return self._threads.submit(copy_context().run, run_tasks)


class _Work(Generic[T]):
    """The tasks of one run, which several threads share, and their results."""

    def __init__(
        self,
        tasks: Iterator[Task[T]],
        most_helpers: int,
        start_helper: Callable[[Callable[[], None]], Future[None]],
    ) -> None:
        self.helpers: list[Future[None]] = []
        self._tasks = tasks
        self._most_helpers = most_helpers
        self._start_helper = start_helper
        self._taken = 0
        self._done: dict[int, T] = {}
        self._errors: dict[int, BaseException] = {}
        self._lock = Lock()

    def run_tasks(self) -> None:
        """Run tasks until none is left or one has failed."""
        while (taken := self._take()) is not None:
            place, task = taken
            try:
                self._done[place] = task()
            except BaseException as error:  # noqa: BLE001 - raised again by results
                self._errors[place] = error

    def results(self) -> list[T]:
        """Return the results of the tasks in order; raise the first error, if there was one."""
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
            # Each task taken starts at most one helper, so that a short run uses few threads.
            if len(self.helpers) < self._most_helpers:
                self.helpers.append(self._start_helper(self.run_tasks))
        return place, task

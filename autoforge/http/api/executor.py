"""The threads that run handlers, each of which may wait for DynamoDB (ADR 0022)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

#: What a thread is to do, and who waits for it; None to end.
_Task = tuple[asyncio.Future[Any], Callable[[], Any]] | None


class HandlerThreads(Executor):
    """Runs calls in threads, and hands what they return to the event loop that asked.

    What asyncio's own executor does takes a lock, a condition and a future of another kind for
    each call, and wakes the thread that slept longest. Here all bookkeeping is the event loop's,
    so there is nothing to lock, and the thread that was busy last goes first: few threads are ever
    awake while DynamoDB is near, and up to ``size`` wait while it is far.

    Args:
        size: How many threads there are at most.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._threads: list[_HandlerThread] = []
        self._idle: list[_HandlerThread] = []
        self._waiting: deque[_Task] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a call; from the event loop only, whose future is returned."""
        future = asyncio.get_running_loop().create_future()
        task = (future, (lambda: fn(*args, **kwargs)) if args or kwargs else fn)
        if self._idle:
            self._idle.pop().tasks.put(task)
        elif len(self._threads) < self._size:
            self._start().tasks.put(task)
        else:
            self._waiting.append(task)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads once they have nothing left to do."""
        del cancel_futures
        for thread in self._threads:
            thread.tasks.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _start(self) -> _HandlerThread:
        thread = _HandlerThread(self._done)
        self._threads.append(thread)
        thread.start()
        return thread

    def _done(
        self,
        thread: _HandlerThread,
        future: asyncio.Future[Any],
        result: Any,
        error: BaseException | None,
    ) -> None:
        """Take what a thread hands over, in the event loop, and give it what waits longest."""
        if self._waiting:
            thread.tasks.put(self._waiting.popleft())
        else:
            self._idle.append(thread)
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


class _HandlerThread(Thread):
    """One of the threads, with what it is to do."""

    def __init__(self, done: Callable[..., None]) -> None:
        super().__init__(name="autoforge-handler", daemon=True)
        self.tasks: SimpleQueue[_Task] = SimpleQueue()
        self._done = done

    def run(self) -> None:
        """Do what comes, until there is nothing more to come."""
        while (task := self.tasks.get()) is not None:
            future, call = task
            result: Any = None
            error: BaseException | None = None
            try:
                result = call()
            except StopIteration as stopped:  # which no future takes
                error = RuntimeError(f"a handler raised {stopped!r}")
            except BaseException as raised:  # noqa: BLE001 - whoever waits is told
                error = raised
            # A loop that was closed has nobody left who waits.
            with suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(self._done, self, future, result, error)
            del task, future, call, result, error

"""The threads that run handlers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Barrier, Event, current_thread, get_ident
from typing import Any

import pytest
from litestar import Litestar, get
from litestar.concurrency import set_asyncio_executor
from litestar.testing import TestClient

from autoforge.http.api.executor import HandlerThreads

#: Seconds after which a test that would wait for ever fails.
PATIENCE = 30


@contextmanager
def threads(size: int) -> Iterator[HandlerThreads]:
    """Threads that end with the test."""
    made = HandlerThreads(size)
    try:
        yield made
    finally:
        made.shutdown()


def run(executor: HandlerThreads, *calls: Any) -> list[Any]:
    """What calls return or raise, all begun at once."""

    async def main() -> list[Any]:
        loop = asyncio.get_running_loop()
        waiting = [loop.run_in_executor(executor, call) for call in calls]
        return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), PATIENCE)

    return asyncio.run(main())


def test_a_call_is_made_in_another_thread_and_its_result_handed_over() -> None:
    with threads(2) as executor:
        here = get_ident()

        (there,) = run(executor, get_ident)

    assert there != here


def test_what_a_call_raises_is_raised_where_it_is_awaited() -> None:
    error = KeyError("k")

    def fail() -> None:
        raise error

    def stop() -> None:
        raise StopIteration("s")

    with threads(2) as executor:
        failed, stopped = run(executor, fail, stop)

    assert failed is error
    assert isinstance(stopped, RuntimeError)
    assert "StopIteration('s')" in str(stopped)


def test_as_many_calls_wait_at_once_as_there_are_threads() -> None:
    barrier = Barrier(3)

    with threads(3) as executor:
        places = run(executor, *[lambda: barrier.wait(PATIENCE)] * 3)

    assert sorted(places) == [0, 1, 2]


def test_no_more_threads_are_started_than_allowed_and_the_rest_waits_its_turn() -> None:
    with threads(2) as executor:
        names = run(executor, *[lambda: current_thread().ident] * 20)

    assert len(names) == 20
    assert len(set(names)) <= 2


def test_calls_that_wait_are_made_in_the_order_they_came() -> None:
    made: list[int] = []

    with threads(1) as executor:
        run(executor, *(partial(made.append, number) for number in range(20)))

    assert made == list(range(20))


def test_a_thread_that_was_just_busy_is_asked_again() -> None:
    async def one_after_another(executor: HandlerThreads) -> list[int]:
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(executor, get_ident) for _ in range(10)]

    with threads(8) as executor:
        used = asyncio.run(one_after_another(executor))

    assert len(set(used)) == 1


def test_who_no_longer_waits_does_not_disturb_the_others() -> None:
    gate = Event()
    complaints: list[dict[str, Any]] = []

    async def main(executor: HandlerThreads) -> int:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, complaint: complaints.append(complaint))
        given_up = loop.run_in_executor(executor, gate.wait, PATIENCE)
        given_up.cancel()
        gate.set()
        return await asyncio.wait_for(loop.run_in_executor(executor, len, "abc"), PATIENCE)

    with threads(1) as executor:
        assert asyncio.run(main(executor)) == 3
    assert complaints == []


def test_a_result_that_comes_after_the_loop_was_closed_is_dropped() -> None:
    gate, ended = Event(), Event()

    def late() -> None:
        gate.wait(PATIENCE)
        ended.set()

    async def ask(executor: HandlerThreads) -> None:
        asyncio.get_running_loop().run_in_executor(executor, late)

    with threads(1) as executor:
        asyncio.run(ask(executor))
        gate.set()
        assert ended.wait(PATIENCE)


def test_shut_down_the_threads_end() -> None:
    executor = HandlerThreads(2)
    (thread,) = run(executor, current_thread)

    executor.shutdown(wait=False)

    thread.join(PATIENCE)
    assert not thread.is_alive()


@get("/thread", sync_to_thread=True)
def name_of_thread() -> str:
    return current_thread().name


@pytest.fixture
def litestar_executor() -> Iterator[None]:
    """Litestar as it is where nobody chose an executor, after the test."""
    yield
    set_asyncio_executor(None)


def test_litestar_runs_handlers_in_them(litestar_executor: None) -> None:
    with threads(1) as executor:
        set_asyncio_executor(executor)  # type: ignore[arg-type]  # any executor will do

        with TestClient(Litestar([name_of_thread])) as client:
            answer = client.get("/thread")

    assert answer.text == "autoforge-handler"

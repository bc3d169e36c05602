"""Requests that do not depend on each other's answers run concurrently."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb.client.worker_pool import WorkerPool

#: Seconds within which threads must reach the same barrier.
_SOON = 30


def test_tasks_are_under_way_at_once() -> None:
    meeting = threading.Barrier(3)

    arrived = WorkerPool().run([partial(meeting.wait, _SOON)] * 3)

    assert sorted(arrived) == [0, 1, 2]


def test_no_more_tasks_are_under_way_than_the_crew_is_wide() -> None:
    under_way: list[int] = []
    most: list[int] = []
    meeting = threading.Barrier(2)

    def task() -> None:
        under_way.append(1)
        meeting.wait(_SOON)
        most.append(len(under_way))
        meeting.wait(_SOON)
        under_way.pop()

    WorkerPool(width=2).run([task] * 8)

    assert max(most) == 2


@given(st.lists(st.integers(), max_size=40), st.integers(1, 8))
def test_results_come_in_the_order_of_the_tasks(numbers: list[int], width: int) -> None:
    assert WorkerPool(width).run([partial(int, number) for number in numbers]) == numbers


def test_one_task_alone_is_done_by_the_caller() -> None:
    assert WorkerPool().run([threading.get_ident]) == [threading.get_ident()]


def test_tasks_are_taken_no_earlier_than_they_can_be_begun() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[Callable[[], int]]:
        for number in range(5):
            taken.append(number)
            yield lambda: len(taken)

    assert WorkerPool(width=1).run(tasks()) == [1, 2, 3, 4, 5]


def test_after_an_error_no_further_task_is_taken_and_the_first_error_is_raised() -> None:
    taken: list[int] = []

    def fail(number: int) -> None:
        raise ValueError(number)

    def tasks() -> Iterator[Callable[[], None]]:
        for number in range(100):
            taken.append(number)
            yield partial(fail, number)

    with pytest.raises(ValueError, match=r"^0$"):
        WorkerPool(width=2).run(tasks())

    assert len(taken) <= 3


def test_an_error_of_what_makes_the_tasks_is_raised_after_those_under_way_are_done() -> None:
    done: list[str] = []

    def tasks() -> Iterator[Callable[[], None]]:
        yield partial(done.append, "first")
        raise ValueError("no second")

    with pytest.raises(ValueError, match="no second"):
        WorkerPool().run(tasks())

    assert done == ["first"]


def test_tasks_that_have_tasks_of_their_own_do_not_wait_for_each_other_for_ever() -> None:
    worker_pool = WorkerPool(width=2)

    def outer(number: int) -> list[int]:
        return worker_pool.run([partial(int, number)] * 3)

    assert worker_pool.run([partial(outer, number) for number in range(6)]) == [
        [n] * 3 for n in range(6)
    ]


def test_a_task_sees_the_context_of_its_caller() -> None:
    request_id: ContextVar[str] = ContextVar("request_id")
    meeting = threading.Barrier(2)

    def task() -> tuple[str, int]:
        meeting.wait(_SOON)
        return request_id.get(), threading.get_ident()

    request_id.set("r")
    seen = WorkerPool().run([task, task])

    assert [value for value, _ in seen] == ["r", "r"]
    assert len({thread for _, thread in seen}) == 2


def test_a_crew_that_was_closed_works_again() -> None:
    worker_pool = WorkerPool()
    worker_pool.run([partial(int, 1)] * 3)
    worker_pool.close()

    assert worker_pool.run([partial(int, 2)] * 3) == [2, 2, 2]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the test forks on purpose
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_crew_works_in_the_child_of_a_fork_whose_threads_stayed_behind() -> None:
    worker_pool = WorkerPool()
    worker_pool.run([partial(int, 1)] * 3)

    child = os.fork()
    if child == 0:
        os._exit(worker_pool.run([partial(int, 1)] * 3) != [1, 1, 1])

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

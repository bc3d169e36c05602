"""A call that is cut off and then repeated takes effect once and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from botocore.exceptions import ReadTimeoutError

from autoforge.access.runs.lifecycle import FinishRun, ReportRun, StartRun
from autoforge.dynamodb.client.client import Client
from autoforge.errors import UnavailableError
from autoforge.models import AgentRun
from autoforge.testing.faults import Break, Fault, Lose, Pass, injected
from tests.access.runs.at_work import AtWork
from tests.stores import fresh

pytestmark = pytest.mark.one_engine

Change = StartRun | ReportRun | FinishRun

_GONE: Final = Break(ReadTimeoutError(endpoint_url="made up"))
_REPORT: Final[dict[str, Any]] = {
    "changes": {"status": "coding"},
    "output": "once",
    "report_id": "report",
}


def _start(work: AtWork) -> Change:
    return work.starting()


def _report(work: AtWork) -> Change:
    work.starting().run(work.store)
    return work.reporting(**_REPORT)


def _finish(work: AtWork) -> Change:
    work.starting().run(work.store)
    work.reporting(**_REPORT).run(work.store)
    return work.finishing("failed", changes={"error_message": "no"})


#: The calls, after what each needs, and the number of requests each sends.
_DOING: Final = pytest.mark.parametrize(
    ("prepare", "requests"), [(_start, 3), (_report, 2), (_finish, 3)]
)


@_DOING
def test_what_is_cut_off_after_any_request_and_done_again_is_done_once(
    client: Client, prepare: Callable[[AtWork], Change], requests: int
) -> None:
    expected = _done(client, prepare)

    for place in range(requests):
        for fault in (Lose(), _GONE):
            work = AtWork(fresh(client))
            change = prepare(work)

            def cut(number: int, sent: str, place: int = place, fault: Fault = fault) -> Fault:
                if number < place:
                    return Pass()
                return fault if number == place else _GONE

            with injected(work.store.client, cut), pytest.raises(UnavailableError):
                change.run(work.store)

            work.assert_agreed()
            run = change.run(work.store)
            assert _facts(run) == expected
            assert run == work.run
            work.assert_agreed()


@_DOING
def test_an_answer_that_is_lost_makes_no_difference(
    client: Client, prepare: Callable[[AtWork], Change], requests: int
) -> None:
    expected = _done(client, prepare)

    for place in range(requests):
        work = AtWork(fresh(client))
        change = prepare(work)

        with injected(work.store.client, [*[Pass()] * place, Lose()]) as attempts:
            run = change.run(work.store)

        assert len(attempts.operations) > requests
        assert _facts(run) == expected
        assert run == work.run
        work.assert_agreed()


def _done(client: Client, prepare: Callable[[AtWork], Change]) -> dict[str, Any]:
    """Return the result of the call without a cut."""
    work = AtWork(fresh(client))
    return _facts(prepare(work).run(work.store))


def _facts(run: AgentRun) -> dict[str, Any]:
    """Return the values of a run that do not depend on its ids."""
    return {
        name: value
        for name, value in run.attribute_values.items()
        if name != "id" and not name.endswith("_id")
    }


def test_each_takes_the_requests_that_are_cut_off_above(client: Client) -> None:
    for prepare, requests in ((_start, 3), (_report, 2), (_finish, 3)):
        work = AtWork(fresh(client))
        change = prepare(work)

        with injected(work.store.client, []) as attempts:
            change.run(work.store)

        assert len(attempts.operations) == requests

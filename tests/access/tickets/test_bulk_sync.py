"""Hundreds of issues are synced at a time; the next sync finishes one that was cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from autoforge.access.tickets.patterns import (
    LinearIssue,
    TicketsOfProject,
)
from autoforge.access.tickets.sync import (
    CHUNK,
    SyncCounts,
    SyncTickets,
)
from autoforge.dynamodb.store.store import Store
from autoforge.errors import (
    ItemNotFoundError,
    ThrottledError,
)
from autoforge.forge import Forge
from autoforge.testing.faults import Break, Fault, Lose, Pass, Refuse, injected
from autoforge.testing.recording import watching
from tests.access.tickets.issues import (
    an_issue,
    counts,
    is_there,
    sync_all,
    ticket_of,
)
from tests.dynamodb.written import by_key
from tests.factories import NOON, a_feature_by_linear_issue, a_project, new_id
from tests.servers import Engine
from tests.stores import fresh, raw_items

pytestmark = pytest.mark.one_engine

_CUT_OFF: Final = Refuse("AccessDeniedException")


def test_hundreds_are_synced_a_hundred_at_a_time_and_again_without_a_write(
    store: Store, engine: Engine, project_id: str
) -> None:
    number = 200 if engine.name == "moto" else 500
    taken = 0
    told: list[SyncCounts] = []

    def issues() -> Iterator[LinearIssue]:
        nonlocal taken
        for n in range(number):
            taken += 1
            yield an_issue(linear_issue_id=f"{project_id}-{n}")

    def progress(so_far: SyncCounts) -> None:
        told.append(so_far)
        assert taken == len(told) * CHUNK  # no issue is read ahead

    def run() -> SyncCounts:
        return SyncTickets(project_id, issues(), NOON, new_id, progress).run(store)

    assert run() == counts(created=number)
    assert told == [counts(created=n) for n in range(CHUNK, number + 1, CHUNK)]

    taken, told = 0, []
    with watching(store.client) as watched:
        assert run() == counts(unchanged=number)
    assert told[-1] == counts(unchanged=number)
    # For each hundred issues: the project, the tickets, and the features created from the issues.
    assert watched.operations == ["GetItem", "BatchGetItem", "BatchGetItem"] * (number // CHUNK)


def test_a_bulk_writes_only_what_is_new_or_differs(store: Store, project_id: str) -> None:
    same, other, old, new = (an_issue() for _ in range(4))
    sync_all(store, project_id, old)
    sync_all(store, project_id, same, other, minutes=5)
    other = replace(other, status="Done")

    with watching(store.client) as watched:
        told = sync_all(store, project_id, same, other, old, new, minutes=6)

    assert told == counts(created=1, updated=1, unchanged=2)
    assert sorted(watched.operations[3:]) == ["PutItem", "UpdateItem", "UpdateItem"]


@pytest.mark.parametrize("apart", [0, CHUNK])
def test_of_one_issue_that_comes_twice_the_later_is_right(
    store: Store, project_id: str, apart: int
) -> None:
    issue = an_issue(labels=["a"])
    between = [an_issue() for _ in range(apart)]

    later = replace(issue, title="Later", labels=["b"])

    with watching(store.client) as watched:
        told = sync_all(store, project_id, issue, *between, later)

    ticket = ticket_of(store, issue)
    assert told == counts(created=1 + apart, updated=1)
    # The later sync of an issue uses the earlier one's result, so no write is refused.
    writes = [each for each in watched.operations if each in {"PutItem", "UpdateItem"}]
    assert writes == [*["PutItem"] * (1 + apart), "UpdateItem"]
    assert (ticket.title, ticket.labels) == ("Later", ["b"])


def test_nothing_to_sync_is_nothing_done(store: Store, project_id: str) -> None:
    with watching(store.client) as watched:
        assert sync_all(store, project_id) == counts()
    assert watched.operations == []


def test_a_bulk_survives_being_throttled(store: Store, project_id: str) -> None:
    issues = [an_issue() for _ in range(30)]
    throttled = Refuse("ProvisionedThroughputExceededException")

    with injected(store.client, lambda number, _: throttled if number % 3 else Pass()):
        told = sync_all(store, project_id, *issues)

    assert told == counts(created=30)


def test_a_bulk_that_is_throttled_for_good_goes_on_where_it_was(
    store: Store, project_id: str
) -> None:
    issues = [an_issue() for _ in range(30)]
    throttled = Refuse("ProvisionedThroughputExceededException")

    with (
        injected(store.client, lambda number, _: throttled if number > 15 else Pass()),
        pytest.raises(ThrottledError),
    ):
        sync_all(store, project_id, *issues)
    told = sync_all(store, project_id, *issues)

    # Three of the first 16 requests are reads.
    assert told == counts(created=17, unchanged=13)


def test_a_bulk_into_a_project_that_is_deleted_meanwhile_ends(
    store: Store, forge: Forge, project_id: str
) -> None:
    issues = [an_issue() for _ in range(CHUNK + 1)]

    def delete(_: SyncCounts) -> None:
        forge.projects.delete(project_id)

    with pytest.raises(ItemNotFoundError, match="there is no Project"):
        SyncTickets(project_id, issues, NOON, new_id, delete).run(store)

    assert not is_there(store, issues[0])
    assert not is_there(store, issues[-1])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_bulk_cut_off_at_any_request_is_finished_by_the_next(
    store: Store, *, after: bool
) -> None:
    changed, same, new, bad = an_issue(), an_issue(), an_issue(), an_issue(priority=9)
    lookup = a_feature_by_linear_issue(linear_issue_id=new.linear_issue_id, project_id="p")
    wanted = [replace(changed, status="Done"), same, new, bad]
    finished = False
    requests = 0

    while not finished:
        requests += 1
        store = fresh(store.client)
        store.put_all([a_project(id="p"), lookup])
        sync_all(store, "p", changed, same)

        with injected(store.client, _cut(requests, after=after)):
            try:
                sync_all(store, "p", *wanted, minutes=5)
                finished = True
            except (ClientError, ReadTimeoutError):
                pass
        told = sync_all(store, "p", *wanted, minutes=6)

        assert told.created + told.updated + told.unchanged == 3
        tickets = {each.linear_issue_id: each for each in store.each(TicketsOfProject("p"))}
        assert {each: ticket.status for each, ticket in tickets.items()} == {
            changed.linear_issue_id: "Done",
            same.linear_issue_id: "Todo",
            new.linear_issue_id: "Todo",
        }
        assert tickets[new.linear_issue_id].feature_id == lookup.feature_id
        stored = by_key(raw_items(store))
        for each in tickets.values():
            assert stored[str(each.rendered()["PK"]), str(each.rendered()["SK"])] == each.to_item()
        assert len(stored) == 5

    assert requests == 7


def _cut(request: int, *, after: bool) -> Callable[[int, str], Fault]:
    """Fail at a request, before or after its execution, and at every later one."""

    def fault(number: int, _: str) -> Fault:
        if number < request - 1:
            return Pass()
        return Lose(_gone()) if after and number == request - 1 else Break(_gone())

    return fault


def _gone() -> ClientError:
    """Return an error that is not retried."""
    return ClientError({"Error": {"Code": "AccessDeniedException"}}, "made up")

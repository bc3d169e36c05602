"""If states of an issue arrive late, at the same time or twice, the newest one remains."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier
from typing import Any, Final

import pytest

from autoforge.access.tickets.patterns import (
    TicketByLinearIssue,
    TicketsOfProject,
)
from autoforge.access.tickets.sync import (
    Synced,
    SyncedTicket,
)
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.errors import (
    ItemNotFoundError,
    TransactionConflictError,
)
from autoforge.forge import Forge
from autoforge.testing.faults import Fault, Lose, Pass, Refuse, injected
from autoforge.testing.recording import Overheard, watching
from tests.access.tickets.issues import (
    NEWER,
    Way,
    an_issue,
    both_ways,
    is_there,
    sync,
    ticket_of,
)
from tests.dynamodb.written import stored_item
from tests.factories import NOON

_THREADS: Final = 8


@both_ways
def test_a_late_notice_of_an_older_state_changes_nothing(
    store: Store, project_id: str, way: Way
) -> None:
    issue = an_issue(as_of=NOON)
    newer = way(store, project_id, issue).ticket
    older = replace(issue, title="Before", as_of=NOON - MILLISECOND)

    with watching(store.client) as watched:
        result = way(store, project_id, older, minutes=10)

    assert result == SyncedTicket(newer, Synced.UNCHANGED)
    assert "UpdateItem" not in watched.operations
    for as_of in (NOON, None, NEWER):
        result = way(store, project_id, replace(older, title=str(as_of), as_of=as_of))
        assert (result.synced, result.ticket.title) == (Synced.UPDATED, str(as_of))
        assert result.ticket.source_updated_at == (NEWER if as_of == NEWER else NOON)


@both_ways
def test_a_notice_that_changes_nothing_still_outdates_those_before_it(
    store: Store, project_id: str, way: Way
) -> None:
    issue = an_issue(as_of=NOON)
    way(store, project_id, issue)

    unchanged = way(store, project_id, replace(issue, as_of=NEWER))
    late = way(store, project_id, replace(issue, title="Between", as_of=NEWER - MILLISECOND))

    assert (unchanged.synced, unchanged.ticket.source_updated_at) == (Synced.UNCHANGED, NEWER)
    assert late == SyncedTicket(unchanged.ticket, Synced.UNCHANGED)


def _at_once(callers: list[Callable[[], Any]]) -> list[Any]:
    """Make all calls at the same time; return the result of each."""
    barrier = Barrier(len(callers))

    def run(caller: Callable[[], Any]) -> Any:
        barrier.wait()
        return caller()

    with ThreadPoolExecutor(len(callers)) as pool:
        return list(pool.map(run, callers))


@pytest.mark.parametrize("attempt", range(3))
def test_of_one_issue_noticed_many_times_at_once_there_is_one_ticket(
    store: Store, project_id: str, attempt: int
) -> None:
    issue = an_issue(as_of=NOON)

    results = _at_once([partial(sync, store, project_id, issue)] * _THREADS)

    assert sorted(each.synced for each in results) == ["created", *["unchanged"] * (_THREADS - 1)]
    assert {each.ticket.id for each in results} == {ticket_of(store, issue).id}
    assert len(store.page(TicketsOfProject(project_id), limit=9).items) == 1


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize("there", [False, True])
def test_of_states_noticed_at_once_the_newest_stays_whole(
    store: Store, project_id: str, attempt: int, *, there: bool
) -> None:
    issue = an_issue(as_of=NOON)
    if there:
        sync(store, project_id, issue)
    states = [
        replace(issue, title=f"t{n}", status=f"s{n}", priority=n % 5, as_of=NOON + n * MILLISECOND)
        for n in range(1, _THREADS + 1)
    ]

    results = _at_once([partial(sync, store, project_id, state) for state in states[::-1]])

    ticket = ticket_of(store, issue)
    assert (ticket.title, ticket.status, ticket.priority) == ("t8", "s8", 3)
    assert [each.synced for each in results].count(Synced.CREATED) == (not there)
    assert stored_item(store, ticket) == ticket.to_item()


def test_a_change_made_between_reading_and_writing_is_compared_anew(
    store: Store, project_id: str
) -> None:
    issue = an_issue(as_of=NOON)
    sync(store, project_id, issue)
    newest = replace(issue, title="Newest", as_of=NEWER)

    # The rival writes after the other has read and before it writes.
    with _before_write(store.client, lambda: sync(store, project_id, newest)):
        late = sync(store, project_id, replace(issue, title="Late", as_of=NOON + MILLISECOND))

    assert late.synced == Synced.UNCHANGED
    assert late.ticket.title == "Newest"


def test_a_ticket_created_between_reading_and_writing_is_compared_anew(
    store: Store, project_id: str
) -> None:
    issue = an_issue()

    with _before_write(store.client, lambda: sync(store, project_id, issue)):
        result = sync(store, project_id, replace(issue, status="Done"))

    assert (result.synced, result.ticket.status) == (Synced.UPDATED, "Done")


def test_a_ticket_deleted_and_made_anew_meanwhile_is_not_taken_for_the_one_that_was_read(
    store: Store, project_id: str
) -> None:
    issue = an_issue(title="Old", status="Old")
    first = sync(store, project_id, issue).ticket

    def rival() -> None:
        store.delete_all([TicketByLinearIssue(issue.linear_issue_id).primary_key()])
        sync(store, project_id, replace(issue, title="Other"))

    with _before_write(store.client, rival):
        result = sync(store, project_id, replace(issue, status="New"))

    assert (result.ticket.title, result.ticket.status) == ("Old", "New")
    assert result.ticket.id != first.id


def test_a_ticket_that_goes_with_its_project_meanwhile_is_not_made_anew(
    store: Store, forge: Forge, project_id: str
) -> None:
    issue = an_issue()
    sync(store, project_id, issue)

    with (
        _before_write(store.client, lambda: forge.projects.delete(project_id)),
        pytest.raises(ItemNotFoundError, match="there is no Project"),
    ):
        sync(store, project_id, replace(issue, status="Done"))

    assert not is_there(store, issue)


def test_a_ticket_that_others_never_stop_changing_is_given_up(
    store: Store, project_id: str
) -> None:
    issue = an_issue()
    sync(store, project_id, issue)
    item = sync(store, project_id, replace(issue, title="Other")).ticket.to_item()
    refused = Refuse("ConditionalCheckFailedException", more={"Item": item})

    with (
        injected(store.client, lambda _, name: refused if name == "UpdateItem" else Pass()),
        pytest.raises(TransactionConflictError, match=f"the ticket of {issue.linear_issue_id}"),
    ):
        sync(store, project_id, issue)


@pytest.mark.parametrize("there", [False, True])
def test_a_sync_whose_answer_was_lost_is_made_once(
    store: Store, project_id: str, *, there: bool
) -> None:
    issue = an_issue()
    if there:
        sync(store, project_id, replace(issue, title="Before"))
    lost = iter([Lose()])

    def fault(_: int, operation: str) -> Fault:
        return next(lost, Pass()) if operation in {"PutItem", "UpdateItem"} else Pass()

    with injected(store.client, fault):
        result = sync(store, project_id, issue)

    made = Synced.UPDATED if there else Synced.CREATED
    assert result == SyncedTicket(ticket_of(store, issue), made)
    assert result.ticket.version == 1 + there


class _before_write:  # noqa: N801 - a context manager, as injected is
    """Call a function once, right before a write is sent."""

    def __init__(self, client: Client, rival: Callable[[], object]) -> None:
        self._client = client
        self._wire = client.active_transport
        self._rival: Callable[[], object] | None = rival

    def _act(self, operation: str, _: object) -> None:
        rival = self._rival
        if rival is not None and operation in {"PutItem", "UpdateItem"}:
            self._rival = None
            rival()

    def __enter__(self) -> None:
        self._client.active_transport = Overheard(self._wire, self._act)

    def __exit__(self, *_: object) -> None:
        self._client.active_transport = self._wire
        assert self._rival is None

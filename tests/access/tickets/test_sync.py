"""Tickets are what Linear says, once each, and nothing is written that need not be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from autoforge.access.clocks import CLOCK_SKEW
from autoforge.access.tickets.patterns import (
    RECENT,
    LinearIssue,
    TicketByLinearIssue,
    TicketsOfProject,
)
from autoforge.access.tickets.sync import (
    CHUNK,
    RefusedIssue,
    SyncCounts,
    Synced,
    SyncedTicket,
    SyncTicket,
    SyncTickets,
)
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.dynamodb.writes.write import Put
from autoforge.errors import (
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    ThrottledError,
    TransactionConflictError,
    UnreadableItemError,
)
from autoforge.forge import Forge
from autoforge.models import Ticket
from tests.dynamodb.faults import Break, Fault, Lose, Pass, Refuse, injected
from tests.dynamodb.written import LATER, by_key, stored_item
from tests.factories import NOON, a_feature_by_linear_issue, a_project, a_ticket, new_id
from tests.servers import Engine
from tests.stores import Overheard, fresh, put_raw, raw_items, watching

_THREADS: Final = 8
_CUT_OFF: Final = Refuse("AccessDeniedException")

#: As new as a state may be that is noticed at noon.
NEWER: Final = NOON + CLOCK_SKEW

#: Ids that a careless key would take for one another.
HOSTILE: Final = (
    "ENG#1", "ENG%231", "ENG%25231", "ENG", "ENG#", "ENG#1#TICKET", "eng#1", "ENG 1", "ENG/1",
    "é", "e\u0301", "\U0001f600", "\0", "TICKET",
)  # fmt: skip


def an_issue(**over: Any) -> LinearIssue:
    """An issue of its own, as Linear has it."""
    given = {
        "linear_issue_id": f"LIN-{new_id()}",
        "linear_issue_url": "https://linear.app/acme/issue/ACM-7",
        "title": "Passkeys",
        "status": "Todo",
    }
    return LinearIssue(**{**given, **over})


def sync(store: Store, project_id: str, issue: LinearIssue, *, minutes: float = 0) -> SyncedTicket:
    """Sync an issue so many minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    return SyncTicket(project_id, issue, new_id(), at).run(store)


def sync_all(store: Store, project_id: str, *issues: LinearIssue, minutes: float = 0) -> SyncCounts:
    """Sync issues together so many minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    return SyncTickets(project_id, issues, at, new_id).run(store)


def counts(**over: Any) -> SyncCounts:
    """Counts of which only some are not zero."""
    return SyncCounts(**{"created": 0, "updated": 0, "unchanged": 0, "refused": (), **over})


def ticket_of(store: Store, issue: LinearIssue) -> Ticket:
    """The ticket as it is stored."""
    return store.require(TicketByLinearIssue(issue.linear_issue_id), consistent=True)


def is_there(store: Store, issue: LinearIssue) -> bool:
    """Whether the issue has a ticket."""
    return store.get(TicketByLinearIssue(issue.linear_issue_id), consistent=True) is not None


@pytest.fixture
def project_id(store: Store) -> str:
    """A project that is there."""
    return str(store.save(Put(a_project())).id)


#: The two ways to sync, each answering with the ticket and what was made of it.
Way = Callable[..., SyncedTicket]


def _together(
    store: Store, project_id: str, issue: LinearIssue, *, minutes: float = 0
) -> SyncedTicket:
    told = sync_all(store, project_id, issue, minutes=minutes)
    (outcome,) = [each for each in Synced if getattr(told, each)]
    return SyncedTicket(ticket_of(store, issue), outcome)


both_ways: Final = pytest.mark.parametrize("way", [sync, _together], ids=["alone", "together"])


@both_ways
def test_an_issue_that_is_new_becomes_a_ticket(store: Store, project_id: str, way: Way) -> None:
    issue = an_issue(
        description="", priority=2, labels=["b", "a", "b"], feature_id="f1", as_of=NEWER
    )

    result = way(store, project_id, issue)

    ticket = result.ticket
    assert (result.synced, ticket_of(store, issue)) == (Synced.CREATED, ticket)
    assert stored_item(store, ticket) == {
        "PK": {"S": f"LINEAR#{issue.linear_issue_id}"},
        "SK": {"S": "TICKET"},
        "GSI1PK": {"S": f"PROJECT#{project_id}#TICKET"},
        "GSI1SK": {"S": f"2026-02-04T12:00:00.000Z#{issue.linear_issue_id}"},
        "EntityType": {"S": "Ticket"},
        "id": {"S": ticket.id},
        "linearIssueId": {"S": issue.linear_issue_id},
        "projectId": {"S": project_id},
        "featureId": {"S": "f1"},
        "linearIssueUrl": {"S": issue.linear_issue_url},
        "title": {"S": "Passkeys"},
        "description": {"S": ""},
        "priority": {"N": "2"},
        "status": {"S": "Todo"},
        "labels": {"L": [{"S": "b"}, {"S": "a"}, {"S": "b"}]},
        "sourceUpdatedAt": {"S": "2026-02-04T12:00:02.000Z"},
        "createdAt": {"S": "2026-02-04T12:00:00.000Z"},
        "syncedAt": {"S": "2026-02-04T12:00:00.000Z"},
        "version": {"N": "1"},
    }


@both_ways
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("linear_issue_url", "https://linear.app/acme/issue/ACM-8"),
        ("title", "Passkeys, and more"),
        ("description", "Now with a text"),
        ("priority", 1),
        ("status", "Done"),
        ("labels", ["a", "b", "b"]),
        ("feature_id", "f1"),
    ],
)
def test_a_change_of_anything_is_written_and_the_rest_is_kept(
    store: Store, project_id: str, way: Way, name: str, value: Any
) -> None:
    issue = an_issue(labels=["a", "b"])
    before = sync(store, project_id, issue).ticket

    result = way(store, project_id, replace(issue, **{name: value}), minutes=1)

    changed = {name: value, "synced_at": LATER, "version": 2}
    after = Ticket(**{**before.attribute_values, **changed})
    assert result == SyncedTicket(after, Synced.UPDATED)
    assert ticket_of(store, issue) == after
    assert stored_item(store, after) == after.to_item()


@both_ways
def test_a_text_that_an_issue_has_no_longer_goes(store: Store, project_id: str, way: Way) -> None:
    issue = an_issue(description="For now", labels=["a"])
    sync(store, project_id, issue)

    result = way(store, project_id, replace(issue, description=None, labels=()))

    assert result.synced == Synced.UPDATED
    assert (result.ticket.description, result.ticket.labels) == (None, [])


@both_ways
@pytest.mark.parametrize("labels", [["a", "b"], ["b", "a"]])
def test_nothing_is_written_where_nothing_changed_and_the_last_sync_is_recent(
    store: Store, project_id: str, way: Way, labels: list[str]
) -> None:
    issue = an_issue(labels=["a", "b"], as_of=NOON)
    before = sync(store, project_id, issue).ticket
    just = (RECENT - MILLISECOND) / timedelta(minutes=1)

    with watching(store.client) as watched:
        result = way(store, project_id, replace(issue, labels=labels), minutes=just)

    assert result == SyncedTicket(before, Synced.UNCHANGED)
    assert {*watched.operations} <= {"GetItem", "BatchGetItem"}


@both_ways
def test_only_the_moment_of_the_sync_is_written_where_nothing_changed_for_a_while(
    store: Store, project_id: str, way: Way
) -> None:
    issue = an_issue()
    before = sync(store, project_id, issue).ticket

    with watching(store.client) as watched:
        result = way(store, project_id, issue, minutes=RECENT / timedelta(minutes=1))

    (sent,) = [sent for operation, sent in watched.sent if operation == "UpdateItem"]
    written = {sent["ExpressionAttributeNames"][each.split(" = ")[0]]
               for each in sent["UpdateExpression"].removeprefix("SET ").split(", ")}  # fmt: skip
    after = Ticket(**{**before.attribute_values, "synced_at": NOON + RECENT})
    assert written == {"syncedAt", "GSI1SK"}
    assert result == SyncedTicket(after, Synced.UNCHANGED)
    assert stored_item(store, after) == after.to_item()


def test_an_issue_that_moved_takes_its_ticket_to_the_other_project(
    store: Store, project_id: str
) -> None:
    issue = an_issue(feature_id="f1")
    before = sync(store, project_id, issue).ticket
    other = str(store.save(Put(a_project())).id)

    result = sync(store, other, replace(issue, feature_id=None))

    # The feature was one of the project it left.
    assert result.synced == Synced.UPDATED
    assert (result.ticket.id, result.ticket.feature_id) == (before.id, None)
    assert store.page(TicketsOfProject(project_id), limit=9).items == ()
    assert store.page(TicketsOfProject(other), limit=9).items == (result.ticket,)


@pytest.mark.parametrize("there", [False, True])
def test_nothing_is_synced_into_a_project_that_is_not_there(
    store: Store, project_id: str, *, there: bool
) -> None:
    issue = an_issue()
    if there:
        sync(store, project_id, issue)

    with pytest.raises(ItemNotFoundError, match="there is no Project with projectId 'p-none'"):
        sync(store, "p-none", issue)
    with pytest.raises(ItemNotFoundError):
        sync_all(store, "p-none", issue)

    assert is_there(store, issue) == there
    assert not there or ticket_of(store, issue).project_id == project_id


# The feature that was made from the issue --------------------------------------------------------


@both_ways
def test_a_ticket_takes_the_feature_that_was_made_from_its_issue(
    store: Store, project_id: str, way: Way
) -> None:
    issue = an_issue()
    first = way(store, project_id, issue)
    lookup = a_feature_by_linear_issue(linear_issue_id=issue.linear_issue_id, project_id=project_id)
    store.save(Put(lookup))

    second = way(store, project_id, issue)

    assert (first.synced, first.ticket.feature_id) == (Synced.CREATED, None)
    assert (second.synced, second.ticket.feature_id) == (Synced.UPDATED, lookup.feature_id)
    assert way(store, project_id, issue).synced == Synced.UNCHANGED


@both_ways
def test_a_ticket_takes_no_feature_of_another_project(
    store: Store, project_id: str, way: Way
) -> None:
    issue = an_issue()
    store.save(Put(a_feature_by_linear_issue(linear_issue_id=issue.linear_issue_id)))

    assert way(store, project_id, issue).ticket.feature_id is None


@both_ways
def test_a_feature_that_is_given_counts_more_and_stays(
    store: Store, project_id: str, way: Way
) -> None:
    issue = an_issue(feature_id="given")
    sync(store, project_id, an_issue())
    lookup = a_feature_by_linear_issue(linear_issue_id=issue.linear_issue_id, project_id=project_id)

    assert way(store, project_id, issue).ticket.feature_id == "given"
    assert way(store, project_id, replace(issue, feature_id=None)).synced == Synced.UNCHANGED
    store.save(Put(lookup))
    assert way(store, project_id, issue).synced == Synced.UNCHANGED
    later = way(store, project_id, replace(issue, feature_id=None))
    assert later.ticket.feature_id == lookup.feature_id


def test_a_feature_is_looked_for_only_where_an_issue_names_none(
    store: Store, project_id: str
) -> None:
    given, without = an_issue(feature_id="given"), an_issue()
    lookups = [
        a_feature_by_linear_issue(linear_issue_id=each.linear_issue_id, project_id=project_id)
        for each in (given, without)
    ]
    store.put_all(lookups)

    with watching(store.client) as watched:
        sync_all(store, project_id, given)
        sync(store, project_id, given)
    # The second of one issue names its feature, and the first does not.
    sync_all(store, project_id, without, replace(without, feature_id="given"))

    assert watched.operations == ["GetItem", "BatchGetItem", "PutItem", "GetItem", "GetItem"]
    assert ticket_of(store, without).feature_id == "given"


# Notices that come late or together ---------------------------------------------------------------


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
    """Start all callers together, and return what each came to."""
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

    # What the rival does, it does when the other has read and is about to write.
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


# Ids and values ----------------------------------------------------------------------------------


def test_hostile_ids_of_issues_stay_apart(store: Store, project_id: str) -> None:
    store = fresh(store.client)
    store.save(Put(a_project(id=project_id)))
    issues = [an_issue(linear_issue_id=each, title=repr(each)) for each in HOSTILE]

    told = sync_all(store, project_id, *issues)

    assert told == counts(created=len(HOSTILE))
    assert [ticket_of(store, each).title for each in issues] == [each.title for each in issues]
    listed = [each.linear_issue_id for each in store.each(TicketsOfProject(project_id))]
    assert sorted(listed) == sorted(HOSTILE)
    assert sync_all(store, project_id, *issues) == counts(unchanged=len(HOSTILE))


#: Values that no ticket can have, and what is said of them.
INVALID: Final[list[tuple[dict[str, Any], str]]] = [
    ({"linear_issue_id": ""}, "is not a text with at least one character"),
    ({"linear_issue_id": None}, "Ticket needs linearIssueId"),
    ({"linear_issue_id": "\ud800"}, "cannot be written in UTF-8"),
    ({"linear_issue_id": "x" * 1001}, "over the limit of 1024"),
    ({"title": None}, "Ticket needs title"),
    ({"title": 5}, "title is 5, not a text"),
    ({"status": None}, "Ticket needs status"),
    ({"linear_issue_url": None}, "Ticket needs linearIssueUrl"),
    ({"priority": 5}, "priority is 5, not 0 to 4"),
    ({"priority": -1}, "priority is -1, not 0 to 4"),
    ({"priority": True}, "priority is True, not a whole number"),
    ({"priority": None}, "priority is None, not 0 to 4"),
    ({"labels": "a"}, "labels is 'a', not a list"),
    ({"labels": [1]}, "labels is .*not a list of texts"),
    ({"labels": [None]}, "labels is .*not a list of texts"),
    ({"feature_id": "a b"}, "featureId: 'a b' is not an id"),
    ({"as_of": "noon"}, "sourceUpdatedAt: 'noon' is not an ISO 8601 timestamp"),
]


@pytest.mark.parametrize(("over", "reason"), INVALID, ids=str)
def test_an_issue_that_no_ticket_can_hold_says_why(over: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidValueError, match=reason):
        an_issue(**over).ticket("p", id=new_id(), at=NOON)


def test_issues_that_no_ticket_can_hold_are_refused_and_stop_no_other(
    store: Store, project_id: str
) -> None:
    good = [an_issue(), an_issue()]
    too_large = an_issue(title="x" * 409_600)
    bad = [*(an_issue(**over) for over, _ in INVALID), too_large]

    with watching(store.client) as watched:
        refused = [_reason(store, project_id, each) for each in bad]
    told = sync_all(store, project_id, good[0], *bad, good[1])

    # Only for the one that is too large was anything asked, and for none was anything written.
    assert watched.operations == ["GetItem"] * 3
    assert "is over the limit of 409,600 bytes" in refused[-1]
    reasons = zip(bad, refused, strict=True)
    assert told == counts(
        created=2, refused=tuple(RefusedIssue(each.linear_issue_id, why) for each, why in reasons)
    )
    listed = store.page(TicketsOfProject(project_id), limit=9).items
    assert {each.linear_issue_id for each in listed} == {each.linear_issue_id for each in good}


def _reason(store: Store, project_id: str, issue: LinearIssue) -> str:
    with pytest.raises(InvalidValueError) as caught:
        sync(store, project_id, issue)
    return str(caught.value)


def test_what_is_in_a_tickets_place_and_is_none_is_left_there(
    store: Store, project_id: str
) -> None:
    stranger, spoilt, good = an_issue(), an_issue(), an_issue()
    foreign = a_ticket(linear_issue_id=stranger.linear_issue_id).to_item()
    foreign["EntityType"] = {"S": "Note"}
    broken = a_ticket(linear_issue_id=spoilt.linear_issue_id).to_item()
    del broken["title"]
    put_raw(store, foreign, broken)

    with pytest.raises(ItemExistsError):
        sync(store, project_id, stranger)
    with pytest.raises(UnreadableItemError):
        sync(store, project_id, spoilt)
    told = sync_all(store, project_id, stranger, spoilt, good)

    assert (told.created, [each.linear_issue_id for each in told.refused]) == (
        1,
        [stranger.linear_issue_id, spoilt.linear_issue_id],
    )
    assert stored_item(store, a_ticket(linear_issue_id=stranger.linear_issue_id)) == foreign
    assert stored_item(store, a_ticket(linear_issue_id=spoilt.linear_issue_id)) == broken


def test_what_another_program_stored_without_a_version_is_updated(
    store: Store, project_id: str
) -> None:
    issue = an_issue()
    item = a_ticket(linear_issue_id=issue.linear_issue_id, project_id=project_id).to_item()
    for name in ("version", "createdAt"):
        item.pop(name, None)
    item["labels"] = {"NULL": True}
    item["note"] = {"S": "of its own"}
    put_raw(store, item)

    result = sync(store, project_id, replace(issue, title="New"), minutes=1)

    assert (result.synced, result.ticket.version) == (Synced.UPDATED, 1)
    assert result.ticket.unknown == {"note": "of its own"}
    assert sync(store, project_id, replace(issue, title="New"), minutes=2).synced == "unchanged"


# Many at once ------------------------------------------------------------------------------------


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
        assert taken == len(told) * CHUNK  # nothing is taken ahead

    def run() -> SyncCounts:
        return SyncTickets(project_id, issues(), NOON, new_id, progress).run(store)

    assert run() == counts(created=number)
    assert told == [counts(created=n) for n in range(CHUNK, number + 1, CHUNK)]

    taken, told = 0, []
    with watching(store.client) as watched:
        assert run() == counts(unchanged=number)
    assert told[-1] == counts(unchanged=number)
    # Of each hundred: the project, the tickets, and the features made from the issues.
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
    # The later knows what the one before it made, so that no write is tried in vain.
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

    # Of the first 16 requests, three read.
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
            assert stored[str(each.PK), str(each.SK)] == each.to_item()
        assert len(stored) == 5

    assert requests == 7


def _cut(request: int, *, after: bool) -> Callable[[int, str], Fault]:
    """Let everything end at a request, before it is carried out or after."""

    def fault(number: int, _: str) -> Fault:
        if number < request - 1:
            return Pass()
        return Lose(_gone()) if after and number == request - 1 else Break(_gone())

    return fault


def _gone() -> ClientError:
    """What nobody tries again."""
    return ClientError({"Error": {"Code": "AccessDeniedException"}}, "made up")


class _before_write:  # noqa: N801 - a context manager, as injected is
    """Have something done once, when a write is about to be sent."""

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

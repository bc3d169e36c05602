"""Tickets are copies of Linear's issues, one each, and only changes are written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from autoforge.access.tickets.patterns import (
    RECENT,
    TicketsOfProject,
)
from autoforge.access.tickets.sync import (
    Synced,
    SyncedTicket,
)
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import (
    ItemNotFoundError,
)
from autoforge.models import Ticket
from autoforge.testing.recording import watching
from tests.access.tickets.issues import (
    NEWER,
    Way,
    an_issue,
    both_ways,
    is_there,
    sync,
    sync_all,
    ticket_of,
)
from tests.dynamodb.written import LATER, stored_item
from tests.factories import NOON, a_feature_by_linear_issue, a_project


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

    # The feature belonged to the project that the issue left.
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
    # The second state of the issue names its feature, the first does not.
    sync_all(store, project_id, without, replace(without, feature_id="given"))

    assert watched.operations == ["GetItem", "BatchGetItem", "PutItem", "GetItem", "GetItem"]
    assert ticket_of(store, without).feature_id == "given"

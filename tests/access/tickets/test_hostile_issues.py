"""Issues with hostile ids, with values that no ticket can hold, or with a key that is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from autoforge.access.tickets.patterns import (
    LinearIssue,
    TicketsOfProject,
)
from autoforge.access.tickets.sync import (
    RefusedIssue,
    Synced,
)
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import (
    InvalidValueError,
    ItemExistsError,
    UnreadableItemError,
)
from autoforge.testing.recording import watching
from tests.access.tickets.issues import (
    an_issue,
    counts,
    sync,
    sync_all,
    ticket_of,
)
from tests.dynamodb.written import stored_item
from tests.factories import NOON, a_project, a_ticket, new_id
from tests.stores import fresh, put_raw

#: Ids that collide if a key does not escape them.
HOSTILE: Final = (
    "ENG#1", "ENG%231", "ENG%25231", "ENG", "ENG#", "ENG#1#TICKET", "eng#1", "ENG 1", "ENG/1",
    "é", "e\u0301", "\U0001f600", "\0", "TICKET",
)  # fmt: skip


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


#: Values that a ticket cannot have, with the message for each.
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

    # Only the issue that is too large causes a request, and none causes a write.
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

    assert (result.synced, result.ticket.version) == (Synced.UPDATED, 2)
    assert result.ticket.unknown == {"note": "of its own"}
    assert sync(store, project_id, replace(issue, title="New"), minutes=2).synced == "unchanged"

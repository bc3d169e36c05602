"""Hazards of lists: how earlier agent platforms lost items between DynamoDB and the caller.

Each test reproduces one of these scenarios and shows that the result is correct here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any, Final

import pytest

from autoforge.access.escalations import EscalationsByStatus
from autoforge.access.events.patterns import EventsOfProject
from autoforge.dynamodb import Entity
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE, TABLE, Index
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.errors import ConditionFailedError
from autoforge.forge import Forge
from autoforge.models import EscalationStatus
from autoforge.models.indexes import GSI1
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Answer, injected
from tests.factories import (
    NOON,
    a_feature,
    a_member_ref,
    a_run,
    a_run_ref,
    a_ticket,
    an_escalation,
    an_event,
    new_id,
)
from tests.stores import forge_of, fresh, put_raw

pytestmark = pytest.mark.one_engine

#: Four items with this text exceed the megabyte that one answer of DynamoDB can hold.
_LONG: Final = "x" * 300_000


# On earlier platforms a list was one Query. Past a megabyte it was cut without notice, and if it
# returned a cursor, no route accepted one.

#: Requests a page of the items of a project, or of an agent with the same id.
Ask = Callable[..., Page[Any]]

_LISTS: Final[Mapping[str, Callable[[Forge], Ask]]] = {
    "features": lambda forge: forge.features.of_project,
    "events": lambda forge: forge.events.of_project,
    "runs": lambda forge: forge.runs.of_project,
    "runs of an agent": lambda forge: forge.runs.of_agent,
    "tickets": lambda forge: forge.tickets.of_project,
    "members": lambda forge: forge.projects.members,
}


def _listed(kind: str, id_: str) -> Sequence[Entity]:
    """Return an entity for a list, as large as possible, and the references to it."""
    match kind:
        case "features":
            return [a_feature(project_id=id_, description=_LONG)]
        case "events":
            return [an_event(project_id=id_, summary=_LONG)]
        case "tickets":
            return [a_ticket(project_id=id_, description=_LONG)]
        case "members":
            return [a_member_ref(project_id=id_)]
    run = a_run(project_id=id_, agent_id=id_, output=_LONG)
    return [run, a_run_ref(project_id=id_, agent_id=id_, run_id=run.id)]


@pytest.mark.parametrize("kind", _LISTS)
def test_a_list_of_more_than_a_megabyte_is_whole_in_one_page_and_page_by_page(
    forge: Forge, kind: str
) -> None:
    id_ = new_id()
    stored = [_listed(kind, id_) for _ in range(5)]
    forge.store.put_all(each for some in stored for each in some)
    ask = _LISTS[kind](forge)

    page = ask(id_, limit=100)

    in_order = [each for each, *_ in stored]
    assert [*page.items] in (in_order, in_order[::-1])
    assert page.cursor is None
    assert list(_by_cursors(ask, id_)) == [*page.items]


def test_a_page_that_dynamodb_cuts_short_is_read_on(forge: Forge) -> None:
    project_id = new_id()
    features = [a_feature(project_id=project_id) for _ in range(5)]
    forge.store.put_all(features)

    cut = _cut_after(features[0], TABLE, Items=[features[0].to_item()])
    with injected(forge.store.client, [cut]):
        page = forge.features.of_project(project_id, limit=100)

    assert [*page.items] == features


def _by_cursors(ask: Ask, id_: str) -> Iterator[Any]:
    """Yield all items, two per page; no cursor may appear twice."""
    cursor = None
    for _ in range(9):
        page = ask(id_, limit=2, cursor=cursor)
        yield from page.items
        if page.cursor is None:
            return
        cursor = page.cursor


def _cut_after(entity: Entity, index: Index, **content: Any) -> Answer:
    """Return the answer of a Query that ends with an entity although more follows."""
    item = entity.to_item()
    names = {*TABLE.attributes, *index.attributes}
    return Answer({**content, "LastEvaluatedKey": {name: item[name] for name in names}})


# On earlier platforms the client filtered after the limit: "the latest heartbeat" read the latest
# event, which was not a heartbeat, although one came just before it.


def test_a_page_of_one_holds_one_whatever_lies_in_front_of_it(forge: Forge) -> None:
    project_id = new_id()
    wanted = _event_at(project_id, 0)
    expired = [_event_at(project_id, n, expires_at=NOON) for n in range(1, 10)]
    other = [_event_at(project_id, n).to_item() for n in range(10, 20)]
    forge.store.put_all([wanted, *expired])
    put_raw(forge.store, *({**item, ENTITY_TYPE: {"S": "Draft"}} for item in other))

    assert forge.events.of_project(project_id, limit=1) == Page((wanted,), None)


def test_the_latest_heartbeat_is_found_behind_any_number_of_other_events(forge: Forge) -> None:
    project_id = new_id()
    beats = [_event_at(project_id, n, event_type="heartbeat") for n in (1, 2)]
    forge.store.put_all([*beats, *(_event_at(project_id, n) for n in range(3, 120))])

    events = forge.each(EventsOfProject(project_id))

    assert next(each for each in events if each.event_type == "heartbeat") == beats[-1]


def _event_at(project_id: str, minutes: int, **over: Any) -> Any:
    moment = NOON - timedelta(days=1) + timedelta(minutes=minutes)
    return an_event(project_id=project_id, created_at=moment, **over)


# On earlier platforms a count was the length of a page of a hundred.


def test_features_are_counted_beyond_the_hundredth_and_beyond_an_answer(forge: Forge) -> None:
    project_id = new_id()
    features = [a_feature(project_id=project_id) for _ in range(150)]
    forge.store.put_all(features)

    whole = forge.features.stats(project_id)
    with injected(forge.store.client, [_cut_after(features[99], GSI1, Count=100)]):
        cut = forge.features.stats(project_id)

    assert (whole.pending, whole.total) == (150, 150)
    assert cut == whole


# On earlier platforms "recent" was everything with today's date: past midnight it was empty.


def test_the_events_of_the_last_day_are_those_from_before_midnight_too(client: Client) -> None:
    clock = Clock(datetime(2026, 3, 1, 0, 30, tzinfo=UTC))
    forge = forge_of(fresh(client, clock))
    day_ago = clock.now - timedelta(days=1)
    moments = [
        day_ago - MILLISECOND,
        day_ago,
        datetime(2026, 2, 28, 23, 59, 59, 999_000, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
        clock.now,
    ]
    for moment in moments:
        forge.events.record(None, "heartbeat", "Checked", created_at=moment)

    recent = forge.events.feed(since=day_ago)

    assert [each.created_at for each in recent.items] == moments[:0:-1]


# On earlier platforms the clean-up of expired escalations read the first hundred. Most of these
# were recent, and the others stayed pending for ever.


def test_all_escalations_past_a_moment_are_reached_and_expired_once(client: Client) -> None:
    clock = Clock()
    forge, rival = (forge_of(store) for store in [fresh(client, clock)] * 2)
    old = [an_escalation(created_at=NOON - timedelta(days=3)) for _ in range(120)]
    young = [an_escalation() for _ in range(3)]
    forge.store.put_all([*young, *old])
    expired = 0

    past = takewhile(
        lambda each: each.created_at < NOON,
        forge.each(EscalationsByStatus(EscalationStatus.PENDING)),
    )
    for number, each in enumerate(past):
        # Now and then another sweep is faster.
        for sweep in (rival, forge) if number % 20 == 0 else (forge,):
            expired += _is_expired_by(sweep, each.project_id, each.id)

    by_status = forge.escalations.by_status
    assert expired == 120
    assert {each.id for each in by_status(limit=1000).items} == {each.id for each in young}
    assert len(by_status(EscalationStatus.EXPIRED, limit=1000).items) == 120


def _is_expired_by(forge: Forge, project_id: str, escalation_id: str) -> bool:
    try:
        forge.escalations.expire(project_id, escalation_id)
    except ConditionFailedError:
        return False
    return True

"""Cursors are good for one pattern with its parameters, come from us only, and hide nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.access.actions import HeldActions
from autoforge.access.cursor import Cursors
from autoforge.access.escalations import EscalationsByStatus, EscalationsOfProject
from autoforge.access.events import EventsOfProject, GlobalEvents
from autoforge.access.query import Query
from autoforge.access.store import Store
from autoforge.errors import ConfigurationError, InvalidCursorError, InvalidValueError
from autoforge.models import Escalation, EscalationStatus
from tests.factories import NOON, an_action, an_escalation, new_id
from tests.stores import Clock, fresh, watching
from tests.strategies import ids, key_texts

_QUERY = EscalationsOfProject("p")
_KEY = {"PK": {"S": "PROJECT#p"}, "SK": {"S": "ESCALATION#e"}}
_CURSORS = Cursors(["new", "old"])


@dataclass(frozen=True)
class Lookalikes(Query[Escalation]):
    """Which escalations has this project, asked under another name?"""

    source = "a test"
    key = Escalation.key

    project_id: str


@given(project_id=ids(), sort=key_texts())
def test_a_cursor_is_read_back_as_what_it_was_made_of(project_id: str, sort: str) -> None:
    query = EscalationsOfProject(project_id)
    key = {"PK": {"S": f"PROJECT#{project_id}"}, "SK": {"S": sort}}

    cursor = _CURSORS.issue(query, {**key, "title": {"S": "not in the cursor"}})

    assert _CURSORS.accept(query, cursor) == key
    assert cursor == _CURSORS.issue(query, key)
    assert cursor.isascii()


def test_a_cursor_of_an_index_holds_the_keys_of_both() -> None:
    query = EscalationsByStatus(EscalationStatus.PENDING)
    item = an_escalation().to_item()

    accepted = _CURSORS.accept(query, _CURSORS.issue(query, item))

    assert accepted == {name: item[name] for name in ("GSI1PK", "GSI1SK", "PK", "SK")}


@pytest.mark.parametrize(
    "other",
    [
        EscalationsOfProject("q"),
        EscalationsOfProject("p", order="desc"),
        EscalationsOfProject("p", order="asc"),
        Lookalikes("p"),
    ],
)
def test_a_cursor_of_another_query_is_refused(other: Query[Any]) -> None:
    with pytest.raises(InvalidCursorError, match="the cursor was not issued for this query"):
        _CURSORS.accept(other, _CURSORS.issue(_QUERY, _KEY))


def test_a_cursor_of_other_bounds_is_refused() -> None:
    one = EventsOfProject("p", since=NOON)

    for other in (
        EventsOfProject("p"),
        EventsOfProject("p", until=NOON),
        EventsOfProject("p", since=NOON - timedelta(hours=1)),
        EventsOfProject("p", since=NOON, after=new_id()),
    ):
        with pytest.raises(InvalidCursorError):
            _CURSORS.accept(other, _CURSORS.issue(one, _KEY))


@given(data=st.data())
def test_a_cursor_with_any_character_changed_added_or_left_out_is_refused(
    data: st.DataObject,
) -> None:
    cursor = _CURSORS.issue(_QUERY, _KEY)
    place = data.draw(st.integers(0, len(cursor) - 1))
    length = data.draw(st.integers(0, 1))
    tampered = cursor[:place] + data.draw(st.text(max_size=1)) + cursor[place + length :]

    # The last character of base64 has bits that mean nothing.
    if tampered == cursor or _decoded(tampered) == _decoded(cursor):
        return
    with pytest.raises(InvalidCursorError):
        _CURSORS.accept(_QUERY, tampered)


@given(text=st.text() | st.text(st.characters(categories=["Cs"])) | st.from_regex(r"[\w.-]*"))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        _CURSORS.accept(_QUERY, text)


def test_a_cursor_signed_by_an_unknown_secret_is_refused() -> None:
    with pytest.raises(InvalidCursorError):
        _CURSORS.accept(_QUERY, Cursors(["another"]).issue(_QUERY, _KEY))


def test_secrets_rotate() -> None:
    old = Cursors(["old"]).issue(_QUERY, _KEY)
    new = _CURSORS.issue(_QUERY, _KEY)

    assert _CURSORS.accept(_QUERY, old) == _CURSORS.accept(_QUERY, new) == _KEY
    assert Cursors(["new"]).accept(_QUERY, new) == _KEY
    with pytest.raises(InvalidCursorError):
        Cursors(["new"]).accept(_QUERY, old)


def test_what_is_signed_but_names_other_keys_is_refused() -> None:
    """As after a release in which the pattern reads another index."""
    by_status = EscalationsByStatus(EscalationStatus.PENDING)

    for content in ({"PK": "a"}, ["PK", "SK"], "PK", None):
        forged = _CURSORS._serializer(by_status).dumps(content)
        with pytest.raises(InvalidCursorError):
            _CURSORS.accept(by_status, str(forged))


@pytest.mark.parametrize("secrets", [[], [""], ["good", ""]])
def test_without_a_secret_there_are_no_cursors(secrets: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="at least one signing key"):
        Cursors(secrets)


def test_a_bad_cursor_reaches_no_table(store: Store) -> None:
    elsewhere = store.cursors.issue(EscalationsOfProject("q"), _KEY)

    with watching(store.client) as watched:
        for cursor in ("", "nonsense", elsewhere, Cursors(["another"]).issue(_QUERY, _KEY)):
            with pytest.raises(InvalidCursorError):
                store.page(_QUERY, limit=1, cursor=cursor)

    assert watched.sent == []


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_refused_before_the_call(store: Store, limit: int) -> None:
    with watching(store.client) as watched, pytest.raises(InvalidValueError, match="at least 1"):
        store.page(_QUERY, limit=limit)

    assert watched.sent == []


def test_a_cursor_stays_good_when_the_item_it_ended_at_is_gone(store: Store) -> None:
    project_id = new_id()
    query = EscalationsOfProject(project_id)
    escalations = [an_escalation(project_id=project_id) for _ in range(3)]
    store.put_all(escalations)

    first = store.page(query, limit=1)
    store.delete_all([Escalation.key.render(first.items[0].attribute_values)])  # type: ignore[list-item]  # it has a key
    second = store.page(query, limit=5, cursor=first.cursor)

    assert (first.items, second.items) == (tuple(escalations[:1]), tuple(escalations[1:]))


def test_a_cursor_stays_good_when_the_secret_was_rotated_in_between(store: Store) -> None:
    project_id = new_id()
    escalations = [an_escalation(project_id=project_id) for _ in range(2)]
    store.put_all(escalations)

    first = store.page(EscalationsOfProject(project_id), limit=1)
    rotated = replace(store, cursors=Cursors(["a newer key", "a signing key"]))
    second = rotated.page(EscalationsOfProject(project_id), limit=1, cursor=first.cursor)

    assert second.items == (escalations[1],)


def test_a_cursor_of_what_is_due_by_now_stays_good_while_time_passes(store: Store) -> None:
    clock = Clock()
    store = fresh(store.client, clock)
    soon = NOON + timedelta(minutes=1)
    held = [an_action(held_until=moment) for moment in (NOON, NOON, soon)]
    store.put_all(held)

    first = store.page(HeldActions(), limit=1)
    clock.now = soon
    rest = store.page(HeldActions(), limit=5, cursor=first.cursor)

    assert (first.items, rest.items) == ((held[0],), (held[1], held[2]))


def test_crossed_bounds_are_an_empty_page(store: Store) -> None:
    newer = new_id(NOON + timedelta(hours=1))
    page = store.page(EventsOfProject(new_id(), after=newer, until=NOON), limit=5)
    feed = store.page(GlobalEvents(after=newer, since=NOON, until=NOON), limit=5)

    assert (page.items, page.cursor, feed.items, feed.cursor) == ((), None, (), None)


def _decoded(cursor: str) -> Any:
    """What a cursor says, whatever the bits that base64 leaves over."""
    try:
        content, signature = cursor.rsplit(".", 1)
        padded = signature + "=" * (-len(signature) % 4)
        return json.dumps(content), base64.urlsafe_b64decode(padded)
    except ValueError:
        return cursor

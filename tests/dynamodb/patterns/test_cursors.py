"""A cursor works for one pattern and its parameters, only if we issued it, and reveals no keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.access.actions import HeldActions
from autoforge.access.escalations import EscalationsByStatus, EscalationsOfProject
from autoforge.access.events.patterns import EventsOfProject, GlobalEvents
from autoforge.dynamodb.patterns.cursor import Cursors
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.store.store import Store
from autoforge.errors import ConfigurationError, InvalidCursorError, InvalidValueError
from autoforge.models import Escalation, EscalationStatus
from autoforge.testing.clock import Clock
from autoforge.testing.recording import watching
from tests.factories import NOON, an_action, an_escalation, an_event, new_id
from tests.stores import fresh
from tests.strategies import ids, key_texts

_QUERY = EscalationsOfProject("p")
_KEY = {"PK": {"S": "PROJECT#p"}, "SK": {"S": "ESCALATION#e"}}
_CURSORS = Cursors(["new", "old"])

#: The characters of URL-safe base64.
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


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

    cursor = _CURSORS.issue("t", query, {**key, "title": {"S": "not in the cursor"}})

    assert _CURSORS.accept("t", query, cursor) == key
    assert cursor == _CURSORS.issue("t", query, key)
    assert cursor.isascii()


def test_a_cursor_of_an_index_holds_the_keys_of_both() -> None:
    query = EscalationsByStatus(EscalationStatus.PENDING)
    item = an_escalation().to_item()

    accepted = _CURSORS.accept("t", query, _CURSORS.issue("t", query, item))

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
        _CURSORS.accept("t", other, _CURSORS.issue("t", _QUERY, _KEY))


def test_a_cursor_of_other_bounds_is_refused() -> None:
    one = EventsOfProject("p", since=NOON)

    for other in (
        EventsOfProject("p"),
        EventsOfProject("p", until=NOON),
        EventsOfProject("p", since=NOON - timedelta(hours=1)),
        EventsOfProject("p", since=NOON, after=new_id()),
    ):
        with pytest.raises(InvalidCursorError):
            _CURSORS.accept("t", other, _CURSORS.issue("t", one, _KEY))


@given(data=st.data())
def test_a_cursor_with_any_character_changed_added_or_left_out_is_refused(
    data: st.DataObject,
) -> None:
    cursor = _CURSORS.issue("t", _QUERY, _KEY)
    place = data.draw(st.integers(0, len(cursor) - 1))
    length = data.draw(st.integers(0, 1))
    tampered = cursor[:place] + data.draw(st.text(max_size=1)) + cursor[place + length :]

    if tampered == cursor:
        return
    with pytest.raises(InvalidCursorError):
        _CURSORS.accept("t", _QUERY, tampered)


def test_a_cursor_is_good_in_the_one_form_it_was_issued_in() -> None:
    """The last base64 character of 32 bytes has two bits that decoders ignore."""
    for sort in ("ESCALATION#e", "ESCALATION#ee", "ESCALATION#eee"):
        cursor = _CURSORS.issue("t", _QUERY, {**_KEY, "SK": {"S": sort}})
        content, _, signature = cursor.partition(".")
        forms = {f"{content}.{signature[:-1]}{last}" for last in _ALPHABET}
        forms |= {f"{content[:-1]}{last}.{signature}" for last in _ALPHABET}
        forms |= {
            f"{content}{one}.{signature}{two}" for one, two in product(["", "=", "=="], repeat=2)
        }

        for form in forms - {cursor}:
            with pytest.raises(InvalidCursorError):
                _CURSORS.accept("t", _QUERY, form)


def test_a_cursor_of_another_table_is_refused() -> None:
    with pytest.raises(InvalidCursorError):
        _CURSORS.accept("another", _QUERY, _CURSORS.issue("t", _QUERY, _KEY))


@given(text=st.text() | st.text(st.characters(categories=["Cs"])) | st.from_regex(r"[\w.-]*"))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        _CURSORS.accept("t", _QUERY, text)


def test_a_cursor_signed_by_an_unknown_secret_is_refused() -> None:
    with pytest.raises(InvalidCursorError):
        _CURSORS.accept("t", _QUERY, Cursors(["another"]).issue("t", _QUERY, _KEY))


def test_secrets_rotate() -> None:
    old = Cursors(["old"]).issue("t", _QUERY, _KEY)
    new = _CURSORS.issue("t", _QUERY, _KEY)

    assert _CURSORS.accept("t", _QUERY, old) == _CURSORS.accept("t", _QUERY, new) == _KEY
    assert Cursors(["new"]).accept("t", _QUERY, new) == _KEY
    with pytest.raises(InvalidCursorError):
        Cursors(["new"]).accept("t", _QUERY, old)


def test_what_is_signed_but_names_other_keys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a release that changes the index of the pattern."""
    before = _CURSORS.issue("t", _QUERY, _KEY)
    monkeypatch.setattr(EscalationsOfProject, "key", Escalation.by_status)

    with pytest.raises(InvalidCursorError):
        _CURSORS.accept("t", _QUERY, before)


@pytest.mark.parametrize("secrets", [[], [""], ["good", ""]])
def test_without_a_secret_there_are_no_cursors(secrets: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="at least one signing key"):
        Cursors(secrets)


def test_a_bad_cursor_reaches_no_table(store: Store) -> None:
    elsewhere = store.cursors.issue(store.table_name, EscalationsOfProject("q"), _KEY)

    with watching(store.client) as watched:
        for cursor in ("", "nonsense", elsewhere, Cursors(["another"]).issue("t", _QUERY, _KEY)):
            with pytest.raises(InvalidCursorError):
                store.page(_QUERY, limit=1, cursor=cursor)

    assert watched.sent == []


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_refused_before_the_call(store: Store, limit: int) -> None:
    with watching(store.client) as watched, pytest.raises(InvalidValueError, match="at least 1"):
        store.page(_QUERY, limit=limit)

    assert watched.sent == []


def test_a_page_that_ends_with_the_last_item_has_no_cursor(store: Store) -> None:
    project_id = new_id()
    dead = [an_event(project_id=project_id, created_at=NOON - timedelta(days=40)) for _ in range(3)]
    alive = [an_event(project_id=project_id) for _ in range(4)]
    store.put_all([*dead, *alive])

    for limit, sizes in {1: [1, 1, 1, 1], 2: [2, 2], 3: [3, 1], 4: [4], 5: [4]}.items():
        pages = list(_pages(store, EventsOfProject(project_id), limit))

        assert [len(page.items) for page in pages] == sizes
        assert [each for page in pages for each in page.items] == alive[::-1]


def test_a_cursor_stays_good_when_the_item_it_ended_at_is_gone(store: Store) -> None:
    project_id = new_id()
    query = EscalationsOfProject(project_id)
    escalations = [an_escalation(project_id=project_id) for _ in range(3)]
    store.put_all(escalations)

    first = store.page(query, limit=1)
    store.delete_all([Escalation.key.render(first.items[0].attribute_values)])  # type: ignore[list-item]  # the item has a key
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


def _pages(store: Store, query: Query[Any], limit: int) -> Iterator[Page[Any]]:
    cursor = None
    while True:
        page = store.page(query, limit=limit, cursor=cursor)
        yield page
        cursor = page.cursor
        if cursor is None:
            return

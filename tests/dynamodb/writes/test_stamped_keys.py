"""Index keys made of values that every update sets: its timestamp and the incremented version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.choice_attributes import Boolean
from autoforge.dynamodb.schema.derived import Derived
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.text_codecs import EnumCodec
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.schema.value_codecs import NumberCodec
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import DeclarationError, InvalidValueError, VersionConflictError
from tests.dynamodb.indexes import GSI1
from tests.dynamodb.written import stored_item
from tests.factories import NOON, new_id

LATER = NOON + timedelta(minutes=1)


class Note(Entity):
    """A note on a board, in an index by the time of its last change."""

    board: Id = Id()
    id: Id = Id()
    text: Text[None] = Text(default=None)
    updated_at: Moment = Moment()

    key = Key("BOARD#{board}", "NOTE#{id}")
    by_change = Key("BOARD#{board}#CHANGES", "{updated_at}#{id}", index=GSI1)


class Draft(Entity):
    """A draft, in an index by the day of its last change and by its version while it is open."""

    id: Id = Id()
    text: Text = Text(default="-")
    open: Boolean = Boolean(default=True)
    version: Integer = Integer(default=1)
    updated_at: Moment = Moment()

    parity = Derived(EnumCodec(("even", "odd")), lambda n: ("even", "odd")[n % 2], "version")

    key = Key("DRAFT#{id}", "DRAFT")
    by_version = Key(
        "DRAFTS#{updated_at:date}#{parity}", "{version:4}#{id}", index=GSI1, where={"open": True}
    )


@dataclass(frozen=True)
class Changes(Query[Note]):
    """Which notes of this board changed last?"""

    source = "a test"
    key = Note.by_change
    newest_first = True

    board: str


@dataclass(frozen=True)
class NoteById(Get[Note]):
    """Which note is this?"""

    source = "a test"
    key = Note.key

    board: str
    id: str


def a_note(board: str, **over: Any) -> Note:
    return Note(**{"board": board, "id": new_id(), "updated_at": NOON, **over})


def test_the_last_changed_comes_first_whatever_was_changed(store: Store) -> None:
    board = new_id()
    first, second = a_note(board), a_note(board)
    store.put_all([first, second])
    key = {"board": board, "id": first.id}

    changed = store.save(Update(Note, key, LATER, changes={"text": "new"}))

    assert stored_item(store, first) == changed.to_item()
    assert f"2026-02-04T12:01:00.000Z#{first.id}" == changed.rendered().get("GSI1SK")
    assert [each.id for each in store.each(Changes(board))] == [first.id, second.id]


def test_the_last_changed_comes_first_after_an_upsert_and_a_transaction(store: Store) -> None:
    board = new_id()
    made, other, third = (a_note(board) for _ in range(3))
    minutes = [NOON + timedelta(minutes=minute) for minute in range(3)]

    def change(note: Note, minute: int, **more: Any) -> Update[Note]:
        return Update(Note, {"board": board, "id": note.id}, minutes[minute], **more)

    store.save(Put(other))
    store.save(change(made, 0, initial={"text": "first"}))
    store.transact(Transaction((change(other, 1, changes={"text": "new"}), Put(third))))
    store.transact(Transaction((change(made, 2, initial={"text": "second"}),)))

    stored = [stored_item(store, each) for each in (made, other, third)]
    assert stored == [Note.from_item(item).to_item() for item in stored]
    assert [each.id for each in store.each(Changes(board))] == [made.id, other.id, third.id]


def test_a_key_made_of_the_version_follows_the_version_that_is_expected(store: Store) -> None:
    draft = Draft(id=new_id(), updated_at=NOON)
    store.save(Put(draft))

    changed = store.save(
        Update(
            Draft,
            {"id": draft.id},
            LATER + timedelta(days=1),
            expected={"open": True},
            expected_version=1,
        )
    )

    assert ("DRAFTS#2026-02-05#even", f"0002#{draft.id}") == (
        changed.rendered().get("GSI1PK"),
        changed.rendered().get("GSI1SK"),
    )
    assert stored_item(store, draft) == changed.to_item()
    with pytest.raises(VersionConflictError):
        store.save(
            Update(Draft, {"id": draft.id}, LATER, expected={"open": True}, expected_version=1)
        )


def test_a_version_that_is_given_is_counted_from(store: Store) -> None:
    draft = Draft(id=new_id(), updated_at=NOON, version=7)
    store.save(Put(draft))
    given = {"open": True, "version": 7}

    changed = store.save(
        Update(Draft, {"id": draft.id}, LATER, expected=given, increments_version=True)
    )

    assert (changed.version, changed.rendered().get("GSI1SK")) == (8, f"0008#{draft.id}")
    assert stored_item(store, draft) == changed.to_item()


def test_a_version_that_is_counted_blindly_is_refused_where_a_key_is_made_of_it() -> None:
    with pytest.raises(
        DeclarationError,
        match=r"^Draft.by_version is made of version: .* must give expected_version",
    ):
        Update(Draft, {"id": "d"}, NOON, expected={"open": True}, increments_version=True)


def test_an_update_must_know_what_else_the_key_of_its_moment_is_made_of() -> None:
    blind = Update(Draft, {"id": "d"}, NOON, changes={"text": "x"})

    with pytest.raises(DeclarationError, match=r"feeds Draft.by_version must give open"):
        blind.parameters()


def test_an_update_that_leaves_an_index_does_not_need_to_know_its_key(store: Store) -> None:
    draft = Draft(id=new_id(), updated_at=NOON)
    store.save(Put(draft))

    closed = store.save(
        Update(Draft, {"id": draft.id}, LATER, changes={"open": False}, increments_version=False)
    )

    assert closed.rendered().get("GSI1PK") is None
    assert stored_item(store, draft) == closed.to_item()


def test_a_primary_key_made_of_updated_at_is_refused() -> None:
    with pytest.raises(DeclarationError, match="every update sets updated_at"):

        class Log(Entity):
            id: Id = Id()
            updated_at: Moment = Moment()
            key = Key("LOG#{id}", "{updated_at}")


def test_an_updated_at_that_is_no_moment_is_refused() -> None:
    with pytest.raises(DeclarationError, match="updated_at: it must be a Moment"):

        class Log(Entity):
            id: Id = Id()
            updated_at: Text = Text()
            key = Key("LOG#{id}", "LOG")


class Edition(Entity):
    """An edition whose version is part of the primary key and never changes."""

    isbn: Id = Id()
    version: Integer = Integer()
    name: Text = Text(default="-")

    key = Key("BOOK#{isbn}", "EDITION#{version:4}")


def test_a_version_in_the_primary_key_cannot_be_counted() -> None:
    key = {"isbn": "b", "version": 1}

    assert Update(Edition, key, NOON, changes={"name": "x"}).parameters()
    for counting in ({"increments_version": True}, {"expected_version": 1}):
        with pytest.raises(
            InvalidValueError, match=r"^an Update of .* changes version: components"
        ):
            Update(Edition, key, NOON, **counting)


@pytest.mark.parametrize("counting", [{"increments_version": True}, {"expected_version": 1}])
def test_a_version_that_is_no_number_cannot_be_counted(counting: dict[str, Any]) -> None:
    with pytest.raises(
        DeclarationError, match="Note has no number attribute 'version' to increment"
    ):
        Update(Note, {"board": "b", "id": "n"}, NOON, **counting)


def test_what_an_update_sets_cannot_be_initial() -> None:
    key = {"board": "b", "id": "n"}

    for initial in ({"updated_at": NOON}, {"board": "b"}, {"text": "x"}):
        with pytest.raises(DeclarationError, match=r"the update sets it|feeds a key"):
            Update(Note, key, NOON, changes={"text": "y"}, initial=initial)


class Slot(Entity):
    """A slot whose key is derived from a value that callers write in several forms."""

    id: Id = Id()
    starts: Moment = Moment()
    members: Integer = Integer()

    hour = Derived(NumberCodec(2), lambda at: at and at.hour, "starts")

    key = Key("SLOT#{id}", "SLOT")
    by_hour = Key("HOURS", "{hour}#{id}", index=GSI1, where={"starts": "2026-02-04T12:00:00Z"})


def test_a_key_is_derived_from_the_value_and_not_from_how_the_caller_wrote_it(
    store: Store,
) -> None:
    slot = Slot(id=new_id(), starts=datetime(2026, 2, 4, 8), members=1)  # noqa: DTZ001 - naive means UTC
    store.save(Put(slot))

    moved = store.save(
        Update(Slot, {"id": slot.id}, NOON, changes={"starts": "2026-02-04T13:00+01:00"})
    )

    assert stored_item(store, slot) == moved.to_item()
    assert str(moved.rendered().get("GSI1SK")) == f"12#{slot.id}"


class Parcel(Entity):
    """An entity whose attribute ``deletion`` is not a mark of deletion."""

    id: Id = Id()
    deletion: Text[None] = Text(default=None)
    place: Text = Text()

    key = Key("PARCEL#{id}", "PARCEL")
    by_place = Key("PLACE#{place}", "{id}", index=GSI1, where={"deletion": None})


def test_an_attribute_is_not_believed_to_be_absent_for_its_name(store: Store) -> None:
    parcel = Parcel(id=new_id(), deletion="of its label", place="A")
    store.save(Put(parcel))

    with pytest.raises(DeclarationError, match=r"feeds Parcel.by_place must give deletion"):
        store.save(Update(Parcel, {"id": parcel.id}, NOON, changes={"place": "B"}))


def test_a_mark_of_deletion_that_is_no_optional_attribute_is_refused() -> None:
    with pytest.raises(DeclarationError, match="Box has no optional attribute 'gone'"):

        class Box(Entity):
            deletion_mark = "gone"
            id: Id = Id()
            key = Key("BOX#{id}", "BOX")


class Loan(Entity):
    """A loan, in an index by the month it is due in, if it has a due date."""

    id: Id = Id()
    shelf: Text = Text()
    due: Moment[None] = Moment(default=None)

    month = Derived(NumberCodec(2), lambda due: due and due.month, "due")

    key = Key("LOAN#{id}", "LOAN")
    by_month = Key("DUE#{month}", "{shelf}#{id}", index=GSI1)


def test_an_item_without_what_a_component_follows_from_leaves_the_index(store: Store) -> None:
    loan = Loan(id=new_id(), shelf="a", due=NOON)
    store.save(Put(loan))

    def keys(**given: Any) -> tuple[str | None, str | None]:
        changed = store.save(Update(Loan, {"id": loan.id}, NOON, **given))
        assert stored_item(store, loan) == changed.to_item()
        return changed.rendered().get("GSI1PK"), changed.rendered().get("GSI1SK")

    assert keys(changes={"due": None}) == (None, None)
    assert keys(changes={"shelf": "b"}, expected={"due": None}) == (None, None)
    assert keys(changes={"due": NOON}, expected={"shelf": "b"}) == ("DUE#02", f"b#{loan.id}")
    with pytest.raises(DeclarationError, match=r"feeds Loan.by_month must give due"):
        keys(changes={"shelf": "c"})

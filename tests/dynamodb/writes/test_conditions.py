"""Conditions on attributes mean on both engines what they mean of the entity that is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import pytest

from autoforge.dynamodb import (
    Array,
    Boolean,
    Check,
    Choice,
    Condition,
    Delete,
    Document,
    Entity,
    Id,
    IdSet,
    Integer,
    Json,
    Key,
    Moment,
    Number,
    Put,
    Store,
    Text,
    TextSet,
    Transaction,
    Update,
)
from autoforge.dynamodb.schema.entity import Item
from autoforge.errors import (
    ConditionFailedError,
    DeclarationError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
)
from autoforge.testing.recording import watching
from tests.dynamodb.written import LATER, stored_item
from tests.factories import NOON, new_id
from tests.stores import put_raw


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Lamp(Entity):
    """An entity with optional attributes and with defaults."""

    id: Id = Id()
    name: Text = Text(default="lamp")
    note: Text[None] = Text(default=None)
    colour: Choice[Colour] = Choice(Colour, default=Colour.RED)
    lit: Boolean = Boolean(default=False)
    watts: Integer = Integer(default=40)
    price: Number[None] = Number(default=None)
    since: Moment[None] = Moment(default=None)
    rooms: Array = Array(default=["hall"])
    tags: TextSet = TextSet()
    owners: IdSet = IdSet()
    config: Document[None] = Document(default=None)
    any: Json[None] = Json(default=None)
    version: Integer = Integer(default=1)

    key = Key("LAMP#{id}", "LAMP")


def holds(store: Store, lamp: Lamp, condition: Condition) -> bool:
    """Whether a stored lamp meets a condition."""
    check = Check(Lamp, {"id": lamp.id}, NOON, condition=condition)
    try:
        store.transact(Transaction([check]))
    except ConditionFailedError:
        return False
    return True


def a_lamp(**given: Any) -> Lamp:
    return Lamp(**{"id": new_id(), **given})


_BARE: dict[str, Any] = {}
_FULL: dict[str, Any] = {
    "name": "desk lamp",
    "note": "b",
    "colour": Colour.BLUE,
    "lit": True,
    "watts": 60,
    "price": Decimal("9.50"),
    "since": NOON,
    "rooms": ["attic", {"n": 1}],
    "tags": {"old", "oak"},
    "owners": {"ANN"},
    "config": {"a": {"n": 1, "t": "text", "z": None}, "l": ["x", 1.5]},
    "any": 7,
}

#: Conditions with what they say of an entity.
_CONDITIONS: list[tuple[Condition, Callable[[Lamp], Any]]] = [
    (Lamp.name.equals("lamp"), lambda lamp: lamp.name == "lamp"),
    (Lamp.name.not_equals("lamp"), lambda lamp: lamp.name != "lamp"),
    (Lamp.name.one_of("x", "lamp"), lambda lamp: lamp.name in {"x", "lamp"}),
    (Lamp.name.begins_with("desk"), lambda lamp: lamp.name.startswith("desk")),
    (Lamp.name.begins_with("la"), lambda lamp: lamp.name.startswith("la")),
    (Lamp.name.contains("amp"), lambda lamp: "amp" in lamp.name),
    (Lamp.name.contains("sk"), lambda lamp: "sk" in lamp.name),
    (Lamp.name.above("e"), lambda lamp: lamp.name > "e"),
    (Lamp.note.equals(None), lambda lamp: lamp.note is None),
    (Lamp.note.equals("b"), lambda lamp: lamp.note == "b"),
    (Lamp.note.not_equals("b"), lambda lamp: lamp.note != "b"),
    (Lamp.note.not_equals(None), lambda lamp: lamp.note is not None),
    (Lamp.note.is_present(), lambda lamp: lamp.note is not None),
    (Lamp.note.is_absent(), lambda lamp: lamp.note is None),
    (Lamp.note.at_least("a"), lambda lamp: lamp.note is not None and lamp.note >= "a"),
    (Lamp.colour.equals(Colour.RED), lambda lamp: lamp.colour is Colour.RED),
    (Lamp.colour.one_of(Colour.BLUE), lambda lamp: lamp.colour is Colour.BLUE),
    (Lamp.lit.equals(False), lambda lamp: not lamp.lit),
    (Lamp.watts.equals(40), lambda lamp: lamp.watts == 40),
    (Lamp.watts.above(40), lambda lamp: lamp.watts > 40),
    (Lamp.watts.at_least(40), lambda lamp: lamp.watts >= 40),
    (Lamp.watts.at_most(40), lambda lamp: lamp.watts <= 40),
    (Lamp.watts.below(40), lambda lamp: lamp.watts < 40),
    (Lamp.watts.one_of(1, 60), lambda lamp: lamp.watts in {1, 60}),
    (Lamp.price.at_most(Decimal("9.5")), lambda lamp: lamp.price is not None),
    (Lamp.price.below(Decimal("9.5")), lambda _: False),
    (Lamp.since.at_most(NOON), lambda lamp: lamp.since is not None),
    (Lamp.since.above(NOON - timedelta(days=1)), lambda lamp: lamp.since is not None),
    (Lamp.rooms.contains("hall"), lambda lamp: "hall" in lamp.rooms),
    (Lamp.rooms.contains({"n": 1}), lambda lamp: {"n": 1} in lamp.rooms),
    (Lamp.rooms.equals(["hall"]), lambda lamp: lamp.rooms == ["hall"]),
    (Lamp.tags.contains("oak"), lambda lamp: "oak" in lamp.tags),
    (Lamp.tags.equals(["oak", "old"]), lambda lamp: lamp.tags == {"oak", "old"}),
    (Lamp.tags.equals([]), lambda lamp: not lamp.tags),
    (Lamp.owners.contains("ANN"), lambda lamp: "ANN" in lamp.owners),
    (Lamp.config.equals({"a": 1}), lambda _: False),
    (Lamp.any.equals(7), lambda lamp: lamp.any == 7),
    (Lamp.config.at("a", "n").equals(1), lambda lamp: lamp.config),
    (Lamp.config.at("a", "n").not_equals(1), lambda lamp: not lamp.config),
    (Lamp.config.at("a", "n").at_least(1), lambda lamp: lamp.config),
    (Lamp.config.at("a", "n").above(1), lambda _: False),
    (Lamp.config.at("a", "n").at_most(1), lambda lamp: lamp.config),
    (Lamp.config.at("a", "n").below(0.5), lambda _: False),
    (Lamp.config.at("a", "n").one_of("n", 1), lambda lamp: lamp.config),
    (Lamp.config.at("a", "z").is_present(), lambda lamp: lamp.config),
    (Lamp.config.at("a", "y").is_absent(), lambda _: True),
    (Lamp.config.at("a", "t").begins_with("tex"), lambda lamp: lamp.config),
    (Lamp.config.at("l").contains("x"), lambda lamp: lamp.config),
    (Lamp.config.at("l", 1).equals(1.5), lambda lamp: lamp.config),
    (Lamp.watts.equals(40) & Lamp.lit.equals(True), lambda lamp: lamp.watts == 40 and lamp.lit),
    (Lamp.watts.equals(40) | Lamp.lit.equals(True), lambda lamp: lamp.watts == 40 or lamp.lit),
    (~Lamp.lit.equals(False), lambda lamp: lamp.lit),
]


@pytest.mark.parametrize(
    ("condition", "said"), _CONDITIONS, ids=[repr(each) for each, _ in _CONDITIONS]
)
def test_a_condition_holds_if_the_entity_that_is_read_is_so(
    store: Store, condition: Condition, said: Callable[[Lamp], Any]
) -> None:
    for given in (_BARE, _FULL):
        lamp = a_lamp(**given)
        kept = {"PK", "SK", "EntityType", *given}
        complete = lamp.to_item()
        sparse: Item = {name: wire for name, wire in complete.items() if name in kept}
        for item in (complete, sparse):
            put_raw(store, item)

            assert holds(store, lamp, condition) == bool(said(Lamp.from_item(item))), item


def test_a_condition_of_another_type_of_value_is_refused_at_once() -> None:
    mistakes: list[Callable[[], Condition]] = [
        lambda: Lamp.watts.equals("40"),  # type: ignore[arg-type]
        lambda: Lamp.watts.above(None),  # type: ignore[arg-type]
        lambda: Lamp.name.equals(None),  # type: ignore[arg-type]
        lambda: Lamp.colour.one_of("green"),  # type: ignore[arg-type]
        lambda: Lamp.watts.one_of(*range(101)),
    ]
    for make in mistakes:
        with pytest.raises(InvalidValueError):
            make()


def test_a_put_that_replaces_overwrites_whatever_has_the_key(store: Store) -> None:
    lamp = a_lamp(note="old", watts=60)
    put_raw(store, lamp.to_item() | {"theirs": {"S": "lost"}})
    new = Lamp(id=lamp.id, name="new")

    assert store.save(Put(new, replace=True)) is new

    assert stored_item(store, lamp) == new.to_item()
    other = a_lamp()
    store.save(Put(other, replace=True))
    assert stored_item(store, other) == other.to_item()


def test_a_put_on_a_condition_replaces_only_what_meets_it(store: Store) -> None:
    lamp = store.save(Put(a_lamp(watts=60)))
    brighter = Lamp(id=lamp.id, watts=75)
    write = Put(
        brighter,
        condition=Lamp.watts.below(75),
        requires="only a weaker lamp is replaced",
        found=lambda there: f"has {there.watts} W",
    )

    store.save(write)

    assert stored_item(store, lamp) == brighter.to_item()
    message = rf"^Lamp {lamp.id} has 75 W; only a weaker lamp is replaced$"
    with pytest.raises(ConditionFailedError, match=message) as error:
        store.save(write)
    assert error.value.item == brighter


def test_a_put_on_a_condition_of_an_item_finds_none(store: Store) -> None:
    with pytest.raises(ItemNotFoundError):
        store.save(Put(a_lamp(), condition=Lamp.watts.above(75)))


def test_a_put_on_a_condition_replaces_an_expired_item_whatever_it_is(store: Store) -> None:
    lamp = a_lamp(watts=60, expires_at=NOON)
    put_raw(store, lamp.to_item())
    weaker = Lamp(id=lamp.id, watts=20)

    with pytest.raises(ConditionFailedError):
        store.save(Put(weaker, condition=Lamp.watts.below(20)))
    store.save(Put(weaker, condition=Lamp.watts.below(20), expired_by=LATER))

    assert stored_item(store, lamp) == weaker.to_item()


def test_a_put_that_replaces_may_be_repeated_and_one_that_creates_may_not(store: Store) -> None:
    lamp = a_lamp()
    new, again = Put(lamp), Put(lamp, replace=True)
    some = Put(lamp, condition=Lamp.lit.equals(True))

    assert [each.repeatable for each in (new, again, some)] == [True, True, True]
    assert [each.refused_twice for each in (new, again, some)] == [True, False, False]
    for _ in range(2):
        with watching(store.client) as watched:
            store.transact(Transaction([again]))
        assert watched.operations == ["TransactWriteItems"]
    with pytest.raises(ItemExistsError):
        store.transact(Transaction([new]))


def test_a_put_takes_one_rule_for_what_has_the_key() -> None:
    with pytest.raises(DeclarationError, match=r"give one of the two$"):
        Put(a_lamp(), replace=True, condition=Lamp.lit.equals(True))


class Fan(Entity):
    """An entity whose room is only in its key."""

    id: Id = Id()
    room: Id = Id(stored=False)
    speed: Integer = Integer(default=1)

    key = Key("ROOM#{room}", "FAN#{id}")


_FAN: Final = {"room": "r", "id": "f"}


@pytest.mark.parametrize(
    "write",
    [
        lambda condition: Update(Fan, _FAN, NOON, {"speed": 2}, condition=condition),
        lambda condition: Delete(Fan, _FAN, condition=condition),
        lambda condition: Check(Fan, _FAN, NOON, condition=condition),
        lambda condition: Put(Fan(room="r", id="f"), condition=condition),
    ],
    ids=["update", "delete", "check", "put"],
)
@pytest.mark.parametrize(
    ("condition", "error"),
    [
        ([Fan.speed.equals(1)], r"is not a condition, such as .*; join several by &, \| and ~$"),
        (True, r"^True is not a condition"),
        (Fan.speed.set(1), r"is not a condition"),
        (Fan.speed.equals(1) & ~Lamp.watts.above(3), r"on watts, which Fan does not store$"),
        (Fan.room.equals("r"), r"^the condition is on room, which Fan does not store$"),
    ],
    ids=["list", "bool", "change", "of another entity", "only in a key"],
)
def test_a_condition_that_no_item_can_meet_as_meant_is_refused(
    write: Callable[[Any], object], condition: Any, error: str
) -> None:
    with pytest.raises(DeclarationError, match=error):
        write(condition)


@pytest.mark.parametrize(
    ("join", "error"),
    [
        (bool, r"no truth value here, .*: use & for and, \| for or, ~ for not$"),
        (lambda bright: bright and Lamp.name.equals("b"), r"use & for and, \| for or, ~ for not$"),
        (lambda bright: not bright, r"use & for and, \| for or, ~ for not$"),
        (lambda bright: bright & True, r"is joined with another one, .*, not with True$"),
        (lambda bright: bright | Lamp.name, r"is joined with another one, .*, not with <autofor"),
    ],
)
def test_a_condition_is_joined_by_its_operators_with_other_conditions(
    join: Callable[[Any], object], error: str
) -> None:
    with pytest.raises(DeclarationError, match=error):
        join(Lamp.name.equals("a"))


@pytest.mark.parametrize(
    "condition",
    [
        Lamp.name.begins_with,
        Lamp.name.contains,
        Lamp.id.begins_with,
    ],
)
@pytest.mark.parametrize("text", [3, None, b"a"])
def test_a_text_is_compared_with_texts_only(
    condition: Callable[[Any], object], text: object
) -> None:
    with pytest.raises(InvalidValueError, match=r"compared with .*, which is not a text$"):
        condition(text)

"""Common mistakes in code raise errors that say how to fix them, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import new_class
from typing import Any

import pytest

from autoforge.dynamodb.schema.derived import Derived
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import AutoforgeError, DeclarationError, InvalidValueError
from autoforge.testing.clock import Clock
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON
from tests.servers import Engine
from tests.stores import client_of, store_of


class Sensor(Entity):
    """A device that measures something at a place."""

    id: Id = Id()
    place: Text = Text()
    name: Text = Text()

    key = Key("SENSOR#{id}", "METADATA")


@pytest.fixture
def nowhere() -> Store:
    """A Store that reaches no server."""
    return store_of(client_of(Engine("none", "http://127.0.0.1:9")), "a-table", Clock())


def _sensor(id_: str = "s1") -> Sensor:
    return Sensor(id=id_, place="roof", name="wind")


def test_a_misspelt_attribute_of_a_new_entity_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(
        InvalidValueError, match=r"^Sensor has no attribute 'nmae'; did you mean 'name'\?$"
    ):
        Sensor(id="s1", nmae="wind")  # type: ignore[call-arg]  # the mistake that is tested


def test_a_misspelt_attribute_that_is_assigned_is_refused_with_the_nearest_name() -> None:
    sensor: Any = _sensor()

    with pytest.raises(
        AttributeError, match=r"^Sensor has no attribute 'nmae'; did you mean 'name'\?$"
    ):
        sensor.nmae = "cellar"


def test_an_attribute_that_is_like_no_other_is_refused_without_a_guess() -> None:
    with pytest.raises(InvalidValueError, match=r"^Sensor has no attribute 'wavelength'$"):
        Sensor(wavelength=1)  # type: ignore[call-arg]  # the mistake that is tested


@pytest.mark.parametrize(
    "name",
    [
        "keys",
        "lifetime",
        "type_name",
        "expires_at",
        "unknown",
        "attribute_values",
        "get_attributes",
        "to_item",
    ],
)
def test_an_attribute_with_a_name_that_an_entity_needs_is_refused(name: str) -> None:
    message = rf"^Probe\.{name}: Entity itself needs this name: choose another with attr_name="

    with pytest.raises(DeclarationError, match=message):
        _declared(**{name: Text()})


@pytest.mark.parametrize(
    "member", [Key("PROBES", "{id}", index=GSI1), Derived(Id().codec("", last=True), str, "id")]
)
def test_a_key_or_what_is_derived_has_no_name_that_an_entity_needs(member: Any) -> None:
    with pytest.raises(DeclarationError, match=r"^Probe\.keys: Entity itself needs this name"):
        _declared(keys=member)


def test_the_table_key_of_an_entity_is_not_named_like_what_entities_call_it() -> None:
    with pytest.raises(DeclarationError, match=r"^Probe\.primary_key: Entity itself needs this"):
        _declared(key=None, primary_key=Key("PROBE#{id}", "METADATA"))


def test_a_mixin_does_not_bring_in_a_name_that_an_entity_needs() -> None:
    class Counted:
        keys: Integer = Integer()

    with pytest.raises(DeclarationError, match=r"^Piano\.keys: Entity itself needs this name"):

        class Piano(Counted, Entity):  # type: ignore[misc]  # that is the point
            id: Id = Id()
            key = Key("PIANO#{id}", "METADATA")


def test_the_name_may_be_that_of_the_stored_attribute() -> None:
    class Piano(Entity):
        id: Id = Id()
        number_of_keys: Integer = Integer(attr_name="keys")
        count: Integer = Integer()  # type: ignore[assignment]  # hides an unused method of PynamoDB
        key = Key("PIANO#{id}", "METADATA")

    piano = Piano(id="p1", number_of_keys=88, count=2)

    assert piano.to_item()["keys"] == {"N": "88"}
    assert Piano.from_item(piano.to_item()) == piano
    assert [*Piano.keys] == ["key"]


@pytest.mark.parametrize("given", [{}, {"expected": {"place": "roof"}}, {"requires": "there"}])
def test_an_update_that_changes_nothing_is_refused(given: dict[str, Any]) -> None:
    message = r"^an Update of Sensor changes nothing: give changes, or use a Check$"

    with pytest.raises(InvalidValueError, match=message):
        Update(Sensor, {"id": "s1"}, NOON, **given)


def test_an_update_that_only_touches_says_so() -> None:
    class Station(Entity):
        id: Id = Id()
        updated_at: Moment = Moment()
        key = Key("STATION#{id}", "METADATA")

    with pytest.raises(InvalidValueError, match=r"^an Update of Station changes nothing"):
        Update(Station, {"id": "s1"}, NOON)
    touched = Update(Station, {"id": "s1"}, NOON, changes={"updated_at": NOON})

    assert "SET" in touched.parameters()["UpdateExpression"]


def _put(item: Any) -> Put[Any]:
    return Put(item)


@pytest.mark.parametrize(
    ("use", "given"),
    [
        (lambda store: store.save(_put(Sensor)), "the class Sensor"),
        (lambda store: store.put_all([Sensor]), "the class Sensor"),
        (lambda store: store.put_all([{"id": "s1"}]), r"\{'id': 's1'\}"),
        (lambda _: Transaction((_put(Sensor),)), "the class Sensor"),
        (lambda store: store.save(_put({"id": "s1"})), r"\{'id': 's1'\}"),
    ],
)
def test_what_is_stored_is_an_entity_and_no_class(
    nowhere: Store, use: Callable[[Store], object], given: str
) -> None:
    message = rf"^expected an entity to store, such as Book\(\.\.\.\), got {given}$"

    with pytest.raises(DeclarationError, match=message):
        use(nowhere)


def test_what_an_entity_itself_raises_is_raised_as_it_is() -> None:
    class Broken(Sensor):
        key = Key("BROKEN#{id}", "METADATA")

        def to_item(self) -> Any:
            raise TypeError("out of order")

    with pytest.raises(TypeError, match=r"^out of order$") as caught:
        Put(Broken(id="s1", place="roof", name="wind")).parameters()
    assert not isinstance(caught.value, AutoforgeError)


def _generated(writes: Iterable[Any]) -> Iterator[Any]:
    yield from writes


@pytest.mark.parametrize("collected", [list, tuple, _generated])
def test_a_transaction_takes_its_writes_in_any_iterable(collected: Callable[..., Any]) -> None:
    writes = (Delete(Sensor, {"id": "s1"}), Delete(Sensor, {"id": "s2"}))

    transaction = Transaction(collected(writes))

    assert transaction == Transaction(writes)
    assert transaction.writes == writes


@pytest.mark.parametrize(
    ("writes", "message"),
    [
        (Put(_sensor()), r"^a Transaction takes its writes in a list, not Put"),
        ([_sensor()], r"^a Transaction consists of writes, such as Put\(\.\.\.\), not <Sensor "),
        ([Put], r"^a Transaction consists of writes, such as Put\(\.\.\.\), not the class Put"),
    ],
)
def test_what_is_no_collection_of_writes_is_refused(writes: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Transaction(writes)


def _declared(**members: Any) -> Any:
    own = {"id": Id(), "key": Key("PROBE#{id}", "METADATA"), **members}
    stated = {name: member for name, member in own.items() if member is not None}
    return new_class("Probe", (Entity,), {}, lambda body: body.update(stated))

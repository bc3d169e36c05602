"""An attribute with a default reads as the default, and is updated as if the item had it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pynamodb.attributes import UnicodeAttribute

from autoforge.dynamodb import (
    Array,
    Boolean,
    Document,
    Entity,
    Id,
    Integer,
    Key,
    Moment,
    Number,
    Store,
    Text,
    TextSet,
    Update,
    optional,
)
from autoforge.dynamodb.schema.entity import Item
from autoforge.errors import (
    ConditionFailedError,
    DeclarationError,
    UnreadableItemError,
    VersionConflictError,
)
from tests.dynamodb.indexes import GSI1
from tests.dynamodb.written import LATER, stored_item
from tests.factories import NOON


class Numbered(Entity):
    """Gives its subclasses a version and the time of the last change."""

    version: Integer = Integer(default=1)
    updated_at: Moment[None] = Moment(default=None)


class Loan(Numbered):
    """An entity whose key in the index depends on defaults."""

    id: Id = Id()
    reader: Text = Text(default="nobody")
    returned: Boolean = Boolean(default=False)
    renewals: Integer = Integer(default=0)
    notes: Array = Array(default=[{"by": "desk"}])
    config: Document = Document(default={"tags": ["a"]})
    lent_at: Moment = Moment(default_factory=lambda: NOON)
    grade: Text[None] = Text(default=None, default_factory=lambda: "new")

    key = Key("LOAN#{id}", "LOAN")
    out = Key("LOAN#out#{reader}", "{id}", index=GSI1, where={"returned": False})


def an_old_item() -> Item:
    """Return an item that was stored before most attributes were declared."""
    kept = {"PK", "SK", "EntityType", "id", "lentAt"}
    return {name: wire for name, wire in Loan(id="a").to_item().items() if name in kept}


def test_a_new_entity_has_the_defaults_it_is_not_given() -> None:
    loan = Loan(id="a", renewals=2)

    assert (loan.reader, loan.returned, loan.renewals, loan.version) == ("nobody", False, 2, 1)
    assert (loan.lent_at, loan.grade) == (NOON, "new")


def test_an_old_item_reads_as_a_new_one_and_is_written_with_the_defaults() -> None:
    old = Loan.from_item(an_old_item())

    assert old == Loan(id="a", grade=None)
    assert old.to_item() == Loan(id="a", grade=None).to_item()
    assert old.rendered().get("GSI1PK") == "LOAN#out#nobody"


def test_a_null_of_another_program_reads_as_the_default() -> None:
    item = Loan(id="a", reader="ann").to_item()

    read = Loan.from_item(item | {"reader": {"NULL": True}, "notes": {"NULL": True}})

    assert (read.reader, read.notes) == ("nobody", [{"by": "desk"}])


def test_what_only_a_factory_gives_is_missing_in_an_old_item() -> None:
    item = an_old_item()
    del item["lentAt"]

    assert Loan.from_item(an_old_item()).grade is None
    with pytest.raises(UnreadableItemError, match=r"^Loan at LOAN#a / LOAN has no lentAt$"):
        Loan.from_item(item)


@pytest.mark.parametrize("make", [lambda: Loan(id="a"), lambda: Loan.from_item(an_old_item())])
def test_a_default_that_is_changed_stays_as_it_was_declared(make: Callable[[], Loan]) -> None:
    loan = make()
    loan.notes.append("mine")
    loan.notes[0]["by"] = "me"
    loan.config["tags"].append("b")

    assert (make().notes, make().config) == ([{"by": "desk"}], {"tags": ["a"]})


def test_a_default_is_held_as_a_value_would_be() -> None:
    class Owned(Entity):
        id: Id = Id()
        owner: Id = Id(default="550E8400-E29B-41D4-A716-446655440000")
        key = Key("OWNED#{id}", "OWNED")

    assert Owned.owner.default == "550e8400-e29b-41d4-a716-446655440000"


def test_a_version_that_an_item_must_have_is_only_incremented() -> None:
    first, later = (
        Update(Loan, {"id": "a"}, LATER, expected_version=n).parameters() for n in (1, 2)
    )

    assert "if_not_exists" in first["UpdateExpression"]
    assert "if_not_exists" not in later["UpdateExpression"]


def test_an_unknown_attribute_of_an_old_item_is_kept() -> None:
    old = Loan.from_item(an_old_item() | {"theirs": {"S": "x"}})

    assert old.unknown == {"theirs": "x"}
    assert Loan.from_item(an_old_item()).unknown == {}


def stored(store: Store, item: Item) -> None:
    """Store an item as another program would."""
    store.client.botocore.put_item(TableName=store.table_name, Item=item)


def test_an_update_that_expects_the_default_accepts_an_old_item(store: Store) -> None:
    for lacking in (an_old_item(), an_old_item() | {"returned": {"NULL": True}}):
        stored(store, lacking)

        out = store.save(
            Update(Loan, {"id": "a"}, LATER, {"reader": "ann"}, expected={"returned": False})
        )

        assert (out.reader, out.rendered().get("GSI1PK")) == ("ann", "LOAN#out#ann")
        assert stored_item(store, out)["GSI1PK"] == {"S": "LOAN#out#ann"}


def test_an_update_that_expects_another_value_refuses_an_old_item(store: Store) -> None:
    stored(store, an_old_item())

    with pytest.raises(ConditionFailedError):
        store.save(Update(Loan, {"id": "a"}, LATER, {"renewals": 1}, expected={"renewals": 7}))


def test_a_version_that_an_old_item_lacks_counts_from_the_default(store: Store) -> None:
    stored(store, an_old_item())

    loan = store.save(Update(Loan, {"id": "a"}, LATER, increments_version=True))

    assert loan.version == 2
    stored(store, an_old_item())
    loan = store.save(Update(Loan, {"id": "a"}, LATER, expected_version=1))
    assert loan.version == 2
    with pytest.raises(VersionConflictError, match=r"is in version 2, not 1$"):
        store.save(Update(Loan, {"id": "a"}, LATER, expected_version=1))
    assert store.save(Update(Loan, {"id": "a"}, LATER, expected_version=2)).version == 3


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: {"name": Text(default=3)}, "Wrong.name: the default: name is 3, not a text"),  # type: ignore[call-overload]
        (lambda: {"at": Moment(default=print)}, "the default is the function <built-in function"),  # type: ignore[call-overload]
        (lambda: {"at": Moment(default_factory=NOON)}, "default_factory is datetime"),  # type: ignore[call-overload]
        (lambda: {"at": optional(Text(default="x"))}, "an optional attribute has the default 'x'"),
        (lambda: {"price": Number(default=Decimal("NaN"))}, "price is NaN, not a finite number"),
    ],
)
def test_a_default_that_cannot_be_one_is_refused(
    declare: Callable[[], dict[str, Any]], message: str
) -> None:
    with pytest.raises(DeclarationError) as error:
        type("Wrong", (Entity,), declare())
    assert message in str(error.value)


def test_a_class_that_is_no_entity_and_several_abstract_ones_give_attributes() -> None:
    class Named(Entity):
        name: Text = Text(default="-")

    class Tagged:
        tags = TextSet()

    class Book(Named, Numbered, Tagged):
        id: Id = Id()
        theirs: UnicodeAttribute = UnicodeAttribute(default="t")
        key = Key("BOOK#{id}", "BOOK")

    book = Book(id="a", name="n", version=2)

    assert (book.name, book.version, book.theirs, book.tags) == ("n", 2, "t", frozenset())
    assert Book.from_item(book.to_item()) == book

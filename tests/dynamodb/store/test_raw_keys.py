"""Texts that another program wrote into its keys as they are: read, asked for, and written back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import strategies as st

from autoforge.dynamodb import (
    GSI,
    ByUnique,
    Choice,
    Delete,
    Derived,
    Entity,
    EnumCodec,
    Fetch,
    Get,
    Integer,
    Key,
    Layout,
    Moment,
    Put,
    Query,
    SortRange,
    Store,
    Table,
    Text,
    Unique,
    Update,
)
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.errors import (
    DeclarationError,
    InvalidValueError,
    NotUniqueError,
)
from autoforge.testing import laws_of
from autoforge.testing.clock import Clock
from tests.factories import NOON
from tests.stores import fresh, raw_items

pytestmark = pytest.mark.every_engine

gsi1 = GSI("gsi1", "gsi1pk", "gsi1sk")
gsi2 = GSI("gsi2", "gsi2pk", "gsi2sk")


class State(StrEnum):
    """The states of a product, as the other program writes them."""

    ON_SALE = "on sale"
    SOLD_OUT = "sold out (100 %)"


def _dearness(price: int | None) -> str:
    return "very dear" if price is not None and price > 10 else "50 % off"


class Of(Entity):
    """What all items of the other program have in common: their keys tell their type."""

    layout = Layout("pk", "sk", entity_type=None, expiry=None)


class Product(Of):
    """A product; its category and name are only in keys."""

    category: Text = Text(stored=False)
    name: Text = Text(stored=False)
    maker: Text[None] = Text(default=None)
    state: Choice[State] = Choice(State, default=State.ON_SALE)
    price: Integer = Integer(default=1)
    code: Text[None] = Text(default=None)

    dear = Derived(EnumCodec(("very dear", "50 % off")), _dearness, "price")

    key = Key("CATEGORY#{category:raw}", "PRODUCT#{name:raw}")
    by_maker = Key("MAKER#{maker:raw}", "{dear:raw}#{name:raw}", index=gsi1)
    in_state = Key(
        "STATE#{state:raw}", "{category:raw}#{name:raw}", index=gsi2, where={"state": State.ON_SALE}
    )
    unique_code = Unique("CODE#{code:raw}")


class Remark(Of):
    """A remark on a category, whose sort key is only a text."""

    category: Text = Text(stored=False)
    remark: Text = Text(stored=False)
    at: Moment = Moment()

    key = Key("CATEGORY#{category:raw}", "{remark:raw}")


@dataclass(frozen=True)
class ProductByName(Get[Product]):
    """Which product of the category has this name?"""

    key = Product.key
    category: str
    name: str


@dataclass(frozen=True)
class ProductsOf(Query[Product]):
    """Which products of the category have a name from here to there?"""

    key = Product.key
    range = SortRange("name", at_least="first", at_most="last")
    leaves_out = (Remark,)

    category: str
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class ProductsAfter(Query[Product]):
    """Which products of the category come after this name, and before that one?"""

    key = Product.key
    range = SortRange("name", above=("after",), below="before")
    leaves_out = (Remark,)

    category: str
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True)
class InCategory(Query[Product | Remark]):
    """What is in the category?"""

    key = Product.key
    category: str


@dataclass(frozen=True)
class ProductsByMaker(Query[Product]):
    """Which products does the maker offer, dear or not, with such a name?"""

    key = Product.by_maker
    range = SortRange("name", begins_with="start")

    maker: str
    dear: str
    start: str | None = None


@dataclass(frozen=True)
class OnSale(Query[Product]):
    """Which products are on sale, in categories that begin so?"""

    key = Product.in_state
    range = SortRange("category", begins_with="start")

    state: State
    start: str | None = None


@dataclass(frozen=True)
class SomeProducts(Fetch[Product]):
    """Which of these products are there?"""

    category: str
    names: tuple[str, ...]

    def primary_keys(self) -> list[KeyValue]:
        return [ProductByName(self.category, name).primary_key() for name in self.names]


@dataclass(frozen=True)
class ProductByCode(ByUnique[Product]):
    """Which product has this code?"""

    unique = Product.unique_code
    code: str


SHOP = Table(
    "Shop",
    (Product, Remark),
    (gsi1, gsi2),
    (ProductByName, ProductsOf, ProductsAfter, InCategory, ProductsByMaker, OnSale, SomeProducts,
     ProductByCode),
)  # fmt: skip

HOME = "Home Goods & 50%"
#: Names next to each other in the order of their bytes; ``%23`` is no encoded text.
NAMES = ("lamp", "lamp\0", "lamp oil", "lamp!", "lamp$", "lamp%23", "lamps", "é lamp")


def _foreign(name: str, **more: Any) -> dict[str, Any]:
    """Return a product as the other program writes it."""
    return {
        "pk": {"S": f"CATEGORY#{HOME}"},
        "sk": {"S": f"PRODUCT#{name}"},
        "maker": {"S": "Ann & Co. 100%"},
        "state": {"S": "on sale"},
        "price": {"N": "7"},
        "gsi1pk": {"S": "MAKER#Ann & Co. 100%"},
        "gsi1sk": {"S": f"50 % off#{name}"},
        "gsi2pk": {"S": "STATE#on sale"},
        "gsi2sk": {"S": f"{HOME}#{name}"},
        **more,
    }


def _remark(text: str) -> dict[str, Any]:
    return {
        "pk": {"S": f"CATEGORY#{HOME}"},
        "sk": {"S": text},
        "at": {"S": "2026-02-04T12:00:00.000Z"},
    }


#: Remarks at the edges of the range of all products.
REMARKS = ("PRODUCT!", "PRODUCT", "PRODUCT$", "a remark")


@pytest.fixture
def shop(client: Client, clock: Clock) -> Store:
    """A table that the other program filled with botocore."""
    store = fresh(client, clock, SHOP)
    for item in (*map(_foreign, NAMES), *map(_remark, REMARKS)):
        store.client.botocore.put_item(TableName=store.table_name, Item=item)
    return store


def _names(items: Any) -> list[str]:
    return [each.name for each in items]


def _by_key(store: Store) -> Mapping[Any, Any]:
    return {(each["pk"]["S"], each["sk"]["S"]): each for each in raw_items(store)}


@pytest.mark.parametrize("name", NAMES)
def test_an_item_is_found_by_the_raw_texts_of_its_key_and_read_from_them(
    shop: Store, name: str
) -> None:
    found = shop.require(ProductByName(HOME, name))

    assert (found.category, found.name, found.state) == (HOME, name, State.ON_SALE)
    assert found.unknown == {}


def test_items_are_written_back_under_the_keys_they_have(shop: Store) -> None:
    before = _by_key(shop)

    for each in shop.each(InCategory(HOME)):
        shop.save(Put(each, replace=True))

    assert _by_key(shop) == before


@pytest.mark.parametrize(("first", "last"), [(0, 7), (1, 3), (2, 4), (3, 3), (4, 6)])
def test_a_range_takes_in_the_names_between_its_bounds(shop: Store, first: int, last: int) -> None:
    ordered = sorted(NAMES)
    between = ProductsOf(HOME, ordered[first], ordered[last])

    assert _names(shop.each(between, page_size=2)) == ordered[first : last + 1]
    assert _names(shop.each(ProductsOf(HOME, first=ordered[first]))) == ordered[first:]
    assert _names(shop.each(ProductsOf(HOME, last=ordered[last]))) == ordered[: last + 1]
    assert _names(shop.each(ProductsOf(HOME, order="desc"))) == ordered[::-1]


@pytest.mark.parametrize(("after", "before"), [(0, 7), (1, 3), (2, 4), (4, 6)])
def test_a_range_without_its_bounds_leaves_exactly_them_out(
    shop: Store, after: int, before: int
) -> None:
    ordered = sorted(NAMES)
    between = ProductsAfter(HOME, ordered[after], ordered[before])

    assert _names(shop.each(between)) == ordered[after + 1 : before]
    assert _names(shop.each(ProductsAfter(HOME, after=ordered[after]))) == ordered[after + 1 :]
    assert _names(shop.each(ProductsAfter(HOME, before=ordered[before]))) == ordered[:before]


def test_items_of_several_types_come_in_the_order_of_their_raw_keys(shop: Store) -> None:
    ordered = sorted([*(f"PRODUCT#{name}" for name in NAMES), *REMARKS])
    first = shop.page(InCategory(HOME), limit=5)
    rest = shop.page(InCategory(HOME), limit=50, cursor=first.cursor)

    found = [each.primary_key.render(each.attribute_values) for each in (*first.items, *rest.items)]

    assert [each.sort for each in found if each] == ordered


def test_an_index_is_read_by_raw_texts_and_their_beginnings(shop: Store) -> None:
    maker = "Ann & Co. 100%"

    assert _names(shop.each(ProductsByMaker(maker, "50 % off"))) == sorted(NAMES)
    found = shop.each(ProductsByMaker(maker, "50 % off", start="lamp "))
    assert _names(found) == ["lamp oil"]
    assert _names(shop.each(ProductsByMaker(maker, "very dear"))) == []
    assert _names(shop.each(OnSale(State.ON_SALE, start="Home Goods &"))) == sorted(NAMES)
    assert _names(shop.each(OnSale(State.ON_SALE, start="Home Goods&"))) == []
    fetched = shop.fetch(SomeProducts(HOME, ("lamp$", "lamp oil", "none")))
    assert sorted(_names(fetched)) == ["lamp oil", "lamp$"]


def test_an_update_renders_index_keys_of_raw_texts(shop: Store) -> None:
    key = {"category": HOME, "name": "lamp"}
    change = [Product.price.set(11), Product.maker.set("Bea? 5%"), Product.state.set(State.ON_SALE)]

    shop.save(Update(Product, key, NOON, changes=change))

    item = _by_key(shop)[f"CATEGORY#{HOME}", "PRODUCT#lamp"]
    assert item["gsi1pk"] == {"S": "MAKER#Bea? 5%"}
    assert item["gsi1sk"] == {"S": "very dear#lamp"}
    assert item["gsi2sk"] == {"S": f"{HOME}#lamp"}
    shop.save(Update(Product, key, NOON, changes=[Product.state.set(State.SOLD_OUT)]))
    assert "gsi2pk" not in _by_key(shop)[f"CATEGORY#{HOME}", "PRODUCT#lamp"]


def test_a_raw_text_is_kept_unique(shop: Store) -> None:
    shop.save(Put(Product(category="a%", name="b", code="50 %23")))

    with pytest.raises(NotUniqueError):
        shop.save(Put(Product(category="a%", name="c", code="50 %23")))
    assert ("CODE#50 %23", "UNIQUE") in _by_key(shop)
    assert shop.require(ProductByCode("50 %23")).name == "b"
    shop.save(Update(Product, {"category": "a%", "name": "b"}, NOON, changes={"code": "%"}))
    assert shop.require(ProductByCode("%")).name == "b"
    shop.write(Delete(Product, {"category": "a%", "name": "b"}))
    assert shop.get(ProductByCode("%")) is None


@pytest.mark.parametrize("name", ["a#b", ""])
def test_a_text_that_cannot_stand_in_a_key_as_it_is_is_refused_before_a_request(
    shop: Store, name: str
) -> None:
    before = _by_key(shop)

    with pytest.raises(InvalidValueError, match=r"^name: "):
        shop.save(Put(Product(category="a", name=name)))
    with pytest.raises(InvalidValueError, match=r"^name: "):
        shop.get(ProductByName("a", name))
    with pytest.raises(InvalidValueError, match=r"^maker: "):
        shop.save(
            Update(
                Product, {"category": HOME, "name": "lamp"}, NOON,
                changes={"maker": name, "price": 1},
            )
        )  # fmt: skip
    assert _by_key(shop) == before


class Shelf(Of):
    """A shelf, without a unique value and alone in its partition: its laws are drawn."""

    room: Text = Text(stored=False)
    name: Text = Text(stored=False)
    label: Text = Text()
    state: Choice[State] = Choice(State)

    key = Key("ROOM#{room:raw}", "{label:raw}#on_{name:raw}")
    in_state = Key("STATE#{state:raw}", "{room:raw}#{name:raw}", index=gsi1)


@dataclass(frozen=True)
class Shelves(Query[Shelf]):
    """Which shelves are in the room?"""

    key = Shelf.key
    room: str
    label: str | None = None


@dataclass(frozen=True)
class ShelvesFrom(Query[Shelf]):
    """Which shelves with this label have names between these?"""

    key = Shelf.key
    range = SortRange("name", at_least="first", below="end")
    room: str
    label: str
    first: str | None = None
    end: str | None = None


@dataclass(frozen=True)
class ShelvesInState(Query[Shelf]):
    """Which shelves are in this state?"""

    key = Shelf.in_state
    state: State
    room: str | None = None


#: No two differ in case only: dynoxide's begins_with on an index takes them for equal.
_texts = st.sampled_from(["a", "a!", "a ", "a$", "a\0", "aa", "a%23", "é"])

test_the_laws_of_raw_keys = laws_of(
    Table("Shelves", (Shelf,), (gsi1,), (Shelves, ShelvesFrom, ShelvesInState)),
    examples=12,
    strategies={f"Shelf.{name}": _texts for name in ("room", "name", "label")},
)


def test_a_range_over_a_raw_text_that_another_part_follows_is_refused() -> None:
    message = (
        r"^Bounded: Product.in_state: category is written as it is and followed by another part of "
        r"the sort key, so its values do not sort as the keys do: bound it by begins_with, or give "
        r"category and bound the part after it$"
    )
    for bounds in (
        SortRange("category", at_least="start"),
        SortRange("category", below="start"),
        SortRange("category", at_most="start"),
        SortRange("category", above=("start",)),
    ):
        with pytest.raises(DeclarationError, match=message):

            @dataclass(frozen=True)
            class Bounded(Query[Product]):
                key = Product.in_state
                range = bounds
                state: State
                start: str | None = None


def test_a_range_over_the_part_after_a_raw_text_is_taken(shop: Store) -> None:
    @dataclass(frozen=True)
    class OnSaleIn(Query[Product]):
        """Which products of this category are on sale, from this name on?"""

        key = Product.in_state
        range = SortRange("name", at_least="first")
        state: State
        category: str
        first: str | None = None

    found = shop.each(OnSaleIn(State.ON_SALE, HOME, first="lamp$"))

    assert _names(found) == [name for name in sorted(NAMES) if name >= "lamp$"]


def test_a_pattern_whose_range_a_raw_key_may_end_must_leave_its_items_out() -> None:
    @dataclass(frozen=True)
    class Products(Query[Product]):
        """Which products come from this name on?"""

        key = Product.key
        range = SortRange("name", at_least="first")
        category: str
        first: str | None = None

    with pytest.raises(
        DeclarationError, match=r"^Shop: Products reads items under Remark.key, which"
    ):
        Table("Shop", (Product, Remark), (gsi1, gsi2), (Products,))


def test_a_member_of_an_enumeration_needs_the_spec_for_a_space() -> None:
    with pytest.raises(DeclarationError, match=r"'on sale' would have to be encoded in a key; "):

        class Thing(Of):
            state: Choice[State] = Choice(State)
            key = Key("THING#{state}", "X")

"""Filters of queries: what is returned, what it costs, and what cannot be filtered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pynamodb.expressions.condition import Condition

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.pattern import Part
from autoforge.dynamodb.patterns.projection import Projection
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate
from autoforge.dynamodb.schema.choice_attributes import Boolean
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI
from autoforge.dynamodb.schema.item_size import item_size
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.table import Table
from autoforge.errors import DeclarationError, InvalidCursorError, InvalidValueError
from autoforge.testing.recording import watching
from docs.examples.published.online_shop_revised import REVISED_SHOP, Invoice, OrderItem
from tests.dynamodb.shop import ORDER
from tests.factories import NOON
from tests.servers import Engine
from tests.stores import fresh

BY_COLOUR = GSI("ByColour", projection=("size",))


class Tile(Entity):
    """A tile of a wall."""

    wall: Id = Id()
    place: Integer = Integer()
    size: Integer = Integer()
    colour: Text = Text()
    cracked: Boolean[None] = Boolean(default=None)

    key = Key("WALL#{wall}", "TILE#{place:3}")
    by_colour = Key("COLOUR#{colour}", "{place:3}", index=BY_COLOUR)


class Mark(Entity):
    """A mark on a tile."""

    wall: Id = Id()
    by: Id = Id()
    place: Integer = Integer()
    urgent: Boolean = Boolean()

    key = Key("MARKS#{by}", "MARK#{wall}#{place:3}")


@dataclass(frozen=True)
class TilesOfWall(Query[Tile]):
    """Which tiles of this size are in the wall?"""

    source = "a test"
    key = Tile.key

    wall: str
    size: int | None = None

    def filter(self) -> Condition | None:
        return None if self.size is None else Tile.size >= self.size


@dataclass(frozen=True)
class PlaceOfTile(Projection[Tile]):
    """Where a tile is."""

    place: int


@dataclass(frozen=True)
class PlacesOfLargeTiles(Query[PlaceOfTile]):
    """Where are the large tiles?"""

    source = "a test"
    key = Tile.key

    wall: str

    def filter(self) -> Condition | None:
        whole: Condition = Tile.cracked.does_not_exist()
        both: Condition = (Tile.size > 2) & whole
        return both


@dataclass(frozen=True)
class TilesMarked(Hydrate[Tile, Mark]):
    """Which tiles did somebody mark as urgent?"""

    source = "a test"
    key = Mark.key

    by: str

    def filter(self) -> Condition | None:
        return Mark.urgent == True  # noqa: E712 - an expression

    def target(self, reference: Mark) -> KeyValue:
        return KeyValue(f"WALL#{reference.wall}", f"TILE#{reference.place:03}")


@dataclass(frozen=True)
class LargeTiles(Composite[int]):
    """How many tiles are large?"""

    source = "a test"
    operation: ClassVar[str] = "Query"

    wall: str

    def parts(self) -> Sequence[Part]:
        large = TilesOfWall(self.wall, 3)
        return (Part(large, count=True), Part(large, limit=2))

    def combine(self, answers: Sequence[Sequence[Any]]) -> int:
        return int(answers[0][0]) + len(answers[1])


WALLS = Table(
    "Walls",
    entities=(Tile, Mark),
    indexes=(BY_COLOUR,),
    patterns=(TilesOfWall, PlacesOfLargeTiles, TilesMarked),
)


def tiles(sizes: Sequence[int], wall: str = "w") -> list[Tile]:
    """Tiles of these sizes, in order."""
    return [
        Tile(wall=wall, place=place, size=size, colour="red") for place, size in enumerate(sizes)
    ]


@settings(max_examples=3 * settings().max_examples)
@given(
    sizes=st.lists(st.integers(0, 4), max_size=30),
    least=st.integers(0, 5),
    limit=st.integers(1, 5),
    descending=st.booleans(),
)
@pytest.mark.one_engine
def test_pages_are_full_of_what_matches_and_nothing_else(
    client: Client, sizes: list[int], least: int, limit: int, *, descending: bool
) -> None:
    store = fresh(client, design=WALLS)
    every = tiles(sizes)
    dead = Tile(wall="w", place=900, size=4, colour="x", expires_at=NOON - timedelta(hours=1))
    store.put_all([*every, dead])
    asked = TilesOfWall("w", least, order="desc" if descending else "asc")

    found: list[Tile] = []
    cursor = None
    while True:
        page = store.page(asked, limit=limit, cursor=cursor)
        found += page.items
        assert page.cursor is None or len(page.items) == limit
        if (cursor := page.cursor) is None:
            break

    expected = [each for each in every if each.size >= least]
    assert found == (expected[::-1] if descending else expected)
    assert store.count(asked) == len(expected) + (least <= 4)  # as long as it is not deleted


def test_what_does_not_match_is_read_and_paid_for(client: Client, engine: Engine) -> None:
    store = fresh(client, design=WALLS)
    every = tiles([0] * 60)
    store.put_all(every)

    with watching(client) as watched:
        page = store.page(TilesOfWall("w", 3), limit=60)

    assert (page.items, page.cursor) == ((), None)
    assert len(watched.sent) == 1
    if engine.name != "moto":
        size = sum(item_size(each.to_item()) for each in every)
        assert watched.calls[0].capacity["CapacityUnits"] == -(-size // 4096) * 0.5


def test_a_cursor_belongs_to_the_parameters_of_the_filter(client: Client) -> None:
    store = fresh(client, design=WALLS)
    store.put_all(tiles([3, 4, 5]))
    cursor = store.page(TilesOfWall("w", 3), limit=1).cursor

    assert [
        each.size for each in store.page(TilesOfWall("w", 3), limit=5, cursor=cursor).items
    ] == [
        4,
        5,
    ]
    with pytest.raises(InvalidCursorError):
        store.page(TilesOfWall("w", 4), limit=1, cursor=cursor)


def test_a_filter_works_beside_projections_references_and_parts(client: Client) -> None:
    store = fresh(client, design=WALLS)
    every = tiles([3, 1, 4, 5])
    every[2].cracked = False
    store.put_all(every)
    store.put_all(Mark(wall="w", by="ann", place=n, urgent=n % 2 == 0) for n in range(4))

    places = store.page(PlacesOfLargeTiles("w"), limit=9).items
    marked = store.page(TilesMarked("ann"), limit=1)
    rest = store.page(TilesMarked("ann"), limit=1, cursor=marked.cursor)

    assert places == (PlaceOfTile(0), PlaceOfTile(3))
    assert [*marked.items, *rest.items] == [every[0], every[2]]
    assert rest.cursor is None
    assert store.answer(LargeTiles("w")) == 3 + 2


def test_a_filter_and_what_is_left_out_join(client: Client) -> None:
    @dataclass(frozen=True)
    class Another(Query[Invoice]):
        """Which invoices are of another amount?"""

        source = "a test"
        key = Invoice.of_customer
        leaves_out = (OrderItem,)

        customer: str
        amount: str

        def filter(self) -> Condition | None:
            return Invoice.amount != self.amount  # true of what has no amount

    store = fresh(client, design=replace(REVISED_SHOP, patterns=(Another,)))
    store.put_all(ORDER)

    assert [each.id for each in store.each(Another("12345", "4"))] == ["55443"]
    assert [*store.each(Another("12345", "400"))] == []
    assert store.count(Another("12345", "4")) == 1


def test_a_filter_is_said_with_its_cost() -> None:
    (words,) = WALLS.explain(TilesOfWall("w", 3)).words
    (request,) = WALLS.explain(TilesOfWall("w", 3)).requests
    cost = "Items that its filter does not match are read and paid for, and left out."

    assert words.endswith(f"Return only those with size >= 3. {cost}")
    assert request.parameters["FilterExpression"] == "#2 >= :2"
    assert entry(TilesOfWall).notes == cost
    assert cost in WALLS.catalogue_page()
    assert "FilterExpression" not in WALLS.explain(TilesOfWall("w")).requests[0].parameters


# What cannot be filtered.


def test_a_key_attribute_is_refused_where_it_shows_first() -> None:
    plain = GSI("BySize", "colour", "size", sort_type="N")

    class Pane(Entity):
        id: Id = Id()
        size: Integer = Integer()
        colour: Text = Text()
        key = Key("PANE#{id}", "PANE")
        by_size = Key("{colour}", "{size}", index=plain)

    @dataclass(frozen=True)
    class Panes(Query[Pane]):
        """Which panes are large?"""

        source = "a test"
        key = Pane.by_size

        colour: str

        def filter(self) -> Condition | None:
            large: Condition = ~(Pane.size < 3)
            return large

    @dataclass(frozen=True)
    class LargePanes(Panes):
        """Which panes are at least so large?"""

        least: int = 3

        def filter(self) -> Condition | None:
            return Pane.size < self.least

    message = "size cannot be filtered: it is a key of index BySize, so the key condition must"
    with pytest.raises(DeclarationError, match=f"Panes: {message}"):
        Table("Panes", (Pane,), (plain,), (Panes,))
    with pytest.raises(DeclarationError, match=f"^LargePanes: {message}"):
        LargePanes("red").request("t", limit=1, now=NOON)


class Floor(Entity):
    """An entity whose house is only in its key."""

    house: Id = Id(stored=False)
    id: Id = Id()
    area: Integer = Integer()

    key = Key("HOUSE#{house}", "FLOOR#{id}")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Tile.size.above(3), "size cannot be filtered: Floor does not store it"),
        (Floor.house.equals("h"), "house cannot be filtered: Floor does not store it"),
        ("area > 3", "the filter returns 'area > 3', which is not a condition, such as"),
    ],
)
def test_what_no_item_stores_is_refused(condition: Any, message: str) -> None:
    @dataclass(frozen=True)
    class Floors(Query[Floor]):
        """Which floors are there?"""

        key = Floor.key

        house: str

        def filter(self) -> Any:
            return condition

    with pytest.raises(DeclarationError, match=f"Floors: {message}"):
        Table("Floors", (Floor,), patterns=(Floors,))


def test_a_filter_that_is_no_method_is_refused() -> None:
    @dataclass(frozen=True)
    class LargeFloors(Query[Floor]):
        """Which floors are large?"""

        key = Floor.key
        filter = property(lambda _: Floor.area.above(3))

        house: str

    with pytest.raises(DeclarationError, match="LargeFloors: filter is no method: write def filt"):
        Table("Floors", (Floor,), patterns=(LargeFloors,))


def test_an_order_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"^order is 'up', not asc or desc$"):
        WALLS.explain(TilesOfWall("w", order="up"))  # type: ignore[arg-type]


def test_what_the_index_does_not_hold_is_refused() -> None:
    @dataclass(frozen=True)
    class Cracked(Query[Tile]):
        """Which tiles of this colour are cracked?"""

        source = "a test"
        key = Tile.by_colour
        fetches_rest = True

        colour: str

        def filter(self) -> Condition | None:
            cracked: Condition = Tile.cracked.exists()
            return cracked

    message = "Cracked: cracked cannot be filtered: index ByColour does not hold it"
    with pytest.raises(DeclarationError, match=message):
        Table("Walls", (Tile, Mark), (BY_COLOUR,), (Cracked,))


def test_what_a_partial_index_holds_is_filtered_before_the_rest_is_read(client: Client) -> None:
    @dataclass(frozen=True)
    class Large(Query[Tile]):
        """Which tiles of this colour are large?"""

        source = "a test"
        key = Tile.by_colour
        fetches_rest = True

        colour: str

        def filter(self) -> Condition | None:
            return Tile.size > 2

    store = fresh(client, design=Table("Walls", (Tile, Mark), (BY_COLOUR,), (Large,)))
    every = tiles([3, 1, 4, 1])
    store.put_all(every)

    with watching(client) as watched:
        page = store.page(Large("red"), limit=9)

    assert page.items == (every[0], every[2])
    wanted = watched.sent[1][1]["RequestItems"][store.table_name]["Keys"]
    assert len(wanted) == 2

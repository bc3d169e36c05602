"""Key attributes that several indexes share, or that are attributes themselves, in an update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from autoforge.dynamodb import (
    GSI,
    Entity,
    Id,
    Integer,
    Key,
    Put,
    Query,
    Store,
    Table,
    Text,
    Update,
)
from autoforge.dynamodb.client.client import Client
from tests.factories import NOON
from tests.stores import fresh, raw_items

pytestmark = pytest.mark.every_engine

by_owner = GSI("ByOwner", "OwnerPK", None)
by_rank = GSI("ByRank", "OwnerPK", "RankSK")


class Painting(Entity):
    """A painting, which may have an owner, and a rank among those of its owner."""

    id: Id = Id()
    owner: Text[None] = Text(default=None)
    rank: Integer[None] = Integer(default=None)

    key = Key("PAINTING#{id}", "PAINTING")
    owned = Key("OWNER#{owner}", index=by_owner)
    ranked = Key("OWNER#{owner}", "{rank:3}", index=by_rank)


@dataclass(frozen=True)
class PaintingsOfOwner(Query[Painting]):
    """Which paintings does this person own?"""

    key = Painting.owned

    owner: str


@dataclass(frozen=True)
class PaintingsByRank(Query[Painting]):
    """Which paintings does this person own, in the order of their ranks?"""

    key = Painting.ranked

    owner: str


gallery = Table(
    "Gallery",
    entities=(Painting,),
    indexes=(by_owner, by_rank),
    patterns=(PaintingsOfOwner, PaintingsByRank),
)


@pytest.fixture(name="store")
def store_fixture(client: Client) -> Store:
    store = fresh(client, design=gallery)
    store.save(Put(Painting(id="p1", owner="ann", rank=7)))
    return store


def found(store: Store) -> list[bool]:
    """Whether the painting is in each index under its owner."""
    return [bool([*store.each(each("ann"))]) for each in (PaintingsOfOwner, PaintingsByRank)]


def test_a_value_that_is_removed_takes_the_item_out_of_all_indexes(store: Store) -> None:
    painting = store.save(Update(Painting, {"id": "p1"}, NOON, changes=[Painting.owner.remove()]))

    assert found(store) == [False, False]
    assert raw_items(store) == [painting.to_item()]


def test_an_item_that_leaves_one_index_stays_in_the_others(store: Store) -> None:
    painting = store.save(Update(Painting, {"id": "p1"}, NOON, changes=[Painting.rank.remove()]))

    assert found(store) == [True, False]
    assert raw_items(store) == [painting.to_item()]


def test_an_update_that_creates_an_item_need_not_know_what_it_does_not_render(
    client: Client,
) -> None:
    by_price = GSI("ByPrice", "shop", "price", sort_type="N")

    class Offer(Entity):
        shop: Text = Text()
        id: Id = Id()
        title: Text[None] = Text(default=None)
        price: Integer[None] = Integer(default=None)

        key = Key("SHOP#{shop}", "OFFER#{id}")
        priced = Key("{shop}", "{price}", index=by_price)

    store = fresh(client, design=Table("Offers", (Offer,), (by_price,)))
    key: dict[str, Any] = {"shop": "s", "id": "o"}

    offer = store.save(Update(Offer, key, NOON, {"title": "Lamp"}, initial={}))
    priced = store.save(Update(Offer, key, NOON, [Offer.price.add(3)], initial={}))

    assert offer == Offer(**key, title="Lamp", price=None)
    assert (priced.title, priced.price) == ("Lamp", 3)

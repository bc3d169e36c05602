"""MARKET, a table whose global indexes share key attributes.

It has unique values, and ranges of several types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from autoforge.dynamodb import (
    GSI,
    ByUnique,
    Choice,
    Composite,
    Entity,
    Hydrate,
    Id,
    Integer,
    Key,
    Lookup,
    Moment,
    Number,
    Part,
    Projection,
    Put,
    Query,
    SortRange,
    Store,
    Table,
    Text,
    Unique,
)
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.identity import primary_key
from tests.designs.meters import Grade
from tests.factories import NOON

BY_SELLER: Final = GSI("BySeller", "seller", "listedAt")
BY_SELLER_PRICE: Final = GSI("BySellerPrice", "seller", "cents", sort_type="N")
BY_KIND: Final = GSI("ByKind", "ByKindPK", "listedAt", projection=("name", "seller"))


class Offer(Entity):
    """Something for sale."""

    id: Id = Id()
    seller: Id = Id()
    kind: Choice[Grade] = Choice(Grade)
    name: Text = Text()
    cents: Integer = Integer()
    code: Text[None] = Text(default=None)
    listed_at: Moment = Moment()

    key = Key("OFFER#{id}", "OFFER")
    of_seller = Key("{seller}", "{listed_at}", index=BY_SELLER)
    of_seller_by_price = Key("{seller}", "{cents}", index=BY_SELLER_PRICE)
    of_kind = Key("KIND#{kind}", "{listed_at}", index=BY_KIND)
    by_code = Unique("CODE#{code}")


class Bid(Entity):
    """A bid for an offer."""

    offer: Id = Id()
    bidder: Text = Text()
    amount: Number = Number()

    key = Key("OFFER#{offer}", "BID#{bidder}")


class Favourite(Entity):
    """An offer that somebody likes."""

    bidder: Text = Text()
    offer: Id = Id()

    key = Key("BIDDER#{bidder}", "LIKES#{offer}")


class Slug(Entity):
    """The look-up item of the name of an offer."""

    name: Text = Text()
    offer: Id = Id()
    note: Text = Text()

    key = Key("SLUG#{name}", "SLUG")


@dataclass(frozen=True)
class Tag(Projection[Offer]):
    """What is on the tag of an offer."""

    id: str
    name: str
    seller: str
    listed_at: datetime


@dataclass(frozen=True)
class Target(Projection[Slug]):
    """What a look-up item names."""

    offer: str


@dataclass(frozen=True)
class OfferWithBids(Query[Offer | Bid]):
    """What is this offer, and what is bid for it?"""

    key = Offer.key

    id: str


@dataclass(frozen=True)
class BidsBeginning(Query[Bid]):
    """Whose name begins so, of those who bid for this offer?"""

    key = Bid.key
    range = SortRange("bidder", begins_with="start")

    offer: str
    start: str | None = None


@dataclass(frozen=True)
class OfferByCode(ByUnique[Offer]):
    """Which offer has this code?"""

    unique = Offer.by_code

    code: str


@dataclass(frozen=True)
class TagOfName(Lookup[Tag, Target]):
    """Which offer is known by this name?"""

    key = Slug.key

    name: str

    def target(self, found: Target) -> KeyValue:
        """The key of the offer."""
        return primary_key(Offer, {"id": found.offer})


@dataclass(frozen=True)
class TagsLiked(Hydrate[Tag, Favourite]):
    """Which offers does this person like?"""

    key = Favourite.key

    bidder: str

    def target(self, reference: Favourite) -> KeyValue:
        """The key of the offer."""
        return primary_key(Offer, {"id": reference.offer})


@dataclass(frozen=True)
class OffersOfSeller(Query[Offer]):
    """What does this seller offer since a time?"""

    key = Offer.of_seller
    range = SortRange("listed_at", at_least="since")

    seller: str
    since: datetime | None = None


@dataclass(frozen=True)
class OffersByPrice(Query[Offer]):
    """What does this seller offer for a price?"""

    key = Offer.of_seller_by_price
    range = SortRange("cents", at_least="least", at_most="most")

    seller: str
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class TagsOfKind(Query[Tag]):
    """Which offers are of this kind?"""

    key = Offer.of_kind

    kind: Grade


@dataclass(frozen=True)
class Echo:
    """The parameters of a question."""

    flag: bool
    amount: Decimal
    ratio: float | None
    token: UUID | None
    on: date | None
    at: datetime
    way: str
    grades: tuple[Grade, ...]


@dataclass(frozen=True)
class Echoed(Composite[Echo]):
    """What was asked?"""

    entities = (Offer,)

    amount: Decimal
    at: datetime
    flag: bool = False
    ratio: float | None = None
    token: UUID | None = None
    on: date | None = None
    way: Literal["up", "down"] = "up"
    grades: tuple[Grade, ...] = ()

    def parts(self) -> Sequence[Part]:
        """Nothing is read."""
        return ()

    def combine(self, answers: Sequence[Sequence[Any]]) -> Echo:
        """Return the parameters."""
        return Echo(**vars(self))


MARKET: Final = Table(
    "Market",
    entities=(Offer, Bid, Favourite, Slug),
    indexes=(BY_SELLER, BY_SELLER_PRICE, BY_KIND),
    patterns=(
        OfferWithBids,
        BidsBeginning,
        OfferByCode,
        TagOfName,
        TagsLiked,
        OffersOfSeller,
        OffersByPrice,
        TagsOfKind,
        Echoed,
    ),
)


def fill_market(store: Store) -> None:
    """Store three offers of one seller, with bids and favourites."""
    for number in range(3):
        store.save(
            Put(
                Offer(
                    id=f"o{number}",
                    seller="s1",
                    kind=Grade.POOR,
                    name=f"Thing {number}",
                    cents=100 * number,
                    code=f"c/{number}?" if number else None,
                    listed_at=NOON + timedelta(days=number),
                )
            )
        )
        store.save(Put(Bid(offer="o1", bidder=f"Bo{number}", amount=Decimal("1.05"))))
        store.save(Put(Favourite(bidder="Bo", offer=f"o{number}")))
    store.save(Put(Slug(name="thing", offer="o2", note="n")))

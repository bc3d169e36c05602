"""Three tables with what is rarely together, for tests of what works with any table.

* ``METERS``   numeric partition keys, names of its own, no sort key; attributes of every type
* ``DIARY``    local indexes that hold a part, key attributes that are times; answers that are parts
* ``MARKET``   global indexes that share key attributes; unique values, and several types in a range

``ASKED`` has a question for each of their patterns, as a user of HTTP or of the command line asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

from pynamodb.attributes import (
    BinaryAttribute,
    BinarySetAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    NumberSetAttribute,
    TTLAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.expressions.condition import Condition

from autoforge.cli.parameters import read_pattern
from autoforge.dynamodb import (
    GSI,
    LSI,
    Array,
    Boolean,
    ByUnique,
    Choice,
    Composite,
    Document,
    Entity,
    Expiry,
    Fetch,
    Get,
    Hydrate,
    Id,
    IdSet,
    Integer,
    Json,
    Key,
    Layout,
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
    TextSet,
    Unique,
    nested,
    optional,
)
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.identity import primary_key
from tests.factories import NOON


class Grade(StrEnum):
    """How good something is."""

    FINE = "fine"
    POOR = "poor"


# Numeric keys with names of their own, and no sort key.

BY_STREET: Final = GSI("by-street.1", "street", "house", sort_type="N")
BY_LOAD: Final = GSI("by_load", "load", None, partition_type="N", projection="KEYS_ONLY")
_METERS: Final = Layout(
    "meter-no", None, entity_type="_type", expiry="until", partition_type="N", naming="snake_case"
)


class Meter(Entity):
    """An electricity meter."""

    layout = _METERS

    number: Integer = Integer(attr_name="meter-no")
    street: Text[None] = Text(default=None)
    house: Integer[None] = Integer(default=None)
    load: Integer[None] = Integer(default=None)
    reading: Number = Number()
    best_reading: Number[None] = Number(default=None)
    grade: Choice[Grade] = Choice(Grade)
    worst: Choice[Grade, None] = Choice(Grade, default=None)
    sealed: Boolean = Boolean(default=False)
    installed: Moment = Moment(form="%Y/%m/%d")
    checked_at: Moment[None] = Moment(default=None)
    valid_until: Expiry[None] = Expiry(default=None)
    readers: TextSet = TextSet()
    owners: IdSet = IdSet()
    lines: Array[None] = Array(default=None)
    details: Document = Document(default={})
    anything: Json[None] = Json(default=None)
    raw: BinaryAttribute = BinaryAttribute(legacy_encoding=False)
    raws = optional(BinarySetAttribute(legacy_encoding=False))
    weight = optional(NumberAttribute())
    weights = optional(NumberSetAttribute())
    seen = optional(UTCDateTimeAttribute())
    gone = optional(TTLAttribute())
    blob = optional(JSONAttribute())
    listed = optional(ListAttribute[Any]())

    key = Key("{number}")
    on_street = Key("{street}", "{house}", index=BY_STREET)
    by_load = Key("{load}", index=BY_LOAD)


@dataclass(frozen=True)
class Glance(Projection[Meter]):
    """What a reader of meters needs to know."""

    number: int
    reading: Decimal
    installed: datetime
    grade: Grade
    readers: frozenset[str]
    raw: bytes
    valid_until: datetime | None
    floor: int | None = nested("details", "place", "floor")
    doors: list[str] | None = nested("details", "doors")  # noqa: RUF009
    same: Any = nested("anything")  # noqa: RUF009


@dataclass(frozen=True)
class MeterByNumber(Get[Meter]):
    """Which meter has this number?"""

    key = Meter.key

    number: int


@dataclass(frozen=True)
class GlanceByNumber(Get[Glance]):
    """What does this meter show?"""

    key = Meter.key

    number: int


@dataclass(frozen=True)
class GlancesByNumber(Fetch[Glance]):
    """What do these meters show?"""

    numbers: tuple[int, ...]

    def primary_keys(self) -> Sequence[KeyValue]:
        """The keys of the meters."""
        return [primary_key(Meter, {"number": each}) for each in self.numbers]


@dataclass(frozen=True)
class MetersOnStreet(Query[Meter]):
    """Which meters are in these houses of this street?"""

    key = Meter.on_street
    range = SortRange("house", at_least="first", at_most="last")

    street: str
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True)
class MetersOfLoad(Query[Meter]):
    """Which meters have this load?"""

    key = Meter.by_load
    fetches_rest = True

    load: int


@dataclass(frozen=True)
class GlancesOfLoad(Query[Glance]):
    """What do the meters with this load show, unless they are sealed?"""

    key = Meter.by_load
    fetches_rest = True

    load: int


METERS: Final = Table(
    "meters.of-a_city",
    entities=(Meter,),
    indexes=(BY_STREET, BY_LOAD),
    patterns=(
        MeterByNumber,
        GlanceByNumber,
        GlancesByNumber,
        MetersOnStreet,
        MetersOfLoad,
        GlancesOfLoad,
    ),
)


_OF_PYNAMODB: Final[Any] = {
    "raws": {b"a", b"\xff"},
    "weight": 1.5,
    "weights": {1, 2.5},
    "seen": NOON,
    "gone": NOON,
    "blob": {"a": [1]},
    "listed": ["a", 1],
}


def _fill_meters(store: Store) -> None:
    for number in range(3):
        store.save(
            Put(
                Meter(
                    number=number - 1,
                    street="Main St #1",
                    house=number,
                    load=230,
                    reading=Decimal("12345678901234567890.123456789"),
                    best_reading=None if number else Decimal("-1E+20"),
                    grade=Grade.FINE,
                    worst=None if number else Grade.POOR,
                    installed=NOON,
                    checked_at=None if number else NOON,
                    valid_until=None if number else NOON,
                    readers={"b", "é"} if number else set(),
                    owners={"o2", "o1"} if number else set(),
                    lines=[1, "x", None, {"a": 1.5}] if number else None,
                    details={"place": {"floor": number}, "doors": ["A", "B"]} if number else {},
                    anything={"any": [number]} if number else None,
                    raw=b"\0\xff",
                    **(_OF_PYNAMODB if number else {}),
                )
            )
        )


# Local indexes that hold a part, and key attributes that are times.

BY_DAY: Final = LSI("by.day", "written", projection=("title", "mood", "extra"))
BY_STARS: Final = LSI("ByStars", "Stars", sort_type="N", projection="KEYS_ONLY")
_DIARY: Final = Layout("Writer", "Page", naming="PascalCase")


class Note(Entity):
    """A note in the diary of a writer."""

    layout = _DIARY

    writer: Text = Text()
    id: Id = Id()
    written: Moment = Moment(form="%Y-%m-%dT%H:%M:%SZ", attr_name="written")
    title: Text = Text(attr_name="title")
    mood: Choice[Grade, None] = Choice(Grade, default=None, attr_name="mood")
    extra: Json[None] = Json(default=None, attr_name="extra")
    stars: Integer[None] = Integer(default=None)
    shown_until: Expiry[None] = Expiry(default=None)
    fee: Number[None] = Number(default=None)
    readers: TextSet = TextSet()
    body: Text = Text()

    key = Key("{writer}", "NOTE#{id}")
    by_day = Key("{writer}", "{written}", index=BY_DAY)
    by_stars = Key("{writer}", "{stars}", index=BY_STARS)


class Sketch(Entity):
    """A drawing in the diary."""

    layout = _DIARY

    writer: Text = Text()
    id: Id = Id()
    written: Moment = Moment(form="%Y-%m-%dT%H:%M:%SZ", attr_name="written")
    title: Text = Text(attr_name="title")
    file: Text = Text()

    key = Key("{writer}", "SKETCH#{id}")
    by_day = Key("{writer}", "{written}", index=BY_DAY)


@dataclass(frozen=True)
class NoteTitle(Projection[Note]):
    """A note as a list shows it."""

    id: str
    written: datetime
    title: str
    mood: Grade | None
    tone: str | None = nested("extra", "tone")


@dataclass(frozen=True)
class SketchTitle(Projection[Sketch]):
    """A drawing as a list shows it."""

    id: str
    written: datetime
    title: str


@dataclass(frozen=True)
class DiaryByDay(Query[NoteTitle | SketchTitle]):
    """What was written on this day?"""

    key = Note.by_day
    range = SortRange("written", begins_with="day")

    writer: str
    day: date | None = None


@dataclass(frozen=True)
class NotesByDay(Query[Note]):
    """Which notes were written on this day, with their texts?"""

    key = Note.by_day
    range = SortRange("written", at_least="since", below="until")
    fetches_rest = True
    leaves_out = (Sketch,)

    writer: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class FineNotes(Query[NoteTitle]):
    """Which notes are of this mood?"""

    key = Note.by_day
    leaves_out = (Sketch,)

    writer: str
    mood: Grade = Grade.FINE

    def filter(self) -> Condition | None:
        """The mood, which selects nothing."""
        return Note.mood.equals(self.mood)


@dataclass(frozen=True)
class NotesByStars(Query[Note]):
    """Which notes have at least so many stars?"""

    key = Note.by_stars
    range = SortRange("stars", at_least="least")
    fetches_rest = True
    newest_first = True

    writer: str
    least: int | None = None


@dataclass(frozen=True)
class TitleOfNote(Get[NoteTitle]):
    """What is this note called?"""

    key = Note.key

    writer: str
    id: str


@dataclass(frozen=True)
class Notebook:
    """The notes of a writer, in parts."""

    first: NoteTitle | None
    titles: tuple[NoteTitle, ...]
    stars: dict[Grade, list[Note]]
    price: Decimal


@dataclass(frozen=True)
class NotebookOf(Composite[Notebook]):
    """What is in this notebook?"""

    operation = "Query + Query"
    requests = 2
    entities = (Note,)

    writer: str

    def parts(self) -> Sequence[Part]:
        """The titles, and the notes with stars."""
        return (Part(FineNotes(self.writer)), Part(NotesByStars(self.writer)))

    def combine(self, answers: Sequence[Sequence[Any]]) -> Notebook:
        """Join them."""
        titles, starred = answers
        first = titles[0] if titles else None
        return Notebook(first, tuple(titles), {Grade.FINE: [*starred]}, Decimal("0.10"))


DIARY: Final = Table(
    "Diary",
    entities=(Note, Sketch),
    indexes=(BY_DAY, BY_STARS),
    patterns=(DiaryByDay, NotesByDay, FineNotes, NotesByStars, TitleOfNote, NotebookOf),
)


def _fill_diary(store: Store) -> None:
    for number in range(4):
        store.save(
            Put(
                Note(
                    writer="Ann #1 é",
                    id=f"n{number}",
                    written=NOON + timedelta(hours=number),
                    title=f"Note {number}",
                    mood=Grade.FINE if number % 2 else None,
                    extra={"tone": "low"} if number else None,
                    stars=number or None,
                    shown_until=NOON if number else None,
                    fee=Decimal("2.50") if number else None,
                    readers={"Zoë", "Al"} if number else set(),
                    body="…",
                )
            )
        )
    store.save(
        Put(Sketch(writer="Ann #1 é", id="s1", written=NOON, title="A tree", file="tree.png"))
    )


# Global indexes that share key attributes; unique values.

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


def _fill_market(store: Store) -> None:
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


ODD_TABLES: Final[Mapping[str, tuple[Table, Callable[[Store], None]]]] = {
    "METERS": (METERS, _fill_meters),
    "DIARY": (DIARY, _fill_diary),
    "MARKET": (MARKET, _fill_market),
}

#: For each table, each pattern with texts for its parameters, and how many items answer it; -1 for
#: an answer that is no list.
ASKED: Final[Mapping[str, Sequence[tuple[str, Mapping[str, str | list[str]], int]]]] = {
    "METERS": (
        ("MeterByNumber", {"number": "-1"}, -1),
        ("MeterByNumber", {"number": "1"}, -1),
        ("GlanceByNumber", {"number": "-1"}, -1),
        ("GlanceByNumber", {"number": "1"}, -1),
        ("GlancesByNumber", {"numbers": ["1", "9", "0", "1"]}, 2),
        ("MetersOnStreet", {"street": "Main St #1"}, 3),
        ("MetersOnStreet", {"street": "Main St #1", "first": "1", "last": "1"}, 1),
        ("MetersOfLoad", {"load": "230"}, 3),
        ("GlancesOfLoad", {"load": "230"}, 3),
    ),
    "DIARY": (
        ("DiaryByDay", {"writer": "Ann #1 é"}, 5),
        ("DiaryByDay", {"writer": "Ann #1 é", "day": "2026-02-04"}, 5),
        ("DiaryByDay", {"writer": "Ann #1 é", "day": "2026-02-05"}, 0),
        ("NotesByDay", {"writer": "Ann #1 é", "since": "2026-02-04T14:00:00+01:00"}, 3),
        ("FineNotes", {"writer": "Ann #1 é"}, 2),
        ("FineNotes", {"writer": "Ann #1 é", "mood": "poor"}, 0),
        ("NotesByStars", {"writer": "Ann #1 é", "least": "2"}, 2),
        ("TitleOfNote", {"writer": "Ann #1 é", "id": "n1"}, -1),
        ("NotebookOf", {"writer": "Ann #1 é"}, -1),
        ("NotebookOf", {"writer": "Nobody"}, -1),
    ),
    "MARKET": (
        ("OfferWithBids", {"id": "o1"}, 4),
        ("BidsBeginning", {"offer": "o1", "start": "Bo"}, 3),
        ("OfferByCode", {"code": "c/1?"}, -1),
        ("TagOfName", {"name": "thing"}, -1),
        ("TagsLiked", {"bidder": "Bo"}, 3),
        ("OffersOfSeller", {"seller": "s1", "since": "2026-02-05T00:00Z"}, 2),
        ("OffersByPrice", {"seller": "s1", "least": "100", "most": "200"}, 2),
        ("TagsOfKind", {"kind": "poor"}, 3),
        (
            "Echoed",
            {
                "amount": "0.1234567890123456789",
                "at": "2026-02-04T10:30Z",
                "flag": "true",
                "ratio": "0.5",
                "token": "00000000-0000-0000-0000-000000000001",
                "on": "2026-02-04",
                "way": "down",
                "grades": ["fine", "poor"],
            },
            -1,
        ),
    ),
}


def texts_of(query: Mapping[str, str | list[str]]) -> list[str]:
    """Return the parameters of a question as the command line takes them, a list as JSON."""
    return [
        f"{name}={value if isinstance(value, str) else json.dumps(_plain(value))}"
        for name, value in query.items()
    ]


def _plain(values: list[str]) -> list[str | int]:
    return [int(each) if each.isdecimal() else each for each in values]


def answered(store: Store, table: Table, pattern: str, query: Mapping[str, str | list[str]]) -> Any:
    """Return what a Store answers to a question: entities, parts, or a composite."""
    asked: Any = read_pattern(table, pattern, texts_of(query))
    if isinstance(asked, Query):
        return [*store.each(asked)]
    if isinstance(asked, Fetch):
        return [*store.fetch(asked)]
    return store.answer(asked) if isinstance(asked, Composite) else store.require(asked)

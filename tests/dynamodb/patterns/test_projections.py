"""Patterns that answer with parts of entities, and with what an index holds of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import new_class
from typing import Any, ClassVar, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoforge.dynamodb import Projection, nested, permissions_of
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.parts import part_reader
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.readers import as_entities
from autoforge.dynamodb.patterns.references import Hydrate, Lookup
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.document_attributes import Array, Document, Json
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI, LSI, TABLE, Layout
from autoforge.dynamodb.schema.item_size import item_size
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.optional import optional
from autoforge.dynamodb.schema.set_attributes import IdSet
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.table import Table
from autoforge.dynamodb.transport.transport import Transport
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import (
    AutoforgeError,
    DeclarationError,
    InvalidCursorError,
    InvalidValueError,
    UnreadableItemError,
)
from autoforge.testing.clock import Clock
from autoforge.testing.recording import WrappedTransport, watching
from docs.examples.published.online_shop_revised import REVISED_SHOP, Invoice
from tests.dynamodb.shop import ORDER, an_invoice
from tests.factories import NOON
from tests.servers import Engine
from tests.stores import fresh, put_raw


@dataclass(frozen=True)
class _Before(WrappedTransport):
    """A transport that calls a function with each operation before it is sent."""

    transport: Transport
    call: Callable[[str], None]

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self.call(operation)
        return self.transport.exchange(operation, parameters)


class Genre(StrEnum):
    """The genre of a book."""

    NOVEL = "novel"
    POEMS = "poems"


BY_DUE: Final = GSI("ByDue")
BY_DAY: Final = GSI("ByDay", projection="KEYS_ONLY")
BY_FEE: Final = LSI("ByFee", sort_key="fee", projection=("reader",), sort_type="N")


class Loan(Entity):
    """A book on loan."""

    never_expires = True
    isbn: Id = Id()
    id: Id = Id()
    reader: Text = Text()
    due_at: Moment = Moment()
    genre: Choice[Genre] = Choice(Genre)
    fee: Integer = Integer()
    renewals: Any = optional(Integer())
    tags: IdSet = IdSet()
    history: Any = optional(Document())

    key = Key("BOOK#{isbn}", "LOAN#{id}")
    due = Key("LOAN#{genre}", "{due_at}#{id}", index=BY_DUE)
    of_day = Key("DAY#{due_at:date}", "{due_at}#{reader}", index=BY_DAY)
    by_fee = Key("BOOK#{isbn}", "{fee}", index=BY_FEE)


class LoanRef(Entity):
    """A loan of a reader."""

    reader: Text = Text()
    isbn: Id = Id()
    id: Id = Id()
    noted: Moment = Moment()
    remark: Text[None] = Text(default=None)

    key = Key("READER#{reader}", "LOAN#{noted}#{id}")


class Visit(Entity):
    """A visit, which is forgotten after an hour."""

    lifetime = timedelta(hours=1)
    door: Id = Id()
    id: Id = Id()
    created_at: Moment = Moment()
    remark: Text[None] = Text(default=None)

    key = Key("DOOR#{door}", "VISIT#{id}")
    of_day = Key("VISITS", "{created_at}#{id}", index=BY_DAY)


@dataclass(frozen=True)
class DueLoan(Projection[Loan]):
    """When a loan is due."""

    id: str
    due_at: datetime
    renewals: int | None


@dataclass(frozen=True)
class ReaderOfLoan(Projection[Loan]):
    """Who has a book."""

    isbn: str
    id: str
    fee: int
    reader: str


@dataclass(frozen=True)
class DayOfLoan(Projection[Loan]):
    """What the keys of a loan say."""

    id: str
    isbn: str
    due_at: datetime
    reader: str


@dataclass(frozen=True)
class NotedLoan(Projection[LoanRef]):
    """Where a loan of a reader is."""

    isbn: str
    id: str


@dataclass(frozen=True)
class SeenVisit(Projection[Visit]):
    """A visit."""

    id: str


@dataclass(frozen=True)
class LoansDue(Query[DueLoan]):
    """Which loans of a genre are due?"""

    source = "a test"
    key = Loan.due
    range = SortRange("due_at", below="before")

    genre: Genre
    before: datetime | None = None


@dataclass(frozen=True)
class WhenDue(Get[DueLoan]):
    """When is this loan due?"""

    source = "a test"
    key = Loan.key

    isbn: str
    id: str


@dataclass(frozen=True)
class WhenAllDue(Fetch[DueLoan]):
    """When are these loans of a book due?"""

    source = "a test"

    isbn: str
    ids: tuple[str, ...]

    def primary_keys(self) -> Sequence[KeyValue]:
        return [KeyValue(f"BOOK#{self.isbn}", f"LOAN#{each}") for each in self.ids]


@dataclass(frozen=True)
class LoansOfReader(Hydrate[DueLoan, NotedLoan]):
    """When are the loans of this reader due?"""

    source = "a test"
    key = LoanRef.key

    reader: str

    def target(self, reference: NotedLoan) -> KeyValue:
        return KeyValue(f"BOOK#{reference.isbn}", f"LOAN#{reference.id}")


@dataclass(frozen=True)
class LoanNoted(Lookup[DueLoan, NotedLoan]):
    """When is the loan due that was noted at this time?"""

    source = "a test"
    key = LoanRef.key

    reader: str
    noted: datetime
    id: str

    def target(self, found: NotedLoan) -> KeyValue:
        return KeyValue(f"BOOK#{found.isbn}", f"LOAN#{found.id}")

    def agrees(self, item: DueLoan) -> bool:
        return item.id == self.id


@dataclass(frozen=True)
class LoansOfDay(Query[DayOfLoan]):
    """Which loans are due on this day?"""

    source = "a test"
    key = Loan.of_day
    renames: ClassVar = {"due_at": "day"}
    range = SortRange("due_at", at_least="since")

    day: datetime
    since: datetime | None = None


@dataclass(frozen=True)
class WholeLoansOfDay(Query[Loan]):
    """Which loans are due on this day, with all that is known of them?"""

    source = "a test"
    key = Loan.of_day
    renames: ClassVar = {"due_at": "day"}
    range = SortRange("due_at", at_least="since")
    fetches_rest = True

    day: datetime
    since: datetime | None = None


@dataclass(frozen=True)
class LoansByFee(Query[ReaderOfLoan]):
    """Who has to pay for this book, from the smallest fee?"""

    source = "a test"
    key = Loan.by_fee
    range = SortRange("fee", at_least="least")

    isbn: str
    least: int | None = None


@dataclass(frozen=True)
class VisitsSeen(Query[SeenVisit]):
    """Which visits were there at this door?"""

    source = "a test"
    key = Visit.key

    door: str


@dataclass(frozen=True)
class LatestVisits(Query[Visit]):
    """Which visits were there at all?"""

    source = "a test"
    key = Visit.of_day
    fetches_rest = True


LIBRARY: Final = Table(
    "Library",
    entities=(Loan, LoanRef, Visit),
    indexes=(BY_DUE, BY_DAY, BY_FEE),
    patterns=(
        LoansDue,
        WhenDue,
        WhenAllDue,
        LoansOfReader,
        LoanNoted,
        LoansOfDay,
        WholeLoansOfDay,
        LoansByFee,
        VisitsSeen,
        LatestVisits,
    ),
)
HISTORY: Final = {"notes": ["x" * 500], "by": {"name": "Ann"}}


def loan(number: int, **over: Any) -> Loan:
    """A loan that is due some minutes after noon."""
    given = {
        "isbn": "b1",
        "id": f"l{number}",
        "reader": f"Ann #{number}",
        "due_at": NOON + timedelta(minutes=number),
        "genre": Genre.NOVEL,
        "fee": number * 5,
        "history": HISTORY,
    }
    return Loan(**{**given, **over})


def due(of: Loan) -> DueLoan:
    """What is answered of a loan."""
    return DueLoan(of.id, of.due_at, of.renewals)


@pytest.fixture
def library(client: Client) -> Store:
    """A library without loans."""
    return fresh(client, design=LIBRARY)


# What is asked for, and what is answered.


def test_only_what_is_taken_is_asked_for_and_answered(library: Store) -> None:
    loans = [loan(n, renewals=n or None) for n in range(5)]
    library.put_all(loans)

    with watching(library.client) as watched:
        page = library.page(LoansDue(Genre.NOVEL), limit=9)

    assert page.items == tuple(map(due, loans))
    ((_, sent),) = watched.sent
    names = sent["ExpressionAttributeNames"]
    asked = {names[each.strip()] for each in sent["ProjectionExpression"].split(",")}
    keys = {"PK", "SK", "ByDuePK", "ByDueSK", "EntityType", "TTL"}
    assert asked == {"id", "dueAt", "renewals"} | keys


def test_cursors_of_projections_are_exact_and_bound_to_the_pattern(library: Store) -> None:
    loans = [loan(n) for n in range(5)]
    library.put_all(loans)
    asked = LoansDue(Genre.NOVEL, before=NOON + timedelta(minutes=4))

    first = library.page(asked, limit=2)
    second = library.page(asked, limit=2, cursor=first.cursor)

    assert [*first.items, *second.items] == [*map(due, loans[:4])]
    assert second.cursor is None
    assert [*library.each(asked, page_size=1)] == [*map(due, loans[:4])]
    with pytest.raises(InvalidCursorError):
        library.page(LoansDue(Genre.POEMS), limit=2, cursor=first.cursor)


def test_one_item_and_several_items_are_projected(library: Store) -> None:
    one, other = loan(1), loan(2)
    library.put_all([one, other])

    assert library.get(WhenDue("b1", "l1")) == due(one)
    assert library.get(WhenDue("b1", "l3")) is None
    assert library.fetch(WhenAllDue("b1", ("l2", "l9", "l1"))) == (due(other), due(one))


def test_references_and_the_items_they_point_to_are_projected(library: Store) -> None:
    loans = [loan(1), loan(2)]
    noted = [
        LoanRef(reader="Ann", isbn=each.isbn, id=each.id, noted=each.due_at, remark="x")
        for each in (*loans, loan(3))
    ]
    library.put_all([*loans, *noted])

    with watching(library.client) as watched:
        page = library.page(LoansOfReader("Ann"), limit=5)
        found = library.get(LoanNoted("Ann", NOON + timedelta(minutes=2), "l2"))

    assert (page.items, page.cursor) == (tuple(map(due, loans)), None)
    assert found == due(loans[1])
    assert watched.operations == ["Query", "BatchGetItem", "GetItem", "GetItem"]
    for operation, sent in watched.sent:
        wanted = sent["RequestItems"][library.table_name] if "RequestItems" in sent else sent
        assert "remark" not in wanted["ExpressionAttributeNames"].values(), operation
        assert "ProjectionExpression" in wanted


def test_a_value_inside_of_a_document_is_taken_alone(client: Client) -> None:
    @dataclass(frozen=True)
    class Billed(Projection[Invoice]):
        amount: str
        payments: list[Any] | None = nested("detail", "Payments")  # noqa: RUF009 - a field

    @dataclass(frozen=True)
    class PaymentsOfInvoice(Query[Billed]):
        """How was this invoice paid?"""

        source = "AnOnlineShop"
        key = Invoice.by_id

        id: str

    store = fresh(client, design=REVISED_SHOP)
    store.put_all(ORDER)
    store.put_all([an_invoice("i", amount="2")])

    with watching(client) as watched:
        paid = store.page(PaymentsOfInvoice("55443"), limit=2).items
        unpaid = store.page(PaymentsOfInvoice("i"), limit=2).items

    assert paid == (Billed("400", [{"Type": "GiftCard", "Amount": 100}]),)
    assert unpaid == (Billed("2", None),)
    names = watched.sent[0][1]["ExpressionAttributeNames"]
    marks = {name: mark for mark, name in names.items()}
    path = f"{marks['Detail']}.{marks['Payments']}"
    assert path in watched.sent[0][1]["ProjectionExpression"].split(", ")


def test_expired_items_are_left_out_of_projections(client: Client) -> None:
    clock = Clock()
    store = fresh(client, clock, LIBRARY)
    old, new = (
        Visit(door="d", id=name, created_at=NOON + timedelta(minutes=minute))
        for name, minute in (("a", 0), ("b", 30))
    )
    store.put_all([old, new])
    untold = Visit(door="d", id="c", created_at=NOON).to_item()
    del untold["TTL"]
    put_raw(store, untold)

    clock.now = NOON + timedelta(minutes=70)

    assert store.page(VisitsSeen("d"), limit=5).items == (SeenVisit("b"),)
    assert [each.id for each in store.page(LatestVisits(), limit=5).items] == ["b"]
    with_expired = store.with_expired().page(VisitsSeen("d"), limit=5).items
    assert [each.id for each in with_expired] == ["a", "b", "c"]


def test_an_item_that_lacks_what_is_required_is_skipped_and_named(
    library: Store, caplog: pytest.LogCaptureFixture
) -> None:
    item = loan(1).to_item()
    del item["dueAt"]
    put_raw(library, item)
    library.put_all([loan(2)])

    found = library.page(LoansDue(Genre.NOVEL), limit=5).items

    assert [each.id for each in found] == ["l2"]
    with pytest.raises(UnreadableItemError, match=r"^Loan at BOOK#b1 / LOAN#l1 has no dueAt$"):
        library.get(WhenDue("b1", "l1"))
    assert "BOOK#b1 / LOAN#l1" in str(caplog.records[0].__dict__["reason"])


def test_an_answer_with_whole_entities_beside_parts_asks_for_whole_items() -> None:
    class Shelved(Entity):
        reader: Text = Text()
        id: Id = Id()
        width: Integer = Integer()
        key = Key("READER#{reader}", "SHELF#{id}")

    @dataclass(frozen=True)
    class Wide(Projection[Shelved]):
        width: int

    @dataclass(frozen=True)
    class Both(Query[Wide | LoanRef]):
        key = LoanRef.key
        reader: str

    assert Both.range_paths() == ()
    assert Both.entities == (Shelved, LoanRef)


# What is said of it.


def test_what_is_projected_is_said_with_its_cost() -> None:
    words = LIBRARY.explain(LoansDue(Genre.NOVEL)).words[0]
    cost = "Only Loan (dueAt, id, renewals) is returned; the whole size of each item is paid for."

    assert words.endswith(cost)
    assert LIBRARY.explain(WhenDue("b", "l")).words[0].endswith(cost)
    assert LIBRARY.explain(WhenAllDue("b", ("l",))).words[0].endswith(cost)
    assert entry(LoansDue).answers == ("Loan (dueAt, id, renewals)",)
    assert "- Answers: Loan (dueAt, id, renewals)" in LIBRARY.catalogue_page()


def test_what_is_read_twice_is_said_permitted_and_counted() -> None:
    described = entry(WholeLoansOfDay)
    actions = {(each.action, each.on.name) for each in permissions_of(WholeLoansOfDay)}

    assert (described.operation, described.requests) == ("Query + BatchGetItem", 2)
    assert (
        LIBRARY.explain(WholeLoansOfDay(NOON))
        .words[0]
        .endswith("Then get the Loan of each in one batch.")
    )
    assert actions == {("Query", "ByDay"), ("BatchGetItem", None)}
    assert entry(LoansOfDay).operation == "Query"


# Indexes that do not hold all attributes.


def test_what_the_keys_say_is_answered_from_an_index_of_keys_only(library: Store) -> None:
    loans = [loan(n) for n in range(3)]
    library.put_all([*loans, Visit(door="d", id="v", created_at=NOON)])

    with watching(library.client) as watched:
        page = library.page(LoansOfDay(NOON), limit=2)
        rest = library.page(LoansOfDay(NOON), limit=2, cursor=page.cursor)

    expected = [DayOfLoan(e.id, e.isbn, e.due_at, e.reader) for e in loans]
    assert [*page.items, *rest.items] == expected
    assert watched.operations == ["Query", "Query"]


def test_the_rest_of_an_item_is_read_by_its_key_in_order(library: Store) -> None:
    loans = [loan(n) for n in range(4)]
    library.put_all(loans)

    with watching(library.client) as watched:
        page = library.page(WholeLoansOfDay(NOON), limit=3)
        rest = library.page(WholeLoansOfDay(NOON), limit=3, cursor=page.cursor)

    assert page.items == tuple(loans[:3])
    assert (rest.items, rest.cursor) == (tuple(loans[3:]), None)
    assert watched.operations == ["Query", "BatchGetItem"] * 2


def test_an_item_that_has_moved_since_its_entry_was_read_is_not_answered(library: Store) -> None:
    moved, stays = loan(1), loan(2)
    library.put_all([moved, stays])
    later = NOON + timedelta(days=3)

    def move(operation: str) -> None:
        if operation == "BatchGetItem":
            library.client.active_transport = sound
            library.save(
                Update(
                    Loan,
                    {"isbn": "b1", "id": "l1"},
                    NOON,
                    changes={"due_at": later},
                    expected={"genre": Genre.NOVEL, "reader": moved.reader},
                )
            )

    sound = library.client.active_transport
    library.client.active_transport = _Before(sound, move)
    try:
        page = library.page(WholeLoansOfDay(NOON), limit=5)
    finally:
        library.client.active_transport = sound

    assert page.items == (stays,)


def test_a_local_index_with_some_attributes_is_read_strongly_consistently(
    library: Store, engine: Engine
) -> None:
    library.put_all([loan(n) for n in (20, 1, 2)])

    with watching(library.client) as watched:
        page = library.page(LoansByFee("b1", least=6), limit=5, consistent=True)

    assert page.items == (
        ReaderOfLoan("b1", "l2", 10, "Ann #2"),
        ReaderOfLoan("b1", "l20", 100, "Ann #20"),
    )
    assert watched.sent[0][1]["ConsistentRead"] is True
    if engine.name != "moto":
        assert watched.calls[0].capacity["CapacityUnits"] == 1.0
    with pytest.raises(InvalidValueError, match="offers no strongly consistent reads"):
        library.page(LoansOfDay(NOON), limit=5, consistent=True)


def test_a_projection_saves_no_units_and_a_small_index_does(library: Store, engine: Engine) -> None:
    if engine.name == "moto":
        pytest.skip("moto answers constants for capacity; this runs on dynoxide")
    loans = [loan(n, history={"notes": "x" * 9000}) for n in range(4)]
    library.put_all(loans)

    with watching(library.client) as watched:
        library.page(LoansDue(Genre.NOVEL), limit=9)
        library.page(LoansOfDay(NOON), limit=9)

    whole = sum(item_size(each.to_item()) for each in loans)
    assert [call.capacity["CapacityUnits"] for call in watched.calls] == [
        -(-whole // 4096) * 0.5,
        0.5,
    ]


# Refused declarations.


def _declared(body: Mapping[str, Any], bases: Any, **fields: Any) -> Any:
    namespace = {"__annotations__": fields, **body}
    return new_class("Part", (bases,), {}, lambda own: own.update(namespace))


@pytest.mark.parametrize(
    ("fields", "body", "message"),
    [
        ({"dueat": datetime}, {}, r"Loan has no attribute 'dueat'; did you mean 'due_at'\?$"),
        ({"fee": str}, {}, "fee is of type int, not str"),
        ({"genre": int}, {}, "genre is of type Genre, not int"),
        ({"renewals": int}, {}, "renewals is optional, so an item may lack it: its type must"),
        ({"fee": int}, {"fee": 3}, "fee has a default: a projection holds what is stored, or None"),
        ({"by": Any}, {"by": nested("fee", "x")}, "nothing is nested in fee, which is a Integer"),
        ({"by": Any}, {"by": nested("histories", "x")}, "did you mean 'history'"),
        ({"takes": Any}, {}, r"needs the name 'takes': .* with nested\('takes'\)$"),
    ],
)
def test_a_field_that_the_entity_does_not_have_is_refused(
    fields: Mapping[str, Any], body: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(DeclarationError, match=rf"^Part: .*{message}"):
        _declared(body, Projection[Loan], **fields)


def test_types_that_hold_those_of_the_entity_are_accepted() -> None:
    part = _declared(
        {},
        Projection[Loan],
        genre=str,
        tags=Any,
        history=Mapping[str, Any] | None,
        renewals=int | None,
        due_at=datetime,
    )

    assert part.described() == "Loan (dueAt, genre, history, renewals, tags)"


def test_a_projection_without_an_entity_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Part does not say what it is a part of: write"):
        _declared({}, Projection, id=str)


def test_two_parts_of_one_entity_are_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Part answers with Loan twice: take what you"):
        _declared({"key": Loan.key}, Query[DueLoan | ReaderOfLoan], isbn=str)


def test_a_projection_that_is_no_dataclass_says_what_it_lacks() -> None:
    class Bare(Projection[Loan]):
        id: str

    with pytest.raises(DeclarationError, match=r"^Bare is not a dataclass: write @dataclass"):
        part_reader(Bare, TABLE)


@pytest.mark.parametrize(
    ("answer", "key", "message"),
    [
        (
            Loan,
            Loan.of_day,
            (
                r"index ByDay does not hold whole items: answer with a Projection of Loan, or "
                r"declare fetches_rest = True, to read the whole items, too$"
            ),
        ),
        (
            DueLoan,
            Loan.of_day,
            (
                r"index ByDay does not hold renewals of Loan: include all that DueLoan takes in "
                r"the index, or declare fetches_rest"
            ),
        ),
        (
            SeenVisit,
            Visit.of_day,
            (
                r"index ByDay holds only keys, and not when an item of Visit expires: include "
                r"attributes in the index \(the expiry is always with them\), or declare "
                r"fetches_rest = True, to read the whole items, too, or declare never_expires = "
                r"True in Visit if none"
            ),
        ),
    ],
)
def test_what_an_index_does_not_hold_is_refused(answer: Any, key: Key, message: str) -> None:
    fixed = {name: NOON for name in key.components if name == "due_at"}

    with pytest.raises(DeclarationError, match=rf"^Part: {key}: {message}"):
        _declared({"key": key, "fixed": fixed}, Query[answer])


def test_references_of_an_index_of_keys_are_not_told_to_be_read_whole() -> None:
    with pytest.raises(
        DeclarationError,
        match=r"^Due: Loan.of_day: index ByDay does not hold whole items: answer with a "
        r"Projection of Loan$",
    ):

        @dataclass(frozen=True)
        class Due(Hydrate[LoanRef, Loan]):
            key = Loan.of_day
            fixed = {"due_at": NOON}

            def target(self, reference: Loan) -> KeyValue:
                return KeyValue(f"READER#{reference.reader}", f"LOAN#{reference.id}")


def test_an_expiry_that_an_index_does_not_hold_is_refused() -> None:
    calls = GSI("ById", projection=("remark",))

    class Call(Entity):
        lifetime = timedelta(hours=1)
        id: Id = Id()
        created_at: Moment = Moment()
        key = Key("CALL#{id}", "CALL")
        by_id = Key("CALLS", "{id}", index=calls)

    @dataclass(frozen=True)
    class CallId(Projection[Call]):
        id: str

    with pytest.raises(DeclarationError, match="does not hold created_at of Call, from which its"):
        _declared({"key": Call.by_id}, Query[CallId])


def test_reading_the_rest_of_what_is_whole_is_refused() -> None:
    with pytest.raises(DeclarationError, match="fetches_rest: index ByDue holds all attributes"):
        _declared({"key": Loan.due, "fetches_rest": True}, Query[Loan], genre=Genre)
    with pytest.raises(DeclarationError, match="fetches_rest: take what leads to the items as a"):
        _declared({"key": LoanRef.key, "fetches_rest": True}, Hydrate[Loan, LoanRef], reader=str)


def test_types_that_an_index_of_keys_cannot_tell_apart_are_refused() -> None:
    class One(Entity):
        id: Id = Id()
        key = Key("A#{id}", "X", shared="twins")
        of_day = Key("ALL", "{id}", index=BY_DAY)

    class Two(Entity):
        id: Id = Id()
        key = Key("A#{id}", "X", shared="twins")
        of_day = Key("ALL", "{id}", index=BY_DAY)

    with pytest.raises(DeclarationError, match="only an attribute could tell Two from One"):
        _declared({"key": One.of_day, "fetches_rest": True}, Query[One | Two])


# The functions that read parts of items, and those that read entities, agree.


class Everything(Entity):
    """An entity with attributes of every kind."""

    id: Id = Id()
    at: Moment = Moment()
    text: Text = Text()
    number: Integer = Integer()
    flag: Boolean = Boolean()
    genre: Choice[Genre] = Choice(Genre)
    members: Any = optional(Document())
    places: Any = optional(Array())
    anything: Json = Json()
    ids: IdSet = IdSet()
    note: Any = optional(Text())

    key = Key("E#{id}", "AT#{at}")


@dataclass(frozen=True)
class PartOfEverything(Projection[Everything]):
    """All of it."""

    id: str
    at: datetime
    text: str
    number: int
    flag: bool
    genre: Genre
    members: dict[str, Any] | None
    places: list[Any] | None
    anything: Any
    ids: frozenset[str]
    note: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Slotted(Projection[Everything]):
    """A part without a dictionary."""

    id: str
    number: int


_WIRES: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {
    "id": [{"S": "a"}, {"S": "01an4z07by79ka1307sr9x4mv3"}],
    "at": [{"S": "2026-02-04T12:00:00.000Z"}, {"S": "2026-02-04T13:00+01:00"}],
    "text": [{"S": ""}, {"S": "é"}],
    "number": [{"N": "7"}, {"N": "1E2"}, {"N": "1.5"}],
    "flag": [{"BOOL": True}, {"BOOL": "true"}],
    "genre": [{"S": "novel"}, {"S": "essay"}],
    "members": [{"M": {"a": {"N": "1"}}}, {"M": {}}],
    "places": [{"L": [{"S": "x"}]}, {"L": []}],
    "anything": [{"NULL": True}, {"M": {"a": {"NULL": True}}}],
    "ids": [{"SS": ["b", "a"]}],
    "note": [{"S": "x"}, {"NULL": True}],
    "TTL": [{"N": "1770206400"}, {"N": "1770206401"}, {"N": "x"}],
}


@settings(max_examples=20 * settings().max_examples)
@given(data=st.data())
def test_a_part_has_the_values_that_the_entity_has_or_neither_is_readable(
    data: st.DataObject,
) -> None:
    item: dict[str, Any] = {
        "PK": {"S": "E#a"},
        "SK": {"S": "AT#2026-02-04T12:00:00.000Z"},
        "EntityType": {"S": "Everything"},
    }
    for name, wires in _WIRES.items():
        odd = data.draw(st.integers(0, 9))
        if odd > 1 or (name == "TTL" and odd > 0):
            item[name] = dict(wires[0])
        elif odd:
            item[name] = data.draw(st.sampled_from([*wires, {"S": "odd"}, {"N": "3"}]))
    if data.draw(st.integers(0, 2)):
        item.pop("TTL", None)

    expected = _read(as_entities(Everything), item)
    found = _read(part_reader(PartOfEverything, TABLE), item)

    if expected is None or isinstance(expected, str):
        assert found == expected
    else:
        assert isinstance(found, PartOfEverything), found
        assert {name: getattr(found, name) for name in PartOfEverything.takes} == {
            name: getattr(expected, name) for name in PartOfEverything.takes
        }
        slim = _read(part_reader(Slotted, TABLE), item)
        assert slim == Slotted(expected.id, expected.number)


def _read(read: Any, item: Mapping[str, Any]) -> Any:
    try:
        return read(item, NOON)
    except (AutoforgeError, OverflowError) as error:
        return type(error).__name__


def test_keys_of_other_tables_are_taken_as_they_are(client: Client) -> None:
    class Meter(Entity):
        layout = Layout("place", "seconds", entity_type=None, expiry=None, sort_type="N")
        place: Text = Text()
        seconds: Integer = Integer()
        value: Integer = Integer()
        remark: Text[None] = Text(default=None)
        key = Key("{place}", "{seconds}")

    @dataclass(frozen=True)
    class Value(Projection[Meter]):
        seconds: int
        value: int

    @dataclass(frozen=True)
    class Values(Query[Value]):
        """Which values were there?"""

        source = "a test"
        key = Meter.key

        place: str

    store = fresh(client, design=Table("Meters", (Meter,), patterns=(Values,)))
    store.put_all(Meter(place="x y#", seconds=n, value=n * n, remark="r") for n in (9, 10, 100))

    with watching(client) as watched:
        page = store.page(Values("x y#"), limit=2)
        rest = store.page(Values("x y#"), limit=2, cursor=page.cursor)

    assert [*page.items, *rest.items] == [Value(9, 81), Value(10, 100), Value(100, 10000)]
    names = set(watched.sent[0][1]["ExpressionAttributeNames"].values())
    assert names == {"place", "seconds", "value"}

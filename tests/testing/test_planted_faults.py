"""A mistake in a design breaks the law that is about it, with a message that names it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import strategies as st

from autoforge.dynamodb import (
    GSI,
    Boolean,
    Composite,
    Derived,
    Entity,
    EnumCodec,
    Fetch,
    Get,
    Hydrate,
    Id,
    Integer,
    Key,
    Lookup,
    Moment,
    Page,
    Part,
    Query,
    SortRange,
    Table,
    Text,
    optional,
)
from autoforge.dynamodb.patterns.request import KeyCondition
from autoforge.dynamodb.schema.codec import Codec
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.text_codecs import TextCodec
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.testing import Engine
from autoforge.testing.laws import laws_in
from tests.testing.breaking import broken_law

pytestmark = pytest.mark.one_engine  # which one it is does not matter to a mistake in a design

by_due = GSI("ByDue")
by_reader = GSI("ByReader")

SHARDS = ("s0", "s1")
EXAMPLES = 30


def shard_of(reader: str | None) -> str | None:
    """The shard of a reader."""
    return None if reader is None else SHARDS[len(reader) % 2]


class Book(Entity):
    """A book."""

    isbn = Id()
    title = Text()

    key = Key("BOOK#{isbn}", "BOOK")


class Loan(Entity):
    """A loan of a book."""

    id = Id()
    isbn = Id()
    reader = Text()
    due_at = Moment()
    returned = Boolean()
    shard = Derived(EnumCodec(SHARDS), shard_of, "reader")

    key = Key("BOOK#{isbn}", "LOAN#{id}")
    due = Key("LOAN#out", "{due_at}#{id}", index=by_due, where={"returned": False})
    of_reader = Key("READERS#{shard}", "{reader}#{id}", index=by_reader)


class BookOfLoan(Entity):
    """Finds the book of a loan."""

    loan_id = Id()
    isbn = Id()

    key = Key("LOAN#{loan_id}", "BOOK")


@dataclass(frozen=True)
class BookByIsbn(Get[Book]):
    """Which book is it?"""

    source = "the desk"
    key = Book.key

    isbn: str


@dataclass(frozen=True)
class LoansDue(Query[Loan]):
    """Which loans are due?"""

    source = "the desk"
    key = Loan.due
    range = SortRange("due_at", at_most="by")

    by: datetime | None = None


@dataclass(frozen=True)
class LoansOfBook(Query[Loan]):
    """Which loans does a book have?"""

    source = "the desk"
    key = Loan.key

    isbn: str


@dataclass(frozen=True)
class LoansOfReader(Query[Loan]):
    """Which loans does a reader have?"""

    source = "the desk"
    key = Loan.of_reader

    reader: str

    @property
    def shard(self) -> str | None:
        """The shard of the reader."""
        return shard_of(self.reader)


@dataclass(frozen=True)
class Books(Fetch[Book]):
    """Which books are these?"""

    source = "the desk"

    isbns: tuple[str, ...]

    def primary_keys(self) -> Sequence[KeyValue]:
        """Return the keys of the books."""
        return [key_of_book(each) for each in self.isbns]


@dataclass(frozen=True)
class BooksLent(Hydrate[Book, Loan]):
    """Which books are lent?"""

    source = "the desk"
    key = Loan.due

    def target(self, reference: Loan) -> KeyValue:
        """Return the key of the lent book."""
        return key_of_book(reference.isbn)


@dataclass(frozen=True)
class BookByLoan(Lookup[Book, BookOfLoan]):
    """Which book does a loan lend?"""

    source = "the desk"
    key = BookOfLoan.key

    loan_id: str

    def target(self, found: BookOfLoan) -> KeyValue:
        """Return the key of the book."""
        return key_of_book(found.isbn)


@dataclass(frozen=True)
class BookWithLoans(Composite[tuple[Any, ...]]):
    """Which book is it, and who had it?"""

    source = "the desk"
    operation = "GetItem + Query"
    requests = 2

    isbn: str

    def parts(self) -> Sequence[Part]:
        """Return the book and its loans."""
        return Part(BookByIsbn(self.isbn)), Part(LoansOfBook(self.isbn), 2)

    def combine(self, answers: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
        """Join them."""
        book, loans = answers
        return (*book, *loans)


SOUND = (
    *(BookByIsbn, LoansDue, LoansOfBook, LoansOfReader),
    *(Books, BooksLent, BookByLoan, BookWithLoans),
)


def key_of_book(isbn: str) -> KeyValue:
    """The key of a book."""
    key = Book.key.render({"isbn": isbn})
    assert key is not None
    return key


def broken(
    engine: Engine,
    law: str,
    *patterns: type[Any],
    entities: Sequence[type[Entity]] = (Book, Loan, BookOfLoan),
    **given: Any,
) -> str:
    """Return the message of a law that a design breaks; fail if it holds."""
    table = Table("Library", tuple(entities), (by_due, by_reader), patterns)
    return broken_law(engine, law, table, examples=EXAMPLES, **given)


def test_a_sound_design_breaks_no_law(autoforge_engine: Engine) -> None:
    table = Table("Library", (Book, Loan, BookOfLoan), (by_due, by_reader), SOUND)

    for law in laws_in(table):
        if not law.unjudged(autoforge_engine):
            law.prove(autoforge_engine, EXAMPLES // 6)


def test_a_range_that_is_off_by_one(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Early(LoansDue):
        def condition(self, now: Any) -> KeyCondition:
            early = self.by - MILLISECOND if isinstance(self.by, datetime) else None
            return Query.condition(replace(self, by=early), now)

    said = broken(autoforge_engine, "Early: pages equal brute force", Early, steps=250)

    assert said.startswith("Early: pages equal brute force: an item did not come: Loan(id=")
    (loan,) = {*re.findall(r"Loan\(id=.*, due_at=2026-02-04T12.*, returned=False\)", said)}
    said = re.sub(r"(pages of|up to) \d+", r"\1 N", said.partition("  asked:\n")[2])
    said = re.sub(r"order='\w+'", "order=None", said).replace("largest", "smallest")
    assert said == (
        "    Early(order=None, by=2026-02-04T12:00:00.000Z), in pages of N\n"
        "  request:\n"
        "    Query index ByDue for ByDuePK = LOAN#out AND ByDueSK < 2026-02-04T11:59:59.999Z$, "
        "smallest sort key first, up to N items (Loan), eventually consistently.\n"
        "  items in the table:\n"
        f"    {loan}\n"
        "  selects:\n"
        "    Loan items with returned = False and due_at <= 2026-02-04T12:00:00.000Z\n"
        "  came:\n"
        "    nothing\n"
        "  should have come:\n"
        f"    {loan}\n"
        f"  (on {autoforge_engine.name}, at 2026-02-04T12:00:00.000Z)"
    )


def test_an_order_that_is_the_wrong_way_round(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Backwards(LoansOfBook):
        @property
        def descending(self) -> bool:
            return self.order == "asc"

    said = broken(autoforge_engine, "Backwards: pages equal brute force", Backwards)

    assert "the items came in another order" in said


def test_pages_that_lose_items(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Lossy(LoansOfBook):
        def read_page(self, *given: Any, **how: Any) -> Page[Any]:
            page = Query.read_page(self, *given, **how)
            return Page(page.items[:1], page.cursor)

    said = broken(autoforge_engine, "Lossy: pages equal brute force", Lossy)

    assert "did not come" in said or "and a cursor" in said
    assert "Lossy(order=" in said


def test_a_partition_that_a_property_computes_wrongly(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class WrongShard(LoansOfReader):
        @property
        def shard(self) -> str | None:
            return SHARDS[0]

    said = broken(autoforge_engine, "WrongShard: pages equal brute force", WrongShard)

    assert "an item did not come: Loan(id='a', isbn='a'" in said
    assert "reader = 'a' and shard = 's1'" in said
    assert "ByReaderPK = READERS#s0" in said


def test_a_component_that_never_matches(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Shouting(Query[Loan]):
        """Which loans does a book have?"""

        source = "the desk"
        key = Loan.key
        title: str

        @property
        def isbn(self) -> str:
            return f"isbn-{len(self.title)}"

    said = broken(autoforge_engine, "Shouting: pages equal brute force", Shouting)

    assert "it never found anything, in 30 tables" in said
    assert "check the properties and methods that compute its key" in said
    assert "strategies={Shouting: st.builds(Shouting, ...)}" in said


def test_a_question_that_means_something_else(autoforge_engine: Engine) -> None:
    said = broken(
        autoforge_engine,
        "LoansDue: pages equal brute force",
        LoansDue,
        selects={LoansDue: lambda asked, loan: asked.by is None or loan.due_at < asked.by},
    )

    assert "an item came that should not: Loan(id=" in said
    assert "the items that `selects` admits" in said


def test_a_fetch_that_leaves_a_key_out(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Fewer(Books):
        def primary_keys(self) -> Sequence[KeyValue]:
            return [key_of_book(each) for each in self.isbns[1:]]

    said = broken(autoforge_engine, "Fewer: the answer equals brute force", Fewer)

    assert "primary_keys names other items than the parameter isbns" in said
    assert "  should have come:\n    {'a'}" in said


def test_a_fetch_that_names_no_item(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Misspelt(Books):
        def primary_keys(self) -> Sequence[KeyValue]:
            return [KeyValue(f"BOK#{each}", "BOOK") for each in self.isbns]

    said = broken(autoforge_engine, "Misspelt: the answer equals brute force", Misspelt)

    assert "primary_keys of Misspelt returns 'BOK#a / BOOK', which is no key of Book" in said
    assert "Book: BOOK#{isbn} / BOOK" in said


def test_a_target_that_is_no_key_of_the_item(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Astray(BooksLent):
        def target(self, reference: Loan) -> KeyValue:
            key = Loan.key.render(reference.attribute_values)
            assert key is not None
            return key

    said = broken(autoforge_engine, "Astray: pages equal brute force", Astray)

    assert "target of Astray returns 'BOOK#a / LOAN#a', which is no key of Book" in said
    assert "reference:\n    Loan(id='a', isbn='a'" in said


def test_a_target_that_is_the_key_of_another_item(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Elsewhere(BookByLoan):
        def target(self, found: BookOfLoan) -> KeyValue:
            return key_of_book(found.loan_id)

    said = broken(autoforge_engine, "Elsewhere: the answer equals brute force", Elsewhere)

    assert re.search(
        r"target points to the Book with isbn = '(\w)', but the BookOfLoan has isbn = 'a'\n"
        r"  reference:\n    BookOfLoan\(loan_id='\1', isbn='a'\)",
        said,
    )


@pytest.mark.parametrize(
    ("pattern", "declared", "sent"),
    [
        (BookByIsbn, 2, "GetItem"),
        (LoansDue, 2, "Query"),
        (BooksLent, 1, "Query, BatchGetItem"),
        (BookByLoan, 1, "GetItem, GetItem"),
        (BookWithLoans, 3, "GetItem, Query"),
    ],
)
def test_a_number_of_requests_that_is_declared_wrongly(
    autoforge_engine: Engine, pattern: type[Any], declared: int, sent: str
) -> None:
    wrong: Any = dataclass(frozen=True)(type("Wrong", (pattern,), {"requests": declared}))

    said = broken(autoforge_engine, "Wrong: sends the requests it declares", wrong)

    number = len(sent.split(", "))
    assert f"it declares requests = {declared}, and sent {number}" in said
    assert f"  came:\n    {sent}\n" in said


def test_an_operation_that_is_declared_wrongly(autoforge_engine: Engine) -> None:
    wrong: Any = dataclass(frozen=True)(type("Wrong", (BookWithLoans,), {"operation": "Query"}))

    said = broken(autoforge_engine, "Wrong: sends the requests it declares", wrong)

    assert "it declares operation = 'Query', and sent other ones" in said


def test_a_read_that_costs_more_than_it_should(autoforge_engine: Engine) -> None:
    if not autoforge_engine.counts_units:
        pytest.skip("moto does not count units: this runs on dynoxide")

    @dataclass(frozen=True)
    class Dear(LoansOfBook):
        def request(self, *given: Any, **how: Any) -> Any:
            return Query.request(self, *given, **{**how, "consistent": True})

    law = "Dear: consumes the units that item sizes predict"
    said = broken(autoforge_engine, law, Dear)

    assert "it consumed 1 units, and the sizes of what it reads predict 0.5" in said


def test_a_cursor_that_is_not_bound_to_a_parameter(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Loose(LoansOfBook):
        def arguments(self) -> dict[str, Any]:
            return {"order": self.order}

    said = broken(
        autoforge_engine, "Loose: cursors resume, and others are refused", Loose, LoansDue
    )

    assert "a cursor of other parameters was not refused" in said
    assert "Loose(order=" in said


def test_an_expiry_that_is_not_observed(autoforge_engine: Engine) -> None:
    class Undying(Entity):
        isbn = Id()
        key = Key("UNDYING#{isbn}", "UNDYING")

        def is_live(self, now: datetime) -> bool:
            return True

    @dataclass(frozen=True)
    class UndyingByIsbn(Get[Undying]):
        """Which one is it?"""

        source = "the desk"
        key = Undying.key
        isbn: str

    said = broken(
        autoforge_engine,
        "UndyingByIsbn: expired items never come",
        UndyingByIsbn,
        entities=(Undying,),
    )

    assert re.search(r"an item came that should not: Undying\(isbn='[-\w]+', expires_at=", said)
    assert "(expired at " in said


class Folded(Text):
    """Text whose case is lost in keys."""

    def codec(self, spec: str, *, last: bool) -> Codec:
        return FoldingCodec(last=last)


class FoldingCodec(TextCodec):
    """Writes texts in lower case, and so two of them as one."""

    def encode(self, value: Any) -> str:
        return super().encode(value).lower()


class Unpadded(Integer):
    """A number whose text in keys has no fixed width."""

    def codec(self, spec: str, *, last: bool) -> Codec:
        return TextOfNumber()


class TextOfNumber(Codec):
    """Writes 10 before 9."""

    def encode(self, value: Any) -> str:
        return str(value)

    def decode(self, text: str) -> int:
        return int(text)


class Shelf(Entity):
    """A shelf, with attributes whose codecs are wrong."""

    name = Folded()
    number = Unpadded()

    key = Key("SHELF#{name}", "SHELF")
    by_number = Key("SHELVES", "{number}#{name}", index=by_due)


@dataclass(frozen=True)
class Shelves(Query[Shelf]):
    """Which shelves are there?"""

    source = "the desk"
    key = Shelf.by_number


_SHELVES = {Folded: st.sampled_from(["a", "A", "b"]), Unpadded: st.sampled_from([1, 9, 10])}


def test_a_codec_that_is_not_injective(autoforge_engine: Engine) -> None:
    said = broken(
        autoforge_engine,
        "Shelf: no other item has its key",
        entities=(Shelf,),
        strategies=_SHELVES,
    )

    assert (
        "two items share the primary key 'SHELF#a / SHELF'" in said
        or "the key 'SHELF#a / SHELF' does not decode to the values it was made of" in said
    )
    assert "Shelf(name='A', number=" in said


def test_a_codec_that_does_not_keep_the_order(autoforge_engine: Engine) -> None:
    said = broken(
        autoforge_engine,
        "Shelves: pages equal brute force",
        Shelves,
        entities=(Shelf,),
        strategies={**_SHELVES, Folded: st.sampled_from(["a", "b"])},
        steps=250,
    )

    assert "the items came in another order" in said
    came, wanted = said.partition("came:\n")[2].split("  should have come:\n")
    assert (came.index("number=10") < came.index("number=9")) is True
    assert (wanted.index("number=9") < wanted.index("number=10")) is True


class Code:
    """A value that equals no other one."""

    def __init__(self, text: str) -> None:
        self.text = text


class State(Text):
    """A state whose values are never equal to each other."""

    def check(self, value: Any) -> Any:
        return Code(getattr(value, "text", value))

    def serialize(self, value: Any) -> str:
        return str(value.text)


class Order(Entity):
    """An order, in the index while it is open."""

    id = Id()
    state = State()

    key = Key("ORDER#{id}", "ORDER")
    open = Key("ORDER#open", "{id}", index=by_due, where={"state": "open"})


@dataclass(frozen=True)
class OpenOrders(Query[Order]):
    """Which orders are open?"""

    source = "the desk"
    key = Order.open


@pytest.mark.parametrize(
    ("law", "why"),
    [
        ("OpenOrders: pages equal brute force", "an item did not come: Order(id='a'"),
        ("Order: every write leaves the keys of the item", "the item is not in index ByDue"),
    ],
)
def test_a_where_that_an_attribute_breaks(autoforge_engine: Engine, law: str, why: str) -> None:
    said = broken(
        autoforge_engine,
        law,
        OpenOrders,
        entities=(Order,),
        strategies={State: st.sampled_from(["open", "closed"])},
    )

    assert why in said


class Rounded(Integer):
    """A number that loses its last digit when it is stored."""

    def serialize(self, value: Any) -> str:
        return str(value // 10 * 10)


def test_an_attribute_that_reads_back_differently(autoforge_engine: Engine) -> None:
    class Fine(Entity):
        id = Id()
        cents = Rounded()
        key = Key("FINE#{id}", "FINE")

    said = broken(
        autoforge_engine,
        "Fine: reads back as it was written",
        entities=(Fine,),
        strategies={"Fine.cents": st.sampled_from([10, 11])},
    )

    assert "an item reads back with other values" in said
    assert "Fine(id='a', cents=10)" in said
    assert "Fine(id='a', cents=11)" in said


def test_an_item_that_drops_what_it_does_not_know(autoforge_engine: Engine) -> None:
    class Forgetful(Entity):
        id = Id()
        key = Key("FORGETFUL#{id}", "FORGETFUL")

        def to_item(self) -> Any:
            self._unknown.clear()
            return super().to_item()

    said = broken(
        autoforge_engine, "Forgetful: reads back as it was written", entities=(Forgetful,)
    )

    assert "an item that is read and written back changes" in said
    assert "unknown to autoforge = None" in said


def test_an_index_key_that_one_write_path_leaves_stale(autoforge_engine: Engine) -> None:
    class Handmade(Entity):
        id = Id()
        reader = optional(Text())
        key = Key("HANDMADE#{id}", "HANDMADE")
        of_reader = Key("READER#{reader}", "{id}", index=by_due)

        def to_item(self) -> Any:
            item = super().to_item()
            if "ByDuePK" in item:
                item["ByDuePK"] = {"S": item["ByDuePK"]["S"].upper()}
            return item

    said = broken(
        autoforge_engine,
        "Handmade: every write leaves the keys of the item",
        entities=(Handmade,),
    )

    assert "the key attribute ByDuePK is stale" in said
    assert "ByDuePK = {'S': 'READER#a'}" in said
    assert "ByDuePK = {'S': 'READER#A'}" in said
    assert re.search(r"Update of Handmade\(id='\w', changes=\{'reader': 'a'\}\)", said)


def test_an_error_that_a_pattern_raises(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Failing(BookWithLoans):
        def combine(self, answers: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
            return (answers[0][0], *answers[1])

    said = broken(autoforge_engine, "Failing: the answer equals brute force", Failing)

    assert "IndexError was raised" in said
    assert "(test_planted_faults.py:" in said
    assert "in combine)" in said

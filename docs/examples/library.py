"""The table of the examples in the reference of the toolkit: a library's books, members and loans.

Each example of the reference runs with all names of this module and of ``autoforge.dynamodb``, and
with ``store``, which has the sample data of ``fill``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from autoforge.dynamodb import (
    GSI,
    Array,
    Boolean,
    ByUnique,
    Document,
    Entity,
    Fetch,
    Get,
    Hydrate,
    Id,
    Integer,
    Key,
    KeyValue,
    Moment,
    Number,
    Put,
    Query,
    SortRange,
    Store,
    Table,
    Text,
    TextSet,
    Unique,
    primary_key,
)

NOON = datetime(2026, 2, 4, 12, tzinfo=UTC)

by_due = GSI("ByDue")


class Member(Entity):
    """A member; no two have the same e-mail address."""

    id: Id = Id()
    email: Text = Text()

    key = Key("MEMBER#{id}", "MEMBER")
    by_email = Unique("EMAIL#{email}")


class Book(Entity):
    """A book."""

    isbn: Id = Id()
    title: Text = Text()
    shelf: Text[None] = Text(default=None)
    copies: Integer = Integer(default=1)
    lent: Integer = Integer(default=0)
    price: Number[None] = Number(default=None)
    fee: Number[None] = Number(default=None)
    subjects: TextSet = TextSet()
    notes: Array = Array(default=[])
    details: Document[None] = Document(default=None)
    updated_at: Moment[None] = Moment(default=None)

    key = Key("BOOK#{isbn}", "BOOK")


class Loan(Entity):
    """A loan of a book, which is in the index until the book is returned."""

    isbn: Id = Id()
    id: Id = Id()
    member: Id = Id()
    due_at: Moment = Moment()
    renewals: Integer = Integer(default=0)
    returned: Boolean = Boolean(default=False)

    key = Key("BOOK#{isbn}", "LOAN#{id}")
    due = Key("LOANS", "{due_at}#{id}", index=by_due, where={"returned": False})


class LoanOfMember(Entity):
    """A reference to a loan, in the item collection of the member."""

    member: Id = Id()
    id: Id = Id()
    isbn: Id = Id()

    key = Key("MEMBER#{member}", "LOAN#{id}")


@dataclass(frozen=True)
class BookByIsbn(Get[Book]):
    """Which book has this ISBN?"""

    key = Book.key

    isbn: str


@dataclass(frozen=True)
class LoanById(Get[Loan]):
    """Which loan is this?"""

    key = Loan.key

    isbn: str
    id: str


@dataclass(frozen=True)
class MemberByEmail(ByUnique[Member]):
    """Which member has this e-mail address?"""

    unique = Member.by_email

    email: str


@dataclass(frozen=True)
class Books(Fetch[Book]):
    """Which books have these ISBNs?"""

    isbns: tuple[str, ...]

    def primary_keys(self) -> Sequence[KeyValue]:
        """Return the primary keys of the books."""
        return [primary_key(Book, {"isbn": isbn}) for isbn in self.isbns]


@dataclass(frozen=True)
class LoansOfBook(Query[Loan]):
    """Who has borrowed this book, the first loan first?"""

    key = Loan.key

    isbn: str


@dataclass(frozen=True)
class LoansDue(Query[Loan]):
    """Which loans are due by a time, the longest due first?"""

    key = Loan.due
    range = SortRange("due_at", at_most="by")

    by: datetime | None = None


@dataclass(frozen=True)
class LoansOfMember(Hydrate[Loan, LoanOfMember]):
    """What has this member borrowed, the first loan first?"""

    key = LoanOfMember.key

    member: str

    def target(self, reference: LoanOfMember) -> KeyValue:
        """Return the primary key of the loan."""
        return primary_key(Loan, {"isbn": reference.isbn, "id": reference.id})


library = Table(
    "Library",
    entities=(Member, Book, Loan, LoanOfMember),
    indexes=(by_due,),
    patterns=(BookByIsbn, LoanById, MemberByEmail, Books, LoansOfBook, LoansDue, LoansOfMember),
)


def fill(store: Store) -> None:
    """Store two members, two books and two loans: Ann has returned b1, and Ben has it."""
    store.save(Put(Member(id="ann", email="ann@example.com")))
    store.save(Put(Member(id="ben", email="ben@example.com")))
    books = (
        Book(
            isbn="b1", title="Dynamo", shelf="A 3", subjects={"databases"}, details={"pages": 210}
        ),
        Book(isbn="b2", title="Emma", copies=2, price=Decimal("12.50")),
    )
    loans = (
        Loan(isbn="b1", id="l1", member="ann", due_at=NOON - timedelta(days=30), returned=True),
        Loan(isbn="b1", id="l2", member="ben", due_at=NOON + timedelta(days=7)),
    )
    references = (LoanOfMember(member=each.member, id=each.id, isbn=each.isbn) for each in loans)
    store.put_all((*books, *loans, *references))


def main() -> None:
    """Run each access pattern, on a DynamoDB inside this process."""
    with library.embedded(clock=lambda: NOON) as store:
        fill(store)
        print(store.require(BookByIsbn("b1")).title)
        print(store.require(LoanById("b1", "l1")).member)
        print(store.require(MemberByEmail("ben@example.com")).id)
        print([book.title for book in store.fetch(Books(("b2", "b1")))])
        print([loan.id for loan in store.each(LoansOfBook("b1"))])
        print([loan.id for loan in store.each(LoansDue())])
        print([loan.id for loan in store.each(LoansOfMember("ben"))])


if __name__ == "__main__":
    main()

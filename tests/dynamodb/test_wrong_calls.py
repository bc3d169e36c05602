"""Calls with wrong arguments raise errors that name what to write, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from autoforge.cloudformation import Role, policy_of, template_of
from autoforge.dynamodb import (
    Check,
    Composite,
    Cursors,
    Delete,
    KeyValue,
    LocalCipher,
    Operation,
    Part,
    Put,
    RetryPolicy,
    Snapshot,
    Store,
    Table,
    Transaction,
    Update,
    as_json,
    explain,
    permissions_of,
    primary_key,
)
from autoforge.errors import AutoforgeError
from autoforge.http.api import routes_of
from autoforge.testing import laws_of
from docs.examples.library import (
    NOON,
    Book,
    BookByIsbn,
    Books,
    Loan,
    LoansDue,
    LoansOfBook,
    LoansOfMember,
    library,
)

_BOOK = Book(isbn="b1", title="Dynamo")
_KEY = {"isbn": "b1"}
_SHELF = {"shelf": "A 3"}


@dataclass(frozen=True)
class Desk(Composite[int]):
    """What is on the desk?"""

    part: object

    def parts(self) -> Sequence[Any]:
        """Return what was given."""
        return [self.part]

    def combine(self, answers: Sequence[Sequence[Any]]) -> int:
        """Return the number of answers."""
        return len(answers)


@pytest.fixture
def nowhere() -> Any:
    """A Store that reaches no server; of any type, since the calls are those of no type."""
    return library.connect(region="eu-central-1", endpoint_url="http://127.0.0.1:9")


READS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda s: s.get(BookByIsbn), r"^BookByIsbn has no parameters: write BookByIsbn\(…\)$"),
    (lambda s: s.get(Book), r"^the class Book is not a Get$"),
    (lambda s: s.require(_BOOK), r"^<Book .*> is not a Get$"),
    (lambda s: s.page(LoansOfBook, limit=3), r"^LoansOfBook has no parameters"),
    (lambda s: s.page(BookByIsbn("b1"), limit=3), r"is not a Query$"),
    (
        lambda s: s.page(LoansOfBook("b1"), limit="3"),
        r"^the limit of a page is '3'; it must be a w",
    ),
    (
        lambda s: s.page(LoansOfBook("b1"), limit=2.5),
        r"^the limit of a page is 2\.5; it must be a ",
    ),
    (lambda s: s.page(LoansOfMember("ann"), limit=None), r"^the limit of a page is None; it must "),
    (
        lambda s: s.page(LoansOfBook("b1"), limit=1, cursor=b""),
        r"^the cursor is b''; it must be th",
    ),
    (
        lambda s: s.page(_called(LoansOfBook, "b1", order=[]), limit=1),
        r"^order is \[\], not asc or desc$",
    ),
    (lambda s: list(s.each(LoansOfBook)), r"^LoansOfBook has no parameters"),
    (lambda s: list(s.each(LoansOfBook("b1"), page_size=None)), r"limit of a page is None"),
    (lambda s: s.count(LoansOfBook), r"^LoansOfBook has no parameters"),
    (lambda s: s.count(BookByIsbn("b1")), r"is not a Query$"),
    (lambda s: s.fetch(Books), r"^Books has no parameters"),
    (lambda s: s.fetch(["b1"]), r"^\['b1'\] is not a Fetch$"),
    (lambda s: s.snapshot(LoansOfBook("b1")), r"is not a Get with its parameters, such as"),
    (lambda s: s.snapshot(BookByIsbn), r"^the class BookByIsbn is not a Get with its parameters"),
    (lambda s: s.snapshot([BookByIsbn("b1")]), r"^\[BookByIsbn\(isbn='b1'\)\] is not a Get with"),
    (lambda _: Snapshot(BookByIsbn("b1")), r"^expected Gets in a tuple, got BookByIsbn\("),  # type: ignore[arg-type]
    (lambda s: s.answer(BookByIsbn("b1")), r"is not a Composite$"),
    (lambda s: s.answers(Desk), r"^Desk has no parameters"),
    (
        lambda s: s.answer(Desk(BookByIsbn("b1"))),
        r"^Desk: BookByIsbn.* is not a part: write Part\(",
    ),
    (lambda s: s.answer(Desk(Part(BookByIsbn))), r"^Desk: Part.* is not a part: write Part\("),  # type: ignore[arg-type]
    (lambda s: s.item_at("BOOK#b1"), r"^'BOOK#b1' is not a primary key: write primary_key\("),
    (lambda s: s.item_at(_KEY), r"^\{'isbn': 'b1'\} is not a primary key"),
    (lambda s: s.keys_in(3), r"^3 is not a partition key: write the text"),
    (lambda s: list(s.items_in("BOOK#b1")), r"^'BOOK#b1' is not a key condition, such as"),
    (
        lambda s: list(s.items_in(LoansOfBook("b1").condition(NOON), Loan.member)),
        r"is not the name of an attribute in the table$",
    ),
    (lambda _: library.explain(BookByIsbn), r"^the class BookByIsbn is not a pattern with its par"),  # type: ignore[arg-type]
    (lambda _: library.explain(LoansOfBook("b1"), limit=0), r"^the limit of a page is 0; it must"),
    (lambda _: library.explain(LoansDue(), now="now"), r"^'now' is not an ISO 8601 timestamp$"),  # type: ignore[arg-type]
    (lambda _: explain(Book, table_name="T", now=NOON), r"^the class Book is not a pattern with"),  # type: ignore[arg-type]
    (lambda _: library.pattern(BookByIsbn), r"^no pattern is named the class BookByIsbn"),  # type: ignore[arg-type]
    (lambda _: _called(permissions_of, [Book]), r"is not a pattern or an Operation: name"),
]

WRITES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda s: s.write(Put), r"^the class Put is not a write, such as Put\(Book\(\.\.\.\)\)$"),
    (lambda s: s.write(Transaction([Put(_BOOK)])), r"^a Transaction is applied by store\.transact"),
    (
        lambda s: s.write(_delete(entity=_BOOK)),
        r"^<Book .*> is not an entity: name the class itself",
    ),
    (lambda s: s.write(Check(Book, _KEY, NOON)), r"^a Check of Book is applied in a transaction"),
    (lambda s: s.save(Delete(Book, _KEY)), r"^a Delete leaves no item to return: apply it by"),
    (lambda s: s.transact([Put(_BOOK)]), r"is not a Transaction: write Transaction\("),
    (lambda s: s.transact(Transaction), r"^the class Transaction is not a Transaction"),
    (lambda s: s.try_transact(Put(_BOOK)), r"^a Transaction takes its writes in a list, not Put"),
    (lambda s: s.try_transact(Transaction([Put(_BOOK)])), r"takes its writes in a list, not Trans"),
    (lambda s: s.is_stored(_BOOK), r"^<Book .*> is not a Put: write Put\("),
    (lambda s: s.put_all(_BOOK), r"^expected entities in a list, got <Book"),
    (lambda s: s.delete_all(3), r"^expected primary keys in a list, got 3$"),
    (lambda s: s.delete_all("BOOK#b1"), r"^'B' is not a primary key: write primary_key\("),
    (lambda s: s.delete_all([("BOOK#b1", "BOOK")]), r"^\('BOOK#b1', 'BOOK'\) is not a primary key"),
    (lambda s: s.delete_all([_BOOK]), r"^<Book .*> is not a primary key"),
    (
        lambda _: _update(key="b1"),
        r"^the key of Book is 'b1'; expected its components, \{\"isbn\":",
    ),
    (lambda _: _update(key=_BOOK), r"^the key of Book is <Book .*>; expected its components"),
    (lambda _: _update(key=None), r"^the key of Book is None; expected its components"),
    (
        lambda _: _update(key={"isbm": 1}),
        r"^Book\.key has no component isbm; did you mean 'isbn'\?$",
    ),
    (lambda _: _update(entity="Book"), r"^'Book' is not an entity: name the class itself"),
    (lambda _: _update(entity=BookByIsbn), r"^the class BookByIsbn is not an entity"),
    (
        lambda _: _update(at=_SHELF, changes=()),
        r"^an Update of Book is made at \{.*\}, which is not",
    ),
    (lambda _: _update(changes={"shelff": 1}), r"no attribute 'shelff'; did you mean 'shelf'\?$"),
    (lambda _: _update(initial=True), r"^initial is True; expected values by the names"),
    (lambda _: _update(initial=_BOOK), r"^initial is <Book .*>; expected values by the names"),
    (
        lambda _: _update(initial=[Book.copies.set(1)]),
        r"^initial is \[.*; expected values by the n",
    ),
    (
        lambda _: _update(mark="copies"),
        r"^mark is 'copies', which the update does not set: name on",
    ),
    (lambda _: _delete(key="b1"), r"^the key of Book is 'b1'; expected its components"),
    (lambda _: _delete(missing_ok=Book.copies.above(1)).parameters(), r"use & for and"),
    (lambda _: Check(Book, _KEY, NOON, missing_ok=True), r"with missing_ok checks nothing: give"),
    (lambda _: _called(primary_key, Book, "b1"), r"^the key of Book is 'b1'; expected its compone"),
    (lambda _: _called(primary_key, Book, _BOOK), r"^the key of Book is <Book .*>; expected"),
    (lambda _: _called(primary_key, "Book", _KEY), r"^'Book' is not an entity"),
]

SETTINGS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda _: _called(Table, 3, (Book,)), r"^the name of a table is 3, not a text$"),
    (lambda _: Table("Books", (Book,), patterns=(Composite,)), r"Composite is a kind of pattern:"),
    (
        lambda _: Table("Books", (Book,), patterns=(_Unfinished,)),
        r"_Unfinished defines no combine, ",
    ),
    (lambda _: _called(Store.connect, Book, region="x"), r"^the class Book is not a Table: write"),
    (lambda _: _called(Store.connect, "Library", region="x"), r"^'Library' is not a Table: write"),
    (lambda _: _connect(region=""), r"^region is ''; expected a text that is not empty$"),
    (lambda _: _connect(table_name=3), r"^table_name is 3; expected a text that is not empty$"),
    (lambda _: _connect(endpoint_url=3), r"^the endpoint is 3; expected a URL as a text$"),
    (lambda _: _connect(credentials="secret"), r"^credentials are no pair of texts, the access ke"),
    (lambda _: _connect(credentials=("id",)), r"^credentials are no pair of texts"),
    (
        lambda _: _connect(clock=NOON),
        r"^clock is datetime.*; expected a function, such as utc_now$",
    ),
    (lambda _: _connect(retries=3), r"^retries is 3; expected a RetryPolicy$"),
    (lambda _: _connect(transport="http"), r"^transport is 'http'; expected auto or botocore$"),
    (lambda _: _connect(cursor_secrets="secret"), r"^the signing keys of cursors are not a list"),
    (lambda _: _called(Cursors, [3]), r"^cursors need at least one signing key, a text that is"),
    (lambda _: LocalCipher("secret"), r"^the encryption keys are not a list of texts$"),
    (lambda _: _called(LocalCipher, [3]), r"^an encryption key is missing or empty"),
    (lambda _: RetryPolicy(attempts=0), r"^a request has 0 attempts; it must have at least 1$"),
    (lambda _: _called(RetryPolicy, "3"), r"^a request has '3' attempts"),
    (lambda _: RetryPolicy(cap=-1), r"^cap is -1; expected seconds, from 0$"),
]


DERIVED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda s: _called(routes_of, Book, s), r"^the class Book is not a Table: write Table\("),
    (lambda _: _called(routes_of, library, "x"), r"^'x' is not a Store: write Library\.connect\("),
    (
        lambda s: _called(routes_of, library, s, patterns=Books),
        r"^Library: patterns is the class ",
    ),
    (lambda s: _called(routes_of, library, s, patterns=(Book,)), r"^Book is not a pattern of Libr"),
    (lambda s: _called(template_of, s), r"^Store\(.* is not a Table: write Table\("),
    (
        lambda _: _called(template_of, library, roles=("desk",)),
        r"^Library: 'desk' is not a Role: w",
    ),
    (
        lambda _: _called(policy_of, library, "desk"),
        r"^Library: 'desk' is not a Role: write Ro",
    ),
    (lambda _: _called(Role, 3, (Books,)), r"^role 3: a name has up to 64 letters and digits"),
    (lambda _: _called(Role, "Desk", Books), r"^role Desk: patterns is the class Books, not a tup"),
    (lambda _: _called(Role, "Desk", (Book,)), r"^role Desk: the class Book is not a pattern: "),
    (lambda _: _called(Role, "Desk", (), ("x",)), r"^role Desk: 'x' is not an Operation$"),
    (
        lambda _: _called(Operation, "lend", puts=Loan),
        r"^operation lend: puts is the class Loan, no",
    ),
    (lambda _: _called(Operation, "lend", asks=(Loan,)), r"Loan is not the class of a pattern$"),
    (lambda _: _called(laws_of, Book), r"^the class Book is not a Table: write Table\("),
]


class _Unfinished(Composite[int]):
    """A composite without its methods."""


def _called(made: Any, *arguments: Any, **options: Any) -> Any:
    """Call with arguments that type checkers refuse, too."""
    return made(*arguments, **options)


def _update(**given: Any) -> object:
    return _called(Update, **{"entity": Book, "key": _KEY, "at": NOON, "changes": _SHELF, **given})


def _delete(**given: Any) -> Any:
    return _called(Delete, **{"entity": Book, "key": _KEY, **given})


def _connect(**given: Any) -> object:
    return _called(library.connect, **{"region": "eu-central-1", **given})


@pytest.mark.parametrize(("call", "error"), [*READS, *WRITES, *SETTINGS, *DERIVED])
def test_a_wrong_call_is_refused_in_words_that_name_what_to_write(
    nowhere: Any, call: Callable[[Any], object], error: str
) -> None:
    with pytest.raises(AutoforgeError, match=error):
        call(nowhere)


def test_an_error_of_a_reading_or_a_pattern_itself_is_raised_as_it_is(nowhere: Any) -> None:
    class Broken(BookByIsbn):
        def primary_key(self) -> KeyValue:
            raise TypeError("out of order")

    with pytest.raises(TypeError, match=r"^out of order$") as caught:
        nowhere.get(Broken("b1"), reading=as_json)
    assert not isinstance(caught.value, AutoforgeError)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda s: s.get(BookByIsbn("b1"), reading=3), r"^3 is not a reading: write reading=as_j"),
        (lambda s: s.get(BookByIsbn("b1"), reading=Book), r"^the class Book is not a reading"),
        (lambda s: s.get(BookByIsbn("b1"), reading=dict), r"^the class dict is not a reading"),
        (lambda s: s.save(_update(condition=Book.copies.above(9), found="is rare")), r"^Book b1 i"),
    ],
)
def test_what_shows_only_in_the_answer_is_named_then(
    call: Callable[[Any], object], error: str
) -> None:
    with library.embedded(clock=lambda: NOON) as store:
        store.save(Put(_BOOK))
        with pytest.raises(AutoforgeError, match=error):
            call(store)

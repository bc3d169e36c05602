"""What the plugin offers: an embedded table, a clock, a counter of requests, and faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from autoforge.dynamodb import Put, Store, Table
from autoforge.dynamodb.errors import IncompleteBatchError
from autoforge.dynamodb.schema.design import Design
from autoforge.testing import NOON, Clock, Lose, Throttle, Unprocessed, injected, watching
from docs.examples.another_domain import LIBRARY, Book, BookByIsbn, Loan, LoansOfBook

pytest_plugins = ["pytester"]

Embedded = Callable[[Design], Store]


@pytest.fixture
def library(embedded: Embedded) -> Store:
    """The table of the example."""
    return embedded(LIBRARY)


def _books(number: int) -> list[Book]:
    return [Book(isbn=f"b{place}", title="") for place in range(number)]


def test_a_table_is_embedded_and_empty_and_its_clock_shows_noon(
    library: Store, embedded: Embedded
) -> None:
    library.save(Put(Book(isbn="b1", title="Emma")))

    assert library.require(BookByIsbn("b1")).title == "Emma"
    assert library.clock() == NOON
    assert embedded(LIBRARY).get(BookByIsbn("b1")) is None


def test_the_clock_is_set(library: Store, autoforge_clock: Clock) -> None:
    book = Book(isbn="b1", title="Emma", expires_at=NOON + timedelta(hours=1))
    library.save(Put(book))
    assert library.get(BookByIsbn("b1")) == book

    autoforge_clock.now += timedelta(hours=1)

    assert library.get(BookByIsbn("b1")) is None


def test_requests_are_counted(library: Store) -> None:
    with watching(library) as watched:
        library.save(Put(Book(isbn="b1", title="Emma")))
        library.page(LoansOfBook("b1"), limit=1)

    assert watched.operations == ["PutItem", "Query"]
    assert watched.units > 0


def test_the_second_request_is_throttled_and_sent_again(library: Store) -> None:
    with injected(library, {2: Throttle()}) as attempts:
        library.save(Put(Book(isbn="b1", title="Emma")))
        library.require(BookByIsbn("b1"))

    assert attempts.operations == ["PutItem", "GetItem", "GetItem"]


def test_a_lost_answer_is_found_to_have_been_applied(library: Store) -> None:
    with injected(library, [Lose()]):
        book = library.save(Put(Book(isbn="b1", title="Emma")))

    assert library.require(BookByIsbn("b1")) == book


def test_a_batch_is_left_partly_unprocessed_and_finished(library: Store) -> None:
    with injected(library, {1: Unprocessed(2)}) as attempts:
        library.put_all(_books(5))

    assert attempts.operations == ["BatchWriteItem"] * 2
    assert all(library.get(BookByIsbn(each.isbn)) for each in _books(5))


def test_a_batch_that_is_never_processed_is_an_error(library: Store) -> None:
    with (
        injected(library, lambda _number, _operation: Unprocessed(5)),
        pytest.raises(IncompleteBatchError),
    ):
        library.put_all(_books(5))


def test_a_user_proves_a_design_in_one_line(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(library=_LIBRARY, test_library=_TEST)

    done = pytester.runpytest_inprocess("-v", *_PLAIN)

    assert done.ret == 0
    done.stdout.fnmatch_lines_random(
        [
            "*test_laws[[]Book: no other item has its key[]] PASSED*",
            "*test_laws[[]BookByIsbn: the answer equals brute force[]] PASSED*",
            "*not proved by the laws*",
            "BookByIsbn: consumes the units * predict: moto does not count units as DynamoDB does",
        ]
    )


def test_a_broken_law_fails_without_a_traceback(pytester: pytest.Pytester) -> None:
    broken = _LIBRARY.replace("    isbn: str", "    isbn: str\n    requests = 2")
    pytester.makepyfile(library=broken, test_library=_TEST)

    done = pytester.runpytest_inprocess(*_PLAIN)

    assert done.ret == 1
    said = str(done.stdout)
    assert (
        "BookByIsbn: sends the requests it declares: it declares requests = 2, and sent 1" in said
    )
    assert "Traceback" not in said
    assert "law.prove" not in said


def test_the_plugin_imports_nothing_that_is_heavy(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys


        def test_imports():
            heavy = {"moto", "botocore", "pynamodb", "autoforge.dynamodb.store.store"}
            assert not heavy & {*sys.modules}
            assert "autoforge.testing.plugin" in sys.modules
        """
    )

    # A process of its own, without the plugins of others.
    done = pytester.runpytest_subprocess(
        "-p", "no:hypothesispytest", "-p", "no:schemathesis", *_PLAIN
    )

    assert done.ret == 0


def test_a_table_of_a_test_may_have_any_entities(embedded: Embedded) -> None:
    store = embedded(Table("Loans", (Loan,), LIBRARY.indexes))

    store.save(Put(Loan(id="l1", isbn="b1", reader="Ann", due_at=NOON)))

    assert [loan.reader for loan in store.each(LoansOfBook("b1"))] == ["Ann"]


_LIBRARY = '''
from dataclasses import dataclass

from autoforge.dynamodb import Entity, Get, Id, Key, Table, Text


class Book(Entity):
    isbn = Id()
    title = Text()
    key = Key("BOOK#{isbn}", "BOOK")


@dataclass(frozen=True)
class BookByIsbn(Get[Book]):
    """Which book is it?"""

    source = "the desk"
    key = Book.key
    isbn: str


library = Table("Library", (Book,), (), (BookByIsbn,))
'''
_TEST = """
from autoforge.testing import laws_of
from library import library

test_laws = laws_of(library, examples=10)
"""
#: Nothing of this suite's own plugins.
_PLAIN: Final = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cov")

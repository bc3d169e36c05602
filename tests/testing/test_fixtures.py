"""What the plugin offers: an embedded table, a clock, a counter of requests, and faults."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from autoforge.dynamodb import Put, Store, Table
from autoforge.dynamodb.errors import IncompleteBatchError
from autoforge.dynamodb.schema.design import Design
from autoforge.testing import NOON, Clock, Lose, Throttle, Unprocessed, injected, watching
from docs.examples.another_domain import LIBRARY, Book, BookByIsbn, Loan, LoansOfBook

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


def test_a_user_proves_a_design_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "library.py").write_text(_LIBRARY, encoding="utf-8")
    (tmp_path / "test_library.py").write_text(_TEST, encoding="utf-8")

    done = _pytest(tmp_path, "-v")

    assert done.returncode == 0, done.stdout
    assert "test_laws[Book: no other item has its key] PASSED" in done.stdout
    assert "test_laws[BookByIsbn: the answer equals brute force] PASSED" in done.stdout
    assert "not judged on moto, which does not count units as DynamoDB does" in done.stdout


def test_a_broken_law_fails_without_a_traceback(tmp_path: Path) -> None:
    broken = _LIBRARY.replace("    isbn: str", "    isbn: str\n    requests = 2")
    (tmp_path / "library.py").write_text(broken, encoding="utf-8")
    (tmp_path / "test_library.py").write_text(_TEST, encoding="utf-8")

    done = _pytest(tmp_path)

    assert done.returncode == 1
    said = done.stdout
    assert (
        "BookByIsbn: sends the requests it declares: it declares requests = 2, and sent 1" in said
    )
    assert "Traceback" not in said
    assert "law.prove" not in said


def test_the_plugin_imports_nothing_that_is_heavy(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n\n\ndef test_imports():\n"
        "    heavy = {'moto', 'botocore', 'pynamodb', 'autoforge.dynamodb.store.store'}\n"
        "    assert not heavy & {*sys.modules}\n"
        "    assert 'autoforge.testing.plugin' in sys.modules\n",
        encoding="utf-8",
    )

    # Without Hypothesis's own plugin, which is not ours.
    done = _pytest(tmp_path, "-p", "no:hypothesispytest", "-p", "no:schemathesis")

    assert done.returncode == 0, done.stdout


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


def _pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder of its own, with the plugin as an installation has it."""
    command = (sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", *options, ".")
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

"""A mistake in how a table is read breaks the law that is about it, with a message that names it.

The mistakes are planted in patterns, by overriding what the toolkit does for them, and in writes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from autoforge.dynamodb import Page
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.readers import as_entities
from autoforge.dynamodb.patterns.snapshot import Snapshot
from autoforge.dynamodb.store import writes
from autoforge.dynamodb.writes import uniqueness
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.uniqueness import PutUnique
from autoforge.testing import Engine
from tests.designs.lending import (
    LENDING,
    AllOfBook,
    BookAndLoans,
    BooksTitled,
    CostlyLoans,
    DebtsOf,
    LoansDue,
    PlaceOf,
    ReaderByEmail,
    WholeLoansDue,
)
from tests.testing.breaking import broken_law

pytestmark = pytest.mark.one_engine

EXAMPLES = 30


def broken(engine: Engine, law: str, pattern: type[Any], *, examples: int = EXAMPLES) -> str:
    """Return the message of a law that a pattern of the table breaks; fail if it holds."""
    table = replace(LENDING, patterns=(pattern,))
    return broken_law(engine, f"{pattern.__name__}: {law}", table, examples=examples)


def test_a_projection_that_answers_with_whole_items(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Whole(LoansDue):
        @classmethod
        def reading(cls) -> Any:  # type: ignore[override]  # cached there
            return as_entities

    said = broken(autoforge_engine, "pages equal brute force", Whole)

    assert (
        "an item did not come: DueLoan(book='a', id='a', due_at=2026-02-04T12:00:00.000Z)" in said
    )


def test_a_projection_that_asks_for_all_attributes(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Generous(PlaceOf):
        @classmethod
        def item_paths(cls) -> Any:  # type: ignore[override]  # cached there
            return ()

    said = broken(autoforge_engine, "sends the requests it declares", Generous)

    assert "a GetItem asks for more attributes than Place takes: all attributes" in said
    assert "  came:\n    all attributes\n" in said
    assert "some of EntityType, PK, SK, TTL, details, shelf, title" in said


def test_a_value_that_is_taken_from_elsewhere(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass(frozen=True)
    class Misread(PlaceOf):
        @classmethod
        def reading(cls) -> Any:  # type: ignore[override]  # cached there
            sound = super().reading()

            def reading(entity: type[Any]) -> Any:
                read = sound(entity)
                return lambda item, now: (p := read(item, now)) and replace(p, size=str(p.pages))

            return reading

    said = broken(autoforge_engine, "the answer equals brute force", Misread)

    assert "an item did not come: Place(pages=0, shelf=" in said
    assert "size='0'" in said


def test_whole_items_of_which_one_is_lost(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Lossy(WholeLoansDue):
        def read_targets(self, *given: Any, **how: Any) -> Sequence[Any]:
            return super().read_targets(*given, **how)[1:]

    said = broken(autoforge_engine, "pages equal brute force", Lossy)

    assert "an item did not come: Loan(book='a', id='a'" in said
    assert "Then get the Loan of each in one batch." in said


def test_whole_items_whose_request_is_not_declared(autoforge_engine: Engine) -> None:
    class Undeclared(WholeLoansDue):
        requests = 1

    Undeclared.requests = 1

    said = broken(autoforge_engine, "sends the requests it declares", Undeclared)

    assert "it declares requests = 1, and sent 2" in said
    assert "  came:\n    Query, BatchGetItem\n" in said


def test_a_beginning_that_is_cut_short(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Short(BooksTitled):
        def _beginning(self, prefix: str) -> str | None:
            found = super()._beginning(prefix)
            return found and (found[:-1] or None)

    said = broken(autoforge_engine, "pages equal brute force", Short)

    assert "came that should not: Book(isbn=" in said
    assert "Book items with title that begins with '" in said


def test_a_filter_that_is_forgotten(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Unfiltered(CostlyLoans):
        def _kept(self) -> Any:
            return None

    said = broken(autoforge_engine, "pages equal brute force", Unfiltered)

    assert "an item came that should not: Loan(book='a', id='a'" in said
    assert "    of them only those with (feeInCents > " in said
    assert "Return only those with (feeInCents > " in said


def test_a_filter_that_leaves_pages_with_fewer_items(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Thin(CostlyLoans):
        def _kept(self) -> Any:
            return None

        def read_page(self, *given: Any, **how: Any) -> Page[Any]:
            page = Query.read_page(self, *given, **how)
            kept = (
                each
                for each in page.items
                if each.fee_in_cents > self.fee_in_cents or len(each.reader) > 2
            )
            return Page(tuple(kept), page.cursor)

    said = broken(autoforge_engine, "pages equal brute force", Thin)

    assert re.search(r"page \d has \d of \d items, and a cursor", said)


def test_a_filter_that_reads_more_than_the_range(autoforge_engine: Engine) -> None:
    if not autoforge_engine.counts_units:
        pytest.skip("moto does not count units: this runs on dynoxide")

    @dataclass(frozen=True)
    class Dear(CostlyLoans):
        def condition(self, now: Any) -> Any:
            return replace(super().condition(now), operator="", operands=())

    law = "consumes the units that item sizes predict"
    said = broken(autoforge_engine, law, Dear, examples=200)

    assert "and the sizes of what it reads predict " in said
    assert "items in the table:\n    " in said


def test_an_entity_that_is_left_out_and_counted(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Overcounted(BookAndLoans):
        @classmethod
        def _type_condition(cls) -> Any:  # type: ignore[override]  # cached there
            return None

    said = broken(autoforge_engine, "counts what it selects", Overcounted)

    assert re.search(r"it counts (\d) items, and \d are in the range", said)
    assert "\n    Copy(isbn=" in said
    assert "request:\n    Count the items of the table for PK = BOOK#" in said


def test_items_of_several_entities_the_wrong_way_round(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Backwards(AllOfBook):
        @property
        def descending(self) -> bool:
            return self.order != "desc"

    said = broken(autoforge_engine, "pages equal brute force", Backwards)

    assert "the items came in another order" in said


def test_a_read_that_is_strongly_consistent_unasked(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Eager(DebtsOf):
        def request(self, *given: Any, **how: Any) -> Any:
            return super().request(*given, **{**how, "consistent": True})

    said = broken(autoforge_engine, "reads strongly consistently only if asked to", Eager)

    assert "it reads with another consistency than it was asked to" in said
    assert "  came:\n    Query, strongly consistent\n" in said
    assert "  should have come:\n    Query, eventually consistent\n" in said


def test_a_strongly_consistent_read_of_a_global_index(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Lenient(BooksTitled):
        def request(self, *given: Any, **how: Any) -> Any:
            return super().request(*given, **{**how, "consistent": False})

    said = broken(autoforge_engine, "reads strongly consistently only if asked to", Lenient)

    assert "a strongly consistent read of a global index was not refused" in said
    assert "InvalidValueError, before a request is sent" in said


def test_a_snapshot_that_mistakes_one_item_for_another(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Snapshot, "places", property(lambda self: [0] * len(self.gets)))

    said = broken(autoforge_engine, "a snapshot has the same items", PlaceOf)

    assert re.search(r"an item (did not come|came that should not): Place\(", said)
    assert "a snapshot of PlaceOf(isbn=" in said
    assert "as they are at one moment, in one transaction." in said


def test_a_count_that_counts_only_what_is_alive(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass(frozen=True)
    class Doubled(LoansDue):
        def _is_counted_by_key(self) -> bool:  # type: ignore[override]
            return False

        def request(self, *given: Any, **how: Any) -> Any:
            return super().request(*given, **{**how, "limit": 1 if how.get("count") else 100})

    said = broken(autoforge_engine, "counts what it selects", Doubled)

    assert "a count is one Query" in said
    assert "  came:\n    Query, Query" in said


# Unique values.

_EMAIL = "Reader: no two items have one by_email, and it finds the one that has it"


def test_a_value_that_is_given_twice(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PutUnique, "_free", lambda _: {})

    said = broken_law(autoforge_engine, _EMAIL, LENDING, examples=EXAMPLES)

    assert "a value of by_email was given twice" in said
    assert "writes:\n    Put(" in said
    assert "which must be refused" in said
    assert "should have come:\n    NotUniqueError" in said


def test_a_look_up_item_that_stays_when_the_value_changes(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = uniqueness.with_look_up_items

    def without_deletes(write: Any, before: Any, others: Any) -> Any:
        own, *look_ups = sound(write, before, others)
        return (own, *(each for each in look_ups if not isinstance(each, Delete)))

    monkeypatch.setattr(writes, "with_look_up_items", without_deletes)

    said = broken_law(autoforge_engine, _EMAIL, LENDING, examples=EXAMPLES)

    assert "the look-up items are not those of the items" in said
    assert "  writes:\n    Put(" in said
    assert re.search(r"  came:\n(    .*\n)*    EMAIL#\{email\} of ", said)


def test_a_look_up_that_trusts_a_stale_look_up_item(autoforge_engine: Engine) -> None:
    @dataclass(frozen=True)
    class Trusting(ReaderByEmail):
        def agrees(self, item: Any) -> bool:
            return True

    said = broken(autoforge_engine, "the answer equals brute force", Trusting, examples=60)

    assert "an item came that should not: Reader(id=" in said
    assert "the Reader item with email = " in said


def test_a_refused_write_that_changes_something(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = writes.Writes._transact

    def one_by_one(self: Any, transaction: Any, **how: Any) -> None:
        for each in transaction.writes:
            sound(self, Transaction((each,)), **how)

    monkeypatch.setattr(writes.Writes, "_transact", one_by_one)

    said = broken_law(autoforge_engine, _EMAIL, LENDING, examples=EXAMPLES)

    assert "a refused write changed what is stored" in said
    assert "which must be refused" in said

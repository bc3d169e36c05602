"""A mistake that shows only if others act meanwhile breaks the law that is about it.

Others are callers who write at once, those who write between two pages, and DynamoDB, which deletes
expired items in its own time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from autoforge.dynamodb import Entity, Id, Integer, Key, Page, Table
from autoforge.dynamodb.patterns.request import wire_key
from autoforge.dynamodb.store import batch
from autoforge.dynamodb.store.writes import Writes
from autoforge.dynamodb.writes import uniqueness, update
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.uniqueness import PutUnique, ReleaseUnique
from autoforge.dynamodb.writes.update import Update
from autoforge.testing import Engine
from tests.designs.lending import LENDING, AllOfBook, Places
from tests.testing.breaking import broken_law

pytestmark = pytest.mark.one_engine

EXAMPLES = 50
STEPS = 15

AT_ONCE = "callers who write at once leave what some order of them leaves"
BETWEEN = "changes between pages skip and repeat no other item"
EXPIRED = "Reader: the by_email of an expired item is free for another one"


class Counter(Entity):
    """A number that callers count up."""

    id: Id = Id()
    visits: Integer = Integer()

    key = Key("COUNTER#{id}", "COUNTER")


COUNTERS = Table("Counters", (Counter,))


def broken(engine: Engine, law: str, table: Table = LENDING) -> str:
    """Return the message of a law that a table breaks; fail if it holds."""
    return broken_law(engine, law, table, examples=EXAMPLES, steps=STEPS)


def test_an_update_that_reads_and_then_replaces_the_item(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Writes.write

    def read_and_replace(self: Any, write: Any) -> Any:
        stored = self.item_at(write.primary_key()) if isinstance(write, Update) else None
        if stored is None:
            return sound(self, write)
        item = write.entity.from_item(stored)
        for name, value in write.values.items():
            setattr(item, name, value)
        return sound(self, Put(item, replace=True))

    monkeypatch.setattr(Writes, "write", read_and_replace)

    said = broken(autoforge_engine, f"Loan: {AT_ONCE}")

    assert "no order of the callers leaves what they left\n  request:\n    caller " in said
    assert re.search(r"  writes:\n    caller 1: .*\n    caller 2: ", said)
    assert re.search(r"  caller \d then caller \d(, or .*)?:\n    caller 1: done\n", said)
    assert "  came:\n    caller 1: done\n    caller 2: done\n    Loan(book=" in said


def test_an_expectation_that_the_request_forgets(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Update.parameters

    def without_condition(self: Update[Any]) -> Mapping[str, Any]:
        return sound(replace(self, expected={}))

    monkeypatch.setattr(Update, "parameters", without_condition)

    said = broken(autoforge_engine, f"Book: {AT_ONCE}")

    assert re.search(r"caller 1: read Book\(isbn=.* and change \w+ to what follows it in ", said)
    assert re.search(
        r"request:\n(    caller \d: GetItem\n){2}(    caller \d: UpdateItem\n){2}", said
    )


def test_a_sum_that_the_caller_computes(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Writes.write

    def computed(self: Any, write: Any) -> Any:
        if isinstance(write, Update) and write.relative:
            stored = self.item_at(write.primary_key())
            if stored is not None:
                visits = Counter.from_item(stored).visits + 1
                write = Update(Counter, write.key, write.at, {"visits": visits})
        return sound(self, write)

    monkeypatch.setattr(Writes, "write", computed)

    said = broken_law(
        autoforge_engine, f"Counter: {AT_ONCE}", COUNTERS, examples=EXAMPLES, steps=STEPS
    )

    assert "add 1 to visits" in said


def test_a_value_that_is_moved_without_a_look_at_the_item(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uniqueness, "_expecting", lambda write, before: write)

    said = broken_law(
        autoforge_engine, f"Reader: {AT_ONCE}", LENDING, examples=EXAMPLES, steps=STEPS
    )

    assert "    caller 1: GetItem\n    caller 2: GetItem\n" in said
    came = said.partition("  came:\n")[2]
    assert len(re.findall(r"look-up item '\w+#.* / UNIQUE' of 'READER#", came)) > 1


def test_a_deletion_that_forgets_what_was_moved_meanwhile(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uniqueness, "_on_condition", lambda write, before: write)

    said = broken_law(
        autoforge_engine, f"Reader: {AT_ONCE}", LENDING, examples=EXAMPLES, steps=STEPS
    )

    assert "Delete of Reader(id=" in said
    assert re.search(r"came:\n(    caller \d: done\n){2}    look-up item ", said)


def test_the_same_fault_is_found_in_the_same_way_again(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uniqueness, "_on_condition", lambda write, before: write)
    law = f"Reader: {AT_ONCE}"

    once = broken_law(autoforge_engine, law, LENDING, examples=EXAMPLES, steps=1)

    assert broken_law(autoforge_engine, law, LENDING, examples=EXAMPLES, steps=1) == once


# Faults, lost answers, and refusals.


LOST = "a write whose answer is lost is made once"
REFUSED = "a write that must be refused changes nothing"
FAULTS = "faults of DynamoDB change no answer"


def test_a_sum_that_is_added_again_when_the_answer_is_lost(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Update, "repeatable", True)

    said = broken(autoforge_engine, f"Counter: {LOST}", COUNTERS)

    assert "the answer to UpdateItem was lost, and the outcome is another one" in said
    assert "    UpdateItem, whose answer is lost\n    UpdateItem\n" in said
    assert "add 1 to visits" in said


def test_a_creation_that_is_refused_by_its_own_success(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Put, "proves", lambda *_: False)

    said = broken(autoforge_engine, f"Counter: {LOST}", COUNTERS)

    assert "  items in the table:\n    none\n  came:\n    ItemExistsError\n" in said
    assert "  should have come:\n    done, or UnavailableError\n    Counter(id=" in said


@pytest.mark.parametrize(
    ("of", "replaced", "wanted"),
    [
        (Put, ("_free", lambda _: {}), "ItemExistsError"),
        (Delete, ("parameters", lambda self: {"Key": _key(self)}), "ItemNotFoundError"),
        (Update, ("_conditions", lambda _: []), "ItemNotFoundError"),
    ],
)
def test_a_condition_that_a_write_forgets(
    autoforge_engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    of: type[Any],
    replaced: tuple[str, Any],
    wanted: str,
) -> None:
    monkeypatch.setattr(of, *replaced)

    said = broken(autoforge_engine, f"Counter: {REFUSED}", COUNTERS)

    assert "Counter: a write that must be refused changes nothing: a write was not refused" in said
    assert f"    {of.__name__}" in said
    assert ", which must be refused\n" in said
    assert "  came:\n    no error\n" in said
    assert f"  should have come:\n    {wanted}\n" in said


def _key(write: Any) -> Any:
    return wire_key(write.primary_key(), write.entity.layout.primary)


def test_an_update_of_an_item_that_has_expired(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "is_live", lambda *_: None)

    said = broken(autoforge_engine, f"Counter: {REFUSED}", COUNTERS)

    assert "a write was not refused" in said
    assert "expires_at=2026-02-04T11:00:00.000Z" in said


def test_keys_that_a_batch_leaves_unprocessed(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_once(_: Any, send: Any, request: Any, *__: Any) -> Any:
        for items in send(request)["Responses"].values():
            yield from items

    monkeypatch.setattr(batch, "read", read_once)
    table = replace(LENDING, patterns=(Places,))

    said = broken(autoforge_engine, f"Places: {FAULTS}", table)

    assert "an item did not come: Place(" in said
    assert re.search(r"    attempt \d leaves the last key of a batch unprocessed\n", said)


def test_a_page_that_takes_a_request_too_many(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = AllOfBook.request

    def one_less(self: Any, *given: Any, **how: Any) -> Any:
        return sound(self, *given, **{**how, "limit": max(1, (how["limit"] or 2) - 1)})

    pattern: Any = dataclass(frozen=True)(
        type("Less", (AllOfBook,), {"__doc__": "What is there?", "request": one_less})
    )
    table = replace(LENDING, patterns=(pattern,))

    said = broken(autoforge_engine, "Less: sends the requests it declares", table)

    assert "it declares requests = 1, and sent 2 for a page" in said
    assert "1 of them, since a page reads one item more than it has" in said


# Pages.


class _ByNumber(AllOfBook):
    """Continues after as many items as came before, wherever those are now."""

    def read_page(self, reader: Any, reading: Any, **how: Any) -> Page[Any]:
        number = int(how["cursor"] or 0)
        whole = super().read_page(reader, reading, **{**how, "limit": 100, "cursor": None})
        page = whole.items[number : number + how["limit"]]
        more = number + how["limit"] < len(whole.items)
        return Page(page, str(number + how["limit"]) if more else None)


class _ByItem(AllOfBook):
    """Continues after the item that came last, if it is still there."""

    def read_page(self, reader: Any, reading: Any, **how: Any) -> Page[Any]:
        whole = super().read_page(reader, reading, **{**how, "limit": 100, "cursor": None})
        keys = [repr(each) for each in whole.items]
        start = keys.index(how["cursor"]) + 1 if how["cursor"] in keys else 0
        page = whole.items[start : start + how["limit"]]
        more = start + how["limit"] < len(whole.items)
        return Page(page, repr(page[-1]) if more else None)


@pytest.mark.parametrize(
    ("pages", "why"), [(_ByNumber, "was skipped"), (_ByItem, "came too often, or too late")]
)
def test_a_cursor_that_is_no_place_in_the_order(
    autoforge_engine: Engine, pages: type[Any], why: str
) -> None:
    pattern: Any = dataclass(frozen=True)(type("Pages", (pages,), {"__doc__": "What is there?"}))
    table = replace(LENDING, patterns=(pattern,))

    said = broken(autoforge_engine, f"Pages: {BETWEEN}", table)

    assert f" {why}\n  asked:\n" in said
    assert "    page 1: " in said
    assert re.search(r"\n    (delete|store) \w+\(", said)
    assert re.search(r"  came:\n    (never|twice|\d times)\n  should have come:\n    ", said)


# Items that expire.


def test_a_value_that_stays_taken_when_its_item_expires(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = PutUnique._free
    monkeypatch.setattr(PutUnique, "_free", lambda self: sound(replace(self, expired_by=None)))

    said = broken(autoforge_engine, EXPIRED)

    assert "a write was refused, and no live item has the value" in said
    assert "    wait an hour\n" in said
    assert "  came:\n    NotUniqueError: " in said


def test_a_value_that_is_taken_from_the_next_owner(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = uniqueness._release

    def unconditional(*given: Any) -> Any:
        write: Any = sound(*given)
        released = isinstance(write, ReleaseUnique)
        return Delete(write.entity, write.key, missing_ok=True) if released else write

    monkeypatch.setattr(uniqueness, "_release", unconditional)

    said = broken(autoforge_engine, EXPIRED)

    assert "an item did not come: Reader(id=" in said
    assert "    Delete of Reader(id=" in said


def test_a_look_up_item_that_expires_before_its_item(
    autoforge_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(write: Update[Any]) -> list[Any]:
        changed = {*write.values, *write.relative}
        return [each for each in write.entity.uniques if each.sources & changed]

    monkeypatch.setattr(uniqueness, "_moved", moved)

    said = broken(autoforge_engine, EXPIRED)

    assert "an item did not come: Reader(id=" in said
    assert "changes={'expires_at': " in said

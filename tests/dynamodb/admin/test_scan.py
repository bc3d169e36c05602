"""Scans of operators: nothing is missed, whatever stops them, at the rate that they are given."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb import Operation, Put, Scan, Transaction, permissions_of
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.permission import WHOLE
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import Layout
from autoforge.dynamodb.schema.item_size import item_size
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Text
from autoforge.dynamodb.store.store import Store
from autoforge.errors import InvalidValueError, ThrottledError
from autoforge.testing.clock import Waits
from autoforge.testing.faults import Pass, Refuse, injected
from autoforge.testing.recording import watching
from docs.examples.library import Member, library
from tests.factories import NOON
from tests.servers import Engine
from tests.stores import client_of, fresh, put_raw, raw_items


class Sample(Entity):
    """A sample in a freezer."""

    layout = Layout("box", "place", entity_type="kind", sort_type="N")
    box: Text = Text()
    place: Integer = Integer()
    note: Text = Text()

    key = Key("{box}", "{place}")


FREEZER = Design("Freezer", (Sample,))


def samples(number: int, note: str = "x") -> list[Sample]:
    """Samples in boxes of ten."""
    return [Sample(box=f"b{n // 10}", place=n % 10, note=note) for n in range(number)]


def keys_in(scan: Scan) -> Counter[tuple[str, str]]:
    """The keys of all items of a scan."""
    return Counter(
        (each.item["box"]["S"], each.item["place"]["N"]) for page in scan for each in page.items
    )


@pytest.fixture(scope="module")
def freezer(own: Client) -> Store:
    """A freezer with 75 samples."""
    store = fresh(own, design=FREEZER)
    store.put_all(samples(75))
    return store


@given(segments=st.integers(1, 5), page_size=st.none() | st.integers(1, 40))
def test_every_item_is_read_once(freezer: Store, segments: int, page_size: int | None) -> None:
    scan = freezer.admin.scan(segments=segments, page_size=page_size)

    found = keys_in(scan)

    assert len(found) == 75
    assert set(found.values()) == {1}
    assert scan.items == 75


@given(
    segments=st.integers(1, 4),
    page_size=st.integers(1, 30),
    stops=st.lists(st.integers(1, 6), max_size=4),
)
def test_a_scan_that_is_stopped_and_resumed_misses_nothing_and_repeats_nothing(
    freezer: Store, segments: int, page_size: int, stops: list[int]
) -> None:
    found: Counter[tuple[str, str]] = Counter()
    position = None
    for stop in [*stops, 1000]:
        scan = freezer.admin.scan(
            segments=None if position else segments, page_size=page_size, position=position
        )
        for page, _ in zip(scan, range(stop), strict=False):
            found += keys_in(_as_scan(page))
            position = json.loads(json.dumps(page.position))

    assert len(found) == 75
    assert set(found.values()) == {1}


def test_a_scan_that_has_ended_reads_nothing_again(freezer: Store) -> None:
    (last,) = freezer.admin.scan()

    with watching(freezer.client) as watched:
        assert [*freezer.admin.scan(position=last.position)] == []

    assert watched.sent == []


def test_segments_are_read_in_parallel_and_each_in_its_order(freezer: Store) -> None:
    with watching(freezer.client) as watched:
        pages = [*freezer.admin.scan(segments=3)]

    assert sorted(sent["Segment"] for _, sent in watched.sent) == [0, 1, 2]
    assert {sent["TotalSegments"] for _, sent in watched.sent} == {3}
    assert [page.segment for page in pages] == [0, 1, 2]
    assert set(watched.operations) == {"Scan"}


def test_a_scan_keeps_to_its_rate(engine: Engine) -> None:
    if engine.name == "moto":
        pytest.skip("moto answers constants for capacity; this runs on dynoxide")
    waits = Waits()
    client = client_of(engine, sleep=waits.sleep, timer=waits.timer)
    store = fresh(client, design=FREEZER)
    every = samples(60, "x" * 3000)
    store.put_all(every)
    begun = waits.seconds

    scan = store.admin.scan(segments=2, units_per_second=4)
    rounds = [(waits.seconds - begun, page.units) for page in scan]

    # A request is rounded up, so the scan may cost a little more than the items.
    whole = sum(item_size(each.to_item()) for each in every) / 4096 / 2
    assert whole <= scan.units <= whole * 1.5
    assert sum(units for _, units in rounds) == scan.units
    for number, (at, _) in enumerate(rounds):
        before = sum(units for _, units in rounds[: number - number % 2])
        assert at >= before / 4
    assert waits.seconds - begun <= scan.units / 4
    assert max(units for _, units in rounds) <= 4


def test_without_a_rate_a_scan_does_not_wait(engine: Engine) -> None:
    waits = Waits()
    client = client_of(engine, sleep=waits.sleep, timer=waits.timer)
    store = fresh(client, design=FREEZER)
    store.put_all(samples(20))
    begun = waits.seconds

    assert sum(len(page.items) for page in store.admin.scan(page_size=3)) == 20
    assert waits.seconds == begun


def test_throttling_slows_a_scan_down(freezer: Store) -> None:
    throttled = Refuse("ProvisionedThroughputExceededException")

    with injected(freezer.client, lambda number, _: throttled if number < 20 else Pass()):
        assert sum(len(page.items) for page in freezer.admin.scan()) == 75
    with (
        injected(freezer.client, lambda *_: throttled),
        pytest.raises(ThrottledError),
    ):
        next(freezer.admin.scan())


def test_what_cannot_be_read_is_reported_and_what_is_expired_is_there(client: Client) -> None:
    store = fresh(client, design=FREEZER)
    expired = Sample(box="b", place=1, note="x", expires_at=NOON - timedelta(days=1))
    store.put_all([expired, Sample(box="b", place=2, note="x")])
    unknown = {"box": {"S": "b"}, "place": {"N": "3"}, "kind": {"S": "Tube"}}
    broken = {"box": {"S": "b"}, "place": {"N": "4"}, "kind": {"S": "Sample"}}
    put_raw(store, unknown, broken)

    items = [each for page in store.admin.scan() for each in page.items]

    found = {each.item["place"]["N"]: each for each in items}
    assert found["1"].entity == expired
    assert [found[number].fault for number in "1234"] == [
        "",
        "",
        "no entity of Freezer has its type",
        "Sample at b / 4 has no note",
    ]
    assert (found["3"].entity, found["3"].item) == (None, unknown)
    assert len(items) == len(raw_items(store)) == 4


def test_look_up_items_of_unique_values_and_marks_are_read(client: Client) -> None:
    store = fresh(client, design=library)
    store.transact(Transaction([Put(Member(id="ann", email="ann@example.com"))], marked=True))

    items = [each for page in store.admin.scan() for each in page.items]

    assert {each.item["EntityType"]["S"]: each.fault for each in items} == {
        "Member": "",
        "Unique EMAIL#{email}": "",
        "TransactionMark": "",
    }
    assert all(each.entity for each in items)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"segments": 0}, "a scan has 1 to 1000000 segments, not 0"),
        ({"page_size": 0}, "the size of a page is 0; it must be at least 1"),
        ({"units_per_second": 0}, "units_per_second is 0; it must be above 0"),
        ({"position": "x"}, "'x' is not the position of a scan"),
        ({"position": '{"table": "t", "after": [1]}'}, "is not the position of a scan"),
        ({"position": '{"table": "t", "after": []}'}, "is not the position of a scan"),
        ({"position": '{"table": "t", "after": [null]}'}, "is of a scan of t, not of fresh-table-"),
    ],
)
def test_a_scan_that_cannot_be_is_refused(
    freezer: Store, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message):
        freezer.admin.scan(**given)


def test_a_position_belongs_to_its_segments(freezer: Store) -> None:
    page = next(freezer.admin.scan(segments=2, page_size=1))

    with pytest.raises(InvalidValueError, match="is of a scan in 2 segments, not 3"):
        freezer.admin.scan(segments=3, position=page.position)


def test_a_scan_of_an_error_continues_from_the_last_page_that_was_taken(freezer: Store) -> None:
    broken = Refuse("AccessDeniedException")
    scan = freezer.admin.scan(segments=2, page_size=5)
    first, _second = next(scan), next(scan)

    with (
        injected(freezer.client, lambda number, _: broken if number == 1 else Pass()),
        pytest.raises(ClientError, match="AccessDenied"),
    ):
        next(scan)
    found = keys_in(freezer.admin.scan(position=first.position))

    assert len(found) == 75 - len(first.items)


def test_only_an_operation_that_scans_is_permitted_to() -> None:
    export = Operation("export", scans=(Sample,))

    (permission,) = permissions_of(export)

    assert permission == ("Scan", Sample.layout.primary, WHOLE)
    assert export.with_more("more", scans=(Sample,)).scans == (Sample,)


def test_a_scan_may_be_strongly_consistent(freezer: Store) -> None:
    with watching(freezer.client) as watched:
        sum(len(page.items) for page in freezer.admin.scan(consistent=True))
        sum(len(page.items) for page in replace(freezer).admin.scan())

    assert [sent["ConsistentRead"] for _, sent in watched.sent] == [True, False]


def _as_scan(*pages: Any) -> Scan:
    return Scan(iter(pages))

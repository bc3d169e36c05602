"""Each pattern sends the requests it declares; item sizes predict the capacity consumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.access.artefacts import ArtefactOfProject
from autoforge.access.catalogue import CATALOGUE
from autoforge.access.events.patterns import EventsOfProject, GlobalEvents
from autoforge.access.features.patterns import FeatureStats
from autoforge.access.projects.patterns import ProjectById
from autoforge.dynamodb.capacity import fetch_units, get_units, query_units, write_units
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.item_size import LIMIT, item_size
from autoforge.dynamodb.store.items import LOOKAHEAD
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import ItemTooLargeError
from autoforge.models import Artefact, Event
from autoforge.testing.faults import Answer, injected
from autoforge.testing.recording import Watched, watching
from tests.access.cases import CASES, THERE, asked_of, reads
from tests.factories import NOON, an_artefact, an_event, new_id
from tests.servers import Engine
from tests.stores import fresh
from tests.strategies import documents

_PAD: Final = "x" * 3000
#: The capacity units of a request, from the sizes of the items it reads.
_UNITS: Final[dict[str, Callable[..., float]]] = {
    "GetItem": lambda sizes, **how: get_units(sum(sizes), **how),
    "Query": query_units,
    "BatchGetItem": fetch_units,
}
each_case: Final = pytest.mark.parametrize("asked", CASES, ids=lambda asked: type(asked).__name__)


def test_every_pattern_of_the_catalogue_has_a_case_that_finds_all_that_it_can() -> None:
    assert [type(asked) for asked in CASES] == list(CATALOGUE)
    for asked in CASES:
        for operation, found in reads(asked):
            most = 1 if operation == "GetItem" else 2
            # All features are in one status; the pattern queries the other statuses too.
            assert len(found) >= most or isinstance(asked, FeatureStats), asked


@each_case
def test_a_pattern_sends_the_requests_it_declares_and_never_a_scan(full: Store, asked: Any) -> None:
    with watching(full.client) as watched:
        _answer(full, asked)

    # The requests of a composite run concurrently, in any order.
    order = sorted if isinstance(asked, Composite) else list
    assert order(watched.operations) == order(operation for operation, _ in reads(asked))
    assert len(watched.operations) == type(asked).requests
    assert sorted(call.operation for call in watched.calls) == sorted(watched.operations)


@each_case
def test_a_pattern_consumes_what_its_items_sizes_predict(
    full: Store, engine: Engine, asked: Any
) -> None:
    _require_true_capacity(engine)
    on_index = not asked.index.consistent_reads if isinstance(asked, Query) else False

    for consistent in [False] if on_index else [False, True]:
        with watching(full.client) as watched:
            _answer(full, asked, consistent=consistent)

        assert _read_units(watched) == _predicted(asked, consistent=consistent)


def test_a_get_that_finds_nothing_costs_the_least(full: Store, engine: Engine) -> None:
    _require_true_capacity(engine)

    with watching(full.client) as watched:
        full.get(ProjectById("nobody"))
        full.get(ProjectById("nobody"), consistent=True)

    assert [call.capacity["CapacityUnits"] for call in watched.calls] == [
        get_units(0),
        get_units(0, consistent=True),
    ]


@pytest.mark.parametrize("kind", [EventsOfProject, GlobalEvents])
def test_polling_for_what_is_newer_costs_half_a_unit_when_nothing_is(
    full: Store, engine: Engine, kind: type[Query[Any]]
) -> None:
    newest = max(each.id for each in THERE.of(Event))
    asked = replace(asked_of(kind), after=newest)

    with watching(full.client) as watched:
        page = full.page(asked, limit=25)

    assert (page.items, page.cursor, watched.operations) == ((), None, ["Query"])
    if engine.name != "moto":
        assert _read_units(watched) == 0.5


def test_a_long_run_of_expired_items_takes_few_requests(store: Store) -> None:
    project_id = new_id()
    dead = [
        an_event(project_id=project_id, created_at=NOON - timedelta(days=40)) for _ in range(300)
    ]
    alive = an_event(project_id=project_id)
    store.put_all([*dead, alive])

    with watching(store.client) as watched:
        page = store.page(EventsOfProject(project_id, order="asc"), limit=1)

    assert page.items == (alive,)
    # 2 + 4 + ... + 256 items: the 301st is in the eighth, and none follows it.
    assert [sent["Limit"] for _, sent in watched.sent] == [2**n for n in range(1, 9)]


def test_a_page_never_looks_ahead_further_than_a_bound(store: Store) -> None:
    key = {"PK": {"S": "PROJECT#p"}, "SK": {"S": "EVENT#"}}
    more = Answer({"Items": [], "LastEvaluatedKey": key})
    last = Answer({"Items": []})

    with (
        injected(store.client, lambda number, _: more if number < 12 else last),
        watching(store.client) as watched,
    ):
        page = store.page(EventsOfProject("p"), limit=100)

    limits = [sent["Limit"] for _, sent in watched.sent]
    assert (page.items, page.cursor) == ((), None)
    assert limits == [101, 202, 404, 808, *[LOOKAHEAD] * 9]


@given(document=documents(), above=st.integers(0, 2))
def test_an_item_weighs_exactly_what_dynamodb_counts(
    client: Client, engine: Engine, document: dict[str, Any], above: int
) -> None:
    _require_true_capacity(engine)
    store = fresh(client)
    item = an_artefact(content=document).to_item()
    item["pad"] = {"S": ""}
    padding = -item_size(item) % 1024 + above * 1024

    exact = _put(store, {**item, "pad": {"S": "x" * padding}})
    over = _put(store, {**item, "pad": {"S": "x" * (padding + 1)}})

    size = item_size(item) + padding
    assert size % 1024 == 0
    assert (
        (exact, over)
        == (write_units(0, size), write_units(0, size + 1))
        == (size // 1024, size // 1024 + 1)
    )


def test_a_write_consumes_the_larger_of_before_and_after(store: Store, engine: Engine) -> None:
    _require_true_capacity(engine)
    artefact = an_artefact(content={"pad": _PAD})
    identity = {"project_id": artefact.project_id, "type": artefact.type}
    before = item_size(artefact.to_item())

    with watching(store.client) as watched:
        store.save(Put(artefact))
        smaller = store.save(Update(Artefact, identity, NOON, changes={"content": {}}))
        store.write(Delete(Artefact, identity))

    after = item_size(smaller.to_item())
    assert [call.capacity["CapacityUnits"] for call in watched.calls] == [
        write_units(0, before),
        write_units(before, after),
        write_units(after, 0),
    ]
    assert (write_units(0, before), write_units(before, after), write_units(after, 0)) == (4, 4, 1)


def test_an_item_of_exactly_the_limit_is_stored(store: Store, engine: Engine) -> None:
    if engine.name == "moto":
        pytest.skip("moto refuses an item of exactly 409,600 bytes; dynoxide takes it")
    artefact = _of_size(LIMIT)

    store.save(Put(artefact))

    assert store.get(ArtefactOfProject(artefact.project_id, artefact.type)) == artefact


def test_an_item_of_a_byte_more_is_refused_before_the_call(store: Store) -> None:
    artefact = _of_size(LIMIT + 1)

    with watching(store.client) as watched:
        with pytest.raises(ItemTooLargeError, match=r"409,601 bytes.*\(content 409,") as caught:
            store.save(Put(artefact))
        with pytest.raises(ItemTooLargeError):
            store.put_all([artefact])

    assert watched.sent == []
    assert caught.value.size == LIMIT + 1
    assert next(iter(caught.value.weights)) == "content"


def test_an_update_that_makes_the_item_too_large_is_refused(store: Store) -> None:
    artefact = _of_size(LIMIT - 20_000)
    store.save(Put(artefact))
    identity = {"project_id": artefact.project_id, "type": artefact.type}

    with pytest.raises(ItemTooLargeError) as caught:
        store.save(
            Update(Artefact, identity, NOON, changes={"previous_version": {"pad": "x" * 30_000}})
        )

    assert caught.value.size is None
    assert store.get(ArtefactOfProject(artefact.project_id, artefact.type)) == artefact


def test_an_update_of_an_attribute_too_large_by_itself_is_refused_before_the_call(
    store: Store,
) -> None:
    artefact = an_artefact()
    identity = {"project_id": artefact.project_id, "type": artefact.type}

    with watching(store.client) as watched, pytest.raises(ItemTooLargeError, match="content 409,"):
        store.save(Update(Artefact, identity, NOON, changes={"content": {"pad": "x" * LIMIT}}))

    assert watched.sent == []


def _require_true_capacity(engine: Engine) -> None:
    if engine.name == "moto":
        pytest.skip("moto answers constants for capacity; this runs on dynoxide")


def _answer(store: Store, asked: Any, *, consistent: bool = False) -> None:
    match asked:
        case Get():
            assert store.get(asked, consistent=consistent) is not None
        case Query():
            assert store.page(asked, limit=100, consistent=consistent).items
        case Fetch():
            assert store.fetch(asked, consistent=consistent)
        case Composite():
            assert store.answer(asked, consistent=consistent) is not None


def _read_units(watched: Watched) -> float:
    """Return the read units of all calls; a batch reports a list, with one entry per table."""
    units = 0.0
    for call in watched.calls:
        tables = call.capacity if isinstance(call.capacity, list) else [call.capacity]
        units += sum(table["CapacityUnits"] for table in tables)
    return units


def _predicted(asked: Any, *, consistent: bool) -> float:
    on_index = isinstance(asked, FeatureStats)
    return sum(
        _UNITS[operation](
            [0 if each is None else item_size(each.to_item()) for each in found],
            consistent=consistent and not on_index,
        )
        for operation, found in reads(asked)
    )


def _put(store: Store, item: dict[str, Any]) -> float:
    key = {name: item[name] for name in ("PK", "SK")}
    answer = store.client.botocore.put_item(
        TableName=store.table_name, Item=item, ReturnConsumedCapacity="TOTAL"
    )
    store.client.botocore.delete_item(TableName=store.table_name, Key=key)
    return float(answer["ConsumedCapacity"]["CapacityUnits"])


def _of_size(size: int) -> Artefact:
    empty = an_artefact(content={"pad": ""})
    return an_artefact(
        id=empty.id,
        project_id=empty.project_id,
        content={"pad": "x" * (size - item_size(empty.to_item()))},
    )

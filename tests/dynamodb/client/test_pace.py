"""Many requests to a table with too little capacity: they slow down, and all items are stored."""

from __future__ import annotations

from itertools import count
from typing import Final

import pytest

from autoforge.access.tickets.patterns import LinearIssue
from autoforge.dynamodb.client.client import RetryPolicy
from autoforge.dynamodb.client.pace import Pace
from autoforge.errors import (
    IncompleteBatchError,
    IncompleteCreationError,
    OutOfTimeError,
    ThrottledError,
    TransactionConflictError,
)
from autoforge.forge import Forge, NewFeature
from autoforge.testing.faults import Answer, Fault, Pass, Refuse, injected
from tests.access.worlds import PROJECT, World
from tests.factories import a_feature, a_project
from tests.servers import Engine
from tests.stores import raw_items
from tests.throttled import Throttled, throttled_client

_MANY: Final = 1000
_PATIENCE: Final = RetryPolicy().patience
_THROTTLED: Final = Refuse("ProvisionedThroughputExceededException")
_CONFLICT: Final = Refuse(
    "TransactionCanceledException",
    more={"CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]},
)


@pytest.fixture
def small(world: World, engine: Engine) -> tuple[Forge, Throttled]:
    """A process whose tables have 50 units per second each, and the throttling transport."""
    if engine.name == "moto":
        pytest.skip("moto copies the table for each transaction, which takes it seconds by then")
    client, table = throttled_client(engine)
    return world.process(client), table


def _backlog(number: int) -> list[NewFeature]:
    """Features, every tenth of which depends on the one before it."""
    return [
        NewFeature(name=f"n{n}", id=f"n{n:04}", dependencies=[n - 1] if n % 10 == 9 else [])
        for n in range(number)
    ]


def _stored(world: World) -> int:
    return sum(item["EntityType"]["S"] == "Feature" for item in raw_items(world.store))


def test_a_thousand_features_are_created_on_a_small_table(
    world: World, small: tuple[Forge, Throttled]
) -> None:
    forge, table = small

    creation = forge.features.create_many(PROJECT, _backlog(_MANY))

    assert len(creation.created) == _MANY
    assert _stored(world) == _MANY
    assert table.refused
    # At least two units each, less the 300 saved units; and the waits add no more than that again.
    least = (2 * _MANY - table.burst) / table.rate
    assert least < table.time.seconds < 2 * least


def test_a_thousand_items_are_loaded_into_a_small_table(
    world: World, small: tuple[Forge, Throttled]
) -> None:
    forge, table = small

    assert forge.store.put_all(a_feature(project_id="p") for _ in range(_MANY)) == _MANY

    assert _stored(world) == _MANY
    assert table.refused
    assert table.time.seconds < 2 * _MANY / table.rate


def test_hundreds_of_tickets_are_synced_on_a_small_table(
    world: World, small: tuple[Forge, Throttled]
) -> None:
    forge, table = small
    issues = [LinearIssue(f"L-{n}", "https://x.org", "Title", "Todo") for n in range(500)]

    told = forge.tickets.sync_all(PROJECT, issues)

    assert (told.created, told.refused) == (500, ())
    assert table.refused


def test_a_creation_ends_at_its_time_limit_and_each_repetition_goes_on(
    world: World, small: tuple[Forge, Throttled]
) -> None:
    forge, table = small
    stored = [0]

    while (ended := _created(forge, limit=25)) is not None:
        assert table.time.seconds <= 25 * len(stored)
        assert (ended.stored, ended.asked) == (_stored(world), _MANY)
        assert str(ended).startswith(f"{ended.stored} of 1000 features are known to be stored")
        stored.append(ended.stored)

    assert _stored(world) == _MANY
    assert len(stored) > 1
    assert stored == sorted({*stored})


def _created(forge: Forge, *, limit: float) -> IncompleteCreationError | None:
    """Create a thousand features; return the error if the time limit ends the creation."""
    try:
        forge.features.create_many(PROJECT, _backlog(_MANY), time_limit=limit)
    except IncompleteCreationError as error:
        return error
    return None


def test_nothing_is_sent_after_the_time_limit(world: World, engine: Engine) -> None:
    client, table = throttled_client(engine)
    store = world.process(client).store.paced(5)
    table.time.seconds = 5

    with injected(client, []) as attempts, pytest.raises(OutOfTimeError):
        store.put_all([a_project()])

    assert attempts.operations == []


def test_a_bulk_of_which_nothing_is_accepted_ends_after_a_while(
    world: World, engine: Engine
) -> None:
    client, table = throttled_client(engine)
    forge = world.process(client)

    with injected(client, lambda *_: _THROTTLED), pytest.raises(ThrottledError):
        forge.store.put_all([a_project()])

    assert _PATIENCE - 2 < table.time.seconds <= _PATIENCE + 2


def test_a_bulk_goes_on_as_long_as_something_of_it_is_accepted(
    world: World, engine: Engine
) -> None:
    client, table = throttled_client(engine)
    forge = world.process(client)
    begun = table.time.seconds
    accepted: list[float] = []

    def reluctant(_: int, operation: str) -> Fault:
        """Accept one batch every 50 seconds."""
        if operation != "BatchWriteItem":
            return Pass()
        now = table.time.seconds
        if now - (accepted[-1] if accepted else begun) < 50:
            return _THROTTLED
        accepted.append(now)
        return Pass()

    with injected(client, reluctant):
        assert forge.store.put_all(a_feature(project_id="p") for _ in range(100)) == 100

    assert len(accepted) == 4
    assert table.time.seconds > 3 * _PATIENCE


def test_a_bulk_is_patient_for_as_long_as_is_said_and_no_longer() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0], patience=10)

    now[0] = 10
    assert pace.allows(60)
    now[0] = 10.5
    assert not pace.allows(60)


def test_what_a_batch_leaves_is_no_advance_where_it_is_all_of_it(
    world: World, engine: Engine
) -> None:
    client, table = throttled_client(engine)
    forge = world.process(client)
    feature = a_feature(project_id="p")
    everything = [{"PutRequest": {"Item": feature.to_item()}}]
    stuck = Answer({"UnprocessedItems": {forge.store.table_name: everything}})

    with injected(client, lambda *_: stuck), pytest.raises(IncompleteBatchError):
        forge.store.put_all([feature])

    assert table.time.seconds <= _PATIENCE + 2


def test_a_bulk_is_patient_with_throughput_alone(world: World, engine: Engine) -> None:
    client, _ = throttled_client(engine)
    forge = world.process(client)
    attempts = client.retries.attempts
    faults = [*[_THROTTLED] * attempts, *[_CONFLICT] * (attempts - 1), *[_THROTTLED] * attempts]
    writes = count()

    def meet(_: int, operation: str) -> Fault:
        if operation != "TransactWriteItems":
            return Pass()
        number = next(writes)
        return faults[number] if number < len(faults) else Pass()

    with injected(client, meet):
        forge.features.create_many(PROJECT, _backlog(2))
    with (
        injected(client, lambda _, sent: _CONFLICT if sent == "TransactWriteItems" else Pass()),
        pytest.raises(IncompleteCreationError) as caught,
    ):
        forge.features.create_many(
            PROJECT, [*_backlog(2), NewFeature(name="y"), NewFeature(name="z")]
        )

    assert caught.value.stored == 2
    assert isinstance(caught.value.__cause__, TransactionConflictError)


def test_one_write_alone_learns_soon_that_it_was_refused(world: World, engine: Engine) -> None:
    client, _ = throttled_client(engine)
    forge = world.process(client)

    def meet(_: int, operation: str) -> Fault:
        return _THROTTLED if operation == "PutItem" else Pass()

    with injected(client, meet) as attempts, pytest.raises(ThrottledError):
        forge.features.create(PROJECT, "alone")

    assert attempts.operations.count("PutItem") == client.retries.attempts

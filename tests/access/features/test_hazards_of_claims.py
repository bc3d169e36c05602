"""Hazards of claims: how agents of earlier platforms blocked each other.

A claim read all ready features and took the first. If another agent was faster, it started again:
ten agents tried the same feature, and each attempt read the whole backlog.
"""

from __future__ import annotations

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE
from autoforge.testing.faults import Answer, Fault, Pass, injected
from autoforge.testing.recording import watching
from tests.access.worlds import PROJECT, World, create, interrupted
from tests.factories import a_feature, a_project
from tests.servers import Engine
from tests.stores import client_of, forge_of, fresh, raw_items


def test_a_claim_on_a_long_backlog_reads_no_more_than_one_on_a_short(
    client: Client, engine: Engine
) -> None:
    short, long = (_claimed_from(client, number) for number in (5, 500))

    assert short == long
    if engine.name != "moto":  # moto returns constants
        assert [units for _, units in short] == [0.5, 3.0]


def _claimed_from(client: Client, number: int) -> list[tuple[str, float]]:
    """Return the requests of a claim on a backlog, with the capacity units of each."""
    forge = forge_of(fresh(client))
    features = [a_feature(project_id=PROJECT, description="x" * 300) for _ in range(number)]
    forge.store.put_all([a_project(id=PROJECT), *features])
    with watching(client) as watched:
        claimed = forge.features.claim_next(PROJECT, "ann")
    assert claimed is not None
    assert claimed.id == features[0].id
    return [(call.operation, call.capacity["CapacityUnits"]) for call in watched.calls]


def test_an_agent_that_lost_races_tries_another_feature_each_time_and_not_for_long(
    engine: Engine, world: World
) -> None:
    create(world.process(), *(f"f{n:02}" for n in range(20)))
    own = client_of(engine, random=lambda: 0.0)
    rows = [each for each in raw_items(world.store) if each[ENTITY_TYPE]["S"] == "Feature"]
    # The index lags: it still shows all features ready.
    stale = Answer({"Items": sorted(rows, key=lambda each: each["GSI1SK"]["S"])})
    agent, rival = world.process(own), world.process()
    lost: list[str] = []

    def outrun(count: int, operation: str) -> Fault:
        if operation == "Query":
            return stale if count < 20 else Answer({"Items": []})
        if len(lost) < 3:
            lost.append(str(rival.features.claim(PROJECT, f"f{len(lost):02}", "bob").id))
        return Pass()

    with injected(own, outrun) as attempts:
        claimed = agent.features.claim_next(PROJECT, "ann")

    assert claimed is not None
    assert (lost, claimed.id) == (["f00", "f01", "f02"], "f03")
    assert attempts.operations == ["Query", "UpdateItem"] * 4


@pytest.mark.parametrize(("random", "second"), [(0.0, "f01"), (0.5, "f10"), (0.99, "f19")])
def test_agents_that_lost_a_race_for_one_feature_do_not_all_try_the_next(
    engine: Engine, world: World, random: float, second: str
) -> None:
    create(world.process(), *(f"f{n:02}" for n in range(20)))
    mine = client_of(engine, random=lambda: random)
    agent, rival = world.process(mine), world.process()

    with interrupted(mine, "UpdateItem", lambda: rival.features.claim(PROJECT, "f00", "bob")):
        claimed = agent.features.claim_next(PROJECT, "ann")

    assert claimed is not None
    assert claimed.id == second

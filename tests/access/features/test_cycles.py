"""Dependency cycles, as another program may have left them, are reported by name."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.access.features.cycles import Cycle, cycle_in, find_cycles
from autoforge.dynamodb.client.client import Client
from tests.access.worlds import PROJECT, World, create, taken
from tests.factories import NOON, a_dependency, a_feature
from tests.stores import put_raw

_ids = st.sampled_from("abcdefg")
_graphs = st.dictionaries(_ids, st.frozensets(_ids, max_size=4))


@given(_graphs, st.dictionaries(st.tuples(_ids, _ids), st.datetimes(NOON.replace(tzinfo=None))))
def test_without_the_dependencies_that_are_named_nothing_waits_for_itself(
    graph: dict[str, frozenset[str]], added: dict[tuple[str, str], datetime]
) -> None:
    known = {edge: moment.replace(tzinfo=NOON.tzinfo) for edge, moment in added.items()}
    left = {feature: {*depends_on} for feature, depends_on in graph.items()}

    for cycle in find_cycles(graph, known):
        steps = list(pairwise(cycle.path))
        assert cycle.path[0] == cycle.path[-1]
        assert all(other in left[one] for one, other in steps)
        assert (cycle.feature_id, cycle.depends_on_id) in steps
        left[cycle.feature_id].remove(cycle.depends_on_id)

    assert cycle_in(left) is None


def test_of_a_cycle_the_latest_dependency_is_named() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}}
    added = {("a", "b"): NOON, ("b", "c"): NOON + timedelta(seconds=1), ("c", "a"): NOON}

    (cycle,) = find_cycles(graph, added)

    assert (cycle.feature_id, cycle.depends_on_id) == ("b", "c")


@pytest.mark.parametrize("graph", [{"a": "b", "b": "a"}, {"b": "a", "a": "b"}], ids=str)
def test_of_dependencies_of_one_moment_the_same_is_named_wherever_one_begins(
    graph: dict[str, str],
) -> None:
    (cycle,) = find_cycles(graph, {})

    assert (cycle.feature_id, cycle.depends_on_id) == ("b", "a")


def _cyclic(client: Client) -> World:
    """Return a world in which a and b depend on each other; only the second edge is stored."""
    world = World.on(client)
    create(world.process(), "free")
    for one, other in ("ab", "ba"):
        waits = {"dependencies": frozenset({other}), "waiting_on": frozenset({other})}
        put_raw(world.store, a_feature(project_id=PROJECT, id=one, **waits).to_item())
    edge = a_dependency(project_id=PROJECT, feature_id="b", depends_on_id="a")
    put_raw(world.store, edge.to_item())
    return world


def test_a_repair_names_a_cycle_and_leaves_it_to_people(client: Client) -> None:
    world = _cyclic(client)
    forge = world.process()

    (cycle,) = forge.features.repair(PROJECT).cycles

    assert cycle in {Cycle(("a", "b", "a"), "b", "a"), Cycle(("b", "a", "b"), "b", "a")}
    assert forge.features.get(PROJECT, "b").dependencies == {"a"}
    forge.features.remove_dependency(PROJECT, cycle.feature_id, cycle.depends_on_id)
    assert forge.features.repair(PROJECT).cycles == ()
    assert {*taken(forge, 2)} == {"b", "free"}


def test_a_claim_gives_what_a_cycle_does_not_block_and_then_logs_the_cycle(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    forge = _cyclic(client).process()

    with caplog.at_level(logging.ERROR, "autoforge.features"):
        assert taken(forge, 1) == ["free"]
        assert not caplog.records
        # The second claim neither reads the graph nor logs the cycle again.
        assert taken(forge, 2) == [None, None]

    (record,) = caplog.records
    assert record.getMessage() == "features.cycle"
    assert {*vars(record)["path"]} == {"a", "b"}

"""Hazards that any method could reintroduce, so each is tested on every method of a Forge.

They are faults of earlier agent platforms: lists that scanned the table, updates that created
incomplete items, stale index keys, and conditions that DynamoDB does not support.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

import pytest

from autoforge.dynamodb import Entity
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE, TABLE
from autoforge.dynamodb.schema.key_value import KeyValue, key_of
from autoforge.errors import AutoforgeError, ItemNotFoundError
from autoforge.forge import Forge
from autoforge.models.indexes import GSI1
from autoforge.testing.clock import Clock
from autoforge.testing.recording import watching
from tests.access.tours import (
    MAKERS,
    OF_NOTHING,
    READS,
    WRITES,
    Step,
    every_write,
    methods,
    names,
)
from tests.access.worlds import entity_of
from tests.factories import (
    a_feature,
    a_member,
    a_member_ref,
    a_project,
    a_run,
    a_run_ref,
    a_ticket,
    an_agent,
    an_event,
)
from tests.servers import Engine
from tests.stores import client_of, forge_of, fresh, raw_items

pytestmark = pytest.mark.one_engine

#: The writes that change a component of an index key; the table is checked after each.
_MOVES: Final = frozenset(
    {
        "actions.approve", "actions.cancel", "actions.hold", "agents.update",
        "escalations.decide", "escalations.expire", "escalations.supersede",
        "features.add_dependency", "features.claim", "features.delete", "features.fail",
        "features.pass_", "features.release", "features.remove_dependency", "features.reopen",
        "features.send_to_review", "features.update", "projects.update", "runs.finish",
        "runs.start", "tickets.sync",
    }
)  # fmt: skip
_MOVED: Final = ("Project", "Escalation", "AgentAction", "Feature", "Agent", "AgentRunRef",
                 "Ticket")  # fmt: skip


@dataclass(frozen=True)
class Toured:
    """A Forge that has made every call, the requests of each, and the resulting table."""

    forge: Forge
    sent: Sequence[tuple[str, dict[str, Any]]]
    #: The DynamoDB operations of each read.
    reads: dict[str, list[str]]
    #: The items that writes created or changed, with the name of the write.
    changed: Sequence[tuple[str, Item]]


@pytest.fixture(scope="module")
def toured(engine: Engine, client: Client) -> Toured:
    """Make every call over one connection, and read the table over another."""
    clock = Clock()
    forge = forge_of(fresh(client_of(engine), clock))
    looking = replace(forge.store, client=client)
    changed: list[tuple[str, Item]] = []
    before: list[Item] = []
    with watching(forge.store.client) as watched:
        for name in every_write(forge, clock):
            if name in _MOVES:
                after = raw_items(looking)
                changed += [(name, item) for item in after if item not in before]
                before = after
        reads = _requests(forge, READS)
    return Toured(forge, watched.sent, reads, changed)


@pytest.fixture
def forge(client: Client, clock: Clock) -> Forge:
    """A Forge on an empty table."""
    return forge_of(fresh(client, clock))


def test_what_is_held_against_every_method_is_held_against_every_method(forge: Forge) -> None:
    assert names([*WRITES, *READS]) == {*methods(forge)}
    assert names(OF_NOTHING) == names(WRITES) - MAKERS


# On earlier platforms a Scan with a filter found the projects of a user and the runs of an agent:
# each call read every item of every customer.


def test_nothing_is_found_by_a_scan_or_by_a_filter(toured: Toured) -> None:
    operations = {operation for operation, _ in toured.sent}

    assert {"Query", "GetItem", "BatchGetItem"} < operations
    assert "Scan" not in operations
    assert not [sent for _, sent in toured.sent if "FilterExpression" in sent]


def test_no_read_takes_more_requests_however_much_others_store(toured: Toured) -> None:
    toured.forge.store.put_all(_of_others())

    assert _requests(toured.forge, READS) == toured.reads


def _requests(forge: Forge, steps: Sequence[Step]) -> dict[str, list[str]]:
    requests = {}
    for step in steps:
        with watching(forge.store.client) as watched:
            step.on(forge)
        requests[step.name] = watched.operations
    return requests


def _of_others() -> Iterator[Entity]:
    """Yield entities of other users, agents and projects, with ids that ours are prefixes of."""
    for number in range(10):
        project_id, user_id, agent_id = f"p{number}", f"ann{number}", f"coder{number}"
        run = a_run(project_id=project_id, agent_id=agent_id, feature_id=f"b{number}")
        yield a_project(id=project_id, owner_id=user_id)
        yield a_member(project_id=project_id, user_id=user_id)
        yield a_member_ref(project_id=project_id, user_id=user_id)
        yield an_agent(project_id=project_id, id=agent_id)
        yield a_feature(project_id=project_id, id=run.feature_id)
        yield run
        yield a_run_ref(project_id=project_id, agent_id=agent_id, run_id=run.id)
        yield an_event(project_id=project_id)
        yield a_ticket(project_id=project_id)


# On earlier platforms an update was an UpdateItem without a condition. With a mistyped id, or one
# just deleted, it created an item of the changed attributes alone, which broke every reader.


@pytest.mark.parametrize("there", [(), ("p",)], ids=["no project", "a project"])
def test_an_update_of_what_is_not_there_is_refused_and_leaves_no_ghost(
    forge: Forge, there: Sequence[str]
) -> None:
    forge.store.put_all(a_project(id=each) for each in there)
    before = raw_items(forge.store)

    met = [(step.name, _error_of(step, forge)) for step in OF_NOTHING]

    assert met == [(step.name, ItemNotFoundError) for step in OF_NOTHING]
    assert raw_items(forge.store) == before


def _error_of(step: Step, forge: Forge) -> type[AutoforgeError] | None:
    try:
        step.on(forge)
    except AutoforgeError as error:
        return type(error)
    return None


# On earlier platforms a change of status left the sort key of the index unchanged. Features stayed
# listed under their old status, and agents received work that was already done.


def test_each_index_key_is_the_one_that_follows_from_its_item_whatever_was_changed(
    toured: Toured,
) -> None:
    assert {name for name, _ in toured.changed} == _MOVES
    for name, item in toured.changed:
        # Compares the stored keys with the rendered ones.
        assert entity_of(item), name


@pytest.mark.parametrize("entity", _MOVED)
def test_a_change_of_what_an_index_key_is_made_of_moves_the_item(
    toured: Toured, entity: str
) -> None:
    places: dict[KeyValue, set[tuple[str, ...]]] = {}
    for _, item in toured.changed:
        if item[ENTITY_TYPE]["S"] == entity:
            index_key = (GSI1.partition_key, GSI1.sort_key)
            place = tuple(item[name]["S"] for name in index_key if name in item)
            places.setdefault(key_of(item, TABLE), set()).add(place)

    assert max(map(len, places.values())) > 1


# On earlier platforms a budget was checked by a condition such as "spent + :amount <= budget".
# Conditions in DynamoDB have no arithmetic, so every such write was refused, or had no check.


def test_no_condition_that_is_sent_holds_arithmetic(toured: Toured) -> None:
    conditions = [each for _, sent in toured.sent for each in _conditions(sent)]

    # Every write has one, except batches and some puts.
    assert len(conditions) > len(WRITES)
    assert not [each for each in conditions if re.search(r"[-+*/]", each)]


def _conditions(sent: object) -> Iterator[str]:
    """Yield the conditions of a request, including those inside a transaction."""
    match sent:
        case {"ConditionExpression": str(condition)}:
            yield condition
        case dict():
            yield from chain.from_iterable(map(_conditions, sent.values()))
        case list() | tuple():
            yield from chain.from_iterable(map(_conditions, sent))

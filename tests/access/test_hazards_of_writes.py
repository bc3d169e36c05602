"""Hazards of writes: how earlier agent platforms lost, doubled or overwrote data.

Each test reproduces one of these scenarios and shows that the result is correct here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE
from autoforge.dynamodb.schema.item_size import LIMIT
from autoforge.errors import (
    AutoforgeError,
    ConditionFailedError,
    CyclicDependencyError,
    ItemTooLargeError,
    LimitReachedError,
    VersionConflictError,
)
from autoforge.forge import Forge, NewFeature
from autoforge.models import AgentRole, ArtefactType, Feature, Ticket, User
from autoforge.testing.faults import Answer, Fault, Pass, Refuse, injected
from tests.access.features.laws import require_settled
from tests.access.worlds import PROJECT, World, at_once, create
from tests.factories import a_feature, new_id
from tests.servers import Engine
from tests.stores import raw_items

pytestmark = pytest.mark.one_engine

#: Faults of successive requests: a throttled table, a throttled item of a transaction, none.
_REASONS: Final = [{"Code": "ProvisionedThroughputExceeded"}]
_BAD_DAY: Final = (
    Refuse("ProvisionedThroughputExceededException"),
    Refuse("TransactionCanceledException", more={"CancellationReasons": _REASONS}),
    Pass(),
)
_WRITES: Final = {"PutItem", "UpdateItem", "TransactWriteItems"}
_LOG: Final = ArtefactType.RAID_LOG


# On earlier platforms a write followed a read as if no other caller could write in between.

Call = Callable[[Forge], Any]
Both = Callable[[World, Call, Call], list[Any]]


@pytest.fixture(params=["in between", "at once"])
def both(request: pytest.FixtureRequest, engine: Engine, own: Client) -> Both:
    """Two processes make one call each: one between the other's read and write, or both at once."""
    if request.param == "in between":
        return partial(_in_between, own)
    if engine.name == "moto":
        pytest.skip("moto is no judge of races")
    return lambda world, *calls: at_once([partial(call, world.process()) for call in calls])


def _in_between(own: Client, world: World, first: Call, second: Call) -> list[Any]:
    theirs: list[Any] = []

    def meet(_: int, operation: str) -> Fault:
        if operation in _WRITES and not theirs:
            theirs.extend(at_once([partial(second, world.process())]))
        return Pass()

    with injected(own, meet):
        ours = at_once([partial(first, world.process(own))])
    assert theirs, "the first call wrote nothing"
    return [*ours, *theirs]


def _stored(world: World, entity: type[Any]) -> int:
    """Count the items of an entity."""
    return [i[ENTITY_TYPE]["S"] for i in raw_items(world.store)].count(entity.type_name)


def test_two_log_ins_of_one_person_make_one_user(world: World, both: Both) -> None:
    def log_in(forge: Forge) -> Any:
        return forge.users.upsert("auth0|ann", "ann@x.org", "Ann")

    outcomes = both(world, log_in, log_in)

    assert _stored(world, User) == 1
    assert len({each.user.id for each in outcomes}) == 1
    assert sorted(each.first for each in outcomes) == [False, True]


def test_two_notices_of_one_linear_issue_make_one_feature(world: World, both: Both) -> None:
    def notice(forge: Forge) -> Any:
        return forge.features.create(PROJECT, "Passkeys", linear_issue_id="L-1")

    outcomes = both(world, notice, notice)

    assert _stored(world, Feature) == 1
    assert outcomes[0] == outcomes[1] == world.process().features.by_linear_issue("L-1")


def test_two_notices_of_one_linear_issue_make_one_ticket(world: World, both: Both) -> None:
    def notice(forge: Forge) -> Any:
        return forge.tickets.sync(
            PROJECT, "L-1", linear_issue_url="https://x.org", title="Passkeys", status="Todo"
        )

    outcomes = both(world, notice, notice)

    assert _stored(world, Ticket) == 1
    assert sorted(each.synced for each in outcomes) == ["created", "unchanged"]
    assert outcomes[0].ticket == outcomes[1].ticket == world.process().tickets.get("L-1")


def test_two_edits_of_dependencies_make_no_cycle_together(world: World, both: Both) -> None:
    create(world.process(), "a", "b", "c")
    world.process().features.add_dependency(PROJECT, "b", "c")

    outcomes = both(
        world,
        lambda forge: forge.features.add_dependency(PROJECT, "a", "b"),
        lambda forge: forge.features.add_dependency(PROJECT, "c", "a"),
    )

    refused = [type(each) for each in outcomes if isinstance(each, AutoforgeError)]
    assert refused == [CyclicDependencyError]
    assert len(require_settled(world.store, world.clock.now).dependencies) == 2


@pytest.mark.parametrize(
    ("edit", "other", "left"),
    [("add_dependency", "d", {"b", "c", "d"}), ("remove_dependency", "b", {"c"})],
)
def test_of_two_edits_of_one_list_of_dependencies_none_is_lost(
    world: World, both: Both, edit: str, other: str, left: set[str]
) -> None:
    create(world.process(), "b", "c", "d")
    create(world.process(), "a", dependencies=["b"])

    both(
        world,
        lambda forge: getattr(forge.features, edit)(PROJECT, "a", other),
        lambda forge: forge.features.add_dependency(PROJECT, "a", "c"),
    )

    feature = world.process().features.get(PROJECT, "a")
    assert feature.dependencies == feature.waiting_on == left


def test_of_two_edits_of_one_agent_none_is_lost(world: World, both: Both) -> None:
    world.process().agents.create(PROJECT, "coder-1", id="ann")

    both(
        world,
        lambda forge: forge.agents.update(PROJECT, "ann", name="tester-1"),
        lambda forge: forge.agents.update(PROJECT, "ann", role=AgentRole.TESTER),
    )

    agent = world.process().agents.get(PROJECT, "ann")
    assert (agent.name, agent.role) == ("tester-1", AgentRole.TESTER)


def test_of_two_edits_of_one_document_one_is_made_and_the_other_learns_of_it(
    world: World, both: Both
) -> None:
    read = world.process().artefacts.create(PROJECT, _LOG, {"risks": 0})

    def edit(forge: Forge, risks: int) -> Any:
        content = {"risks": risks}
        return forge.artefacts.update(PROJECT, _LOG, content, expected_version=read.version)

    outcomes = both(world, partial(edit, risks=1), partial(edit, risks=2))

    (made,) = [each for each in outcomes if not isinstance(each, AutoforgeError)]
    (refused,) = [each for each in outcomes if isinstance(each, VersionConflictError)]
    assert refused.item == made == world.process().artefacts.get(PROJECT, _LOG)


# On earlier platforms a second decision overwrote the first, after agents had acted on it.


def test_the_first_decision_stays_and_the_second_learns_who_decided_what(forge: Forge) -> None:
    project = forge.projects.create("Portal")
    asked = forge.escalations.create(project.id, "Ship it?")
    first = forge.escalations.decide(project.id, asked.id, "yes", decided_by="ann")

    with pytest.raises(ConditionFailedError) as caught:
        forge.escalations.decide(project.id, asked.id, "no", decided_by="bob")
    with pytest.raises(ConditionFailedError):
        forge.escalations.expire(project.id, asked.id)

    assert caught.value.item == first == forge.escalations.get(project.id, asked.id)


# On earlier platforms unprocessed items of a batch were dropped, and the call succeeded.


def test_no_feature_of_a_batch_is_lost_when_dynamodb_leaves_some_unprocessed(
    forge: Forge,
) -> None:
    project_id = new_id()
    features = [a_feature(project_id=project_id) for _ in range(30)]
    left = [{"PutRequest": {"Item": each.to_item()}} for each in features[:25]]
    nothing = Answer({"UnprocessedItems": {forge.store.table_name: left}})

    with injected(forge.store.client, [nothing]):
        stored = forge.store.put_all(features)

    assert stored == 30
    assert [*forge.features.of_project(project_id, limit=100).items] == features


def test_no_feature_is_lost_when_their_creation_is_throttled(world: World) -> None:
    new = [NewFeature(name=f"n{n}", dependencies=[n - 1] if n else []) for n in range(60)]

    with injected(world.store.client, lambda number, _: _BAD_DAY[number % 3]) as attempts:
        created = world.process().features.create_many(PROJECT, new)

    # Two transactions, each refused at least once.
    assert attempts.operations.count("TransactWriteItems") >= 4
    stored = world.process().features.of_project(PROJECT, limit=100).items
    assert stored == created.features
    assert [len(each.dependencies) for each in stored] == [0, *[1] * 59]


# On earlier platforms a sum was bounded by arithmetic in a condition, which DynamoDB refuses, or by
# a read before the write, which allows one write too many.


def test_as_many_features_are_in_progress_as_the_project_allows_and_no_more(
    world: World,
) -> None:
    forge = world.process()
    forge.projects.update(PROJECT, max_concurrency=2)
    create(forge, "a", "b", "c", "d")

    def claim() -> Feature | None:
        return forge.features.claim_next(PROJECT, "ann", respect_limit=True)

    first, second = claim(), claim()

    assert first is not None
    assert second is not None
    with pytest.raises(LimitReachedError):
        claim()
    forge.features.pass_(PROJECT, str(first.id), version=first.version)
    assert claim() is not None
    with pytest.raises(LimitReachedError):
        claim()


def test_two_claims_together_do_not_exceed_the_limit(world: World, both: Both) -> None:
    world.process().projects.update(PROJECT, max_concurrency=2)
    create(world.process(), "a", "b", "c")
    world.process().features.claim(PROJECT, "c", "bob", respect_limit=True)

    def claim(forge: Forge, feature_id: str) -> Any:
        return forge.features.claim(PROJECT, feature_id, "ann", respect_limit=True)

    outcomes = both(world, partial(claim, feature_id="a"), partial(claim, feature_id="b"))

    refused = [type(each) for each in outcomes if isinstance(each, AutoforgeError)]
    assert refused == [LimitReachedError]


def test_the_output_of_a_run_fills_its_room_to_the_byte_and_no_further(world: World) -> None:
    forge = world.process()
    create(forge, "a")
    forge.agents.create(PROJECT, "coder", id="ann")
    run = forge.runs.start(PROJECT, "ann", "a", id="run")

    with pytest.raises(ItemTooLargeError) as caught:
        forge.runs.report(PROJECT, "run", output="x" * LIMIT)
    assert forge.runs.get(PROJECT, "run") == run
    assert caught.value.size is not None
    room = LIMIT - (caught.value.size - LIMIT)
    full = forge.runs.report(PROJECT, "run", output="x" * room)
    with pytest.raises(ItemTooLargeError) as caught:
        forge.runs.report(PROJECT, "run", output="x")

    assert caught.value.size == LIMIT + 1  # detected before any request
    assert len(full.output or "") == room
    assert forge.runs.get(PROJECT, "run").version == full.version

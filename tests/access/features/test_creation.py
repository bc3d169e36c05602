"""Creation and deletion of one feature or a thousand, with their edges and look-up items."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.errors import (
    CyclicDependencyError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
)
from autoforge.forge import Forge, NewFeature
from autoforge.models import FeatureStatus
from autoforge.testing.faults import Lose, Pass, injected
from tests.access.features.laws import require_settled
from tests.access.worlds import (
    PROJECT,
    CrashError,
    World,
    create,
    interrupted,
)
from tests.dynamodb.written import by_key
from tests.factories import a_project
from tests.servers import Engine
from tests.stores import put_raw, raw_items

_TRANSACT: Final = "TransactWriteItems"


#: What may happen to b between the decision to create its dependent and the transaction.
_MEANWHILE: Final[dict[str, Callable[[Forge], object]]] = {
    "passes": lambda forge: forge.features.pass_(PROJECT, "b", force=True),
    "stops passing": lambda forge: forge.features.reopen(PROJECT, "c"),
    "goes": lambda forge: forge.features.delete(PROJECT, "b"),
}


def new(id_: str | None = None, *dependencies: str | int, **over: Any) -> NewFeature:
    return NewFeature(**{"name": "a name", "id": id_, "dependencies": dependencies, **over})


def of_issue(forge: Forge, issue: str = "L-1", **over: Any) -> Any:
    return forge.features.create(PROJECT, "a name", linear_issue_id=issue, **over)


def test_a_feature_is_stored_as_it_is_given_and_is_ready(world: World, forge: Forge) -> None:
    created = forge.features.create(
        PROJECT,
        "Sign in",
        description="with a passkey",
        priority=7,
        category="security",
        steps=["design", {"then": "build"}],
        linear_issue_id="L-1",
        linear_issue_url="https://linear.app/L-1",
    )

    assert created == forge.features.get(PROJECT, created.id)
    assert created == forge.features.by_linear_issue("L-1")
    assert (created.status, created.version, created.steps) == (
        FeatureStatus.PENDING,
        1,
        ["design", {"then": "build"}],
    )
    assert created.created_at == created.updated_at == world.clock.now
    assert forge.features.ready(PROJECT).items == (created,)
    require_settled(world.store, world.clock.now)


def test_features_of_one_call_depend_on_each_other_by_position_or_id(
    world: World, forge: Forge
) -> None:
    create(forge, "there", "passes")
    forge.features.pass_(PROJECT, "passes", force=True)

    creation = forge.features.create_many(
        PROJECT, [new("c", 1, "there"), new("b", 2), new("a", "passes"), new(None, "c", 2)]
    )

    c, b, a, last = creation.features
    assert creation.created == {c.id, b.id, a.id, last.id}
    assert c.waiting_on == {"b", "there"}
    assert (b.waiting_on, a.waiting_on) == (frozenset("a"), frozenset())
    assert (a.dependencies, last.dependencies) == (frozenset({"passes"}), frozenset("ca"))
    there = require_settled(world.store, world.clock.now)
    assert all(there.features[str(each.id)] == each for each in creation.features)


@pytest.mark.parametrize(
    ("features", "error", "match"),
    [
        ([], InvalidValueError, "^0 features were given; 1 to 1000 can be"),
        ([new()] * 1001, InvalidValueError, "^1001 features were given"),
        ([new("a"), new("a")], InvalidValueError, "two of the features have the id 'a'"),
        (
            [new(linear_issue_id="L"), new(linear_issue_id="L")],
            InvalidValueError,
            "two of the features have the linear_issue_id 'L'",
        ),
        ([new("a"), new("b", 2)], InvalidValueError, "2 is not a position in a batch of 2"),
        ([new("a"), new("b", -1)], InvalidValueError, "-1 is not a position"),
        ([new("a"), new("b", True)], InvalidValueError, "True is not a position"),
        ([new("a", "a")], CyclicDependencyError, "a .*-> a"),
        (
            [new("x"), new("a", 2), new("b", 1)],
            CyclicDependencyError,
            "(a .*-> b|b .*-> a) .*->",
        ),
        ([new("a", 1), new("b", "c"), new("c", 0)], CyclicDependencyError, "-> c .*->|-> a .*->"),
        ([new("x"), new("a", "nobody")], ItemNotFoundError, "featureId 'nobody'"),
        ([new("x"), new("a", "elsewhere")], ItemNotFoundError, "featureId 'elsewhere'"),
        ([new("x"), new("a", "not an id#")], InvalidValueError, "dependencies"),
        ([new("x"), new("a", priority=100_000)], InvalidValueError, "priority"),
        ([new("x"), new("a", priority=-1)], InvalidValueError, "priority"),
        ([new("x"), new("there")], ItemExistsError, "Feature with projectId 'p', id 'there'"),
        ([new("x"), new(linear_issue_id="Q")], ItemExistsError, "linearIssueId 'Q'"),
    ],
)
def test_what_cannot_be_created_is_refused_and_nothing_is(
    world: World,
    forge: Forge,
    features: list[NewFeature],
    error: type[Exception],
    match: str,
) -> None:
    put_raw(world.store, a_project(id="q").to_item())
    forge.features.create("q", "elsewhere", id="elsewhere", linear_issue_id="Q")
    create(forge, "there")
    before = by_key(raw_items(world.store))

    with pytest.raises(error, match=match):
        forge.features.create_many(PROJECT, features)

    assert by_key(raw_items(world.store)) == before


def test_a_path_of_waiting_features_is_named_in_the_order_of_waiting(forge: Forge) -> None:
    with pytest.raises(CyclicDependencyError) as caught:
        forge.features.create_many(PROJECT, [new("a", "b"), new("b", "c"), new("c", "a")])

    path = caught.value.path
    assert path[0] == path[-1]
    assert {*pairwise(path)} == {("a", "b"), ("b", "c"), ("c", "a")}


def test_nothing_is_created_in_a_project_that_is_not_there(forge: Forge) -> None:
    with pytest.raises(ItemNotFoundError, match="no Project"):
        forge.features.create("nobody", "a")


def test_a_thousand_features_are_created_in_one_call(client: Client, engine: Engine) -> None:
    if engine.name == "moto":
        pytest.skip("moto is slow at large transactions")
    world = World.on(client)
    features = [new(f"f{n:04}", *{n // 2, n // 3} - {n}) for n in range(1000)]

    creation = world.process().features.create_many(PROJECT, features)

    assert len(creation.created) == 1000
    there = require_settled(world.store, world.clock.now)
    assert there.ready(world.clock.now) == {"f0000"}


@pytest.mark.parametrize("number", [45, 46, 101])
def test_a_feature_may_depend_on_more_than_a_transaction_holds(
    client: Client, engine: Engine, number: int
) -> None:
    if engine.name == "moto":
        pytest.skip("moto is slow at large transactions")
    world = World.on(client)
    forge = world.process()
    ids = [f"m{n:03}" for n in range(number)]
    create(forge, *ids)
    for each in ids[:3]:
        forge.features.pass_(PROJECT, each, force=True)

    creation = forge.features.create_many(PROJECT, [new("x", *ids), new("y", 0, "m000")])

    x, y = creation.features
    assert (x.waiting_on, y.waiting_on) == (frozenset(ids[3:]), frozenset("x"))
    there = require_settled(world.store, world.clock.now)
    assert (there.features["x"], there.features["y"]) == (x, y)


@pytest.mark.parametrize("meanwhile", _MEANWHILE)
def test_what_happens_while_many_dependencies_are_linked_is_seen(
    world: World, engine: Engine, forge: Forge, own: Client, meanwhile: str
) -> None:
    if engine.name == "moto":
        pytest.skip("moto is slow at large transactions")
    ids = [f"m{n:02}" for n in range(44)]
    create(forge, "b", "c", *ids)
    forge.features.pass_(PROJECT, "c", force=True)

    # The first transaction creates the feature, the second links it.
    with interrupted(own, _TRANSACT, lambda: _MEANWHILE[meanwhile](forge), at=2):
        create(world.process(own), "x", dependencies=["b", "c", *ids])

    there = require_settled(world.store, world.clock.now)
    assert len(there.features["x"].dependencies) == (45 if meanwhile == "goes" else 46)


def test_what_is_cut_off_is_created_by_the_same_call_again(
    world: World, engine: Engine, forge: Forge, own: Client
) -> None:
    if engine.name == "moto":
        pytest.skip("moto is slow at large transactions")
    features = [new(f"f{n:02}", *range(n)[-9:], linear_issue_id=f"L-{n}") for n in range(30)]
    seen: list[str] = []

    def third(_: int, sent: str) -> Any:
        seen.extend([sent] if sent == _TRANSACT else [])
        return Lose(CrashError()) if len(seen) == 3 else Pass()

    with injected(own, third), pytest.raises(CrashError):
        world.process(own).features.create_many(PROJECT, features)
    created = {*require_settled(world.store, world.clock.now).features}

    creation = forge.features.create_many(PROJECT, features)

    assert 0 < len(created) < 30
    assert creation.created == {f"f{n:02}" for n in range(30)} - created
    there = require_settled(world.store, world.clock.now)
    assert ({*there.features}, len(there.lookups)) == ({f"f{n:02}" for n in range(30)}, 30)


def test_a_batch_that_leans_on_a_feature_made_before_is_the_same_batch_again(
    world: World, forge: Forge
) -> None:
    made = of_issue(forge)
    batch = [new("other", linear_issue_id="L-1"), new("b", 0)]

    first = forge.features.create_many(PROJECT, batch)
    again = forge.features.create_many(PROJECT, batch)

    assert first.features[0] == again.features[0] == made
    assert first.features[1] == again.features[1]
    assert first.created == {"b"}
    assert not again.created
    assert first.features[1].dependencies == {made.id}
    require_settled(world.store, world.clock.now)


def test_one_feature_is_made_of_an_issue_however_often(world: World, forge: Forge) -> None:
    made = of_issue(forge, priority=3)

    again = of_issue(forge, priority=4, id="another")

    assert again == made
    assert require_settled(world.store, world.clock.now).lookups == {"L-1": made.id}


def test_a_lookup_that_points_to_nothing_is_taken_over(world: World, forge: Forge) -> None:
    gone = of_issue(forge)
    key = {"PK": {"S": gone.rendered()["PK"]}, "SK": {"S": gone.rendered()["SK"]}}
    world.store.client.botocore.delete_item(TableName=world.store.table_name, Key=key)

    made = of_issue(forge)

    assert made.id != gone.id
    assert forge.features.by_linear_issue("L-1") == made
    require_settled(world.store, world.clock.now)


def test_a_feature_of_an_issue_whose_feature_is_being_deleted_takes_its_place(
    world: World, forge: Forge, own: Client
) -> None:
    old = of_issue(forge)
    deleter = world.process()
    with (
        injected(own, lambda _, sent: Lose(CrashError()) if sent == _TRANSACT else Pass()),
        pytest.raises(CrashError),
    ):
        world.process(own).features.delete(PROJECT, old.id)

    with interrupted(own, _TRANSACT, lambda: deleter.features.delete(PROJECT, old.id)):
        made = of_issue(world.process(own))

    assert forge.features.by_linear_issue("L-1") == made
    require_settled(world.store, world.clock.now)


@pytest.mark.parametrize("meanwhile", _MEANWHILE)
def test_what_a_new_feature_waits_for_is_as_it_is_at_that_moment(
    world: World, forge: Forge, own: Client, meanwhile: str
) -> None:
    create(forge, "b", "c")
    forge.features.pass_(PROJECT, "c", force=True)

    with interrupted(own, _TRANSACT, lambda: _MEANWHILE[meanwhile](forge)):
        if meanwhile == "goes":
            with pytest.raises(ItemNotFoundError, match="featureId 'b'"):
                create(world.process(own), "x", dependencies=["b", "c"])
        else:
            create(world.process(own), "x", dependencies=["b", "c"])

    there = require_settled(world.store, world.clock.now)
    waits = {"passes": frozenset(), "stops passing": {"b", "c"}}
    assert meanwhile == "goes" or there.features["x"].waiting_on == waits[meanwhile]

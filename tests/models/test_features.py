"""Features: their stored form, their order in the index, and when they are ready."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb.schema.derived import Derived
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.set_attributes import IdSet
from autoforge.dynamodb.schema.text_attributes import Id
from autoforge.dynamodb.schema.text_codecs import EnumCodec
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import DeclarationError, InvalidValueError
from autoforge.models import Feature, FeatureStatus
from autoforge.models.features import FeatureGraph, Unsettled
from autoforge.models.indexes import GSI1
from tests.factories import NOON, a_feature, a_feature_graph
from tests.strategies import ids

_KEY = {"project_id": "p", "id": "f"}


def sort_key(**over: Any) -> str:
    rendered = Feature.by_status.render(a_feature(**{**_KEY, **over}).attribute_values)
    assert rendered is not None
    return rendered.sort


def rendered_by(**given: Any) -> dict[str, str]:
    """The index key attributes that an update of a feature sets."""
    parameters = Update(Feature, _KEY, NOON, **given).parameters()
    names = parameters["ExpressionAttributeNames"]
    values = parameters["ExpressionAttributeValues"]
    sets, _, _ = parameters["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
    assigned = [part.split(" = ") for part in sets.split(", ")]
    return {
        names[name]: values[value]["S"]
        for name, value in assigned
        if names[name].startswith("GSI1")
    }


def test_a_feature_is_stored_without_what_it_lacks() -> None:
    item = a_feature(**_KEY, dependencies=[], waiting_on=set()).to_item()

    assert item == {
        "PK": {"S": "PROJECT#p"},
        "SK": {"S": "FEATURE#f"},
        "GSI1PK": {"S": "PROJECT#p#FEATURE#pending"},
        "GSI1SK": {"S": "READY#01000#f"},
        "EntityType": {"S": "Feature"},
        "id": {"S": "f"},
        "projectId": {"S": "p"},
        "name": {"S": "Sign in with a passkey"},
        "priority": {"N": "1000"},
        "status": {"S": "pending"},
        "version": {"N": "1"},
        "createdAt": {"S": "2026-02-04T12:00:00.000Z"},
        "updatedAt": {"S": "2026-02-04T12:00:00.000Z"},
    }


def test_what_waits_stands_after_what_is_ready_and_each_by_priority_and_age() -> None:
    keys = [
        sort_key(priority=9, id="z"),
        sort_key(priority=10, id="a"),
        sort_key(priority=10, id="b"),
        sort_key(priority=99999, id="a"),
        sort_key(priority=0, id="a", waiting_on=["x"]),
        sort_key(priority=1, id="a", waiting_on=["x", "y"]),
    ]

    assert keys == sorted(keys)
    assert keys[0] == "READY#00009#z"
    assert keys[-1] == "WAITING#00001#a"


@given(members=st.frozensets(ids()))
def test_a_set_of_ids_is_what_it_was_given_and_sorted_in_the_table(members: frozenset[str]) -> None:
    feature = a_feature(dependencies=members)
    item = feature.to_item()

    assert feature.dependencies == Feature.from_item(item).dependencies
    assert len(feature.dependencies) == len({each.upper() for each in members}) or members
    assert item.get("dependencies") == ({"SS": sorted(feature.dependencies)} if members else None)


@pytest.mark.parametrize("value", ["abc", b"abc", 7, ["a#b"], [""], [None], ["a", 7]])
def test_what_is_no_set_of_ids_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValueError, match="dependencies"):
        a_feature(dependencies=value)


def test_an_ulid_in_a_set_is_the_same_in_either_case() -> None:
    ulid = "01KGM8C3G0QZ8V4C7R9TDJ5M1A"

    assert a_feature(dependencies=[ulid, ulid.lower()]).dependencies == {ulid}


def test_whether_a_feature_is_ready_follows_and_cannot_be_set() -> None:
    feature = a_feature()
    assert feature.readiness == "READY"
    feature.waiting_on = frozenset({"x"})
    assert feature.readiness == "WAITING"

    with pytest.raises(InvalidValueError, match="derived from waiting_on cannot be set"):
        feature.readiness = "READY"


@pytest.mark.parametrize(
    ("over", "ready"),
    [
        ({}, True),
        ({"waiting_on": ["x"]}, False),
        ({"assigned_agent_id": "ann"}, False),
        ({"status": "in_progress"}, False),
        ({"status": "in_progress", "lease_until": NOON + MILLISECOND}, False),
        ({"status": "in_progress", "lease_until": NOON}, True),
        ({"status": "in_progress", "lease_until": NOON, "waiting_on": ["x"]}, False),
        ({"status": "passing", "lease_until": NOON}, False),
        ({"status": "failing"}, False),
        ({"status": "review_ready"}, False),
    ],
)
def test_what_is_pending_or_abandoned_and_waits_for_nothing_is_ready(
    over: dict[str, Any], *, ready: bool
) -> None:
    assert a_feature(**over).is_ready(NOON) == ready


@pytest.mark.parametrize("status", FeatureStatus)
@pytest.mark.parametrize("unsettled", [None, *Unsettled])
def test_what_is_about_to_stop_passing_no_longer_passes(
    status: FeatureStatus, unsettled: Unsettled | None
) -> None:
    feature = a_feature(status=status, unsettled=unsettled)

    stops = unsettled in {Unsettled.REOPEN, Unsettled.FAIL}
    assert feature.passes == (status == FeatureStatus.PASSING and not stops)


def test_quiet_is_what_nothing_was_announced_after_and_what_has_not_ended() -> None:
    until = NOON + timedelta(seconds=1)

    assert a_feature_graph(quiet_until=until).is_quiet(NOON)
    assert a_feature_graph(quiet_until=until, quiet_since="a", readied="a").is_quiet(NOON)
    assert not a_feature_graph(quiet_until=until, quiet_since="a", readied="b").is_quiet(NOON)
    assert not a_feature_graph(quiet_until=until, readied="b").is_quiet(NOON)
    assert not a_feature_graph(quiet_until=until).is_quiet(until)
    assert not FeatureGraph(project_id="p", updated_at=NOON).is_quiet(NOON)


def test_an_update_renders_the_half_of_the_key_that_it_feeds() -> None:
    assert rendered_by(changes={"status": "passing"}) == {"GSI1PK": "PROJECT#p#FEATURE#passing"}
    assert rendered_by(changes={"waiting_on": ["x"]}, expected={"priority": 3}) == {
        "GSI1SK": "WAITING#00003#f"
    }
    assert rendered_by(changes={"priority": 3}, expected={"waiting_on": None}) == {
        "GSI1SK": "READY#00003#f"
    }
    assert rendered_by(changes={"priority": 3, "waiting_on": []}) == {"GSI1SK": "READY#00003#f"}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"changes": {"waiting_on": ["x"]}}, "must give priority"),
        ({"changes": {"priority": 3}}, "must give waiting_on"),
        ({"changes": [Feature.waiting_on.exclude("x")]}, "is made of waiting_on"),
        ({"changes": [Feature.priority.add(3)]}, "is made of priority"),
        (
            {"changes": [Feature.status.copy(Feature.status)]},
            "is made of status",
        ),
        ({"initial": {"waiting_on": ["x"]}}, "waiting_on feeds a key"),
        ({"changes": {"readiness": "READY"}}, "no attribute 'readiness'"),
    ],
)
def test_an_update_that_would_leave_the_key_stale_is_refused(
    given: dict[str, Any], missing: str
) -> None:
    with pytest.raises(DeclarationError, match=missing):
        Update(Feature, _KEY, NOON, **given).parameters()


def test_an_empty_set_is_removed_and_demanded_as_absent() -> None:
    parameters = Update(
        Feature,
        _KEY,
        NOON,
        changes={"waiting_on": []},
        expected={"priority": 1, "dependencies": []},
    ).parameters()

    names = {v: k for k, v in parameters["ExpressionAttributeNames"].items()}
    assert f"REMOVE {names['waitingOn']}" in parameters["UpdateExpression"]
    condition = parameters["ConditionExpression"]
    assert f"attribute_not_exists ({names['dependencies']})" in condition


def test_a_derived_component_names_what_it_follows_from() -> None:
    class Counted(Entity):
        id: Id = Id()
        members: IdSet = IdSet()
        filled = Derived(EnumCodec(("NO", "YES")), lambda of: "YES" if of else "NO", "members")
        key = Key("COUNTED#{id}", "COUNTED")
        by_filled = Key("FILLED#{filled}", "{id}", index=GSI1)

    assert Counted.by_filled.sources == {"members", "id"}
    assert Counted(id="a", members=["x"]).rendered().get("GSI1PK") == "FILLED#YES"
    assert Counted(id="a").rendered().get("GSI1PK") == "FILLED#NO"
    assert isinstance(Counted.filled, Derived)


@pytest.mark.parametrize(
    ("derived", "template", "message"),
    [
        (Derived(EnumCodec(("A",)), lambda _: "A", "nobody"), "{state}", "nobody"),
        (Derived(EnumCodec(("A",)), lambda _: "A", "id"), "{state:5}", "state"),
    ],
)
def test_a_derivation_from_what_is_not_there_is_refused(
    derived: Derived, template: str, message: str
) -> None:
    with pytest.raises(DeclarationError, match=message):
        type(
            "Wrong",
            (Entity,),
            {
                "__module__": __name__,
                "id": Id(),
                "state": derived,
                "key": Key("WRONG#{id}", "WRONG"),
                "by_state": Key("STATE#" + template, "{id}", index=GSI1),
            },
        )


def test_no_primary_key_may_be_derived() -> None:
    with pytest.raises(DeclarationError, match="state is derived: it cannot identify an item"):

        class Wrong(Entity):
            id: Id = Id()
            state = Derived(EnumCodec(("A",)), lambda _: "A", "id")
            key = Key("WRONG#{id}", "{state}")

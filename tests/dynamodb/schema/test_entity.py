"""Entities are written to items and read from them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.operand import Path

from autoforge.dynamodb import Entity
from autoforge.dynamodb.schema.choice_attributes import Boolean
from autoforge.dynamodb.schema.document_attributes import Json
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.errors import DeclarationError, InvalidValueError, UnreadableItemError
from autoforge.models import (
    PLATFORM_DESIGN,
    AgentAction,
    AgentCheckpoint,
    AgentConfig,
    Escalation,
    Event,
    GlobalEventRef,
    IntegrationConfig,
    Project,
    ProjectStatus,
)
from tests import strategies
from tests.dynamodb.indexes import GSI1
from tests.factories import (
    NOON,
    a_checkpoint,
    a_global_event_ref,
    a_project,
    an_action,
    an_agent_config,
    an_artefact,
    an_escalation,
    an_event,
    an_integration_config,
)

PROJECT_ID = "550e8400-e29b-41d4-a716-446655440000"
LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class Counted(Entity):
    """An entity with PynamoDB's own attributes."""

    name: UnicodeAttribute = UnicodeAttribute()
    amount: NumberAttribute = NumberAttribute(default=1)
    created_at: Moment[None] = Moment(default=None)
    key = Key("COUNTED#{name}", "AMOUNT#{amount:3}")


@given(strategies.any_entity())
def test_an_entity_comes_back_from_its_item(entity: Entity) -> None:
    item = entity.to_item()

    read = type(entity).from_item(item)

    assert read == entity
    assert read.to_item() == item


@given(strategies.any_entity())
def test_index_keys_are_those_of_the_attributes(entity: Entity) -> None:
    item = entity.to_item()

    for key in entity.keys.values():
        value = key.render(entity.attribute_values)
        stored = [item.get(name) for name in key.index.attributes]
        expected = [None, None] if value is None else [{"S": value.partition}, {"S": value.sort}]
        assert stored == expected


def test_pynamodb_reads_and_writes_an_entity_as_we_do() -> None:
    project = a_project()

    assert project.serialize() == project.to_item()
    assert Project.from_raw_data(project.to_item()) == project


def test_attributes_of_pynamodbs_own_are_stored_beside_ours() -> None:
    counted = Counted(name="a#b", amount=7)

    assert counted.to_item() == {
        "PK": {"S": "COUNTED#a%23b"},
        "SK": {"S": "AMOUNT#007"},
        "EntityType": {"S": "Counted"},
        "name": {"S": "a#b"},
        "amount": {"N": "7"},
    }
    assert Counted.from_item(counted.to_item()) == counted


def test_a_default_stands_in_for_what_the_item_lacks() -> None:
    item = Counted(name="a").to_item()
    del item["amount"]
    item["SK"] = {"S": "made by another"}

    assert Counted.from_item(item).amount == 1


def test_unknown_attributes_survive_a_read_and_a_write() -> None:
    foreign: dict[str, Any] = {"M": {"n": {"N": "1.10"}, "s": {"SS": ["b", "a"]}}}
    item = a_project().to_item() | {"foreign": foreign}

    project = Project.from_item(item)

    assert project.to_item() == item
    assert project.unknown == {"foreign": {"n": 1.1, "s": ["a", "b"]}}


def test_unknown_attributes_are_a_copy() -> None:
    item: dict[str, Any] = a_project().to_item() | {"foreign": {"M": {"n": {"N": "1"}}}}

    project = Project.from_item(item)
    item["foreign"]["M"]["n"] = {"N": "2"}
    project.to_item()["foreign"]["M"]["n"] = {"N": "3"}

    assert project.to_item()["foreign"] == {"M": {"n": {"N": "1"}}}


def test_an_unknown_attribute_makes_entities_unequal() -> None:
    project = a_project()

    assert Project.from_item(project.to_item() | {"foreign": {"S": "x"}}) != project


def test_a_null_reads_as_none_and_is_kept_until_the_attribute_has_a_value() -> None:
    escalation = an_escalation()
    nulls = {name: {"NULL": True} for name in ("userDecision", "decidedAt", "context")}

    read = Escalation.from_item(escalation.to_item() | nulls)

    assert (read.user_decision, read.decided_at, read.context) == (None, None, None)
    assert read == escalation
    assert read.unknown == {}
    assert read.to_item() == escalation.to_item() | nulls
    read.context = {"a": 1}
    read.user_decision = "yes"
    assert read.to_item().keys() == {*escalation.to_item(), *nulls}
    assert read.to_item()["context"] == {"M": {"a": {"N": "1"}}}
    assert read._write_carefully()["userDecision"] == {"S": "yes"}
    assert read._write_carefully()["decidedAt"] == {"NULL": True}


@pytest.mark.parametrize("name", ["name", "createdAt"])
def test_an_item_without_a_required_attribute_is_unreadable(name: str) -> None:
    item = a_project(id=PROJECT_ID).to_item()
    message = f"^Project at PROJECT#{PROJECT_ID} / METADATA has no {name}$"

    with pytest.raises(UnreadableItemError, match=message):
        Project.from_item(item | {name: {"NULL": True}})
    del item[name]
    with pytest.raises(UnreadableItemError, match=message):
        Project.from_item(item)


def test_a_json_attribute_may_be_null_but_not_missing() -> None:
    item = an_agent_config(config_key="k", value=None).to_item()

    assert item["value"] == {"NULL": True}
    assert AgentConfig.from_item(item).value is None
    del item["value"]
    with pytest.raises(UnreadableItemError, match=r"^AgentConfig at AGENT / .* has no value$"):
        AgentConfig.from_item(item)
    with pytest.raises(InvalidValueError, match=r"^AgentConfig needs value$"):
        AgentConfig(config_key="k", updated_at=NOON).to_item()  # type: ignore[call-arg]  # the mistake that is tested


def test_an_optional_json_attribute_that_is_none_is_absent() -> None:
    class Setting(Entity):
        id: Id = Id()
        value: Json[None] = Json(default=None)
        key = Key("SETTING", "{id}")

    setting = Setting(id="a", value=None)

    assert "value" not in setting.to_item()
    assert Setting.from_item(setting.to_item()) == setting


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("status", {"S": "unheard of"}),
        ("name", {"N": "1"}),
        ("createdAt", {"S": "noon"}),
        ("config", {"M": {"a": {"N": "x"}}}),
        ("TTL", {"N": "1E20"}),
        ("id", {"S": "a b"}),
    ],
)
def test_an_item_with_a_malformed_attribute_is_unreadable(name: str, wire: dict[str, Any]) -> None:
    item = a_project(id=PROJECT_ID).to_item() | {name: wire}
    message = f"^Project at PROJECT#{PROJECT_ID} / METADATA: {name} is stored as "

    with pytest.raises(UnreadableItemError, match=message):
        Project.from_item(item)


def test_an_item_of_another_type_is_unreadable() -> None:
    with pytest.raises(UnreadableItemError, match=r"is a GlobalEventRef$"):
        Event.from_item(a_global_event_ref().to_item())


def test_an_item_that_does_not_say_its_type_is_read_as_what_it_is_asked_for() -> None:
    project = a_project()
    item = project.to_item()
    del item["EntityType"]

    assert Project.from_item(item) == project


def test_components_that_an_item_does_not_repeat_are_read_from_its_key() -> None:
    reference, checkpoint = a_global_event_ref(), a_checkpoint(integration="jira #1")

    for entity, names in (
        (reference, ("id", "createdAt")),
        (checkpoint, ("projectId", "integration", "checkpointKey")),
    ):
        item = {name: wire for name, wire in entity.to_item().items() if name not in names}
        assert type(entity).from_item(item) == entity


def test_a_component_that_neither_attribute_nor_key_has_is_missing() -> None:
    item = a_global_event_ref().to_item()
    del item["id"]
    item["SK"] = {"S": "made by another"}

    with pytest.raises(UnreadableItemError, match=r"made by another has no id$"):
        GlobalEventRef.from_item(item)


def test_an_item_without_a_key_is_described_without_one() -> None:
    with pytest.raises(UnreadableItemError, match=r"^Project at  /  has no createdAt, id, name, "):
        Project.from_item({})


@pytest.mark.parametrize("name", ["PK", "SK", "GSI1PK", "GSI1SK", "EntityType"])
def test_what_is_rendered_is_never_set_by_a_caller(name: str) -> None:
    message = f"^Project has no attribute {name!r}$"

    with pytest.raises(InvalidValueError, match=message):
        a_project(**{name: "x"})
    with pytest.raises(AttributeError, match=message):
        setattr(a_project(), name, "x")


def test_keys_stored_in_an_item_are_not_believed() -> None:
    project = a_project(id=PROJECT_ID)
    stale = {"GSI1PK": {"S": "STATUS#archived"}, "GSI1SK": {"S": "x"}}

    assert Project.from_item(project.to_item() | stale).to_item() == project.to_item()


def test_a_key_is_read_as_it_follows_from_the_attributes_now() -> None:
    project = a_project(id=PROJECT_ID)
    before = project.rendered()

    project.status = ProjectStatus.ARCHIVED

    own = f"PROJECT#{PROJECT_ID}"
    assert before == {
        "EntityType": "Project",
        "PK": own,
        "SK": "METADATA",
        "GSI1PK": "STATUS#active",
        "GSI1SK": own,
    }
    assert project.rendered().get("GSI1PK") == "STATUS#archived"


def test_an_entity_in_no_index_has_no_index_key() -> None:
    artefact = an_artefact()

    assert artefact.rendered().keys() == {"EntityType", "PK", "SK"}


def test_an_entity_without_a_component_of_its_primary_key_cannot_be_stored() -> None:
    given: dict[str, Any] = {"project_id": "p", "checkpoint_key": "k"}
    checkpoint = AgentCheckpoint(**given)

    with pytest.raises(
        InvalidValueError,
        match=r"^AgentCheckpoint.key needs checkpoint_key, integration, project_id$",
    ):
        _ = checkpoint.rendered()["PK"]
    with pytest.raises(InvalidValueError, match=r"^AgentCheckpoint needs .*, integration, "):
        checkpoint.to_item()


def test_a_text_that_may_be_empty_may_not_be_so_in_a_key() -> None:
    with pytest.raises(InvalidValueError, match=r"^integration: '' is not a text with at "):
        a_checkpoint(integration="").to_item()


def test_a_later_change_of_the_callers_document_does_not_change_the_entity() -> None:
    config = {"labels": ["a"]}
    project = a_project(config=config)

    config["labels"].append("b")

    assert project.config == {"labels": ["a"]}


def test_entities_are_equal_when_they_would_be_stored_alike() -> None:
    action = an_action()
    twin = AgentAction.from_item(action.to_item())

    assert action == twin
    twin.expires_at = NOON
    assert action != twin
    assert a_project() != a_project()
    assert an_agent_config(config_key="k", value=1) != an_agent_config(config_key="k", value=True)
    assert an_agent_config(config_key="k", value=1) == an_agent_config(config_key="k", value=1.0)


def test_entities_of_two_types_and_other_objects_are_unequal() -> None:
    class Copy(Entity):
        id: Id = Id()
        name: Text = Text()
        key = Key("COPY", "{id}")

    class Original(Entity):
        id: Id = Id()
        name: Text = Text()
        key = Key("ORIGINAL", "{id}")

    assert Copy(id="a", name="b") != Original(id="a", name="b")
    assert Copy(id="a", name="b") != {"id": "a", "name": "b"}


def test_entities_that_lack_required_attributes_can_be_compared() -> None:
    project: type[Any] = Project
    config: type[Any] = AgentConfig

    assert project(id="a") == project(id="a")
    assert project(id="a") != project(id="b")
    assert project() != a_project()
    assert config(config_key="k") != config(config_key="k", value=None)


def test_an_entity_can_change_and_so_has_no_hash() -> None:
    with pytest.raises(TypeError, match=r"unhashable"):
        hash(a_project())


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda entity: pickle.loads(pickle.dumps(entity))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_an_entity_can_be_copied(duplicate: Callable[[Entity], Entity]) -> None:
    item = a_project(config={"a": [1]}).to_item() | {"foreign": {"S": "x"}}
    project = Project.from_item(item)

    assert duplicate(project) == project
    assert duplicate(project).to_item() == item


def test_a_deep_copy_is_apart_from_the_original() -> None:
    project = a_project(config={"a": [1]})

    duplicate = copy.deepcopy(project)
    duplicate.attribute_values["config"]["a"].append(2)

    assert project.config == {"a": [1]}


def test_an_entity_shows_its_key_and_none_of_its_content() -> None:
    config = an_integration_config(integration="jira", config_encrypted="QkFTRTY0")

    assert repr(config) == str(config) == "<IntegrationConfig INTEGRATION#jira / CONFIG>"
    encrypted: dict[str, Any] = {"config_encrypted": "QkF"}
    assert repr(IntegrationConfig(**encrypted)) == "<IntegrationConfig without a key>"
    assert repr(a_checkpoint(integration="")) == "<AgentCheckpoint without a key>"


@pytest.mark.parametrize(
    ("created_at", "expiry"),
    [
        (datetime(2026, 2, 4, 12, 0, 0, 999_000, UTC), datetime(2026, 3, 6, 12, tzinfo=UTC)),
        (datetime(9999, 12, 1, 23, 59, 59, 999_000, UTC), LAST_SECOND),
        (datetime(9999, 12, 2, tzinfo=UTC), LAST_SECOND),
        (datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC), LAST_SECOND),
    ],
)
def test_an_item_expires_its_lifetime_after_it_was_created_and_within_the_calendar(
    created_at: datetime, expiry: datetime
) -> None:
    event = an_event(created_at=created_at)

    assert event.expiry == expiry
    assert event.to_item()["TTL"] == {"N": str(int(expiry.timestamp()))}


def test_a_stored_expiry_stands_against_the_lifetime() -> None:
    event = an_event(expires_at=NOON)

    assert event.expiry == NOON
    assert event.to_item()["TTL"] == {"N": "1770206400"}


def test_an_entity_without_a_lifetime_or_a_creation_never_expires() -> None:
    nothing: dict[str, Any] = {}

    assert (a_project().expiry, Event(**nothing).expiry) == (None, None)
    assert "TTL" not in a_project().to_item()


def test_an_item_is_live_until_the_second_it_expires() -> None:
    project = a_project(expires_at=NOON)

    assert project.is_live(NOON - timedelta(milliseconds=1))
    assert not project.is_live(NOON)
    assert a_project().is_live(NOON)


@pytest.mark.parametrize(
    "operation",
    [
        lambda: a_project().save(),
        lambda: a_project().refresh(),
        lambda: a_project().delete(),
        lambda: a_project().update(actions=[Path(Project.name).set("x")]),
        lambda: Project.get("PROJECT#p", "METADATA"),
        lambda: list(Project.query("PROJECT#p")),
        lambda: list(Project.scan()),
        lambda: Project.count("PROJECT#p"),
        lambda: list(Project.batch_get([("PROJECT#p", "METADATA")])),
        lambda: _in_a_batch(a_project()),
        Project.exists,
        Project.create_table,
        Project.delete_table,
        Project.describe_table,
        lambda: a_project().get_save_kwargs_from_instance(),
    ],
)
def test_pynamodbs_own_operations_are_refused(operation: Callable[[], Any]) -> None:
    with pytest.raises(DeclarationError, match=r"^Project is not bound to a table: run an access"):
        operation()


def _in_a_batch(project: Project) -> None:
    with Project.batch_write() as batch:
        batch.save(project)


def test_a_misspelt_component_is_refused_naming_entity_key_and_component() -> None:
    with pytest.raises(DeclarationError, match=r"^Feature.ready: priorty: no such attribute$"):

        class Feature(Entity):
            id: Id = Id()
            key = Key("FEATURE#{id}", "METADATA")
            ready = Key("READY", "{priorty:5}", index=GSI1)


def test_a_condition_on_an_attribute_that_is_not_there_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Feature.ready: where: reddy: no such attribute$"):

        class Feature(Entity):
            id: Id = Id()
            ready_now: Boolean = Boolean()
            key = Key("FEATURE#{id}", "METADATA")
            ready = Key("READY", "{id}", index=GSI1, where={"reddy": True})


def test_an_entity_without_a_key_in_the_table_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Feature declares no key in the table itself$"):

        class Feature(Entity):
            id: Id = Id()
            ready = Key("READY", "{id}", index=GSI1)


def test_two_keys_in_one_index_are_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Feature declares two keys in index GSI1$"):

        class Feature(Entity):
            id: Id = Id()
            key = Key("FEATURE#{id}", "METADATA")
            ready = Key("READY", "{id}", index=GSI1)
            waiting = Key("WAITING", "{id}", index=GSI1)


def test_a_primary_key_that_shows_only_the_date_of_a_moment_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Day.key: items that differ in created_at could"):

        class Day(Entity):
            created_at: Moment = Moment()
            key = Key("DAY#{created_at:date}", "METADATA")


def test_a_primary_key_may_show_the_date_of_a_moment_beside_the_moment() -> None:
    class Entry(Entity):
        created_at: Moment = Moment()
        key = Key("DAY#{created_at:date}", "{created_at}")

    entry = Entry(created_at=NOON)
    item = entry.to_item()
    del item["createdAt"]

    assert (entry.rendered()["PK"], entry.rendered()["SK"]) == (
        "DAY#2026-02-04",
        "2026-02-04T12:00:00.000Z",
    )
    assert Entry.from_item(item) == entry


@pytest.mark.parametrize("name", ["TTL", "id"])
def test_two_attributes_stored_under_one_name_are_refused(name: str) -> None:
    with pytest.raises(
        DeclarationError, match=rf"^Feature declares two attributes stored as {name}$"
    ):

        class Feature(Entity):
            id: Id = Id()
            other: Text = Text(attr_name=name)
            key = Key("FEATURE#{id}", "METADATA")


def test_a_lifetime_without_a_moment_of_creation_is_refused() -> None:
    with pytest.raises(
        DeclarationError, match=r"^Feature has a lifetime but no attribute created_at$"
    ):

        class Feature(Entity):
            lifetime = timedelta(days=1)
            id: Id = Id()
            key = Key("FEATURE#{id}", "METADATA")


def test_an_entity_is_stored_under_its_class_name_unless_it_is_given_another() -> None:
    class Renamed(Entity):
        type_name = "Older"
        id: Id = Id()
        key = Key("RENAMED", "{id}")

    assert Renamed(id="a").to_item()["EntityType"] == {"S": "Older"}
    assert [kind.type_name for kind in PLATFORM_DESIGN.entities] == [
        kind.__name__.removesuffix("Lookup") for kind in PLATFORM_DESIGN.entities
    ]


def test_a_misspelt_attribute_cannot_be_assigned() -> None:
    project = a_project()

    with pytest.raises(AttributeError, match="Project has no attribute 'nmae'"):
        project.nmae = "Portal"  # type: ignore[attr-defined]

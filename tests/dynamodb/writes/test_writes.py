"""What a put, an update and a delete do, and what they refuse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from autoforge.access.actions import (
    cancel_action,
)
from autoforge.access.artefacts import update_artefact
from autoforge.access.projects.patterns import (
    ProjectById,
    ProjectsByStatus,
    update_project,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import timestamp_text
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.identity import described
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import (
    ConditionFailedError,
    DeclarationError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    VersionConflictError,
)
from autoforge.models import (
    AgentAction,
    Artefact,
    Feature,
    FeatureDependency,
    Project,
    ProjectStatus,
    RequestRecord,
    Ticket,
)
from autoforge.testing.recording import watching
from tests.dynamodb.written import LATER, Line, Task, stored_item
from tests.factories import (
    NOON,
    a_project,
    an_action,
    an_artefact,
    new_id,
)
from tests.stores import fresh, put_raw


def test_a_put_stores_the_item_with_its_type_and_its_keys(store: Store) -> None:
    project = a_project()

    assert store.save(Put(project)) is project

    assert stored_item(store, project) == {
        "PK": {"S": f"PROJECT#{project.id}"},
        "SK": {"S": "METADATA"},
        "GSI1PK": {"S": "STATUS#active"},
        "GSI1SK": {"S": f"PROJECT#{project.id}"},
        "EntityType": {"S": "Project"},
        "id": {"S": project.id},
        "name": {"S": "Customer Portal Migration"},
        "status": {"S": "active"},
        "source": {"S": "manual"},
        "autonomyLevel": {"S": "monitoring"},
        "maxConcurrency": {"N": "3"},
        "createdAt": {"S": "2026-02-04T12:00:00.000Z"},
        "updatedAt": {"S": "2026-02-04T12:00:00.000Z"},
    }


def test_a_put_refuses_to_overwrite_and_carries_what_is_there(store: Store) -> None:
    first = a_project()
    store.save(Put(first))

    with pytest.raises(ItemExistsError, match=f"Project with id '{first.id}' exists") as caught:
        store.save(Put(a_project(id=first.id, name="Another")))

    assert caught.value.item == first
    assert store.get(ProjectById(first.id)) == first


def test_a_put_refuses_to_overwrite_what_is_no_entity_of_ours(store: Store) -> None:
    project = a_project()
    put_raw(store, {"PK": {"S": str(project.rendered()["PK"])}, "SK": {"S": "METADATA"}})

    with pytest.raises(ItemExistsError) as caught:
        store.save(Put(project))

    assert caught.value.item is None


def test_an_update_sets_what_it_says_and_updated_at_and_keeps_everything_else(
    store: Store,
) -> None:
    project = a_project(config={"a": [1, {}]})
    put_raw(store, {**project.to_item(), "owned_by_others": {"SS": ["x"]}})

    updated = store.save(update_project(project.id, {"name": "New"}, at=LATER))

    assert stored_item(store, project) == {
        **project.to_item(),
        "owned_by_others": {"SS": ["x"]},
        "name": {"S": "New"},
        "updatedAt": {"S": timestamp_text(LATER)},
    }
    assert updated == store.get(ProjectById(project.id))
    assert updated.unknown == {"owned_by_others": ["x"]}


def test_an_update_refuses_to_create_and_leaves_no_ghost(store: Store) -> None:
    project_id = new_id()

    with pytest.raises(ItemNotFoundError, match=f"there is no Project with id '{project_id}'"):
        store.save(update_project(project_id, {"name": "New"}, at=LATER))

    assert list(store.keys_in(f"PROJECT#{project_id}")) == []


@pytest.mark.parametrize("type_name", [None, "Mystery"])
def test_an_update_and_a_delete_take_no_item_of_another_type_for_theirs(
    store: Store, type_name: str | None
) -> None:
    project = a_project()
    item = project.to_item()
    del item["EntityType"]
    if type_name is not None:
        item["EntityType"] = {"S": type_name}
    put_raw(store, item)

    with pytest.raises(ItemNotFoundError):
        store.save(update_project(project.id, {"name": "New"}, at=LATER))
    with pytest.raises(ItemNotFoundError):
        store.write(Delete(Project, {"id": project.id}))
    with pytest.raises(ItemNotFoundError):
        store.transact(Transaction((Check(Project, {"id": project.id}, LATER),)))

    assert stored_item(store, project) == item


def test_an_expired_item_cannot_be_updated_and_is_not_there_for_a_check(store: Store) -> None:
    action = an_action(created_at=NOON - timedelta(days=90))
    store.put_all([action])
    identity = {name: getattr(action, name) for name in ("project_id", "id", "created_at")}

    with pytest.raises(ItemNotFoundError):
        store.save(cancel_action(action.project_id, action.id, at=NOON))
    with pytest.raises(ItemNotFoundError):
        store.transact(Transaction((Check(AgentAction, identity, NOON),)))

    assert stored_item(store, action) == action.to_item()
    in_time = NOON - timedelta(seconds=1)
    assert store.save(cancel_action(action.project_id, action.id, at=in_time)).cancelled_at


def test_an_update_refuses_to_change_what_identifies_the_item() -> None:
    with pytest.raises(
        InvalidValueError, match=r"^an Update of .* changes id: components of the primary key"
    ):
        update_project("p", {"id": "q"}, at=NOON)


@pytest.mark.parametrize("name", ["colour", "name", "PK"])
def test_a_name_that_is_no_component_of_the_key_is_refused(name: str) -> None:
    key = {"id": "p", name: "x"}

    for declared in (
        lambda: Update(Project, key, NOON),
        lambda: Delete(Project, key),
        lambda: Check(Project, key, NOON),
    ):
        with pytest.raises(DeclarationError, match=f"^Project.key has no component {name}$"):
            declared()


@pytest.mark.parametrize("name", ["colour", "PK", "GSI1PK", "GSI1SK", "EntityType", "createdAt"])
def test_an_update_refuses_what_is_no_attribute_a_caller_sets(name: str) -> None:
    with pytest.raises(DeclarationError, match=f"Project has no attribute '{name}'"):
        update_project("p", {name: "x"}, at=NOON)
    with pytest.raises(DeclarationError, match=f"Project has no attribute '{name}'"):
        Update(Project, {"id": "p"}, NOON, expected={name: "x"})


def test_an_update_refuses_a_change_of_what_feeds_a_key_to_an_unknown_value() -> None:
    copied = Project.status.copy(Project.status)

    message = r"^Project.by_status is made of status: it must be set, or its old value be expected$"

    with pytest.raises(DeclarationError, match=message):
        Update(Project, {"id": "p"}, NOON, [copied], [Project.status.equals(ProjectStatus.ACTIVE)])


def test_an_update_that_may_create_refuses_to_leave_what_feeds_a_key_to_chance() -> None:
    with pytest.raises(DeclarationError, match="status feeds a key"):
        Update(Project, {"id": "p"}, NOON, initial={"status": "active"})


def test_an_update_refuses_to_remove_what_an_item_needs(store: Store) -> None:
    with pytest.raises(InvalidValueError, match="Project needs name"):
        store.save(update_project("p", {"name": None}, at=NOON))


def test_an_update_removes_an_optional_attribute(store: Store) -> None:
    project = a_project(description="Old")
    store.save(Put(project))

    store.save(update_project(project.id, {"description": None}, at=NOON))

    assert "description" not in stored_item(store, project)


def test_an_update_moves_the_item_in_the_index(store: Store) -> None:
    store = fresh(store.client)
    project = a_project()
    store.save(Put(project))

    updated = store.save(update_project(project.id, {"status": "paused"}, at=LATER))

    assert store.page(ProjectsByStatus(ProjectStatus.ACTIVE), limit=9).items == ()
    assert store.page(ProjectsByStatus(ProjectStatus.PAUSED), limit=9).items == (updated,)


def test_an_update_takes_an_item_out_of_a_sparse_index_and_puts_it_back(store: Store) -> None:
    task = Task(id=new_id(), owner="ann")
    store.save(Put(task))
    owned = {"GSI1PK": {"S": "OWNER#ann#a"}, "GSI1SK": {"S": f"a#{task.id}"}}

    def keys(**given: Any) -> dict[str, Any]:
        store.save(Update(Task, {"id": task.id}, NOON, **given))
        item = stored_item(store, task)
        return {name: item[name] for name in ("GSI1PK", "GSI1SK") if name in item}

    everything: dict[str, Any] = {"owner": "ann", "rank": "a", "open": True}
    assert keys(changes={"open": False}) == {}
    assert keys(changes={"open": True}, expected={"owner": "ann", "rank": "a"}) == owned
    assert keys(changes={"rank": "b"}, expected={"owner": "ann", "open": True}) == {
        "GSI1PK": {"S": "OWNER#ann#b"},
        "GSI1SK": {"S": f"b#{task.id}"},
    }
    assert keys(changes=everything) == owned
    assert keys(changes={"note": "of no key"}) == owned
    assert keys(changes={"owner": None}, expected={"rank": "a", "open": True}) == {
        "GSI1PK": {"S": "NOBODY"},
        "GSI1SK": {"S": f"a#{task.id}"},
    }


@pytest.mark.parametrize(
    ("values", "given", "unknown"),
    [
        ({"rank": "b"}, {"owner": "ann"}, "open"),
        ({"rank": "b"}, {"open": True}, "owner"),
        ({"open": True}, {}, "owner"),
        ({"owner": "bob"}, {"open": True}, "rank"),
    ],
)
def test_an_update_that_could_leave_an_index_key_stale_is_refused_before_the_call(
    store: Store, values: dict[str, Any], given: dict[str, Any], unknown: str
) -> None:
    refused = pytest.raises(DeclarationError, match=f"feeds Task.by_owner must give {unknown}")
    with watching(store.client) as watched, refused:
        store.save(Update(Task, {"id": "t"}, NOON, changes=values, expected=given))

    assert watched.sent == []


def test_an_update_renders_only_the_half_of_a_key_that_changes(store: Store) -> None:
    line = Line(id=new_id(), colour="red", length="1")
    store.save(Put(line))

    store.save(Update(Line, {"id": line.id}, NOON, changes={"length": "2"}))

    assert stored_item(store, line) == {**Line(id=line.id, colour="red", length="2").to_item()}


def test_a_given_value_that_is_not_there_fails_the_condition(store: Store) -> None:
    task = Task(id=new_id(), owner="ann", due=NOON)
    store.save(Put(task))

    for wrong in ({"owner": "bob"}, {"note": "x"}, {"owner": None}):
        with pytest.raises(ConditionFailedError, match=r"does not meet the condition$") as caught:
            store.save(Update(Task, {"id": task.id}, NOON, changes={"due": None}, expected=wrong))
        assert caught.value.item == task


def test_a_given_none_takes_a_null_that_others_stored_for_absent(store: Store) -> None:
    task = Task(id=new_id(), owner="ann", due=NOON)
    put_raw(store, {**task.to_item(), "note": {"NULL": True}})

    write = Update(Task, {"id": task.id}, NOON, changes={"due": None}, expected={"note": None})

    assert store.save(write).due is None


def test_an_expected_version_that_is_not_there_is_a_version_conflict(store: Store) -> None:
    artefact = store.save(Put(an_artefact(version=7)))
    identity = artefact.project_id, artefact.type

    with pytest.raises(VersionConflictError, match="in version 7, not 6") as caught:
        store.save(update_artefact(*identity, {}, expected_version=6, at=LATER))

    assert caught.value.item == artefact
    assert stored_item(store, artefact) == artefact.to_item()


def test_a_delete_removes_the_item_and_refuses_what_is_not_there(store: Store) -> None:
    project = a_project()
    store.save(Put(project))
    delete = Delete(Project, {"id": project.id})

    assert store.write(delete) is None
    with pytest.raises(ItemNotFoundError, match=f"there is no Project with id '{project.id}'"):
        store.write(delete)

    assert store.get(ProjectById(project.id)) is None


@pytest.mark.parametrize(
    ("entity", "key", "name"),
    [
        (Project, {"id": "p"}, "Project p"),
        (Feature, {"project_id": "p", "id": "a"}, "Feature a of project p"),
        (Artefact, {"project_id": "p", "type": "raid_log"}, "Artefact raid_log of project p"),
        (
            AgentAction,
            {"project_id": "p", "created_at": NOON, "id": "a"},
            "AgentAction a of project p",
        ),
        (
            FeatureDependency,
            {"project_id": "p", "depends_on_id": "a", "feature_id": "b"},
            "FeatureDependency a / b of project p",
        ),
        (RequestRecord, {"project_id": None, "id": "r"}, "RequestRecord r"),
        (RequestRecord, {"project_id": "p", "id": "r"}, "RequestRecord r of project p"),
        (Ticket, {"linear_issue_id": "LIN-1"}, "Ticket LIN-1"),
    ],
)
def test_an_error_names_an_item_by_its_sort_key_and_its_partition(
    entity: type[Entity], key: dict[str, Any], name: str
) -> None:
    assert described(entity, key) == name


def test_a_delete_that_may_find_nothing_finds_nothing(store: Store) -> None:
    assert store.write(Delete(Project, {"id": new_id()}, missing_ok=True)) is None


def test_a_delete_on_a_condition_leaves_what_does_not_fulfil_it(store: Store) -> None:
    project = store.save(Put(a_project(name="Portal")))
    named = {
        name: Delete(
            Project,
            {"id": project.id},
            condition=Project.name == name,
            requires=f"only {name} goes",
            found=lambda there: f"is {there.name}",
        )
        for name in ("Another", "Portal")
    }

    refused = f"^Project {project.id} is Portal; only Another goes$"
    with pytest.raises(ConditionFailedError, match=refused) as lost:
        store.write(named["Another"])
    assert lost.value.item == project == store.get(ProjectById(project.id))

    assert store.write(named["Portal"]) is None
    with pytest.raises(ItemNotFoundError):
        store.write(named["Portal"])

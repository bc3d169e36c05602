"""Every write does what it says on its condition, and nothing otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from pynamodb.expressions.operand import Path

from autoforge.access.actions import (
    ActionById,
    approve_action,
    cancel_action,
    execute_action,
    hold_action,
)
from autoforge.access.agent_config import AgentConfigOf, set_agent_config
from autoforge.access.artefacts import ArtefactOfProject, revert_artefact, update_artefact
from autoforge.access.checkpoints import CheckpointOf, advance_checkpoint, set_checkpoint
from autoforge.access.client import Client
from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    decide_escalation,
    expire_escalation,
    supersede_escalation,
)
from autoforge.access.events import (
    EventById,
    EventsOfDate,
    EventsOfProject,
    GlobalEvents,
    record_event,
)
from autoforge.access.integrations import (
    IntegrationConfigOf,
    report_health,
    save_integration_config,
)
from autoforge.access.projects import (
    DeleteProject,
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
    update_project,
)
from autoforge.access.store import Store
from autoforge.access.update import Update
from autoforge.access.writing import Check, Delete, Put, Transaction, Write
from autoforge.errors import (
    AutoforgeError,
    ConditionFailedError,
    DeclarationError,
    InvalidTransactionError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    ItemTooLargeError,
    VersionConflictError,
)
from autoforge.models import (
    ActionState,
    AgentAction,
    AgentConfig,
    ArtefactType,
    Entity,
    Escalation,
    EscalationStatus,
    Event,
    IntegrationConfig,
    IntegrationStatus,
    Project,
    ProjectStatus,
)
from autoforge.models.attributes import (
    BooleanAttribute,
    IdAttribute,
    MomentAttribute,
    TextAttribute,
    optional,
)
from autoforge.models.indexes import GSI1
from autoforge.models.keys import Key
from autoforge.moments import MILLISECOND, moment_text
from tests.access.faults import Fault, Pass, Refuse, injected
from tests.factories import (
    NOON,
    a_checkpoint,
    a_project,
    an_action,
    an_agent_config,
    an_artefact,
    an_escalation,
    an_event,
    an_integration_config,
    new_id,
)
from tests.stores import Clock, fresh, put_raw, raw_items, watching
from tests.strategies import json_values

_LATER: Final = NOON + timedelta(minutes=1)
_THREADS: Final = 8


class Task(Entity):
    """An entity whose index is sparse for every reason there is."""

    id = IdAttribute()
    owner = optional(TextAttribute())
    rank = TextAttribute(default_for_new="a")
    open = BooleanAttribute(default_for_new=True)
    note = optional(TextAttribute())
    due = optional(MomentAttribute())

    key = Key("TASK#{id}", "TASK")
    by_owner = Key("OWNER#{owner}#{rank}|NOBODY", "{rank}#{id}", index=GSI1, where={"open": True})


class Line(Entity):
    """An entity that is always in the index, each half of its key fed by another attribute."""

    id = IdAttribute()
    colour = TextAttribute()
    length = TextAttribute()

    key = Key("LINE#{id}", "LINE")
    by_colour = Key("COLOUR#{colour}", "{length}#{id}", index=GSI1)


# Create -----------------------------------------------------------------------------------------


def test_a_put_stores_the_item_with_its_type_and_its_keys(store: Store) -> None:
    project = a_project()

    assert store.save(Put(project)) is project

    assert _raw(store, project) == {
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
    put_raw(store, {"PK": {"S": str(project.PK)}, "SK": {"S": "METADATA"}})

    with pytest.raises(ItemExistsError) as caught:
        store.save(Put(project))

    assert caught.value.item is None


# Update -----------------------------------------------------------------------------------------


def test_an_update_sets_what_it_says_and_updated_at_and_keeps_everything_else(
    store: Store,
) -> None:
    project = a_project(config={"a": [1, {}]})
    put_raw(store, {**project.to_item(), "owned_by_others": {"SS": ["x"]}})

    updated = store.save(update_project(project.id, {"name": "New"}, at=_LATER))

    assert _raw(store, project) == {
        **project.to_item(),
        "owned_by_others": {"SS": ["x"]},
        "name": {"S": "New"},
        "updatedAt": {"S": moment_text(_LATER)},
    }
    assert updated == store.get(ProjectById(project.id))
    assert updated.unknown == {"owned_by_others": ["x"]}


def test_an_update_refuses_to_create_and_leaves_no_ghost(store: Store) -> None:
    project_id = new_id()

    with pytest.raises(ItemNotFoundError, match=f"there is no Project with id '{project_id}'"):
        store.save(update_project(project_id, {"name": "New"}, at=_LATER))

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
        store.save(update_project(project.id, {"name": "New"}, at=_LATER))
    with pytest.raises(ItemNotFoundError):
        store.write(Delete(Project, {"id": project.id}))
    with pytest.raises(ItemNotFoundError):
        store.transact(Transaction((Check(Project, {"id": project.id}, _LATER),)))

    assert _raw(store, project) == item


def test_an_expired_item_cannot_be_updated_and_is_not_there_for_a_check(store: Store) -> None:
    action = an_action(created_at=NOON - timedelta(days=90))
    store.put_all([action])
    identity = {name: getattr(action, name) for name in ("project_id", "id", "created_at")}

    with pytest.raises(ItemNotFoundError):
        store.save(cancel_action(action.project_id, action.id, at=NOON))
    with pytest.raises(ItemNotFoundError):
        store.transact(Transaction((Check(AgentAction, identity, NOON),)))

    assert _raw(store, action) == action.to_item()
    in_time = NOON - timedelta(seconds=1)
    assert store.save(cancel_action(action.project_id, action.id, at=in_time)).cancelled_at


def test_an_update_refuses_to_change_what_identifies_the_item() -> None:
    with pytest.raises(InvalidValueError, match=r"^id identify the item for good"):
        update_project("p", {"id": "q"}, at=NOON)


@pytest.mark.parametrize("name", ["colour", "PK", "GSI1PK", "GSI1SK", "EntityType", "createdAt"])
def test_an_update_refuses_what_is_no_attribute_a_caller_sets(name: str) -> None:
    with pytest.raises(DeclarationError, match=f"Project has no attribute '{name}'"):
        update_project("p", {name: "x"}, at=NOON)
    with pytest.raises(DeclarationError, match=f"Project has no attribute '{name}'"):
        Update(Project, {"id": "p"}, NOON, given={name: "x"})


def test_an_update_refuses_an_action_on_what_feeds_a_key() -> None:
    rename = Path(Project.status).set(Path(Project.name))

    with pytest.raises(DeclarationError, match="status feeds a key"):
        Update(Project, {"id": "p"}, NOON, actions=[rename])


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

    assert "description" not in _raw(store, project)


def test_an_update_moves_the_item_in_the_index(store: Store) -> None:
    store = fresh(store.client)
    project = a_project()
    store.save(Put(project))

    updated = store.save(update_project(project.id, {"status": "paused"}, at=_LATER))

    assert store.page(ProjectsByStatus(ProjectStatus.ACTIVE), limit=9).items == ()
    assert store.page(ProjectsByStatus(ProjectStatus.PAUSED), limit=9).items == (updated,)


def test_an_update_takes_an_item_out_of_a_sparse_index_and_puts_it_back(store: Store) -> None:
    task = Task(id=new_id(), owner="ann")
    store.save(Put(task))
    owned = {"GSI1PK": {"S": "OWNER#ann#a"}, "GSI1SK": {"S": f"a#{task.id}"}}

    def keys(**given: Any) -> dict[str, Any]:
        store.save(Update(Task, {"id": task.id}, NOON, **given))
        item = _raw(store, task)
        return {name: item[name] for name in ("GSI1PK", "GSI1SK") if name in item}

    everything: dict[str, Any] = {"owner": "ann", "rank": "a", "open": True}
    assert keys(values={"open": False}) == {}
    assert keys(values={"open": True}, given={"owner": "ann", "rank": "a"}) == owned
    assert keys(values={"rank": "b"}, given={"owner": "ann", "open": True}) == {
        "GSI1PK": {"S": "OWNER#ann#b"},
        "GSI1SK": {"S": f"b#{task.id}"},
    }
    assert keys(values=everything) == owned
    assert keys(values={"note": "of no key"}) == owned
    assert keys(values={"owner": None}, given={"rank": "a", "open": True}) == {
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
        store.save(Update(Task, {"id": "t"}, NOON, values=values, given=given))

    assert watched.sent == []


def test_an_update_renders_only_the_half_of_a_key_that_changes(store: Store) -> None:
    line = Line(id=new_id(), colour="red", length="1")
    store.save(Put(line))

    store.save(Update(Line, {"id": line.id}, NOON, values={"length": "2"}))

    assert _raw(store, line) == {**Line(id=line.id, colour="red", length="2").to_item()}


def test_a_given_value_that_is_not_there_fails_the_condition(store: Store) -> None:
    task = Task(id=new_id(), owner="ann", due=NOON)
    store.save(Put(task))

    for wrong in ({"owner": "bob"}, {"note": "x"}, {"owner": None}):
        with pytest.raises(ConditionFailedError, match="is not as given") as caught:
            store.save(Update(Task, {"id": task.id}, NOON, values={"due": None}, given=wrong))
        assert caught.value.item == task


def test_a_given_none_takes_a_null_that_others_stored_for_absent(store: Store) -> None:
    task = Task(id=new_id(), owner="ann", due=NOON)
    put_raw(store, {**task.to_item(), "note": {"NULL": True}})

    write = Update(Task, {"id": task.id}, NOON, values={"due": None}, given={"note": None})

    assert store.save(write).due is None


def test_an_expected_version_that_is_not_there_is_a_version_conflict(store: Store) -> None:
    artefact = store.save(Put(an_artefact(version=7)))
    identity = artefact.project_id, artefact.type

    with pytest.raises(VersionConflictError, match="in version 7, not 6") as caught:
        store.save(update_artefact(*identity, {}, expected_version=6, at=_LATER))

    assert caught.value.item == artefact
    assert _raw(store, artefact) == artefact.to_item()


# Delete -----------------------------------------------------------------------------------------


def test_a_delete_removes_the_item_and_refuses_what_is_not_there(store: Store) -> None:
    project = a_project()
    store.save(Put(project))
    delete = Delete(Project, {"id": project.id})

    assert store.write(delete) is None
    with pytest.raises(ItemNotFoundError, match=f"there is no Project with id '{project.id}'"):
        store.write(delete)

    assert store.get(ProjectById(project.id)) is None


def test_a_delete_that_may_find_nothing_finds_nothing(store: Store) -> None:
    assert store.write(Delete(Project, {"id": new_id()}, missing_ok=True)) is None


# Transactions -----------------------------------------------------------------------------------


def test_a_transaction_makes_all_of_its_writes(store: Store) -> None:
    artefact, escalation, gone, new = an_artefact(), an_escalation(), a_project(), a_project()
    store.put_all([artefact, escalation, gone])

    store.transact(
        Transaction(
            (
                update_artefact(
                    artefact.project_id, artefact.type, {"new": 1}, expected_version=1, at=_LATER
                ),
                Delete(Project, {"id": gone.id}),
                Check(
                    Escalation, {"project_id": escalation.project_id, "id": escalation.id}, _LATER
                ),
                Put(new),
            )
        )
    )

    after = store.require(ArtefactOfProject(artefact.project_id, artefact.type))
    assert (after.version, after.content) == (2, {"new": 1})
    assert store.get(ProjectById(gone.id)) is None
    assert store.get(ProjectById(new.id)) == new


def test_a_transaction_with_one_refusal_changes_nothing_and_says_which(store: Store) -> None:
    artefact, there, new = an_artefact(), a_project(), a_project()
    store.put_all([artefact, there])
    identity = artefact.project_id, artefact.type
    update = update_artefact(*identity, {"new": 1}, expected_version=1, at=_LATER)
    stale = update_artefact(*identity, {"new": 1}, expected_version=9, at=_LATER)
    check = Check(
        Project,
        {"id": there.id},
        _LATER,
        condition=Project.status == ProjectStatus.ARCHIVED,
        requires="archived",
    )

    with pytest.raises(ItemExistsError) as exists:
        store.transact(Transaction((Put(new), update, Put(there))))
    with pytest.raises(VersionConflictError) as conflict:
        store.transact(Transaction((Put(new), stale)))
    with pytest.raises(ItemNotFoundError):
        store.transact(Transaction((Put(new), Delete(Project, {"id": new_id()}))))
    with pytest.raises(ConditionFailedError, match="is not archived") as checked:
        store.transact(Transaction((Put(new), update, check)))

    assert (exists.value.item, checked.value.item) == (there, there)
    assert conflict.value.item == artefact
    assert store.get(ProjectById(new.id)) is None
    assert _raw(store, artefact) == artefact.to_item()


def test_a_transaction_dynamodb_never_accepts_is_refused_before_the_call() -> None:
    put = Put(a_project())
    large = [Put(an_artefact(content={"pad": "x" * 390_000})) for _ in range(11)]

    with pytest.raises(InvalidTransactionError, match="1 to 100 writes, not 101"):
        Transaction(tuple(Put(a_project()) for _ in range(101)))
    with pytest.raises(InvalidTransactionError, match="1 to 100 writes, not 0"):
        Transaction(())
    with pytest.raises(InvalidTransactionError, match="METADATA is written twice"):
        Transaction((put, Delete(Project, {"id": put.item.id})))
    with pytest.raises(InvalidTransactionError, match="at most 4,194,304 bytes"):
        Transaction(tuple(large))
    assert len(Transaction(tuple(large[:10])).writes) == 10


def test_a_transaction_of_a_hundred_writes_is_made(store: Store) -> None:
    project_id = new_id()
    escalations = [an_escalation(project_id=project_id) for _ in range(100)]

    store.transact(Transaction(tuple(Put(each) for each in escalations)))

    assert len(list(store.keys_in(f"PROJECT#{project_id}"))) == 100


def test_an_item_too_large_in_a_transaction_is_refused_before_the_call(store: Store) -> None:
    transaction = Transaction((Put(an_artefact(content={"pad": "x" * 410_000})),))

    with watching(store.client) as watched, pytest.raises(ItemTooLargeError):
        store.transact(transaction)

    assert watched.sent == []


# Batches ----------------------------------------------------------------------------------------


def test_batches_store_and_delete_any_number_of_items(store: Store) -> None:
    project_id = new_id()
    events = [an_event(project_id=project_id) for _ in range(60)]

    with watching(store.client) as watched:
        stored = store.put_all(iter(events))
    listed = list(store.each(EventsOfProject(project_id, order="asc"), page_size=7))
    deleted = store.delete_all(store.keys_in(f"PROJECT#{project_id}"))

    assert (stored, deleted, listed) == (60, 60, events)
    assert watched.operations == ["BatchWriteItem"] * 3
    assert list(store.keys_in(f"PROJECT#{project_id}")) == []
    assert store.put_all([]) == store.delete_all([]) == 0


def test_of_two_items_with_one_key_in_a_batch_the_later_is_stored(store: Store) -> None:
    first = a_project()
    second = a_project(id=first.id, name="Second")

    assert store.put_all([first, second]) == 1

    assert store.get(ProjectById(first.id)) == second


def test_the_keys_of_a_collection_are_all_its_keys_over_many_pages(store: Store) -> None:
    project_id = new_id()
    artefacts = [
        an_artefact(project_id=project_id, type=each, content={"pad": "x" * 300_000})
        for each in ArtefactType
    ]
    store.put_all(artefacts)
    put_raw(store, {"PK": {"S": f"PROJECT#{project_id}"}, "SK": {"S": "ZZZ"}})

    with watching(store.client) as watched:
        keys = list(store.keys_in(f"PROJECT#{project_id}"))

    assert [key.sort for key in keys] == [*sorted(str(each.SK) for each in artefacts), "ZZZ"]
    # Strongly consistent: what was written a moment ago must be deleted with the rest.
    assert [sent["ConsistentRead"] for _, sent in watched.sent] == [True, True]


# Artefacts --------------------------------------------------------------------------------------


def test_updating_an_artefact_keeps_what_it_replaces_and_counts(store: Store) -> None:
    artefact = store.save(Put(an_artefact(content={"v": 1})))
    identity = artefact.project_id, artefact.type

    second = store.save(update_artefact(*identity, {"v": 2}, expected_version=1, at=_LATER))
    third = store.save(update_artefact(*identity, {"v": 3}, expected_version=None, at=_LATER))

    assert (second.content, second.previous_version, second.version) == ({"v": 2}, {"v": 1}, 2)
    assert (third.content, third.previous_version, third.version) == ({"v": 3}, {"v": 2}, 3)
    assert (third.created_at, third.updated_at, third.id) == (NOON, _LATER, artefact.id)


def test_reverting_an_artefact_swaps_its_two_contents_and_counts_on(store: Store) -> None:
    artefact = store.save(Put(an_artefact(content={"v": 1})))
    identity = artefact.project_id, artefact.type
    store.save(update_artefact(*identity, {"v": 2}, expected_version=1, at=NOON))

    once = store.save(revert_artefact(*identity, expected_version=2, at=_LATER))
    twice = store.save(revert_artefact(*identity, expected_version=None, at=_LATER))

    assert (once.content, once.previous_version, once.version) == ({"v": 1}, {"v": 2}, 3)
    assert (twice.content, twice.previous_version, twice.version) == ({"v": 2}, {"v": 1}, 4)


def test_an_artefact_without_a_version_before_it_cannot_be_reverted(store: Store) -> None:
    artefact = store.save(Put(an_artefact()))
    identity = artefact.project_id, artefact.type

    with pytest.raises(ConditionFailedError, match="one with a version before it") as caught:
        store.save(revert_artefact(*identity, expected_version=1, at=_LATER))

    assert type(caught.value) is ConditionFailedError
    assert _raw(store, artefact) == artefact.to_item()


# Events -----------------------------------------------------------------------------------------


def test_a_recorded_event_is_in_its_project_its_day_and_the_feed(store: Store) -> None:
    store = fresh(store.client)
    event = an_event(detail={"a": 1})

    store.transact(record_event(event))

    (trace,) = store.page(GlobalEvents(), limit=9).items
    assert store.page(EventsOfProject(event.project_id or ""), limit=9).items == (event,)
    assert store.page(EventsOfDate(NOON.date()), limit=9).items == (event,)
    assert trace.attribute_values == {
        **{n: value for n, value in event.attribute_values.items() if n != "detail"},
        "expires_at": NOON + timedelta(days=30),
    }


def test_an_event_of_no_project_is_stored_once_in_the_feed(store: Store) -> None:
    store = fresh(store.client)
    event = an_event(project_id=None)

    store.transact(record_event(event))
    store.transact(record_event(event))

    assert store.page(GlobalEvents(), limit=9).items == (event,)
    assert len(raw_items(store)) == 1


def test_recording_the_same_event_twice_is_one_event(store: Store) -> None:
    store = fresh(store.client)
    event = an_event(detail={"small": 1e-7, "whole": 2.0, "large": 1e30})

    store.transact(record_event(event))
    before = raw_items(store)
    store.transact(record_event(event))

    assert raw_items(store) == before
    assert len(before) == 2


def test_numbers_that_are_written_in_another_way_are_still_the_same_event(store: Store) -> None:
    event = an_event(project_id=None, detail={"a": [1.5, 100]})
    written = {"M": {"a": {"L": [{"N": "1.50"}, {"N": "1E2"}]}}}
    put_raw(store, {**event.to_item(), "detail": written})

    store.transact(record_event(event))

    assert store.get(EventById(None, event.id)) == event


def test_recording_an_event_again_restores_a_trace_that_expired_before_it(store: Store) -> None:
    store = fresh(store.client)
    event = an_event()
    store.transact(record_event(event))
    (trace,) = store.page(GlobalEvents(), limit=9).items
    store.delete_all(store.keys_in("GLOBAL"))

    store.transact(record_event(event))

    assert store.page(GlobalEvents(), limit=9).items == (trace,)


@pytest.mark.parametrize(
    "change", [{"summary": "Another"}, {"detail": {"a": 2}}, {"detail": {"a": 1.5}}]
)
def test_another_event_under_the_same_id_is_refused(store: Store, change: dict[str, Any]) -> None:
    event = an_event(detail={"a": 1})
    store.transact(record_event(event))
    values = {**event.attribute_values, **change}

    with pytest.raises(ItemExistsError) as caught:
        store.transact(record_event(Event(**values)))

    assert caught.value.item == event


def test_an_event_with_another_write_is_not_half_repeated(store: Store) -> None:
    """The event is there already, so the update beside it was made before or is another's."""
    event, artefact = an_event(), store.save(Put(an_artefact()))
    store.transact(record_event(event))
    update = update_artefact(
        artefact.project_id, artefact.type, {"new": 1}, expected_version=None, at=_LATER
    )

    with pytest.raises(ItemExistsError):
        store.transact(Transaction((*record_event(event).writes, update)))

    assert _raw(store, artefact) == artefact.to_item()


def test_an_event_whose_id_tells_another_moment_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="was minted at 2026-02-04T12:00:00"):
        record_event(an_event(id=new_id(NOON), created_at=NOON + MILLISECOND))


# Escalations ------------------------------------------------------------------------------------


def test_a_decision_closes_an_escalation_and_moves_it_in_the_index(store: Store) -> None:
    store = fresh(store.client)
    escalation = store.save(Put(an_escalation()))

    decided = store.save(
        decide_escalation(
            escalation.project_id,
            escalation.id,
            decision="Option A",
            notes="Risky",
            decided_by="ann",
            at=_LATER,
        )
    )

    assert decided.attribute_values == {
        **escalation.attribute_values,
        "status": EscalationStatus.DECIDED,
        "user_decision": "Option A",
        "user_notes": "Risky",
        "decided_by": "ann",
        "decided_at": _LATER,
        "updated_at": _LATER,
    }
    assert store.page(EscalationsByStatus(EscalationStatus.PENDING), limit=9).items == ()
    assert store.page(EscalationsByStatus(EscalationStatus.DECIDED), limit=9).items == (decided,)


_CLOSINGS: Final[dict[EscalationStatus, Callable[[Escalation], Write[Escalation]]]] = {
    EscalationStatus.DECIDED: lambda it: decide_escalation(
        it.project_id, it.id, decision="no", at=_LATER
    ),
    EscalationStatus.EXPIRED: lambda it: expire_escalation(it.project_id, it.id, at=_LATER),
    EscalationStatus.SUPERSEDED: lambda it: supersede_escalation(it.project_id, it.id, at=_LATER),
}


@pytest.mark.parametrize("first", _CLOSINGS)
@pytest.mark.parametrize("second", _CLOSINGS)
def test_an_escalation_is_closed_once_and_the_second_learns_how(
    store: Store, first: EscalationStatus, second: EscalationStatus
) -> None:
    escalation = store.save(Put(an_escalation()))
    closed = store.write(_CLOSINGS[first](escalation))

    with pytest.raises(ConditionFailedError, match="is not pending") as caught:
        store.write(_CLOSINGS[second](escalation))

    assert caught.value.item == closed
    assert closed is not None
    assert closed.status == first
    assert store.get(EscalationById(escalation.project_id, escalation.id)) == closed


# Actions ----------------------------------------------------------------------------------------

_PAST: Final = NOON - timedelta(minutes=5)
_FUTURE: Final = NOON + timedelta(hours=1)

#: Every state an action may be in when a write comes.
_STATES: Final[dict[str, dict[str, Any]]] = {
    "proposed": {},
    "held": {"held_until": _FUTURE},
    "due": {"held_until": _LATER},
    "approved": {"approved_at": _PAST},
    "cancelled": {"cancelled_at": _PAST},
    "executed": {"executed": True, "executed_at": _PAST},
    "executed when due": {"executed": True, "executed_at": _PAST, "held_until": _PAST},
}
_MOVES: Final[dict[str, Callable[[AgentAction], Update[AgentAction]]]] = {
    "hold": lambda it: hold_action(it.project_id, it.id, held_until=_FUTURE, at=_LATER),
    "approve": lambda it: approve_action(it.project_id, it.id, at=_LATER),
    "cancel": lambda it: cancel_action(it.project_id, it.id, at=_LATER),
    "execute": lambda it: execute_action(it.project_id, it.id, at=_LATER),
}
#: What each write changes, from the states it may come from; every other pair is refused.
_ALLOWED: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("proposed", "hold"): {"held_until": _FUTURE},
    ("held", "approve"): {"held_until": None, "approved_at": _LATER},
    ("due", "approve"): {"held_until": None, "approved_at": _LATER},
    ("proposed", "cancel"): {"cancelled_at": _LATER},
    ("held", "cancel"): {"held_until": None, "cancelled_at": _LATER},
    ("due", "cancel"): {"held_until": None, "cancelled_at": _LATER},
    ("approved", "cancel"): {"cancelled_at": _LATER},
    ("proposed", "execute"): {"executed": True, "executed_at": _LATER},
    ("due", "execute"): {"executed": True, "executed_at": _LATER},
    ("approved", "execute"): {"executed": True, "executed_at": _LATER},
}
_REACHED: Final = {
    "hold": ActionState.HELD,
    "approve": ActionState.APPROVED,
    "cancel": ActionState.CANCELLED,
    "execute": ActionState.EXECUTED,
}
_WANTED: Final = {
    "hold": "proposed",
    "approve": "held",
    "cancel": "open",
    "execute": "ready to be executed",
}


@pytest.mark.parametrize("move", _MOVES)
@pytest.mark.parametrize("state", _STATES)
def test_an_action_goes_from_state_to_state_as_the_table_says(
    store: Store, state: str, move: str
) -> None:
    action = store.save(Put(an_action(**_STATES[state])))
    change = _ALLOWED.get((state, move))

    if change is None:
        with pytest.raises(ConditionFailedError, match=f"is not {_WANTED[move]}$") as caught:
            store.save(_MOVES[move](action))
        assert caught.value.item == action
        assert _raw(store, action) == action.to_item()
        return
    moved = store.save(_MOVES[move](action))

    values = {**action.attribute_values, **change, "updated_at": _LATER}
    assert moved == AgentAction(**values)
    assert moved.state is _REACHED[move]
    assert _raw(store, action) == AgentAction(**values).to_item()


def test_an_action_that_is_not_there_cannot_move(store: Store) -> None:
    for move in _MOVES.values():
        with pytest.raises(ItemNotFoundError, match="there is no AgentAction with projectId"):
            store.save(move(an_action()))


# Checkpoints ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-02-04T10:00:00Z", "2026-02-04T10:00:00.001Z"),
        ("2026-02-04T10:00:00.000Z", "2026-02-04T10:00:01Z"),
        ("2026-02-04T10:00:00+02:00", "2026-02-04T09:00:00Z"),
        ("2026-02-04T10:00:00-01:00", "2026-02-04T13:01:00+02:00"),
        ("9", "10"),
        ("99", "100000000000000000000"),
        ("a", "b"),
        ("page-1", "page-10"),
    ],
)
def test_a_checkpoint_advances_and_never_goes_back(store: Store, before: str, after: str) -> None:
    where = new_id(), "jira#cloud", "last%sync"

    store.save(advance_checkpoint(*where, before, at=NOON))
    again = store.save(advance_checkpoint(*where, before, at=NOON))
    forward = store.save(advance_checkpoint(*where, after, at=_LATER))
    with pytest.raises(ConditionFailedError, match="is not behind") as caught:
        store.save(advance_checkpoint(*where, before, at=_LATER))

    assert (again.checkpoint_value, forward.checkpoint_value) == (before, after)
    assert caught.value.item == forward == store.get(CheckpointOf(*where))


def test_the_same_moment_in_another_form_is_no_step_back(store: Store) -> None:
    where = new_id(), "jira", "last_sync"
    store.save(advance_checkpoint(*where, "2026-02-04T10:00:00.000Z", at=NOON))

    same = store.save(advance_checkpoint(*where, "2026-02-04T12:00:00+02:00", at=_LATER))

    assert same.checkpoint_value == "2026-02-04T12:00:00+02:00"


def test_a_checkpoint_of_another_program_advances_too(store: Store) -> None:
    """It has a value and no position beside it."""
    checkpoint = a_checkpoint(checkpoint_value="2026-02-04T10:15:00Z")
    where = checkpoint.project_id, checkpoint.integration, checkpoint.checkpoint_key
    store.put_all([checkpoint])

    with pytest.raises(ConditionFailedError):
        store.save(advance_checkpoint(*where, "2026-02-04T10:14:00Z", at=_LATER))
    forward = store.save(advance_checkpoint(*where, "2026-02-04T10:16:00Z", at=_LATER))

    assert forward.checkpoint_value == "2026-02-04T10:16:00Z"


def test_a_checkpoint_is_set_as_given_forward_or_back(store: Store) -> None:
    where = new_id(), "jira", "last_sync"

    store.save(set_checkpoint(*where, "10", at=NOON))
    back = store.save(set_checkpoint(*where, "9", at=_LATER))

    assert back == store.get(CheckpointOf(*where))
    assert back == a_checkpoint(
        project_id=where[0],
        checkpoint_value="9",
        position="9".zfill(40),
        created_at=NOON,
        updated_at=_LATER,
    )


# Configuration ----------------------------------------------------------------------------------


@given(value=json_values(), other=json_values())
def test_a_setting_is_set_to_any_value_again_and_again(
    client: Client, value: Any, other: Any
) -> None:
    store = fresh(client)

    for each in (value, other):
        setting = store.save(set_agent_config("a#b", each, at=_LATER))

        expected = AgentConfig(config_key="a#b", value=each, created_at=_LATER, updated_at=_LATER)
        assert setting == store.get(AgentConfigOf("a#b")) == expected


def test_saving_an_integration_again_keeps_its_id_and_its_creation(store: Store) -> None:
    name = f"jira-{new_id()}"
    first_id = new_id()

    store.save(
        save_integration_config(
            name, "YQ==", status=IntegrationStatus.ACTIVE, new_id=first_id, at=NOON
        )
    )
    healthy = store.save(report_health(name, IntegrationStatus.ERROR, at=_LATER))
    again = store.save(
        save_integration_config(
            name, "Yg==", status=IntegrationStatus.INACTIVE, new_id=new_id(), at=_LATER
        )
    )

    assert (healthy.status, healthy.last_health_check) == (IntegrationStatus.ERROR, _LATER)
    assert again == store.get(IntegrationConfigOf(name))
    assert again == IntegrationConfig(
        id=first_id,
        integration=name,
        config_encrypted="Yg==",
        status=IntegrationStatus.INACTIVE,
        last_health_check=_LATER,
        created_at=NOON,
        updated_at=_LATER,
    )


def test_the_health_of_an_integration_that_is_not_there_is_not_noted(store: Store) -> None:
    name = f"jira-{new_id()}"

    with pytest.raises(ItemNotFoundError):
        store.save(report_health(name, IntegrationStatus.ERROR, at=NOON))

    assert store.get(IntegrationConfigOf(name)) is None


# Deleting a project -----------------------------------------------------------------------------


def _everything_of(project: Project) -> tuple[list[Entity], list[Write[Any]]]:
    """What lies in a project, and the writes that record its events."""
    own = {"project_id": project.id}
    events = [an_event(**own) for _ in range(30)]
    writes = [write for event in events for write in record_event(event).writes]
    others = [
        an_artefact(**own),
        an_escalation(**own),
        an_action(**own, held_until=NOON),
        a_checkpoint(**own),
        an_event(**own, created_at=NOON - timedelta(days=31)),
    ]
    return [project, *others, *(write.item for write in writes if isinstance(write, Put))], writes


def _neighbours() -> list[Entity]:
    """What must survive: another project whose id begins alike, and the feed's other events."""
    event = an_event(project_id="p1")
    reference = record_event(event).writes[1]
    assert isinstance(reference, Put)
    return [
        a_project(id="p1"),
        event,
        reference.item,
        an_event(project_id=None),
        an_escalation(project_id="p-"),
        an_agent_config(),
        an_integration_config(),
    ]


def test_deleting_a_project_removes_everything_of_it_and_nothing_else(store: Store) -> None:
    store = fresh(store.client)
    everything, _ = _everything_of(a_project(id="p"))
    neighbours = _neighbours()
    store.put_all([*everything, *neighbours])
    put_raw(store, {"PK": {"S": "PROJECT#p"}, "SK": {"S": "NOTE#of-another-program"}})

    DeleteProject("p", NOON).run(store)

    assert _by_key(raw_items(store)) == _by_key([each.to_item() for each in neighbours])
    with pytest.raises(ItemNotFoundError, match="there is no Project with projectId 'p'"):
        DeleteProject("p", NOON).run(store)


def test_deleting_a_project_counts_what_is_removed(store: Store) -> None:
    project = store.save(Put(a_project()))
    store.put_all([an_escalation(project_id=project.id) for _ in range(30)])

    assert DeleteProject(project.id, NOON).run(store) == 31


def test_deleting_a_project_that_was_never_there_finds_none(store: Store) -> None:
    with pytest.raises(ItemNotFoundError):
        DeleteProject(new_id(), NOON).run(store)


def test_a_deletion_cut_off_after_any_request_goes_on_and_meanwhile_reads_as_gone(
    store: Store,
) -> None:
    everything, _ = _everything_of(a_project(id="p"))
    neighbours = _neighbours()
    cut_off = Refuse("AccessDeniedException")
    requests = 0
    finished = False

    while not finished:
        requests += 1
        store = fresh(store.client, Clock(NOON))
        store.put_all([*everything, *neighbours])

        def cut(number: int, _: str, *, after: int = requests) -> Fault:
            return Pass() if number < after else cut_off

        with injected(store.client, cut) as attempts:
            try:
                DeleteProject("p", NOON).run(store)
                finished = True
            except ClientError:
                assert len(attempts.operations) == requests + 1
        if requests > 1:  # the first one only looks what there is
            assert store.get(ProjectById("p")) is None
            assert store.answer(ProjectOverview("p")) is None
            assert store.page(ProjectsByStatus(ProjectStatus.ACTIVE), limit=9).items == (
                neighbours[0],
            )
        if not finished:
            DeleteProject("p", _LATER).run(store)
        assert _by_key(raw_items(store)) == _by_key([each.to_item() for each in neighbours])

    assert requests > 4


# Racing -----------------------------------------------------------------------------------------


def _race(store: Store, writes: Sequence[Write[Any]]) -> list[Any]:
    """Make all writes at once; what each came to."""
    barrier = Barrier(len(writes))

    def run(write: Write[Any]) -> Any:
        barrier.wait()
        try:
            return store.write(write)
        except AutoforgeError as error:
            return error

    with ThreadPoolExecutor(len(writes)) as pool:
        return list(pool.map(run, writes))


def _winner(outcomes: Sequence[Any], losing: type[AutoforgeError]) -> Any:
    """The one that won; all others lost to it, and learn what it did."""
    (winner,) = [each for each in outcomes if not isinstance(each, AutoforgeError)]
    lost = [each for each in outcomes if each is not winner]
    assert [type(each) for each in lost] == [losing] * (_THREADS - 1)
    assert all(each.item == winner for each in lost)
    return winner


@pytest.mark.parametrize("attempt", range(3))
def test_of_racing_decisions_one_is_made(store: Store, attempt: int) -> None:
    escalation = store.save(Put(an_escalation()))

    outcomes = _race(
        store,
        [
            decide_escalation(
                escalation.project_id, escalation.id, decision=f"option {n}", at=_LATER
            )
            for n in range(_THREADS)
        ],
    )

    assert _winner(outcomes, ConditionFailedError) == store.get(
        EscalationById(escalation.project_id, escalation.id)
    )


@pytest.mark.parametrize("move", [approve_action, execute_action, cancel_action])
def test_of_racing_moves_of_an_action_one_is_made(
    store: Store, move: Callable[..., Update[AgentAction]]
) -> None:
    action = store.save(Put(an_action(held_until=_PAST)))

    outcomes = _race(
        store,
        [move(action.project_id, action.id, at=NOON + n * MILLISECOND) for n in range(_THREADS)],
    )

    assert _winner(outcomes, ConditionFailedError) == store.get(
        ActionById(action.project_id, action.id)
    )


@pytest.mark.parametrize("attempt", range(3))
def test_of_racing_creations_one_is_made(store: Store, attempt: int) -> None:
    project_id = new_id()

    outcomes = _race(
        store, [Put(a_project(id=project_id, name=f"name {n}")) for n in range(_THREADS)]
    )

    assert _winner(outcomes, ItemExistsError) == store.get(ProjectById(project_id))


@pytest.mark.parametrize("attempt", range(3))
def test_of_racing_updates_of_one_version_one_is_made(store: Store, attempt: int) -> None:
    artefact = store.save(Put(an_artefact()))

    outcomes = _race(
        store,
        [
            update_artefact(
                artefact.project_id, artefact.type, {"n": n}, expected_version=1, at=_LATER
            )
            for n in range(_THREADS)
        ],
    )

    winner = _winner(outcomes, VersionConflictError)
    assert winner == store.get(ArtefactOfProject(artefact.project_id, artefact.type))
    assert (winner.version, winner.previous_version) == (2, artefact.content)


def test_of_racing_updates_without_a_version_all_are_made_one_after_another(
    store: Store,
) -> None:
    artefact = store.save(Put(an_artefact()))

    outcomes = _race(
        store,
        [
            update_artefact(
                artefact.project_id, artefact.type, {"n": n}, expected_version=None, at=_LATER
            )
            for n in range(_THREADS)
        ],
    )

    assert sorted(each.version for each in outcomes) == list(range(2, _THREADS + 2))
    assert len({str(each.previous_version) for each in outcomes}) == _THREADS


def test_of_events_recorded_at_once_under_one_id_one_is_stored(store: Store) -> None:
    event = an_event()
    barrier = Barrier(_THREADS)

    def record(number: int) -> bool:
        values = {**event.attribute_values, "summary": f"number {number}"}
        barrier.wait()
        try:
            store.transact(record_event(Event(**values)))
        except ItemExistsError:
            return False
        return True

    with ThreadPoolExecutor(_THREADS) as pool:
        won = list(pool.map(record, range(_THREADS)))

    assert won.count(True) == 1
    stored = store.require(EventById(event.project_id, event.id))
    assert stored.summary == f"number {won.index(True)}"


def _raw(store: Store, entity: Entity) -> dict[str, Any]:
    """An item as DynamoDB has it, without how it writes numbers."""
    key = {"PK": {"S": entity.PK}, "SK": {"S": entity.SK}}
    answer = store.client.botocore.get_item(
        TableName=store.table_name, Key=key, ConsistentRead=True
    )
    item: dict[str, Any] = answer["Item"]
    return item


def _by_key(items: Sequence[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(item["PK"]["S"], item["SK"]["S"]): item for item in items}

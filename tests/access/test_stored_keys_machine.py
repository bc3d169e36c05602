"""After any sequence of writes every item has the keys it renders, and no two share a key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from autoforge.access.actions import (
    ActionsOfProject,
    HeldActions,
    approve_action,
    cancel_action,
    execute_action,
    hold_action,
)
from autoforge.access.artefacts import ArtefactsOfProject, revert_artefact, update_artefact
from autoforge.access.checkpoints import CheckpointsOfProject, advance_checkpoint, set_checkpoint
from autoforge.access.escalations import (
    EscalationsByStatus,
    EscalationsOfProject,
    decide_escalation,
    supersede_escalation,
)
from autoforge.access.events.patterns import EventsOfProject, GlobalEvents, record_event
from autoforge.access.projects.deletion import DeleteProject
from autoforge.access.projects.patterns import ProjectsByStatus, update_project
from autoforge.dynamodb import Entity
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import KeyValue, key_of
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import (
    AutoforgeError,
    ConditionFailedError,
    ItemExistsError,
    ItemNotFoundError,
)
from autoforge.models import (
    PLATFORM_DESIGN,
    AgentAction,
    AgentCheckpoint,
    Artefact,
    ArtefactType,
    Escalation,
    EscalationStatus,
    Event,
    Project,
    ProjectStatus,
)
from autoforge.testing.clock import Clock
from tests.access.populations import identity, key_text, minted, other_ids, projects
from tests.factories import (
    NOON,
    a_project,
    an_action,
    an_artefact,
    an_escalation,
    an_event,
    new_id,
)
from tests.stores import fresh, raw_items

pytestmark = pytest.mark.one_engine

_TYPES: Final = {entity.type_name: entity for entity in PLATFORM_DESIGN.entities}
_MOVES: Final = st.sampled_from([approve_action, cancel_action, execute_action])
_holds: Final = st.none() | st.sampled_from([NOON - MILLISECOND, NOON, NOON + timedelta(hours=1)])


class Workbench(RuleBasedStateMachine):
    """Writes of every kind, and a dict of the items that must be stored."""

    client: Client

    project_ids: Bundle[str] = Bundle("project_ids")
    escalations: Bundle[tuple[str, str]] = Bundle("escalations")
    actions: Bundle[tuple[str, str]] = Bundle("actions")
    artefacts: Bundle[tuple[str, ArtefactType]] = Bundle("artefacts")

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        self.store = fresh(self.client, self.clock)
        self.there: dict[tuple[Any, ...], Any] = {}

    @property
    def now(self) -> datetime:
        """A time later than all earlier ones, so that each write changes ``updatedAt``."""
        self.clock.now += MILLISECOND
        return self.clock.now

    @rule(target=project_ids, project_id=projects, status=st.sampled_from(ProjectStatus))
    def create_project(self, project_id: str, status: ProjectStatus) -> str:
        self.put(a_project(id=project_id, status=status))
        return project_id

    @rule(project_id=project_ids, status=st.sampled_from(ProjectStatus), name=st.text(max_size=3))
    def update_project(self, project_id: str, status: ProjectStatus, name: str) -> None:
        now = self.now
        changes = {"status": status, "name": name}
        self.change(
            ("Project", project_id),
            update_project(project_id, changes, at=now),
            {**changes, "updated_at": now},
        )

    @rule(project_id=project_ids)
    def delete_project(self, project_id: str) -> None:
        if self.of(project_id):
            DeleteProject(project_id, self.now, new_id()).run(self.store)
        for key in self.of(project_id):
            del self.there[key]

    @rule(project_id=project_ids)
    def delete_the_projects_own_item(self, project_id: str) -> None:
        self.store.write(Delete(Project, {"id": project_id}, missing_ok=True))
        self.there.pop(("Project", project_id), None)

    @rule(target=escalations, project_id=projects, escalation_id=other_ids)
    def create_escalation(self, project_id: str, escalation_id: str) -> tuple[str, str]:
        self.put(an_escalation(project_id=project_id, id=escalation_id))
        return project_id, escalation_id

    @rule(which=escalations, decision=st.text(max_size=3))
    def decide(self, which: tuple[str, str], decision: str) -> None:
        now = self.now
        changes = {
            "status": EscalationStatus.DECIDED,
            "user_decision": decision,
            "decided_at": now,
            "updated_at": now,
        }
        write = decide_escalation(*which, decision=decision, at=now)
        self.change(("Escalation", *which), write, changes, pending=True)

    @rule(which=escalations)
    def supersede(self, which: tuple[str, str]) -> None:
        now = self.now
        changes = {"status": EscalationStatus.SUPERSEDED, "updated_at": now}
        write = supersede_escalation(*which, at=now)
        self.change(("Escalation", *which), write, changes, pending=True)

    @rule(target=actions, project_id=projects, at=minted(), held_until=_holds)
    def create_action(
        self, project_id: str, at: dict[str, Any], held_until: datetime | None
    ) -> tuple[str, str]:
        self.put(an_action(project_id=project_id, held_until=held_until, **at))
        return project_id, at["id"]

    @rule(which=actions, move=_MOVES)
    def move(self, which: tuple[str, str], move: Any) -> None:
        now = self.now
        name = {"approve": "approved_at", "cancel": "cancelled_at", "execute": "executed_at"}
        verb = move.__name__.partition("_")[0]
        changes: dict[str, Any] = {name[verb]: now, "updated_at": now}
        changes |= {"executed": True} if verb == "execute" else {"held_until": None}
        self.change(("AgentAction", *which), move(*which, at=now), changes)

    @rule(which=actions, until=_holds.filter(bool))
    def hold(self, which: tuple[str, str], until: datetime) -> None:
        now = self.now
        write = hold_action(*which, held_until=until, at=now)
        changes = {"held_until": until, "updated_at": now}
        self.change(("AgentAction", *which), write, changes)

    @rule(target=artefacts, project_id=projects, kind=st.sampled_from(ArtefactType))
    def create_artefact(self, project_id: str, kind: ArtefactType) -> tuple[str, ArtefactType]:
        self.put(an_artefact(project_id=project_id, type=kind))
        return project_id, kind

    @rule(which=artefacts, number=st.integers(0, 9), stale=st.booleans())
    def update_artefact(self, which: tuple[str, ArtefactType], number: int, *, stale: bool) -> None:
        now = self.now
        before = self.there.get(("Artefact", *which))
        version = 0 if before is None else before.version
        write = update_artefact(*which, {"n": number}, expected_version=version - stale, at=now)
        changes = {
            "content": {"n": number},
            "previous_version": before and before.content,
            "version": version + 1,
            "updated_at": now,
        }
        self.change(("Artefact", *which), write, changes)

    @rule(which=artefacts)
    def revert_artefact(self, which: tuple[str, ArtefactType]) -> None:
        now = self.now
        before = self.there.get(("Artefact", *which))
        changes = before and {
            "content": before.previous_version,
            "previous_version": before.content,
            "version": before.version + 1,
            "updated_at": now,
        }
        write = revert_artefact(*which, expected_version=None, at=now)
        self.change(("Artefact", *which), write, changes or {})

    @rule(project_id=projects, where=st.tuples(key_text, key_text), number=st.integers(0, 12))
    def set_checkpoint(self, project_id: str, where: tuple[str, str], number: int) -> None:
        write = set_checkpoint(project_id, *where, str(number), at=self.now)
        self.there["AgentCheckpoint", project_id, *where] = self.store.save(write)

    @rule(project_id=projects, where=st.tuples(key_text, key_text), number=st.integers(0, 12))
    def advance_checkpoint(self, project_id: str, where: tuple[str, str], number: int) -> None:
        key = ("AgentCheckpoint", project_id, *where)
        before = int(self.there[key].checkpoint_value) if key in self.there else -1
        try:
            self.there[key] = self.store.save(
                advance_checkpoint(project_id, *where, str(number), at=self.now)
            )
        except ConditionFailedError:
            assert number < before
        else:
            assert number >= before

    @rule(project_id=st.none() | projects, at=minted())
    def record_event(self, project_id: str | None, at: dict[str, Any]) -> None:
        event = an_event(project_id=project_id, **at)
        writes = [write.item for write in record_event(event).writes if isinstance(write, Put)]
        try:
            self.store.transact(record_event(event))
        except ItemExistsError:
            assert any(identity(each) in self.there for each in writes)
        else:
            assert all(self.there.get(identity(each), each) == each for each in writes)
            self.there.update({identity(each): each for each in writes})

    @rule(project_id=projects, escalation_id=other_ids, event=minted())
    def create_two_at_once(
        self, project_id: str, escalation_id: str, event: dict[str, Any]
    ) -> None:
        new: list[Entity] = [
            an_escalation(project_id=project_id, id=escalation_id),
            an_action(project_id=project_id, **event),
        ]
        taken = any(identity(each) in self.there for each in new)
        try:
            self.store.transact(Transaction(tuple(Put(each) for each in new)))
        except ItemExistsError:
            assert taken
        else:
            assert not taken
            self.there.update({identity(each): each for each in new})

    @invariant()
    def what_is_stored_is_what_must_be_there_under_the_keys_it_renders(self) -> None:
        stored = [_read(item) for item in raw_items(self.store)]

        assert {identity(each): each for each in stored} == self.there
        assert len(stored) == len(self.there)
        assert len({key_of(each.to_item(), TABLE) for each in stored}) == len(stored)

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        now = self.clock.now
        for status in ProjectStatus:
            self.agrees(ProjectsByStatus(status), Project, lambda it, s=status: it.status == s)
        for state in EscalationStatus:
            self.agrees(EscalationsByStatus(state), Escalation, lambda it, s=state: it.status == s)
        self.agrees(
            HeldActions(),
            AgentAction,
            lambda it: it.held_until and it.held_until <= now and not it.executed,
        )
        of_project: dict[type[Entity], Query[Any]] = {
            Escalation: EscalationsOfProject("p"),
            AgentAction: ActionsOfProject("p"),
            Artefact: ArtefactsOfProject("p"),
            AgentCheckpoint: CheckpointsOfProject("p"),
            Event: EventsOfProject("p"),
        }
        for kind, query in of_project.items():
            self.agrees(query, kind, lambda it: it.project_id == "p")
        feed = list(self.store.each(GlobalEvents()))
        traces = [each for each in self.live() if identity(each)[0] == "feed"]
        assert feed == sorted(traces, key=lambda each: str(each.id), reverse=True)

    def attempt(self, write: Write[Any]) -> Any:
        """Return the item after a write, or the error."""
        try:
            return self.store.write(write)
        except AutoforgeError as error:
            return error

    def put(self, entity: Any) -> None:
        """Create an entity, or expect a refusal because it exists."""
        key = identity(entity)
        outcome = self.attempt(Put(entity))
        if key in self.there:
            assert isinstance(outcome, ItemExistsError)
            assert outcome.item == self.there[key]
        else:
            assert outcome == entity
            self.there[key] = entity

    def change(
        self, key: tuple[Any, ...], write: Update[Any], changes: dict[str, Any], **given: bool
    ) -> None:
        """Change an entity, or expect a refusal with the stored item."""
        before = self.there.get(key)
        outcome = self.attempt(write)
        if before is None or before not in self.live():
            assert isinstance(outcome, ItemNotFoundError)
        elif isinstance(outcome, AutoforgeError):
            assert isinstance(outcome, ConditionFailedError)
            assert outcome.item == before
        else:
            assert not given.get("pending") or before.status == EscalationStatus.PENDING
            assert outcome == type(before)(**{**before.attribute_values, **changes})
            self.there[key] = outcome

    def live(self) -> list[Any]:
        """Return the entities of the model that are not past their expiry."""
        return [each for each in self.there.values() if each.is_live(self.clock.now)]

    def of(self, project_id: str) -> list[tuple[Any, ...]]:
        """Return the keys in a project's partition and of its references in the global feed."""
        partition = f"PROJECT#{project_id}"
        own = {key: each for key, each in self.there.items() if partition == each.rendered()["PK"]}
        traces = {("feed", each.id) for each in own.values() if isinstance(each, Event)}
        return [key for key in self.there if key in own or key in traces]

    def agrees(self, query: Query[Any], kind: type[Any], wanted: Any) -> None:
        """Check that a query returns the entities of a type that are wanted, each once."""
        answered = list(self.store.each(query))
        expected = [each for each in self.live() if isinstance(each, kind) and wanted(each)]
        assert sorted(map(identity, answered), key=str) == sorted(map(identity, expected), key=str)
        assert all(self.there[identity(each)] == each for each in answered)


def test_no_sequence_of_writes_leaves_a_stale_key(client: Client) -> None:
    machine = type("Bound", (Workbench,), {"client": client})

    run_state_machine_as_test(
        machine, settings=settings(stateful_step_count=15, max_examples=_examples())
    )


def _examples() -> int:
    """Follow the profile, with fewer examples: each run of the machine is many in one."""
    return max(10, settings().max_examples // 2)


def _read(item: Item) -> Any:
    """Return an item as its entity; its keys must equal the rendered ones, and decode."""
    entity = _TYPES[item["EntityType"]["S"]].from_item(item)
    keys = {name: value for name, value in item.items() if name[-2:] in {"PK", "SK"}}
    rendered = {
        name: value
        for name, value in entity.to_item().items()
        if name in keys or name[-2:] in {"PK", "SK"}
    }
    assert keys == rendered
    decoded = entity.primary_key.decode(KeyValue(item["PK"]["S"], item["SK"]["S"]))
    assert decoded is not None
    assert decoded == {name: entity.attribute_values[name] for name in decoded}
    return entity

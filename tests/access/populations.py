"""Populations of a table that try to confuse a pattern, and what is true of them.

Entities share few ids, of which some begin with others, and few moments, some of them equal or a
millisecond apart, some on either side of midnight, some past their expiry. Beside them lie items
that are none of ours, under keys that could be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from autoforge.dynamodb import Entity, TransactionMark
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.models import (
    PLATFORM_TABLE,
    Agent,
    AgentAction,
    AgentCheckpoint,
    AgentConfig,
    AgentRole,
    AgentRun,
    AgentRunRef,
    AgentStatus,
    Artefact,
    ArtefactType,
    Escalation,
    EscalationStatus,
    Event,
    Feature,
    FeatureByLinearIssueLookup,
    FeatureDependency,
    FeatureGraph,
    FeatureSlots,
    FeatureStatus,
    GlobalEventRef,
    IntegrationConfig,
    Project,
    ProjectMember,
    ProjectMemberRef,
    ProjectStatus,
    RequestRecord,
    RunStatus,
    Ticket,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
)
from tests.factories import NOON
from tests.stores import put_raw
from tests.strategies import key_texts, texts, ulid_at

_MIDNIGHT: Final = NOON.replace(hour=0)
MOMENTS: Final = (
    NOON,
    NOON - MILLISECOND,
    NOON + MILLISECOND,
    NOON - timedelta(seconds=1),
    _MIDNIGHT,
    _MIDNIGHT - MILLISECOND,
    _MIDNIGHT + timedelta(days=1),
    NOON - timedelta(days=30),
    NOON - timedelta(days=30) + timedelta(seconds=1),
    NOON - timedelta(days=31),
    NOON - timedelta(days=90),
    NOON - timedelta(days=91),
)
#: Project ids of which some begin with others, or look like another partition.
PROJECTS: Final = ("p", "p1", "p10", "p-", "GLOBAL")
_OTHER_IDS: Final = ("e", "e1", "e10", "e-", "METADATA", *(ulid_at(m) for m in MOMENTS[:3]))
_RANDOMNESS: Final = (bytes(10), bytes(9) + b"\1", bytes([255] * 10))
_INTEGRATIONS: Final = ("jira", "jira cloud", "jira#cloud", "jira%23cloud", "j", "jira$")

projects: Final = st.sampled_from(PROJECTS)
moments: Final = st.sampled_from(MOMENTS)
#: Ids of users and of agents, of which some begin with others.
users: Final = st.sampled_from(("u", "u1", "u10", "GLOBAL"))
#: Addresses of which some are one to people.
emails: Final = st.sampled_from(("a@x.org", "A@X.org", "aa@x.org", "\u00e9@x", "e\u0301@x", "a#@x"))
other_ids: Final = st.sampled_from(_OTHER_IDS)
key_text: Final = st.sampled_from(_INTEGRATIONS) | key_texts()


@st.composite
def minted(draw: st.DrawFn) -> dict[str, Any]:
    """An id and the moment it was minted from."""
    moment = draw(moments)
    return {"id": ulid_at(moment, draw(st.sampled_from(_RANDOMNESS))), "created_at": moment}


def _of(
    kind: type[Entity], drawn: SearchStrategy[dict[str, Any]] | None = None, **given: Any
) -> Any:
    """Entities of a kind with these attributes."""
    values = st.fixed_dictionaries(given)
    return st.builds(
        lambda one, two: kind(**one, **two), values, st.just({}) if drawn is None else drawn
    )


#: What the entities of each kind are drawn from.
KINDS: Final[dict[type[Entity], SearchStrategy[Any]]] = {
    Project: _of(
        Project,
        id=projects,
        name=texts(),
        status=st.sampled_from(ProjectStatus),
        created_at=moments,
        updated_at=moments,
        expires_at=st.none() | moments,
    ),
    Artefact: _of(
        Artefact,
        id=other_ids,
        project_id=projects,
        type=st.sampled_from(ArtefactType),
        content=st.just({"a": 1}),
        created_at=moments,
        updated_at=moments,
    ),
    Event: _of(
        Event,
        minted(),
        project_id=st.none() | projects,
        event_type=texts(),
        summary=texts(),
    ),
    GlobalEventRef: _of(
        GlobalEventRef,
        minted(),
        project_id=projects,
        event_type=texts(),
        severity=st.just("info"),
        summary=texts(),
    ),
    Escalation: _of(
        Escalation,
        id=other_ids,
        project_id=projects,
        status=st.sampled_from(EscalationStatus),
        title=texts(),
        created_at=moments,
    ),
    AgentAction: _of(
        AgentAction,
        minted(),
        project_id=projects,
        action_type=texts(),
        description=texts(),
        executed=st.booleans(),
        held_until=st.none() | moments,
    ),
    AgentCheckpoint: _of(
        AgentCheckpoint,
        project_id=projects,
        integration=key_text,
        checkpoint_key=key_text,
        checkpoint_value=texts(),
        updated_at=moments,
    ),
    IntegrationConfig: _of(
        IntegrationConfig,
        id=other_ids,
        integration=key_text,
        config_encrypted=texts(),
        created_at=moments,
        updated_at=moments,
    ),
    AgentConfig: _of(AgentConfig, config_key=key_text, value=st.integers(0, 9), updated_at=moments),
    User: _of(
        User,
        id=users,
        auth0_id=key_text,
        email=emails,
        name=texts(),
        created_at=moments,
        updated_at=moments,
    ),
    UserByAuth0IdLookup: _of(UserByAuth0IdLookup, auth0_id=key_text, user_id=users),
    UserByEmailLookup: _of(UserByEmailLookup, email=emails, user_id=users),
    ProjectMember: _of(
        ProjectMember,
        user_id=users,
        project_id=projects,
        owner=st.booleans(),
        member=st.booleans(),
        created_at=moments,
        updated_at=moments,
    ),
    ProjectMemberRef: _of(
        ProjectMemberRef,
        user_id=users,
        project_id=projects,
        owner=st.booleans(),
        member=st.booleans(),
        created_at=moments,
        updated_at=moments,
    ),
    Feature: _of(
        Feature,
        id=other_ids,
        project_id=projects,
        name=texts(),
        priority=st.sampled_from([0, 5, 10, 99999]),
        status=st.sampled_from(FeatureStatus),
        waiting_on=st.frozensets(other_ids, max_size=2),
        assigned_agent_id=st.none() | users,
        linear_issue_id=st.none() | key_text,
        created_at=moments,
        updated_at=moments,
    ),
    FeatureDependency: _of(
        FeatureDependency,
        project_id=projects,
        depends_on_id=other_ids,
        feature_id=other_ids,
        created_at=moments,
    ),
    FeatureByLinearIssueLookup: _of(
        FeatureByLinearIssueLookup,
        linear_issue_id=key_text,
        project_id=projects,
        feature_id=other_ids,
    ),
    FeatureGraph: _of(FeatureGraph, project_id=projects, updated_at=moments),
    FeatureSlots: _of(
        FeatureSlots,
        project_id=projects,
        features=st.frozensets(other_ids, max_size=2),
        updated_at=moments,
    ),
    Agent: _of(
        Agent,
        id=users,
        project_id=projects,
        name=texts(),
        status=st.sampled_from(AgentStatus),
        created_at=moments,
        updated_at=moments,
    ),
    AgentRun: _of(
        AgentRun,
        id=other_ids,
        project_id=projects,
        agent_id=users,
        feature_id=other_ids,
        role=st.sampled_from(AgentRole),
        status=st.sampled_from(RunStatus),
        started_at=moments,
    ),
    AgentRunRef: _of(
        AgentRunRef,
        agent_id=users,
        run_id=other_ids,
        project_id=projects,
        feature_id=other_ids,
        active=st.booleans(),
        started_at=moments,
    ),
    Ticket: _of(
        Ticket,
        id=other_ids,
        linear_issue_id=key_text,
        project_id=projects,
        linear_issue_url=texts(),
        title=texts(),
        status=texts(),
        synced_at=moments,
    ),
    RequestRecord: _of(
        RequestRecord,
        id=other_ids,
        project_id=st.none() | projects,
        content=texts(),
        moment=moments,
        minted=other_ids,
        created_at=moments,
    ),
    TransactionMark: _of(TransactionMark, token=other_ids, created_at=moments),
}
assert set(KINDS) == set(PLATFORM_TABLE.entities)


#: What makes an entity one of its kind, as the design's table of keys says it.
_IDENTITIES: Final[dict[type[Entity], tuple[str, ...]]] = {
    Project: ("id",),
    Artefact: ("project_id", "type"),
    Event: ("project_id", "id"),
    Escalation: ("project_id", "id"),
    AgentAction: ("project_id", "id"),
    AgentCheckpoint: ("project_id", "integration", "checkpoint_key"),
    IntegrationConfig: ("integration",),
    AgentConfig: ("config_key",),
    User: ("id",),
    UserByAuth0IdLookup: ("auth0_id",),
    UserByEmailLookup: ("email",),
    ProjectMember: ("user_id", "project_id"),
    ProjectMemberRef: ("project_id", "user_id"),
    Feature: ("project_id", "id"),
    FeatureDependency: ("project_id", "depends_on_id", "feature_id"),
    FeatureByLinearIssueLookup: ("linear_issue_id",),
    FeatureGraph: ("project_id",),
    FeatureSlots: ("project_id",),
    Agent: ("project_id", "id"),
    AgentRun: ("project_id", "id"),
    AgentRunRef: ("agent_id", "run_id"),
    Ticket: ("linear_issue_id",),
    RequestRecord: ("project_id", "id"),
    TransactionMark: ("token",),
}


def identity(entity: Any) -> tuple[Any, ...]:
    """What no two items of a table have in common."""
    if isinstance(entity, GlobalEventRef) or (
        isinstance(entity, Event) and entity.project_id is None
    ):
        return ("feed", entity.id)
    names = _IDENTITIES[type(entity)]
    return (type(entity).__name__, *(getattr(entity, name) for name in names))


#: How long what is created lives, by the design's table of items.
_LIFETIMES: Final[dict[type[Entity], timedelta]] = {
    Event: timedelta(days=30),
    GlobalEventRef: timedelta(days=30),
    AgentAction: timedelta(days=90),
    RequestRecord: timedelta(days=1),
}


def is_live(entity: Any, now: datetime) -> bool:
    """Whether an entity is not past its expiry, which is in whole seconds."""
    lifetime = _LIFETIMES.get(type(entity))
    expiry: datetime | None = entity.expires_at
    if expiry is None and lifetime is not None:
        expiry = entity.created_at + lifetime
    return expiry is None or expiry.replace(microsecond=0) > now


@dataclass(frozen=True)
class Population:
    """What is in a table: entities, and items that nobody may take for one."""

    entities: tuple[Any, ...]
    strangers: tuple[Item, ...]

    def of(self, *kinds: type[Entity], now: datetime = NOON) -> list[Any]:
        """The live entities of these kinds."""
        return [each for each in self.entities if isinstance(each, kinds) and is_live(each, now)]

    def put_into(self, store: Store) -> None:
        """Store everything."""
        store.put_all(self.entities)
        put_raw(store, *self.strangers)


@st.composite
def populations(draw: st.DrawFn, *kinds: type[Entity]) -> Population:
    """Mostly entities of some kinds, and neighbours of every kind."""
    wanted = st.lists(st.one_of([KINDS[kind] for kind in kinds]), max_size=10)
    neighbours = st.lists(st.one_of(list(KINDS.values())), max_size=4)
    entities = _distinct([*draw(wanted), *draw(neighbours)])
    taken = {identity(each) for each in entities}
    others = draw(st.lists(st.one_of([KINDS[kind] for kind in kinds]), max_size=2))
    strangers = [each for each in _distinct(others) if identity(each) not in taken]
    types = [draw(st.sampled_from([None, "Mystery", ""])) for _ in strangers]
    items = [_disguised(each, named) for each, named in zip(strangers, types, strict=True)]
    return Population(tuple(entities), tuple(items))


def _distinct(entities: Iterable[Any]) -> list[Any]:
    return list({identity(each): each for each in entities}.values())


def _disguised(entity: Entity, type_name: str | None) -> Item:
    """An item under an entity's keys that is of another type, or of none."""
    item = entity.to_item()
    del item["EntityType"]
    return item if type_name is None else {**item, "EntityType": {"S": type_name}}

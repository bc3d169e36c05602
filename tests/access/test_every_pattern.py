"""Every pattern of the catalogue answers exactly what a comprehension over everything says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from autoforge.access.actions import ActionById, ActionsOfProject, HeldActions
from autoforge.access.agent_config import AgentConfigOf, AgentConfigs
from autoforge.access.agents import AgentById, AgentsByStatus, AgentsOfProject
from autoforge.access.artefacts import ArtefactOfProject, ArtefactsOfProject
from autoforge.access.catalogue import CATALOGUE
from autoforge.access.checkpoints import CheckpointOf, CheckpointsOfProject
from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    EscalationsOfProject,
)
from autoforge.access.events.patterns import EventById, EventsOfDate, EventsOfProject, GlobalEvents
from autoforge.access.features.patterns import (
    DependenciesOfProject,
    DependentsOfFeature,
    FeatureById,
    FeatureByLinearIssue,
    FeatureCounts,
    FeatureGraphOf,
    FeatureOfLinearIssue,
    FeaturesById,
    FeaturesByStatus,
    FeatureSlotsOf,
    FeaturesOfLinearIssues,
    FeaturesOfProject,
    FeatureStats,
    ReadyFeatures,
)
from autoforge.access.integrations import IntegrationConfigOf
from autoforge.access.projects.members import MemberOfProject, MembersOfProject, ProjectsOfUser
from autoforge.access.projects.patterns import (
    Overview,
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
    ProjectWithArtefacts,
)
from autoforge.access.requests.patterns import RequestOf
from autoforge.access.runs.patterns import (
    ActiveRuns,
    RunById,
    RunsOfAgent,
    RunsOfFeature,
    RunsOfProject,
)
from autoforge.access.tickets.patterns import (
    TicketByLinearIssue,
    TicketsByLinearIssue,
    TicketsOfProject,
)
from autoforge.access.users import (
    UserByAuth0Id,
    UserByEmail,
    UserById,
    UserOfAuth0Id,
    UserOfEmail,
)
from autoforge.dynamodb import Entity
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Page, Query
from autoforge.dynamodb.patterns.references import Hydrate
from autoforge.dynamodb.store.store import Store
from autoforge.models import (
    Agent,
    AgentAction,
    AgentCheckpoint,
    AgentConfig,
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
    Ticket,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
)
from autoforge.models.users import comparable_email
from tests.access.populations import (
    Population,
    emails,
    identity,
    key_text,
    minted,
    moments,
    other_ids,
    populations,
    projects,
    users,
)
from tests.factories import NOON
from tests.stores import fresh

#: Ids of Linear issues, some of them twice.
issues: Final = st.lists(key_text, max_size=5).map(tuple)
ulids: Final = minted().map(lambda drawn: drawn["id"])


@dataclass(frozen=True)
class Proof:
    """What a pattern is compared with."""

    #: What the population is mostly made of.
    kinds: tuple[type[Entity], ...]
    #: What the parameters are drawn from.
    parameters: dict[str, SearchStrategy[Any]]
    #: The answer, for the pattern and a population; of a query, smallest first.
    answer: Callable[[Any, Population], Any]
    newest_first: bool = False
    #: An attribute of the population that each parameter may be drawn from.
    drawn_from: dict[str, str] | None = None


def _one(found: Sequence[Any]) -> Any:
    assert len(found) < 2
    return found[0] if found else None


def _in_time(events: Sequence[Any]) -> list[Any]:
    return sorted(events, key=lambda event: (event.created_at, event.id))


def _in_range(asked: Any, events: Sequence[Any]) -> list[Any]:
    """What is from ``since`` on, before ``until``, and newer than the event ``after``."""
    after = getattr(asked, "after", None)
    # A ULID sorts by its moment first, so "newer" is a comparison of ids.
    return _in_time(
        [
            event
            for event in events
            if (asked.since is None or event.created_at >= asked.since)
            and (asked.until is None or event.created_at < asked.until)
            and (after is None or event.id > after)
        ]
    )


def _project(asked: Any, there: Population) -> Any:
    return _one([each for each in there.of(Project) if each.id == asked.project_id])


def _artefacts(asked: Any, there: Population) -> list[Any]:
    found = [each for each in there.of(Artefact) if each.project_id == asked.project_id]
    return sorted(found, key=lambda artefact: list(ArtefactType).index(artefact.type))


def _escalations(asked: Any, there: Population) -> list[Any]:
    found = [each for each in there.of(Escalation) if each.project_id == asked.project_id]
    return sorted(found, key=lambda escalation: str(escalation.id))


def _with_artefacts(asked: Any, there: Population) -> tuple[Any, ...]:
    project = _project(asked, there)
    return (*([] if project is None else [project]), *_artefacts(asked, there))


def _overview(asked: Any, there: Population) -> Overview | None:
    project = _project(asked, there)
    if project is None:
        return None
    latest = _escalations(asked, there)[::-1][: asked.escalations]
    return Overview(project, tuple(_artefacts(asked, there)), tuple(latest))


def _of_issues(asked: Any, found: Sequence[Any]) -> tuple[Any, ...]:
    """What was found of the issues, each once and in the order they were asked for."""
    by_issue = {each.linear_issue_id: each for each in found}
    asked_for = dict.fromkeys(asked.linear_issue_ids)
    return tuple(by_issue[each] for each in asked_for if each in by_issue)


def _features(asked: Any, there: Population) -> list[Any]:
    """The project's, by priority and then age."""
    found = [each for each in there.of(Feature) if each.project_id == asked.project_id]
    return sorted(found, key=lambda feature: (feature.priority, str(feature.id)))


def _feature_counts(asked: Any, there: Population) -> FeatureCounts:
    """How many items lie under the keys; counting does not read what they are."""
    items = [*(each.to_item() for each in there.entities), *there.strangers]
    keys = [item.get("GSI1PK", {}).get("S") for item in items]
    partition = f"PROJECT#{asked.project_id}#FEATURE#"
    return FeatureCounts(**{str(each): keys.count(partition + each) for each in FeatureStatus})


def _dependencies(asked: Any, there: Population) -> list[Any]:
    found = [each for each in there.of(FeatureDependency) if each.project_id == asked.project_id]
    return sorted(found, key=lambda edge: (str(edge.depends_on_id), str(edge.feature_id)))


def _agents(asked: Any, there: Population) -> list[Any]:
    found = [each for each in there.of(Agent) if each.project_id == asked.project_id]
    return sorted(found, key=lambda agent: str(agent.id))


def _runs(asked: Any, there: Population) -> list[Any]:
    found = [each for each in there.of(AgentRun) if each.project_id == asked.project_id]
    return sorted(found, key=lambda run: str(run.id))


def _runs_behind(references: Sequence[Any], there: Population) -> list[Any]:
    """The runs that are there of those that references point to, in their order."""
    runs = {(run.project_id, run.id): run for run in there.of(AgentRun)}
    ordered = sorted(references, key=lambda reference: str(reference.run_id))
    keys = [(reference.project_id, reference.run_id) for reference in ordered]
    return [runs[key] for key in keys if key in runs]


PROOFS: Final[dict[type[Pattern[Any]], Proof]] = {
    ProjectById: Proof((Project,), {"project_id": projects}, _project),
    ProjectsByStatus: Proof(
        (Project,),
        {"status": st.sampled_from(ProjectStatus)},
        lambda asked, there: sorted(
            [each for each in there.of(Project) if each.status == asked.status],
            key=lambda project: str(project.id),
        ),
    ),
    ProjectOverview: Proof(
        (Project, Artefact, Escalation, Event),
        {"project_id": projects, "escalations": st.integers(1, 4)},
        _overview,
    ),
    ProjectWithArtefacts: Proof((Project, Artefact), {"project_id": projects}, _with_artefacts),
    ArtefactsOfProject: Proof(
        (Artefact,),
        {"project_id": projects},
        lambda asked, there: sorted(_artefacts(asked, there), key=lambda each: str(each.type)),
    ),
    ArtefactOfProject: Proof(
        (Artefact,),
        {"project_id": projects, "type": st.sampled_from(ArtefactType)},
        lambda asked, there: _one(
            [each for each in _artefacts(asked, there) if each.type == asked.type]
        ),
    ),
    EventsOfProject: Proof(
        (Event,),
        {"project_id": projects, "since": moments, "until": moments, "after": ulids},
        lambda asked, there: _in_range(
            asked, [each for each in there.of(Event) if each.project_id == asked.project_id]
        ),
        newest_first=True,
        drawn_from={"after": "id"},
    ),
    EventById: Proof(
        (Event, GlobalEventRef),
        {"project_id": st.none() | projects, "event_id": ulids},
        lambda asked, there: _one(
            [
                each
                for each in there.of(Event)
                if (each.project_id, each.id) == (asked.project_id, asked.event_id)
            ]
        ),
        drawn_from={"event_id": "id"},
    ),
    EventsOfDate: Proof(
        (Event, GlobalEventRef),
        {"date": moments.map(datetime.date), "since": moments, "until": moments},
        lambda asked, there: _in_range(
            asked, [each for each in there.of(Event) if each.created_at.date() == asked.date]
        ),
        newest_first=True,
    ),
    GlobalEvents: Proof(
        (Event, GlobalEventRef),
        {"since": moments, "until": moments, "after": ulids},
        lambda asked, there: _in_range(
            asked,
            [
                each
                for each in there.of(Event, GlobalEventRef)
                if isinstance(each, GlobalEventRef) or each.project_id is None
            ],
        ),
        newest_first=True,
        drawn_from={"after": "id"},
    ),
    EscalationsOfProject: Proof((Escalation,), {"project_id": projects}, _escalations),
    EscalationById: Proof(
        (Escalation,),
        {"project_id": projects, "escalation_id": other_ids},
        lambda asked, there: _one(
            [each for each in _escalations(asked, there) if each.id == asked.escalation_id]
        ),
    ),
    EscalationsByStatus: Proof(
        (Escalation,),
        {"status": st.sampled_from(EscalationStatus)},
        lambda asked, there: _in_time(
            [each for each in there.of(Escalation) if each.status == asked.status]
        ),
    ),
    ActionsOfProject: Proof(
        (AgentAction,),
        {"project_id": projects},
        lambda asked, there: _in_time(
            [each for each in there.of(AgentAction) if each.project_id == asked.project_id]
        ),
        newest_first=True,
    ),
    ActionById: Proof(
        (AgentAction,),
        {"project_id": projects, "action_id": ulids},
        lambda asked, there: _one(
            [
                each
                for each in there.of(AgentAction)
                if (each.project_id, each.id) == (asked.project_id, asked.action_id)
            ]
        ),
        drawn_from={"action_id": "id"},
    ),
    HeldActions: Proof(
        (AgentAction,),
        {"until": moments},
        lambda asked, there: sorted(
            [
                each
                for each in there.of(AgentAction)
                if each.held_until is not None
                and not each.executed
                and each.held_until <= (NOON if asked.until is None else asked.until)
            ],
            key=lambda action: (action.held_until, action.id),
        ),
    ),
    CheckpointsOfProject: Proof(
        (AgentCheckpoint,),
        {"project_id": projects, "integration": key_text},
        lambda asked, there: sorted(
            [
                each
                for each in there.of(AgentCheckpoint)
                if each.project_id == asked.project_id
                and asked.integration in (None, each.integration)
            ],
            key=lambda checkpoint: (checkpoint.integration, checkpoint.checkpoint_key),
        ),
        drawn_from={"integration": "integration"},
    ),
    CheckpointOf: Proof(
        (AgentCheckpoint,),
        {"project_id": projects, "integration": key_text, "checkpoint_key": key_text},
        lambda asked, there: _one(
            [
                each
                for each in there.of(AgentCheckpoint)
                if (each.project_id, each.integration, each.checkpoint_key)
                == (asked.project_id, asked.integration, asked.checkpoint_key)
            ]
        ),
        drawn_from={"integration": "integration", "checkpoint_key": "checkpoint_key"},
    ),
    IntegrationConfigOf: Proof(
        (IntegrationConfig,),
        {"integration": key_text},
        lambda asked, there: _one(
            [each for each in there.of(IntegrationConfig) if each.integration == asked.integration]
        ),
        drawn_from={"integration": "integration"},
    ),
    AgentConfigs: Proof(
        (AgentConfig,),
        {},
        lambda asked, there: sorted(there.of(AgentConfig), key=lambda each: str(each.config_key)),
    ),
    AgentConfigOf: Proof(
        (AgentConfig,),
        {"config_key": key_text},
        lambda asked, there: _one(
            [each for each in there.of(AgentConfig) if each.config_key == asked.config_key]
        ),
        drawn_from={"config_key": "config_key"},
    ),
    UserById: Proof(
        (User,),
        {"user_id": users},
        lambda asked, there: _one([each for each in there.of(User) if each.id == asked.user_id]),
    ),
    UserByAuth0Id: Proof(
        (User, UserByAuth0IdLookup),
        {"auth0_id": key_text},
        lambda asked, there: _one(
            [
                each
                for each in there.of(User)
                if each.auth0_id == asked.auth0_id
                and (asked.auth0_id, each.id)
                in {(it.auth0_id, it.user_id) for it in there.of(UserByAuth0IdLookup)}
            ]
        ),
        drawn_from={"auth0_id": "auth0_id"},
    ),
    UserByEmail: Proof(
        (User, UserByEmailLookup),
        {"email": emails},
        lambda asked, there: _one(
            [
                each
                for each in there.of(User)
                if comparable_email(each.email) == comparable_email(asked.email)
                and (comparable_email(asked.email), each.id)
                in {(it.email, it.user_id) for it in there.of(UserByEmailLookup)}
            ]
        ),
        drawn_from={"email": "email"},
    ),
    UserOfAuth0Id: Proof(
        (UserByAuth0IdLookup,),
        {"auth0_id": key_text},
        lambda asked, there: _one(
            [each for each in there.of(UserByAuth0IdLookup) if each.auth0_id == asked.auth0_id]
        ),
        drawn_from={"auth0_id": "auth0_id"},
    ),
    UserOfEmail: Proof(
        (UserByEmailLookup,),
        {"email": emails},
        lambda asked, there: _one(
            [
                each
                for each in there.of(UserByEmailLookup)
                if each.email == comparable_email(asked.email)
            ]
        ),
    ),
    ProjectsOfUser: Proof(
        (ProjectMember, Project),
        {"user_id": users},
        lambda asked, there: sorted(
            [
                each
                for each in there.of(Project)
                if (asked.user_id, each.id)
                in {(it.user_id, it.project_id) for it in there.of(ProjectMember)}
            ],
            key=lambda project: str(project.id),
        ),
    ),
    MembersOfProject: Proof(
        (ProjectMemberRef,),
        {"project_id": projects},
        lambda asked, there: sorted(
            [each for each in there.of(ProjectMemberRef) if each.project_id == asked.project_id],
            key=lambda member: str(member.user_id),
        ),
    ),
    MemberOfProject: Proof(
        (ProjectMember,),
        {"project_id": projects, "user_id": users},
        lambda asked, there: _one(
            [
                each
                for each in there.of(ProjectMember)
                if (each.project_id, each.user_id) == (asked.project_id, asked.user_id)
            ]
        ),
    ),
    FeaturesOfProject: Proof(
        (Feature,),
        {"project_id": projects},
        lambda asked, there: sorted(_features(asked, there), key=lambda feature: str(feature.id)),
    ),
    FeaturesByStatus: Proof(
        (Feature,),
        {"project_id": projects, "status": st.sampled_from(FeatureStatus)},
        lambda asked, there: sorted(
            [each for each in _features(asked, there) if each.status == asked.status],
            key=lambda feature: bool(feature.waiting_on),
        ),
    ),
    ReadyFeatures: Proof(
        (Feature,),
        {"project_id": projects},
        lambda asked, there: [
            each
            for each in _features(asked, there)
            if each.status == FeatureStatus.PENDING and not each.waiting_on
        ],
    ),
    FeatureById: Proof(
        (Feature,),
        {"project_id": projects, "feature_id": other_ids},
        lambda asked, there: _one(
            [each for each in _features(asked, there) if each.id == asked.feature_id]
        ),
    ),
    FeaturesById: Proof(
        (Feature,),
        {"project_id": projects, "feature_ids": st.lists(other_ids, max_size=4).map(tuple)},
        lambda asked, there: tuple(
            feature
            for each in dict.fromkeys(asked.feature_ids)
            for feature in _features(asked, there)
            if feature.id == each
        ),
    ),
    FeatureByLinearIssue: Proof(
        (Feature, FeatureByLinearIssueLookup),
        {"linear_issue_id": key_text},
        lambda asked, there: _one(
            [
                each
                for each in there.of(Feature)
                if each.linear_issue_id == asked.linear_issue_id
                and (asked.linear_issue_id, each.project_id, each.id)
                in {
                    (it.linear_issue_id, it.project_id, it.feature_id)
                    for it in there.of(FeatureByLinearIssueLookup)
                }
            ]
        ),
        drawn_from={"linear_issue_id": "linear_issue_id"},
    ),
    FeatureOfLinearIssue: Proof(
        (FeatureByLinearIssueLookup, Ticket),
        {"linear_issue_id": key_text},
        lambda asked, there: _one(
            [
                each
                for each in there.of(FeatureByLinearIssueLookup)
                if each.linear_issue_id == asked.linear_issue_id
            ]
        ),
        drawn_from={"linear_issue_id": "linear_issue_id"},
    ),
    FeaturesOfLinearIssues: Proof(
        (FeatureByLinearIssueLookup, Ticket),
        {"linear_issue_ids": issues},
        lambda asked, there: _of_issues(asked, there.of(FeatureByLinearIssueLookup)),
    ),
    DependentsOfFeature: Proof(
        (FeatureDependency,),
        {"project_id": projects, "depends_on_id": other_ids},
        lambda asked, there: [
            each
            for each in _dependencies(asked, there)
            if each.depends_on_id == asked.depends_on_id
        ],
    ),
    DependenciesOfProject: Proof((FeatureDependency,), {"project_id": projects}, _dependencies),
    FeatureStats: Proof((Feature,), {"project_id": projects}, _feature_counts),
    FeatureGraphOf: Proof(
        (FeatureGraph,),
        {"project_id": projects},
        lambda asked, there: _one(
            [each for each in there.of(FeatureGraph) if each.project_id == asked.project_id]
        ),
    ),
    FeatureSlotsOf: Proof(
        (FeatureSlots,),
        {"project_id": projects},
        lambda asked, there: _one(
            [each for each in there.of(FeatureSlots) if each.project_id == asked.project_id]
        ),
    ),
    AgentsOfProject: Proof((Agent,), {"project_id": projects}, _agents),
    AgentsByStatus: Proof(
        (Agent,),
        {"project_id": projects, "status": st.sampled_from(AgentStatus)},
        lambda asked, there: [
            each for each in _agents(asked, there) if each.status == asked.status
        ],
    ),
    AgentById: Proof(
        (Agent,),
        {"project_id": projects, "agent_id": users},
        lambda asked, there: _one(
            [each for each in _agents(asked, there) if each.id == asked.agent_id]
        ),
    ),
    RunsOfProject: Proof((AgentRun,), {"project_id": projects}, _runs, newest_first=True),
    RunsOfFeature: Proof(
        (AgentRun,),
        {"project_id": projects, "feature_id": other_ids},
        lambda asked, there: [
            each for each in _runs(asked, there) if each.feature_id == asked.feature_id
        ],
        newest_first=True,
    ),
    RunsOfAgent: Proof(
        (AgentRunRef, AgentRun),
        {"agent_id": users},
        lambda asked, there: _runs_behind(
            [each for each in there.of(AgentRunRef) if each.agent_id == asked.agent_id], there
        ),
        newest_first=True,
    ),
    ActiveRuns: Proof(
        (AgentRunRef, AgentRun),
        {"project_id": projects},
        lambda asked, there: _runs_behind(
            [
                each
                for each in there.of(AgentRunRef)
                if each.project_id == asked.project_id and each.active
            ],
            there,
        ),
        newest_first=True,
    ),
    RunById: Proof(
        (AgentRun,),
        {"project_id": projects, "run_id": other_ids},
        lambda asked, there: _one(
            [each for each in _runs(asked, there) if each.id == asked.run_id]
        ),
    ),
    TicketsOfProject: Proof(
        (Ticket,),
        {"project_id": projects},
        lambda asked, there: sorted(
            [each for each in there.of(Ticket) if each.project_id == asked.project_id],
            key=lambda ticket: (ticket.synced_at, ticket.linear_issue_id),
        ),
        newest_first=True,
    ),
    TicketByLinearIssue: Proof(
        (Ticket, FeatureByLinearIssueLookup),
        {"linear_issue_id": key_text},
        lambda asked, there: _one(
            [each for each in there.of(Ticket) if each.linear_issue_id == asked.linear_issue_id]
        ),
        drawn_from={"linear_issue_id": "linear_issue_id"},
    ),
    TicketsByLinearIssue: Proof(
        (Ticket, FeatureByLinearIssueLookup),
        {"linear_issue_ids": issues},
        lambda asked, there: _of_issues(asked, there.of(Ticket)),
    ),
    RequestOf: Proof(
        (RequestRecord,),
        {"project_id": st.none() | projects, "id": other_ids},
        lambda asked, there: _one(
            [
                each
                for each in there.of(RequestRecord)
                if (each.project_id, each.id) == (asked.project_id, asked.id)
            ]
        ),
        drawn_from={"id": "id"},
    ),
}

_GETS: Final = [each for each in CATALOGUE if issubclass(each, Get)]
_QUERIES: Final = [each for each in CATALOGUE if issubclass(each, Query)]
_OTHERS: Final = [each for each in CATALOGUE if issubclass(each, Fetch | Composite)]


def test_every_pattern_of_the_catalogue_has_a_proof() -> None:
    assert list(PROOFS) == list(CATALOGUE)
    assert {*_GETS, *_QUERIES, *_OTHERS} == set(CATALOGUE)


def test_every_parameter_of_every_pattern_is_drawn() -> None:
    taken = {each: {field.name for field in each.parameters()} - {"order"} for each in CATALOGUE}

    assert {each: set(proof.parameters) for each, proof in PROOFS.items()} == taken


@pytest.mark.parametrize("kind", _GETS)
@given(data=st.data())
def test_a_get_finds_exactly_the_one_or_none(
    client: Client, kind: type[Get[Any]], data: DataObject
) -> None:
    store, there = _populated(client, kind, data)

    for _ in range(3):
        asked = _asked(kind, there, data)

        assert store.get(asked, consistent=data.draw(st.booleans())) == PROOFS[kind].answer(
            asked, there
        )


@pytest.mark.parametrize("kind", _QUERIES)
@given(data=st.data())
def test_a_querys_pages_joined_are_exactly_what_a_comprehension_says(
    client: Client, kind: type[Query[Any]], data: DataObject
) -> None:
    store, there = _populated(client, kind, data)
    asked = replace(
        _asked(kind, there, data), order=data.draw(st.sampled_from([None, "asc", "desc"]))
    )
    limit = data.draw(st.integers(1, 4), label="limit")
    consistent = kind.key.index.name is None and data.draw(st.booleans(), label="consistent")
    proof = PROOFS[kind]
    expected = proof.answer(asked, there)
    if asked.order == "desc" or (asked.order is None and proof.newest_first):
        expected.reverse()

    pages: list[Page[Any]] = []
    cursor = None
    while not pages or cursor:
        page = store.page(asked, limit=limit, cursor=cursor, consistent=consistent)
        pages.append(page)
        cursor = page.cursor

    answered = [each for page in pages for each in page.items]
    assert _ties_sorted(answered) == _ties_sorted(expected)
    assert [len(page.items) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert len(pages[-1].items) <= limit
    # A reference may follow that points to nothing.
    assert pages[-1].items or len(pages) == 1 or issubclass(kind, Hydrate)


@pytest.mark.parametrize("kind", _OTHERS)
@given(data=st.data())
def test_what_takes_several_items_joins_them_as_a_comprehension_does(
    client: Client, kind: type[Any], data: DataObject
) -> None:
    store, there = _populated(client, kind, data)
    ask = store.fetch if issubclass(kind, Fetch) else store.answer

    for _ in range(2):
        asked = _asked(kind, there, data)

        assert ask(asked, consistent=data.draw(st.booleans())) == PROOFS[kind].answer(asked, there)


def _ties_sorted(entities: Sequence[Any]) -> list[Any]:
    """The same order, but for what has one key in an index: DynamoDB promises none among those."""
    ties = groupby(entities, key=lambda each: getattr(each, "id", None) or identity(each))
    return [each for _, tied in ties for each in sorted(tied, key=lambda it: str(identity(it)))]


def _populated(
    client: Client, kind: type[Pattern[Any]], data: DataObject
) -> tuple[Store, Population]:
    there = data.draw(populations(*PROOFS[kind].kinds), label="population")
    store = fresh(client)
    there.put_into(store)
    return store, there


def _asked(kind: type[Pattern[Any]], there: Population, data: DataObject) -> Any:
    """The pattern, with parameters drawn from the population and from outside it."""
    proof = PROOFS[kind]
    values = {}
    for each in kind.parameters():
        if each.name == "order":
            continue
        drawn = proof.parameters[each.name]
        source = (proof.drawn_from or {}).get(each.name)
        found = [getattr(entity, source) for entity in there.of(*proof.kinds)] if source else []
        if known := [value for value in found if value is not None]:
            drawn |= st.sampled_from(known)
        if each.default is None:
            drawn |= st.none()
        values[each.name] = data.draw(drawn, label=each.name)
    since, until = values.get("since"), values.get("until")
    if since is not None and until is not None and since > until:
        values |= {"since": until, "until": since}
    return kind(**values)

"""The answer of every pattern of the catalogue, as a comprehension over all stored entities.

There is one entry for each pattern, and only here do the tests name a pattern by hand. The
populations of ``test_every_pattern.py`` and the cases of ``cases.py`` are derived from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from autoforge.access.actions import ActionById, ActionsOfProject, HeldActions
from autoforge.access.agent_config import AgentConfigOf, AgentConfigs
from autoforge.access.agents import AgentById, AgentsByStatus, AgentsOfProject
from autoforge.access.artefacts import ArtefactOfProject, ArtefactsOfProject
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
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.models import (
    Agent,
    AgentAction,
    AgentCheckpoint,
    AgentConfig,
    AgentRun,
    AgentRunRef,
    Artefact,
    ArtefactType,
    Escalation,
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
    RequestRecord,
    Ticket,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
)
from autoforge.models.users import comparable_email
from tests.access.populations import Population
from tests.factories import NOON

#: Returns the entities of a population that a pattern with its parameters should find.
Found = Callable[[Any, Population], Any]


@dataclass(frozen=True)
class Proof:
    """The expected answer of a pattern."""

    #: The answer for a pattern and a population; for a query, in ascending order.
    answer: Found
    #: Whether a query returns the newest first if no order is given.
    newest_first: bool = False
    #: The items read on the way: the look-up item, or the references in order.
    through: Found | None = None
    #: Entity types that could be mistaken for an answer, in addition to those the pattern names.
    beside: tuple[type[Entity], ...] = ()


def _one(found: Sequence[Any]) -> Any:
    assert len(found) < 2
    return found[0] if found else None


def _ordered(found: Sequence[Any], *by: str) -> list[Any]:
    return sorted(found, key=lambda each: tuple(getattr(each, name) for name in by))


def _all(kind: type[Entity], *by: str, **named: str) -> Found:
    """Return the entities whose attributes equal the parameters of the pattern, ordered by ``by``.

    A parameter is compared with the attribute of its name, or with the attribute ``named`` gives.
    """

    def found(asked: Any, there: Population) -> list[Any]:
        given = [each.name for each in fields(asked) if each.name != "order"]
        wanted = {named.get(name, name): getattr(asked, name) for name in given}
        return _ordered(
            [
                each
                for each in there.of(kind)
                if all(getattr(each, name) == value for name, value in wanted.items())
            ],
            *by,
        )

    return found


def _the(kind: type[Entity], **named: str) -> Found:
    """Return the only entity whose attributes equal the parameters of the pattern, or None."""
    found = _all(kind, **named)
    return lambda asked, there: _one(found(asked, there))


def _in_range(asked: Any, events: Sequence[Any]) -> list[Any]:
    """Return the events from ``since``, before ``until`` and newer than the event ``after``."""
    after = getattr(asked, "after", None)
    # A ULID begins with its timestamp, so comparing ids tells which event is newer.
    return _ordered(
        [
            event
            for event in events
            if (asked.since is None or event.created_at >= asked.since)
            and (asked.until is None or event.created_at < asked.until)
            and (after is None or event.id > after)
        ],
        "created_at",
        "id",
    )


def _of_project(asked: Any, there: Population, kind: type[Entity]) -> list[Any]:
    return [each for each in there.of(kind) if each.project_id == asked.project_id]


def _with_artefacts(asked: Any, there: Population) -> tuple[Any, ...]:
    project = [each for each in there.of(Project) if each.id == asked.project_id]
    types = list(ArtefactType)
    artefacts = _of_project(asked, there, Artefact)
    return (*project, *sorted(artefacts, key=lambda artefact: types.index(artefact.type)))


def _overview(asked: Any, there: Population) -> Overview | None:
    found = _with_artefacts(asked, there)
    if not found or not isinstance(found[0], Project):
        return None
    latest = _ordered(_of_project(asked, there, Escalation), "id")[::-1]
    return Overview(found[0], found[1:], tuple(latest[: asked.escalations]))


def _of_issues(asked: Any, found: Sequence[Any]) -> tuple[Any, ...]:
    """Return the entities found for the issues, once each, in the order of the request."""
    by_issue = {each.linear_issue_id: each for each in found}
    asked_for = dict.fromkeys(asked.linear_issue_ids)
    return tuple(by_issue[each] for each in asked_for if each in by_issue)


def _features(asked: Any, there: Population) -> list[Any]:
    """Return the project's features, by priority and then age."""
    return _ordered(_of_project(asked, there, Feature), "priority", "id")


def _feature_counts(asked: Any, there: Population) -> FeatureCounts:
    """Count the items under the keys; a count does not read the items."""
    items = [*(each.to_item() for each in there.entities), *there.strangers]
    keys = [item.get("GSI1PK", {}).get("S") for item in items]
    partition = f"PROJECT#{asked.project_id}#FEATURE#"
    return FeatureCounts(**{str(each): keys.count(partition + each) for each in FeatureStatus})


def _user_of_email(asked: Any, there: Population) -> Any:
    wanted = comparable_email(asked.email)
    return _one([each for each in there.of(UserByEmailLookup) if each.email == wanted])


def _looked_up(lookup: Found, target: Callable[[Any, Any, Any], bool], kind: type[Entity]) -> Proof:
    """Prove a look-up: the entity a look-up item leads to, if it still matches the request."""

    def answer(asked: Any, there: Population) -> Any:
        found = lookup(asked, there)
        return _one([each for each in there.of(kind) if found and target(asked, found, each)])

    return Proof(answer, through=lookup)


def _behind(
    references: Found, target: Callable[[Any, Any], bool], kind: type[Entity], **given: Any
) -> Proof:
    """Prove a query of references: the entities they lead to that exist, in their order."""

    def answer(asked: Any, there: Population) -> list[Any]:
        return [
            each
            for reference in references(asked, there)
            for each in there.of(kind)
            if target(reference, each)
        ]

    return Proof(answer, through=references, **given)


def _is_run(reference: Any, run: Any) -> bool:
    return (run.project_id, run.id) == (reference.project_id, reference.run_id)


PROOFS: Final[dict[type[Pattern[Any]], Proof]] = {
    ProjectById: Proof(_the(Project, project_id="id")),
    ProjectsByStatus: Proof(_all(Project, "id")),
    ProjectOverview: Proof(_overview, beside=(Event,)),
    ProjectWithArtefacts: Proof(_with_artefacts),
    ArtefactsOfProject: Proof(_all(Artefact, "type")),
    ArtefactOfProject: Proof(_the(Artefact)),
    EventsOfProject: Proof(
        lambda asked, there: _in_range(asked, _of_project(asked, there, Event)),
        newest_first=True,
    ),
    EventById: Proof(_the(Event, event_id="id"), beside=(GlobalEventRef,)),
    EventsOfDate: Proof(
        lambda asked, there: _in_range(
            asked, [each for each in there.of(Event) if each.created_at.date() == asked.date]
        ),
        newest_first=True,
        beside=(GlobalEventRef,),
    ),
    GlobalEvents: Proof(
        lambda asked, there: _in_range(
            asked,
            [
                each
                for each in there.of(Event, GlobalEventRef)
                if isinstance(each, GlobalEventRef) or each.project_id is None
            ],
        ),
        newest_first=True,
    ),
    EscalationsOfProject: Proof(_all(Escalation, "id")),
    EscalationById: Proof(_the(Escalation, escalation_id="id")),
    EscalationsByStatus: Proof(_all(Escalation, "created_at", "id")),
    ActionsOfProject: Proof(_all(AgentAction, "created_at", "id"), newest_first=True),
    ActionById: Proof(_the(AgentAction, action_id="id")),
    HeldActions: Proof(
        lambda asked, there: _ordered(
            [
                each
                for each in there.of(AgentAction)
                if each.held_until is not None
                and not each.executed
                and each.held_until <= (NOON if asked.until is None else asked.until)
            ],
            "held_until",
            "id",
        )
    ),
    CheckpointsOfProject: Proof(
        lambda asked, there: _ordered(
            [
                each
                for each in _of_project(asked, there, AgentCheckpoint)
                if asked.integration in (None, each.integration)
            ],
            "integration",
            "checkpoint_key",
        )
    ),
    CheckpointOf: Proof(_the(AgentCheckpoint)),
    IntegrationConfigOf: Proof(_the(IntegrationConfig)),
    AgentConfigs: Proof(_all(AgentConfig, "config_key")),
    AgentConfigOf: Proof(_the(AgentConfig)),
    UserById: Proof(_the(User, user_id="id")),
    UserByAuth0Id: _looked_up(
        _the(UserByAuth0IdLookup),
        lambda asked, found, user: (user.id, user.auth0_id) == (found.user_id, asked.auth0_id),
        User,
    ),
    UserByEmail: _looked_up(
        _user_of_email,
        lambda asked, found, user: (
            user.id == found.user_id
            and comparable_email(user.email) == comparable_email(asked.email)
        ),
        User,
    ),
    UserOfAuth0Id: Proof(_the(UserByAuth0IdLookup)),
    UserOfEmail: Proof(_user_of_email),
    ProjectsOfUser: _behind(
        _all(ProjectMember, "project_id"),
        lambda member, project: project.id == member.project_id,
        Project,
    ),
    MembersOfProject: Proof(_all(ProjectMemberRef, "user_id")),
    MemberOfProject: Proof(_the(ProjectMember)),
    FeaturesOfProject: Proof(_all(Feature, "id")),
    FeaturesByStatus: Proof(
        lambda asked, there: sorted(
            [each for each in _features(asked, there) if each.status == asked.status],
            key=lambda feature: bool(feature.waiting_on),
        )
    ),
    ReadyFeatures: Proof(
        lambda asked, there: [
            each
            for each in _features(asked, there)
            if each.status == FeatureStatus.PENDING and not each.waiting_on
        ]
    ),
    FeatureById: Proof(_the(Feature, feature_id="id")),
    FeaturesById: Proof(
        lambda asked, there: tuple(
            feature
            for each in dict.fromkeys(asked.feature_ids)
            for feature in _features(asked, there)
            if feature.id == each
        )
    ),
    FeatureByLinearIssue: _looked_up(
        _the(FeatureByLinearIssueLookup),
        lambda asked, found, feature: (
            (feature.project_id, feature.id, feature.linear_issue_id)
            == (found.project_id, found.feature_id, asked.linear_issue_id)
        ),
        Feature,
    ),
    FeatureOfLinearIssue: Proof(_the(FeatureByLinearIssueLookup), beside=(Ticket,)),
    FeaturesOfLinearIssues: Proof(
        lambda asked, there: _of_issues(asked, there.of(FeatureByLinearIssueLookup)),
        beside=(Ticket,),
    ),
    DependentsOfFeature: Proof(_all(FeatureDependency, "feature_id")),
    DependenciesOfProject: Proof(_all(FeatureDependency, "depends_on_id", "feature_id")),
    FeatureStats: Proof(_feature_counts),
    FeatureGraphOf: Proof(_the(FeatureGraph)),
    FeatureSlotsOf: Proof(_the(FeatureSlots)),
    AgentsOfProject: Proof(_all(Agent, "id")),
    AgentsByStatus: Proof(_all(Agent, "id")),
    AgentById: Proof(_the(Agent, agent_id="id")),
    RunsOfProject: Proof(_all(AgentRun, "id"), newest_first=True),
    RunsOfFeature: Proof(_all(AgentRun, "id"), newest_first=True),
    RunsOfAgent: _behind(_all(AgentRunRef, "run_id"), _is_run, AgentRun, newest_first=True),
    ActiveRuns: _behind(
        lambda asked, there: _ordered(
            [each for each in _of_project(asked, there, AgentRunRef) if each.active], "run_id"
        ),
        _is_run,
        AgentRun,
        newest_first=True,
    ),
    RunById: Proof(_the(AgentRun, run_id="id")),
    TicketsOfProject: Proof(_all(Ticket, "synced_at", "linear_issue_id"), newest_first=True),
    TicketByLinearIssue: Proof(_the(Ticket), beside=(FeatureByLinearIssueLookup,)),
    TicketsByLinearIssue: Proof(
        lambda asked, there: _of_issues(asked, there.of(Ticket)),
        beside=(FeatureByLinearIssueLookup,),
    ),
    RequestOf: Proof(_the(RequestRecord)),
}


def proof_of(kind: type[Pattern[Any]]) -> Proof:
    """Return the expected answer of a pattern."""
    assert kind in PROOFS, f"{kind.__name__} has no proof: add one to PROOFS in {__file__}"
    return PROOFS[kind]

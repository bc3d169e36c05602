"""The requests of each method of a Forge that writes: the patterns it runs and the items it writes.

The counterpart of the catalogue of patterns. The documentation and the IAM policies are generated
from it; tests compare every declaration with the requests that the method sends.
"""

from __future__ import annotations

from typing import Final

from autoforge.access.actions import ActionById
from autoforge.access.agent_config import AgentConfigOf
from autoforge.access.agents import AgentById
from autoforge.access.artefacts import ArtefactOfProject
from autoforge.access.checkpoints import CheckpointOf
from autoforge.access.escalations import EscalationById
from autoforge.access.events.patterns import EventById
from autoforge.access.features.patterns import (
    DependenciesOfProject,
    DependentsOfFeature,
    FeatureById,
    FeatureGraphOf,
    FeatureOfLinearIssue,
    FeaturesById,
    FeaturesByStatus,
    FeatureSlotsOf,
    FeaturesOfLinearIssues,
    FeaturesOfProject,
    ReadyFeatures,
)
from autoforge.access.integrations import IntegrationConfigOf
from autoforge.access.projects.members import MemberOfProject
from autoforge.access.projects.patterns import ProjectById
from autoforge.access.requests.patterns import RequestOf
from autoforge.access.runs.patterns import RunById
from autoforge.access.tickets.patterns import (
    TicketByLinearIssue,
    TicketsByLinearIssue,
    TicketsOfProject,
)
from autoforge.access.users import UserById, UserOfAuth0Id, UserOfEmail
from autoforge.dynamodb.admin.operation import Operation
from autoforge.dynamodb.schema.transaction_mark import TransactionMark
from autoforge.models import PLATFORM_DESIGN
from autoforge.models.actions import AgentAction
from autoforge.models.agent_config import AgentConfig
from autoforge.models.agents import Agent
from autoforge.models.artefacts import Artefact
from autoforge.models.checkpoints import AgentCheckpoint
from autoforge.models.escalations import Escalation
from autoforge.models.events import Event, GlobalEventRef
from autoforge.models.features import (
    Feature,
    FeatureByLinearIssueLookup,
    FeatureDependency,
    FeatureGraph,
    FeatureSlots,
)
from autoforge.models.integrations import IntegrationConfig
from autoforge.models.projects import Project
from autoforge.models.requests import RequestRecord
from autoforge.models.runs import AgentRun, AgentRunRef
from autoforge.models.tickets import Ticket
from autoforge.models.users import (
    ProjectMember,
    ProjectMemberRef,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
)

#: Loading of items from another program, which replaces stored ones: ``Store.put_all``.
LOADING: Final = Operation("store.put_all", batches=PLATFORM_DESIGN.entities)

#: The requests that finish the propagation of a feature's change (``propagation.py``).
_PROPAGATION: Final = Operation(
    "",
    asks=(FeatureById, FeaturesById, DependentsOfFeature),
    updates=(Feature, FeatureDependency, FeatureGraph),
    checks=(Feature,),
)
#: The requests that delete a feature, or finish its deletion (``deletion.py``).
_DELETION: Final = _PROPAGATION.with_more(
    "",
    asks=(FeatureGraphOf, FeatureOfLinearIssue, TicketByLinearIssue),
    updates=(Ticket,),
    checks=(Ticket,),
    puts=(TransactionMark,),
    deletes=(Feature, FeatureDependency, FeatureByLinearIssueLookup),
)
#: The requests that change the owner or a member of a project (``members.py``).
_MEMBERSHIP: Final = Operation(
    "",
    asks=(ProjectById, MemberOfProject),
    updates=(ProjectMember, ProjectMemberRef),
    checks=(Project, ProjectMember),
    deletes=(ProjectMember, ProjectMemberRef),
)

#: Every method of a Forge that writes, by attribute of the Forge.
WORK: Final = (
    Operation(
        "once",
        asks=(RequestOf,),
        puts=(RequestRecord,),
        updates=(RequestRecord,),
    ),
    Operation(
        "users.upsert",
        asks=(UserById, UserOfAuth0Id, UserOfEmail),
        puts=(User, UserByAuth0IdLookup, UserByEmailLookup),
        updates=(User, UserByAuth0IdLookup, UserByEmailLookup),
        checks=(User,),
        deletes=(UserByEmailLookup,),
    ),
    Operation("projects.create", puts=(Project,), updates=(ProjectMember, ProjectMemberRef)),
    _MEMBERSHIP.with_more("projects.update", updates=(Project,)),
    _MEMBERSHIP.with_more("projects.add_member", asks=(UserById,)),
    _MEMBERSHIP.with_more("projects.remove_member", puts=(TransactionMark,)),
    Operation(
        "projects.delete",
        asks=(ProjectById, TicketsOfProject, TicketsByLinearIssue),
        scans_partition=(Project,),
        puts=(Project,),
        updates=(Project,),
        checks=(Project,),
        deletes=(
            Project,
            Event,
            GlobalEventRef,
            ProjectMember,
            ProjectMemberRef,
            AgentRunRef,
            FeatureByLinearIssueLookup,
            Ticket,
        ),
    ),
    Operation("artefacts.create", asks=(ProjectById,), puts=(Artefact,)),
    Operation("artefacts.update", asks=(ArtefactOfProject,), updates=(Artefact,)),
    Operation("artefacts.revert", asks=(ArtefactOfProject,), updates=(Artefact,)),
    Operation("events.record", asks=(ProjectById, EventById), puts=(Event, GlobalEventRef)),
    Operation("escalations.create", asks=(ProjectById,), puts=(Escalation,)),
    Operation("escalations.decide", asks=(EscalationById,), updates=(Escalation,)),
    Operation("escalations.expire", updates=(Escalation,)),
    Operation("escalations.supersede", updates=(Escalation,)),
    Operation("actions.create", asks=(ProjectById,), puts=(AgentAction,)),
    Operation("actions.hold", asks=(ActionById,), updates=(AgentAction,)),
    Operation("actions.approve", asks=(ActionById,), updates=(AgentAction,)),
    Operation("actions.cancel", asks=(ActionById,), updates=(AgentAction,)),
    Operation("actions.execute", asks=(ActionById,), updates=(AgentAction,)),
    Operation("checkpoints.set", asks=(ProjectById, CheckpointOf), updates=(AgentCheckpoint,)),
    Operation("checkpoints.advance", asks=(ProjectById, CheckpointOf), updates=(AgentCheckpoint,)),
    Operation("integrations.save", asks=(IntegrationConfigOf,), updates=(IntegrationConfig,)),
    Operation("integrations.report_health", updates=(IntegrationConfig,)),
    Operation("agent_config.set", asks=(AgentConfigOf,), updates=(AgentConfig,)),
    *(
        _PROPAGATION.with_more(
            name,
            asks=(ProjectById, FeaturesOfLinearIssues),
            puts=(Feature, FeatureByLinearIssueLookup),
            updates=(FeatureByLinearIssueLookup,),
        )
        for name in ("features.create", "features.create_many")
    ),
    _PROPAGATION.with_more(
        "features.add_dependency",
        asks=(FeatureGraphOf, DependenciesOfProject),
        puts=(TransactionMark,),
    ),
    _PROPAGATION.with_more(
        "features.remove_dependency", puts=(TransactionMark,), deletes=(FeatureDependency,)
    ),
    *(
        _PROPAGATION.with_more(f"features.{name}")
        for name in ("update", "release", "send_to_review", "pass_", "fail", "reopen")
    ),
    Operation("features.renew", asks=(FeatureById,), updates=(Feature,)),
    *(
        _PROPAGATION.with_more(
            name,
            asks=(
                ProjectById,
                FeatureGraphOf,
                FeatureSlotsOf,
                FeaturesByStatus,
                ReadyFeatures,
                FeaturesOfProject,
                RequestOf,
            ),
            puts=(FeatureSlots, RequestRecord),
            updates=(FeatureSlots,),
        )
        for name in ("features.claim", "features.claim_next")
    ),
    _DELETION.with_more("features.delete"),
    _DELETION.with_more("features.repair", asks=(DependenciesOfProject, FeaturesOfProject)),
    Operation("agents.create", asks=(ProjectById,), puts=(Agent,)),
    Operation("agents.update", asks=(AgentById,), updates=(Agent,)),
    Operation(
        "runs.start",
        asks=(ProjectById, FeatureById, AgentById),
        puts=(AgentRun, AgentRunRef),
        updates=(Agent,),
    ),
    Operation("runs.report", asks=(RunById,), updates=(AgentRun,)),
    Operation("runs.finish", asks=(RunById, AgentById), updates=(Agent, AgentRun, AgentRunRef)),
    Operation(
        "tickets.sync",
        asks=(ProjectById, TicketByLinearIssue, FeatureOfLinearIssue),
        puts=(Ticket,),
        updates=(Ticket,),
    ),
    Operation(
        "tickets.sync_all",
        asks=(ProjectById, TicketsByLinearIssue, FeaturesOfLinearIssues),
        puts=(Ticket,),
        updates=(Ticket,),
    ),
)

"""The roles that use the table, with the patterns and the operations of each.

The permissions of a role are derived from the catalogue of patterns and from that of operations, in
``autoforge.access`` (ADR 0025).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from autoforge.access.catalogue import CATALOGUE
from autoforge.access.checkpoints import CheckpointOf, CheckpointsOfProject
from autoforge.access.integrations import IntegrationConfigOf
from autoforge.access.operations import LOADING, WORK
from autoforge.cloudformation.role import Role
from autoforge.dynamodb.admin.create import READINESS
from autoforge.dynamodb.admin.drift import CHECKS
from autoforge.dynamodb.admin.operation import Operation
from autoforge.dynamodb.admin.permissions import permissions_of
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.permission import Permission
from autoforge.models.agent_config import AgentConfig
from autoforge.models.events import GlobalEventRef
from autoforge.models.integrations import IntegrationConfig
from autoforge.models.projects import Project
from autoforge.models.users import ProjectMember, User, UserByAuth0IdLookup, UserByEmailLookup

#: The start of the partition key of a project's own items; the project's id follows it.
PROJECT: Final = Project.primary_key.partition.partition("{")[0]
#: The partitions of the settings that all agents share, and of the feed of all projects.
SETTINGS: Final = AgentConfig.primary_key.partition
FEED: Final = GlobalEventRef.primary_key.partition
#: The partitions of records of requests outside of any project.
REQUESTS: Final = "REQUEST#*"


#: The tag of a principal that holds the project of an agent.
PROJECT_TAG: Final = "AutoforgeProject"


@dataclass(frozen=True)
class PlatformRole(Role):
    """A kind of program that uses the platform's table.

    Attributes:
        secrets: Operations on credentials of integrations: KMS's ``Encrypt`` and ``Decrypt``.
    """

    secrets: tuple[str, ...] = ()

    @property
    def of_one_project(self) -> bool:
        """Whether the project must be the one that its principal is tagged with."""
        return self.tenant is not None

    @property
    def permissions(self) -> frozenset[Permission]:
        """The permissions of the role: exactly those that it needs."""
        reads = frozenset[Permission]().union(*map(permissions_of, self.patterns))
        if self.of_one_project:
            reads = frozenset(filter(_is_own, reads))
        needed = reads.union(*map(permissions_of, self.operations))
        # A request in a project is recorded in the project, and agents send no others.
        return frozenset(filter(_is_in_a_project, needed)) if self.confined else needed


#: Entities about people, and the one that holds secrets, which agents must not read.
_PRIVATE: Final = {User, UserByAuth0IdLookup, UserByEmailLookup, ProjectMember, IntegrationConfig}
_AGENT_WORK: Final = (
    "artefacts.create",
    "artefacts.update",
    "artefacts.revert",
    "events.record",
    "escalations.create",
    "escalations.supersede",
    "actions.create",
    "actions.hold",
    "actions.cancel",
    "actions.execute",
    "checkpoints.set",
    "checkpoints.advance",
    "features.create",
    "features.create_many",
    "features.add_dependency",
    "features.update",
    "features.claim",
    "features.claim_next",
    "features.renew",
    "features.release",
    "features.send_to_review",
    "features.pass_",
    "features.fail",
    "features.reopen",
    "agents.create",
    "agents.update",
    "runs.start",
    "runs.report",
    "runs.finish",
)
_INTEGRATION_WORK: Final = (
    "integrations.report_health",
    "checkpoints.set",
    "checkpoints.advance",
    "events.record",
    "tickets.sync",
    "tickets.sync_all",
)


def _is_in_a_project(permission: Permission) -> bool:
    """Whether it is not for the records of requests outside of any project."""
    return permission.partition != REQUESTS


def _named(names: Iterable[str]) -> tuple[Operation, ...]:
    by_name = {each.name: each for each in WORK}
    return tuple(by_name[name] for name in names)


def _is_private(pattern: type[Pattern[Any]]) -> bool:
    return not _PRIVATE.isdisjoint(pattern.entities)


def _is_own(permission: Permission) -> bool:
    """Whether an agent of one project may read there: in its project, and in the settings."""
    return permission.partition.startswith(PROJECT) or permission.partition == SETTINGS


def _tells_of_one_project(pattern: type[Pattern[Any]]) -> bool:
    """Whether a pattern reads in one project, and elsewhere at most in the feed of events."""
    permissions = permissions_of(pattern)
    others = {each.partition for each in permissions if not _is_own(each)}
    return any(map(_is_own, permissions)) and others <= {FEED}


READER: Final = PlatformRole(
    "Reader",
    description="Asks every pattern and changes nothing; "
    "reads credentials of integrations as cipher text only",
    patterns=CATALOGUE,
    confined=False,
)
API: Final = PlatformRole(
    "Api",
    description="The HTTP API: asks every pattern, does all work, "
    "encrypts credentials and never decrypts them",
    patterns=CATALOGUE,
    operations=WORK,
    describes=(READINESS,),
    secrets=("Encrypt",),
    confined=False,
)
AGENT: Final = PlatformRole(
    "Agent",
    description="An agent loop in all projects: "
    "deletes nothing, and reaches neither users nor credentials",
    patterns=tuple(each for each in CATALOGUE if not _is_private(each)),
    operations=_named(_AGENT_WORK),
)
PROJECT_AGENT: Final = PlatformRole(
    "ProjectAgent",
    description="An agent loop in the project that its role is tagged with",
    patterns=tuple(filter(_tells_of_one_project, AGENT.patterns)),
    operations=AGENT.operations,
    tenant=f"{PROJECT}{{{PROJECT_TAG}}}",
)
INTEGRATION: Final = PlatformRole(
    "Integration",
    description="A worker that talks to one of the integrations: "
    "decrypts credentials, syncs tickets",
    patterns=(IntegrationConfigOf, CheckpointOf, CheckpointsOfProject),
    operations=_named(_INTEGRATION_WORK),
    secrets=("Decrypt",),
)
OPERATOR: Final = PlatformRole(
    "Operator",
    description="Does all that the API does, loads data, checks the table and handles credentials",
    patterns=CATALOGUE,
    operations=(*WORK, LOADING),
    describes=CHECKS,
    secrets=("Encrypt", "Decrypt"),
    confined=False,
)

#: Every role, in the order of the template.
ROLES: Final = (READER, API, AGENT, PROJECT_AGENT, INTEGRATION, OPERATOR)

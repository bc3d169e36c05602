"""Each role is allowed exactly what its patterns and its work need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

import pytest

from autoforge.access.agent_config import AgentConfigs
from autoforge.access.catalogue import CATALOGUE
from autoforge.access.events.patterns import EventById, GlobalEvents
from autoforge.access.features.patterns import FeaturesByStatus
from autoforge.access.operations import WORK
from autoforge.access.projects.patterns import ProjectsByStatus
from autoforge.access.runs.patterns import RunsOfAgent
from autoforge.access.tickets.patterns import TicketByLinearIssue
from autoforge.dynamodb.admin.permissions import permissions_of
from autoforge.dynamodb.patterns.permission import Permission
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.models.table import PLATFORM_DESIGN
from cfn.roles import (
    AGENT,
    API,
    INTEGRATION,
    OPERATOR,
    PROJECT_AGENT,
    READER,
    ROLES,
    PlatformRole,
)
from tests.access.heard import Heard, everything_asked
from tests.access.tours import READS, WRITES, names
from tests.cfn.judged import Judge, case, documents
from tests.iam import Asked, Case, Evaluator, Verdict
from tests.servers import Engine, moto
from tests.stores import client_of

#: Every operation on items, and some on the table, that a principal could request.
_OPERATIONS: Final = (
    "GetItem",
    "BatchGetItem",
    "Query",
    "Scan",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "PartiQLSelect",
    "PartiQLInsert",
    "PartiQLUpdate",
    "PartiQLDelete",
)
_ON_AN_INDEX: Final = ("Query", "Scan")
_ON_THE_TABLE: Final = (
    "DescribeTable",
    "DescribeTimeToLive",
    "DescribeContinuousBackups",
    "UpdateTable",
    "DeleteTable",
    "UpdateTimeToLive",
    "UpdateContinuousBackups",
    "CreateBackup",
    "ExportTableToPointInTime",
)
#: A partition key that matches no form of ours.
_FOREIGN: Final = "SECRET#1"
_OF_PEOPLE_AND_SECRETS: Final = {
    "users.get",
    "users.by_auth0_id",
    "users.by_email",
    "users.projects",
    "users.upsert",
    "integrations.get",
    "integrations.reveal",
    "integrations.save",
    "integrations.report_health",
}
#: Further steps of the tour that an agent's policy denies.
_DENIED_TO_AGENTS: Final = {
    "once",
    "projects.create",  # writes the membership of the owner
    "projects.update",
    "projects.add_member",
    "projects.remove_member",
    "projects.delete",
    "agent_config.set",
    "features.delete",
    "features.remove_dependency",
}
#: Reads across projects, and items that belong to no project.
_DENIED_TO_AGENTS_OF_ONE_PROJECT: Final = {
    "projects.by_status",
    "events.of_date",
    "events.feed",
    "events.poll_feed",
    "escalations.by_status",
    "actions.held",
    "agents.runs",
    "runs.of_agent",
    "features.by_linear_issue",
    "tickets.get",
    "tickets.sync",
}


@pytest.fixture(scope="module")
def heard() -> Iterator[Heard]:
    """The permission checks of each method of a Forge, in the projects p and q."""
    with moto() as endpoint_url:
        client = client_of(Engine("moto", endpoint_url))
        yield everything_asked(client)
        client.close()


def _may_do(
    role: PlatformRole, heard: Heard, judged: Judge, *, project: str | None = None
) -> set[str]:
    """Return the methods for which a role is allowed every request."""
    cases = [
        (name, case(role.name, asked, project=project))
        for name, all_ in heard.items()
        for asked in sorted(all_)
    ]
    verdicts = judged(each for _, each in cases)
    refused = {
        name for (name, _), verdict in zip(cases, verdicts, strict=True) if not verdict.allowed
    }
    return {*heard} - refused


def test_a_reader_may_read_everything_and_write_nothing(heard: Heard, judged: Judge) -> None:
    # A repair that finds nothing wrong only reads.
    assert _may_do(READER, heard, judged) == names(READS) | {"features.repair"}


@pytest.mark.parametrize("role", [API, OPERATOR], ids=lambda role: role.name)
def test_the_api_and_an_operator_may_do_everything(
    role: PlatformRole, heard: Heard, judged: Judge
) -> None:
    assert _may_do(role, heard, judged) == names([*READS, *WRITES])


def test_an_agent_may_do_its_work_but_deletes_nothing_and_reaches_no_people_or_secrets(
    heard: Heard, judged: Judge
) -> None:
    may = _may_do(AGENT, heard, judged)

    assert {work.name for work in AGENT.operations} <= may
    assert {*heard} - may == _OF_PEOPLE_AND_SECRETS | _DENIED_TO_AGENTS


def test_an_agent_of_one_project_may_do_its_work_there(heard: Heard, judged: Judge) -> None:
    there = {name: _within("p", all_) for name, all_ in heard.items()}

    may = _may_do(PROJECT_AGENT, there, judged, project="p")

    assert {work.name for work in PROJECT_AGENT.operations} <= may
    denied = _OF_PEOPLE_AND_SECRETS | _DENIED_TO_AGENTS | _DENIED_TO_AGENTS_OF_ONE_PROJECT
    assert {*there} - may == denied


def _within(project: str, all_: set[Asked]) -> set[Asked]:
    """Return the checks without those that concern another project."""
    own = f"PROJECT#{project}"
    return {
        each
        for each in all_
        if all(
            key == own or key.startswith(f"{own}#") or not key.startswith("PROJECT#")
            for key in each.partitions
        )
    }


def test_an_agent_of_one_project_asks_what_reads_in_one_project() -> None:
    asked = {*PROJECT_AGENT.patterns}

    assert {EventById, FeaturesByStatus, AgentConfigs} <= asked
    assert asked.isdisjoint({GlobalEvents, ProjectsByStatus, RunsOfAgent, TicketByLinearIssue})


@pytest.mark.parametrize("project", ["q", "pp", "p#", None])
def test_an_agent_of_another_project_reaches_nothing_of_this_one(
    heard: Heard, project: str | None, judged: Judge
) -> None:
    of_p = {
        asked
        for all_ in heard.values()
        for asked in all_
        if any(key == "PROJECT#p" or key.startswith("PROJECT#p#") for key in asked.partitions)
    }

    verdicts = judged(case("ProjectAgent", each, project=project) for each in of_p)

    assert len(of_p) > 10
    assert not any(verdict.allowed for verdict in verdicts)


def test_a_worker_of_an_integration_may_do_its_work_and_reaches_no_people(
    heard: Heard, judged: Judge
) -> None:
    may = _may_do(INTEGRATION, heard, judged)

    assert {work.name for work in INTEGRATION.operations} <= may
    assert {"integrations.get", "integrations.reveal", "checkpoints.of_project"} <= may
    assert may.isdisjoint(
        {"users.get", "users.upsert", "projects.delete", "features.delete", "agent_config.get"}
    )


@cache
def _needs(role: PlatformRole) -> frozenset[Permission]:
    """Return the permissions that a role needs, from the catalogues."""
    asked = frozenset[Permission]().union(*map(permissions_of, role.patterns))
    if role.of_one_project:
        # Its patterns can also read events without a project, which its policy does not allow.
        asked = frozenset(each for each in asked if each.partition != "GLOBAL")
    return asked.union(*map(permissions_of, role.operations))


def _forms() -> set[str]:
    """Return every form of partition key in the catalogues."""
    everything = frozenset[Permission]().union(
        *map(permissions_of, CATALOGUE), *map(permissions_of, WORK)
    )
    return {each.partition for each in everything}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_an_operation_is_allowed_where_the_role_needs_it_and_nowhere_else(
    role: PlatformRole, judged: Judge
) -> None:
    keys = [form.replace("*", "p") for form in sorted(_forms())]
    asked = [
        Asked(operation, index.name or "", frozenset({key}))
        for index in (TABLE, *PLATFORM_DESIGN.indexes)
        for operation in (_OPERATIONS if index is TABLE else _ON_AN_INDEX)
        for key in [*keys, _FOREIGN]
    ]

    verdicts = judged(case(role.name, each, project="p") for each in asked)

    wrong = [
        (each.action, each.index, *each.partitions)
        for each, verdict in zip(asked, verdicts, strict=True)
        if verdict.allowed != _is_needed(role, each)
    ]
    assert wrong == []


def _is_needed(role: PlatformRole, asked: Asked) -> bool:
    (key,) = asked.partitions
    needed = {
        each.partition.replace("PROJECT#*", "PROJECT#p", 1 if role.of_one_project else 0)
        for each in _needs(role)
        if (each.action, each.on.name or "") == (asked.action, asked.index)
    }
    if role.confined:  # not for records of requests without a project
        needed.discard("REQUEST#*")
    return bool(needed) and (not role.confined or any(fnmatchcase(key, each) for each in needed))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_only_who_checks_the_table_may_describe_it_and_nobody_may_change_it(
    role: PlatformRole, judged: Judge
) -> None:
    verdicts = judged(case(role.name, Asked(each)) for each in _ON_THE_TABLE)

    allowed = {
        each for each, verdict in zip(_ON_THE_TABLE, verdicts, strict=True) if verdict.allowed
    }
    assert allowed == {
        API: {"DescribeTable"},
        OPERATOR: {"DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"},
    }.get(role, set())


@pytest.mark.parametrize("role", [AGENT, PROJECT_AGENT, INTEGRATION], ids=lambda role: role.name)
def test_every_operation_that_is_confined_knows_the_partitions(
    role: PlatformRole, judged: Judge
) -> None:
    actions = sorted({each.action for each in role.permissions})
    asked = [Asked(each, partitions=frozenset({"PROJECT#p"})) for each in actions]

    verdicts = judged(case(role.name, each, project="p") for each in asked)

    assert [verdict.ignored for verdict in verdicts] == [()] * len(actions)


@pytest.mark.parametrize("role", [AGENT, PROJECT_AGENT, INTEGRATION], ids=lambda role: role.name)
def test_a_request_that_names_no_partition_is_not_allowed(
    role: PlatformRole, judged: Judge
) -> None:
    asked = [Asked(each.action, each.on.name or "") for each in role.permissions]

    assert not any(
        each.allowed for each in judged(case(role.name, each, project="p") for each in asked)
    )


def test_a_batch_is_allowed_only_if_all_of_it_is(judged: Judge) -> None:
    allowed = Asked("BatchGetItem", partitions=frozenset({"PROJECT#p", "LINEAR#1"}))
    mixed = Asked("BatchGetItem", partitions=frozenset({"PROJECT#p", "USER#ann"}))

    verdicts = judged(case("Agent", each) for each in (allowed, mixed))

    assert [verdict.allowed for verdict in verdicts] == [True, False]


def test_no_role_reaches_another_table_or_index(judged: Judge) -> None:
    elsewhere = [
        Case(each.policy, each.action, arn, each.context)
        for role in ROLES
        for permission in role.permissions
        for each in [case(role.name, Asked(permission.action, partitions=_any(permission)))]
        for arn in (f"{each.resource}-copy", f"{each.resource}/index/GSI2")
    ]

    assert not any(verdict.allowed for verdict in judged(elsewhere))


def _any(permission: Permission) -> frozenset[str]:
    return frozenset({permission.partition.replace("*", "p")})


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_policy_names_every_operation_and_resource(role: PlatformRole) -> None:
    statements = documents()[role.name]["Statement"]
    actions = [action for each in statements for action in each["Action"]]

    assert {each["Effect"] for each in statements} == {"Allow"}
    assert not [each for each in actions if "*" in each or each.endswith(":Scan")]
    assert not [each for each in statements if "*" in each["Resource"]]
    assert len({each["Sid"] for each in statements}) == len(statements)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_policy_fits_what_iam_takes(role: PlatformRole) -> None:
    written = json.dumps(documents()[role.name], separators=(",", ":"))

    # AWS, "IAM and AWS STS quotas": characters of a managed policy, without white space.
    assert len(written) <= 6144
    assert all(each["Sid"].isalnum() for each in documents()[role.name]["Statement"])
    assert len(role.description) <= 1000


def test_the_evaluator_tells_allowed_from_denied(iam: Evaluator) -> None:
    policy: dict[str, Any] = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}],
    }
    asked = [case("some", Asked("GetItem")), case("some", Asked("PutItem"))]

    assert iam.judge({"some": policy}, asked) == [Verdict(True, ()), Verdict(False, ())]

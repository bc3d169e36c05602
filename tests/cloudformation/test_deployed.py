"""Tables deployed to moto, and used by their roles.

moto's CloudFormation leaves expiry and recovery out; the tests switch them on as the template says.
``tests.cfn.enforcing`` says what moto enforces of a policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from autoforge.cloudformation import Role, template_of
from autoforge.dynamodb import Store
from autoforge.dynamodb.errors import ConfigurationError
from tests.cfn.aws import AWS, moto
from tests.cfn.enforcing import Key, Translated, user_with
from tests.cfn.resolved import parsed, resolved
from tests.cloudformation.cases import CASES, Case
from tests.factories import NOON
from tests.servers import Engine
from tests.stores import client_of, store_of

ROLES: Final = [(case, role) for case in CASES for role in case.roles]


def _actions(role: Role) -> set[str]:
    return {each.action for each in role.permissions} | {*role.describes}


#: Each role, and the roles of the same table that need an operation which it does not have.
LESSER: Final = [
    (case, role, others)
    for case, role in ROLES
    if (others := [each for each in case.roles if not _actions(each) <= _actions(role)])
]


def _named(each: object) -> str | None:
    return each.name if isinstance(each, Role) else ""


@dataclass(frozen=True)
class Enforcing:
    """A moto that enforces policies, and the access key of the user with each role."""

    aws: AWS
    keys: dict[str, Key]

    def store(self, case: Case, role: Role) -> Store:
        """A Store with the credentials of a role."""
        key = self.keys[role.name]
        client = client_of(Engine("moto", self.aws.endpoint_url), credentials=(key.id, key.secret))
        client.active_transport = Translated(client.active_transport)
        return store_of(client, case.table.name, lambda: NOON, case.table)


@contextmanager
def _deployed() -> Iterator[AWS]:
    """Run a moto with a stack for each table."""
    with moto() as running:
        for case in CASES:
            _create_stack(running, case, _stack(case), case.table.name)
        yield running


def _create_stack(aws: AWS, case: Case, stack: str, table_name: str) -> None:
    aws.client("cloudformation").create_stack(
        StackName=stack,
        TemplateBody=template_of(case.table, roles=[*case.roles]).to_yaml(),
        Parameters=[{"ParameterKey": "TableName", "ParameterValue": table_name}],
        Capabilities=["CAPABILITY_IAM"],
    )


@pytest.fixture(scope="module")
def aws() -> Iterator[AWS]:
    """A moto with a stack for each table."""
    with _deployed() as running:
        yield running


@pytest.fixture(scope="module")
def enforcing() -> Iterator[Enforcing]:
    """A moto with a stack and some items for each table, and a user for each role."""
    with _deployed() as running:
        for case in CASES:
            case.populate(_as_admin(running, case))
        keys = {role.name: user_with(running, role.name) for _, role in ROLES}
        running.enforce_policies()
        yield Enforcing(running, keys)


def _stack(case: Case) -> str:
    return re.sub("[^A-Za-z]", "", case.table.name)


def _as_admin(aws: AWS, case: Case) -> Store:
    client = client_of(Engine("moto", aws.endpoint_url), credentials=("admin", "dummy"))
    return store_of(client, case.table.name, lambda: NOON, case.table)


def _completed(aws: AWS, case: Case) -> dict[str, Any]:
    """Switch on what moto's CloudFormation leaves out, and return the properties of the table."""
    properties = resolved(parsed(template_of(case.table))).properties("Table")
    dynamodb = aws.client("dynamodb")
    if "TimeToLiveSpecification" in properties:
        dynamodb.update_time_to_live(
            TableName=case.table.name,
            TimeToLiveSpecification=properties["TimeToLiveSpecification"],
        )
    recovery = properties["PointInTimeRecoverySpecification"]
    dynamodb.update_continuous_backups(
        TableName=case.table.name,
        PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": recovery["PointInTimeRecoveryEnabled"]
        },
    )
    return properties


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_deployed_table_has_no_drift(aws: AWS, case: Case) -> None:
    store = _as_admin(aws, case)
    store.require_table()
    left_out = {each.name for each in store.drifts()}

    _completed(aws, case)

    assert left_out == {"recovery"} | ({"expiry"} if case.table.layout.expiry else set())
    assert store.drifts() == ()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_deployed_table_is_protected_and_tagged(aws: AWS, case: Case) -> None:
    dynamodb = aws.client("dynamodb")

    table = dynamodb.describe_table(TableName=case.table.name)["Table"]

    assert table["DeletionProtectionEnabled"] in {True, "true"}
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert {"Key": "Project", "Value": case.table.name} in tags


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_stack_exports_the_name_of_the_table_and_the_arn_of_each_policy(
    aws: AWS, case: Case
) -> None:
    stack, name = f"{_stack(case)}Again", f"{case.table.name}.again"
    _create_stack(aws, case, stack, name)

    pages = aws.client("cloudformation").get_paginator("list_exports").paginate()

    values = {each["Name"]: each.get("Value") for page in pages for each in page["Exports"]}
    assert values[f"{stack}-TableName"] == name
    for role in case.roles:
        assert f":policy/{stack}-{role.name}Policy-" in values[f"{stack}-{role.name}PolicyArn"]
    for index in case.table.indexes:
        assert f"{values[f'{stack}-TableArn']}/index/{index.name}" in values.values()


@pytest.mark.parametrize(("case", "role"), ROLES, ids=_named)
def test_a_role_does_with_its_credentials_what_it_is_for(
    enforcing: Enforcing, case: Case, role: Role
) -> None:
    case.roles[role](enforcing.store(case, role))


@pytest.mark.parametrize(("case", "role", "others"), LESSER, ids=_named)
def test_a_role_is_refused_what_only_another_does(
    enforcing: Enforcing, case: Case, role: Role, others: list[Role]
) -> None:
    store = enforcing.store(case, role)

    for other in others:
        with pytest.raises((ClientError, ConfigurationError), match=r"not allowed|AccessDenied"):
            case.roles[other](store)

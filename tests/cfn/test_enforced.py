"""moto enforces the deployed policies while a Forge does everything it can.

moto evaluates the operation alone: it takes the resource of every request to be ``*``, supports no
condition keys, and requires a permission for transactions that AWS does not have. So the policies
are attached without their resources and conditions, which ``test_access_policy`` tests, and every
role that may write may send transactions. These tests show that real requests, signed with the
role's credentials, succeed or are refused by a real answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from autoforge.dynamodb.admin.create import table_definition
from autoforge.dynamodb.transport.transport import NotDynamoDBError, Transport
from autoforge.errors import ConfigurationError
from autoforge.forge import Forge
from autoforge.models import PLATFORM_DESIGN
from autoforge.testing.clock import Clock
from autoforge.testing.recording import WrappedTransport
from cfn.roles import AGENT, API, INTEGRATION, OPERATOR, PROJECT_AGENT, READER, ROLES, Role
from tests.access.people import known
from tests.access.tours import READS, WRITES, names
from tests.cfn.aws import AWS, moto
from tests.cfn.resolved import ROOT
from tests.servers import Engine
from tests.stores import client_of, forge_of, store_of

#: Methods that send a delete operation outside of a transaction.
_DELETIONS: Final = {"projects.delete"}


@dataclass(frozen=True)
class Key:
    """The access key of a user."""

    id: str
    secret: str


@dataclass(frozen=True)
class Translated(WrappedTransport):
    """A transport that turns moto's refusals, which are HTML pages, into DynamoDB's errors."""

    transport: Transport

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request; raise the error that DynamoDB would return if moto refuses it."""
        try:
            return self.transport.exchange(operation, parameters)
        except NotDynamoDBError as page:
            error_for = {"Error": {"Code": "AccessDeniedException", "Message": str(page)}}
            raise ClientError(error_for, operation) from page  # type: ignore[arg-type]


@dataclass(frozen=True)
class Enforcing:
    """A moto with policies enforced, and the access key of the user with each role."""

    aws: AWS
    keys: dict[str, Key]

    def forge(self, role: Role, table_name: str, clock: Clock) -> Forge:
        """A Forge with the credentials of a role."""
        key = self.keys[role.name]
        client = client_of(Engine("moto", self.aws.endpoint_url), credentials=(key.id, key.secret))
        client.active_transport = Translated(client.active_transport)
        return forge_of(store_of(client, table_name, clock))


@pytest.fixture(scope="module")
def enforcing() -> Iterator[Enforcing]:
    """A moto with the stack, and a user and a table for each role."""
    with moto() as aws:
        said = aws.deploy("tracker", ROOT / "cfn" / "template.yaml")
        assert said.code == 0, said.err
        keys = {role.name: _user(aws, role) for role in ROLES}
        dynamodb = aws.client("dynamodb")
        for role in ROLES:
            dynamodb.create_table(**table_definition(PLATFORM_DESIGN, _table_of(role)).parameters)
        aws.enforce_policies()
        yield Enforcing(aws, keys)


def _table_of(role: Role) -> str:
    return f"tried-by-{role.name}"


def _user(aws: AWS, role: Role) -> Key:
    """Create a user with the deployed policy of a role, as far as moto can enforce it."""
    iam = aws.client("iam")
    deployed = next(
        each
        for each in iam.list_policies(Scope="Local")["Policies"]
        if f"-{role.name}Policy-" in each["PolicyName"]
    )
    version = {"PolicyArn": deployed["Arn"], "VersionId": deployed["DefaultVersionId"]}
    document = iam.get_policy_version(**version)["PolicyVersion"]["Document"]
    actions = [action for each in document["Statement"] for action in each["Action"]]
    if "dynamodb:PutItem" in actions:
        actions.append("dynamodb:TransactWriteItems")
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    iam.create_user(UserName=role.name)
    iam.put_user_policy(
        UserName=role.name,
        PolicyName=role.name,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    key = iam.create_access_key(UserName=role.name)["AccessKey"]
    return Key(key["AccessKeyId"], key["SecretAccessKey"])


def _refused(enforcing: Enforcing, role: Role) -> set[str]:
    """Return the methods that a role is refused; an operator then runs them instead."""
    clock = Clock()
    forge = enforcing.forge(role, _table_of(role), clock)
    operator = enforcing.forge(OPERATOR, _table_of(role), clock)
    operator.store.put_all([*known("ann"), *known("bob")])
    refused = set()
    for step in (*WRITES, *READS):
        clock.now += timedelta(seconds=1)
        try:
            step.on(forge)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            refused.add(step.name)
            step.on(operator)
    return refused


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        (READER, names(WRITES) - {"features.repair"}),
        (API, set()),
        (AGENT, _DELETIONS),
        (PROJECT_AGENT, _DELETIONS),
        (INTEGRATION, _DELETIONS),
        (OPERATOR, set()),
    ],
    ids=lambda value: value.name if isinstance(value, Role) else "",
)
def test_requests_are_refused_that_the_policy_does_not_allow(
    enforcing: Enforcing, role: Role, refused: set[str]
) -> None:
    assert _refused(enforcing, role) == refused


def test_an_operator_checks_the_table_and_the_api_may_only_ask_whether_it_is_ready(
    enforcing: Enforcing,
) -> None:
    operator, api = (
        enforcing.forge(role, _table_of(OPERATOR), Clock()).store for role in (OPERATOR, API)
    )

    assert {each.name for each in operator.drifts()} == {"expiry", "recovery"}
    assert api.is_ready()
    with pytest.raises(ConfigurationError, match="DescribeTimeToLive is not allowed"):
        api.drifts()


def test_nobody_may_scan(enforcing: Enforcing) -> None:
    for role in ROLES:
        key = enforcing.keys[role.name]
        dynamodb = enforcing.aws.client("dynamodb", key.id, key.secret)
        with pytest.raises(ClientError, match="AccessDenied"):
            dynamodb.scan(TableName=_table_of(role))

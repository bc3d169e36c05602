"""The deployed policies, enforced by moto while a Forge does everything it can.

moto judges by operation alone: it takes every request to be for the resource ``*``, knows no
condition keys, and asks for a permission to transact, which AWS does not have. So the policies
are attached without their resources and conditions, which ``test_access_policy`` has judged, and
whoever may write may transact. What is shown here is that real requests, signed with the role's
own credentials, get through or are refused by a real answer.
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
from cfn.roles import AGENT, API, INTEGRATION, OPERATOR, PROJECT_AGENT, READER, ROLES, Role
from tests.access.people import known
from tests.access.tours import READS, WRITES, names
from tests.cfn.aws import AWS, moto
from tests.cfn.resolved import ROOT
from tests.servers import Engine
from tests.stores import Clock, client_of, forge_of, store_of
from tests.transports import WrappedTransport

#: What takes an operation that deletes, sent by itself.
_DELETIONS: Final = {"projects.delete"}


@dataclass(frozen=True)
class Key:
    """The credentials of somebody."""

    id: str
    secret: str


@dataclass(frozen=True)
class Translated(WrappedTransport):
    """A transport on which moto's refusals, which are pages, are what DynamoDB's are."""

    transport: Transport

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send, and be refused as DynamoDB would."""
        try:
            return self.transport.exchange(operation, parameters)
        except NotDynamoDBError as page:
            error_for = {"Error": {"Code": "AccessDeniedException", "Message": str(page)}}
            raise ClientError(error_for, operation) from page  # type: ignore[arg-type]


@dataclass(frozen=True)
class Enforcing:
    """An AWS that refuses what policies do not allow, and who there is."""

    aws: AWS
    keys: dict[str, Key]

    def forge(self, role: Role, table_name: str, clock: Clock) -> Forge:
        """What somebody with a role uses."""
        key = self.keys[role.name]
        client = client_of(Engine("moto", self.aws.endpoint_url), credentials=(key.id, key.secret))
        client.active_transport = Translated(client.active_transport)
        return forge_of(store_of(client, table_name, clock))


@pytest.fixture(scope="module")
def enforcing() -> Iterator[Enforcing]:
    """An AWS with the stack, a user for each role, and a table for each to try."""
    with moto() as aws:
        said = aws.deploy("tracker", ROOT / "cfn" / "template.yaml")
        assert said.code == 0, said.err
        keys = {role.name: _user(aws, role) for role in ROLES}
        dynamodb = aws.client("dynamodb")
        for role in ROLES:
            dynamodb.create_table(**table_definition(_table_of(role)).parameters)
        aws.enforce_policies()
        yield Enforcing(aws, keys)


def _table_of(role: Role) -> str:
    return f"tried-by-{role.name}"


def _user(aws: AWS, role: Role) -> Key:
    """Make a user with the deployed policy of a role, as far as moto enforces it."""
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
    """The methods that somebody with a role is refused; an operator does then what they do."""
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

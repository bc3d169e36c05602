"""Users of moto with the deployed policies, which moto enforces in part.

moto evaluates the operation alone: it takes the resource of every request to be ``*``, supports no
condition keys, and requires a permission for transactions that AWS does not have. So the policies
are attached without their resources and conditions, which the evaluator of policies judges, and
every role that may write may send transactions. These tests show that real requests, signed with
the role's credentials, succeed or are refused by a real answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from autoforge.dynamodb.transport.transport import NotDynamoDBError, Transport
from autoforge.testing.recording import WrappedTransport
from tests.cfn.aws import AWS


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


def user_with(aws: AWS, role: str) -> Key:
    """Create a user with the deployed policy of a role, as far as moto can enforce it."""
    iam = aws.client("iam")
    deployed = next(
        each
        for each in iam.list_policies(Scope="Local")["Policies"]
        if f"-{role}Policy-" in each["PolicyName"]
    )
    version = {"PolicyArn": deployed["Arn"], "VersionId": deployed["DefaultVersionId"]}
    document = iam.get_policy_version(**version)["PolicyVersion"]["Document"]
    actions = [action for each in document["Statement"] for action in each["Action"]]
    if "dynamodb:PutItem" in actions:
        actions.append("dynamodb:TransactWriteItems")
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    iam.create_user(UserName=role)
    iam.put_user_policy(
        UserName=role,
        PolicyName=role,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    key = iam.create_access_key(UserName=role)["AccessKey"]
    return Key(key["AccessKeyId"], key["SecretAccessKey"])

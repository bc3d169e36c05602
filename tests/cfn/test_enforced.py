"""moto enforces the deployed policies while a Forge does everything it can.

``tests.cfn.enforcing`` says what moto enforces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest
from botocore.exceptions import ClientError

from autoforge.dynamodb.admin.create import table_definition
from autoforge.errors import ConfigurationError
from autoforge.forge import Forge
from autoforge.models import PLATFORM_DESIGN
from autoforge.testing.clock import Clock
from cfn.roles import AGENT, API, INTEGRATION, OPERATOR, PROJECT_AGENT, READER, ROLES, PlatformRole
from tests.access.people import known
from tests.access.tours import READS, WRITES, names
from tests.cfn.aws import AWS, moto
from tests.cfn.enforcing import Key, Translated, user_with
from tests.cfn.resolved import ROOT
from tests.servers import Engine
from tests.stores import client_of, forge_of, store_of

#: Methods that send a delete operation outside of a transaction.
_DELETIONS: Final = {"projects.delete"}


@dataclass(frozen=True)
class Enforcing:
    """A moto with policies enforced, and the access key of the user with each role."""

    aws: AWS
    keys: dict[str, Key]

    def forge(self, role: PlatformRole, table_name: str, clock: Clock) -> Forge:
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
        keys = {role.name: user_with(aws, role.name) for role in ROLES}
        dynamodb = aws.client("dynamodb")
        for role in ROLES:
            dynamodb.create_table(**table_definition(PLATFORM_DESIGN, _table_of(role)).parameters)
        aws.enforce_policies()
        yield Enforcing(aws, keys)


def _table_of(role: PlatformRole) -> str:
    return f"tried-by-{role.name}"


def _refused(enforcing: Enforcing, role: PlatformRole) -> set[str]:
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
    ids=lambda value: value.name if isinstance(value, PlatformRole) else "",
)
def test_requests_are_refused_that_the_policy_does_not_allow(
    enforcing: Enforcing, role: PlatformRole, refused: set[str]
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

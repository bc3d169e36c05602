"""Only roles that need to encrypt or decrypt the credentials of integrations are allowed to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cfn.roles import (
    AGENT,
    API,
    INTEGRATION,
    OPERATOR,
    PROJECT_AGENT,
    READER,
    PlatformRole,
)
from tests.cfn.judged import ENCRYPTION_CONTEXT, KEY_ARN, Judge, key_policy
from tests.iam import ACCOUNT, Case


@pytest.mark.parametrize(
    ("role", "operations"),
    [
        (READER, set()),
        (API, {"Encrypt"}),
        (AGENT, set()),
        (PROJECT_AGENT, set()),
        (INTEGRATION, {"Decrypt"}),
        (OPERATOR, {"Encrypt", "Decrypt"}),
    ],
    ids=lambda value: value.name if isinstance(value, PlatformRole) else "",
)
def test_credentials_are_decrypted_only_by_who_talks_to_integrations(
    role: PlatformRole, operations: set[str], judged: Judge
) -> None:
    asked = ("Encrypt", "Decrypt", "GenerateDataKey", "DescribeKey", "PutKeyPolicy")
    verdicts = judged(_of_key(role, each, table="AgenticPM") for each in asked)

    allowed = {each for each, verdict in zip(asked, verdicts, strict=True) if verdict.allowed}

    assert allowed == operations


def test_the_key_decrypts_credentials_of_this_table_only(judged: Judge) -> None:
    elsewhere = _of_key(OPERATOR, "Decrypt", table="Other")
    of_nothing = Case("Operator", "kms:Decrypt", KEY_ARN, {}, key_policy())

    assert not any(each.allowed for each in judged([elsewhere, of_nothing]))


def test_a_policy_is_bound_to_this_table_even_where_the_key_is_not(judged: Judge) -> None:
    delegating = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    here, elsewhere = (
        replace(_of_key(OPERATOR, "Decrypt", table=table), resource_policy=delegating)
        for table in ("AgenticPM", "Other")
    )

    assert [each.allowed for each in judged([here, elsewhere])] == [True, False]


def _of_key(role: PlatformRole, operation: str, *, table: str) -> Case:
    context = {
        f"{ENCRYPTION_CONTEXT}table": table,
        f"{ENCRYPTION_CONTEXT}integration": "jira",
        "kms:EncryptionContextKeys": ["table", "integration"],
    }
    return Case(role.name, f"kms:{operation}", KEY_ARN, context, key_policy())

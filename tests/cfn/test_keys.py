"""The KMS keys: which principals may use and manage them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from autoforge.access.integrations import encryption_context
from tests.cfn.resolved import stack

WITH_ALL = stack(Encryption="CUSTOMER_MANAGED")
KEYS = WITH_ALL.of_type("AWS::KMS::Key")
ACCOUNT = {"AWS": "arn:aws:iam::111122223333:root"}

#: Actions that use a key (AWS, "Cryptographic operations") or grant its use to others.
USES = [
    *("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:CreateGrant"),
    *("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKeyPair"),
    *("kms:Sign", "kms:Verify", "kms:GenerateMac", "kms:VerifyMac", "kms:DeriveSharedSecret"),
]


def statements(key: str) -> dict[str, dict[str, Any]]:
    return {each["Sid"]: each for each in KEYS[key]["KeyPolicy"]["Statement"]}


def allows(statement: dict[str, Any], action: str) -> bool:
    return any(fnmatchcase(action, each) for each in statement["Action"])


@pytest.mark.parametrize("key", KEYS)
def test_every_key_rotates(key: str) -> None:
    assert KEYS[key]["EnableKeyRotation"] is True


@pytest.mark.parametrize("key", KEYS)
def test_the_account_keeps_every_key_manageable_and_uses_none_by_that(key: str) -> None:
    statement = statements(key)["AdministeredByAccount"]

    assert statement["Principal"] == ACCOUNT
    assert all(allows(statement, f"kms:{each}") for each in ("PutKeyPolicy", "ScheduleKeyDeletion"))
    assert all(allows(statement, f"kms:{each}") for each in ("CancelKeyDeletion", "DescribeKey"))
    assert all(allows(statement, f"kms:{each}Key") for each in ("Enable", "Disable"))
    assert not [each for each in USES if allows(statement, each)]
    assert "Condition" not in statement


@pytest.mark.parametrize("key", KEYS)
def test_every_statement_is_about_the_key_itself_and_named_operations(key: str) -> None:
    for statement in statements(key).values():
        assert statement["Resource"] == "*"
        assert "kms:*" not in statement["Action"]


@pytest.mark.parametrize("key", KEYS)
def test_nobody_hands_out_the_use_of_a_key_but_to_a_service_of_aws(key: str) -> None:
    (denial,) = (each for each in statements(key).values() if each["Effect"] == "Deny")

    assert (denial["Principal"], denial["Action"]) == ("*", ["kms:CreateGrant"])
    assert denial["Condition"] == {
        "BoolIfExists": {
            "kms:GrantIsForAWSResource": "false",
            "aws:PrincipalIsAWSService": "false",
        }
    }


@pytest.mark.parametrize(
    ("key", "sids"),
    [
        ("IntegrationKey", ["AdministeredByAccount", "UsedForIntegrationsOfThisTable"]),
        ("AlarmTopicKey", ["AdministeredByAccount", "UsedByAlarms"]),
        ("TableKey", ["AdministeredByAccount", "UsedThroughDynamoDB", "DescribedToDynamoDB"]),
    ],
)
def test_a_key_is_for_one_use(key: str, sids: list[str]) -> None:
    allowing = [sid for sid, each in statements(key).items() if each["Effect"] == "Allow"]

    assert allowing == sids


def test_credentials_are_encrypted_and_decrypted_under_the_context_that_autoforge_sends() -> None:
    statement = statements("IntegrationKey")["UsedForIntegrationsOfThisTable"]
    sent = encryption_context("AgenticPM", "linear")

    assert statement["Principal"] == ACCOUNT
    assert statement["Action"] == ["kms:Decrypt", "kms:Encrypt"]
    table, integration = sent
    assert statement["Condition"] == {
        "StringEquals": {f"kms:EncryptionContext:{table}": sent[table]},
        "Null": {f"kms:EncryptionContext:{integration}": "false"},
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": [*sent]},
    }


def test_the_context_of_another_table_is_that_table_s() -> None:
    policy = stack(TableName="Other").properties("IntegrationKey")["KeyPolicy"]

    assert policy["Statement"][1]["Condition"]["StringEquals"] == {
        "kms:EncryptionContext:table": "Other"
    }


def test_the_table_s_key_is_used_through_dynamodb_and_by_this_account_only() -> None:
    used = statements("TableKey")["UsedThroughDynamoDB"]
    described = statements("TableKey")["DescribedToDynamoDB"]

    assert used["Principal"] == {"AWS": "*"}
    assert {*used["Condition"]} == {"StringEquals"}
    assert used["Condition"]["StringEquals"]["kms:CallerAccount"] == "111122223333"
    assert {*used["Condition"]["StringEquals"]["kms:ViaService"]} == {
        "dynamodb.eu-west-1.amazonaws.com"
    }
    assert [each for each in USES if allows(used, each)] == USES[:8]
    assert described["Principal"] == {"Service": "dynamodb.amazonaws.com"}
    assert not [each for each in USES if allows(described, each)]


def test_the_key_for_integrations_has_an_alias_and_the_table_s_data_another_key() -> None:
    assert WITH_ALL.properties("IntegrationKeyAlias") == {
        "AliasName": "alias/AgenticPM-integrations",
        "TargetKeyId": "<IntegrationKey>",
    }
    table = WITH_ALL.properties("AgenticPMTable")
    assert table["SSESpecification"]["KMSMasterKeyId"] == "<TableKey.Arn>"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"Encryption": "AWS_OWNED"},
        {"Encryption": "CUSTOMER_MANAGED", "TableKeyArn": "arn:of:a:key"},
    ],
)
def test_the_table_has_a_key_made_only_if_that_is_asked_for(parameters: dict[str, str]) -> None:
    assert {*stack(**parameters).of_type("AWS::KMS::Key")} == {"IntegrationKey", "AlarmTopicKey"}


def test_no_key_has_tags_of_its_own() -> None:
    # The template is deployed to moto in tests, and moto's CloudFormation fails on tags of keys.
    assert not [name for name, key in KEYS.items() if "Tags" in key]

"""The KMS key for the credentials of integrations, with the alias that settings refer to."""

from __future__ import annotations

from typing import Any, Final

from troposphere import GetAtt, Ref, Sub, Template
from troposphere.kms import Alias

from autoforge.cloudformation.keys import ACCOUNT, allow, key, retention
from autoforge.cloudformation.outputs import exported

#: Logical ids.
INTEGRATION_KEY: Final = "IntegrationKey"
INTEGRATION_KEY_ALIAS: Final = "IntegrationKeyAlias"


def add_to(template: Template) -> None:
    """Add the key, its alias, and an output with its ARN."""
    template.add_resource(
        key(
            INTEGRATION_KEY,
            Sub("Encrypts the credentials of integrations in ${TableName}"),
            _use_for_integrations(),
            retained=True,
        )
    )
    template.add_resource(
        Alias(
            INTEGRATION_KEY_ALIAS,
            **retention(retained=True),
            AliasName=Sub("alias/${TableName}-integrations"),
            TargetKeyId=Ref(INTEGRATION_KEY),
        )
    )
    template.add_output(
        exported(
            "IntegrationKeyArn",
            "ARN of the key for integrations' credentials: AUTOFORGE_KMS_KEY_ID",
            GetAtt(INTEGRATION_KEY, "Arn"),
        )
    )


def _use_for_integrations() -> dict[str, Any]:
    """Let IAM policies allow use, but only with the encryption context of autoforge.

    Cipher text is bound to its table and integration. So the context must name this table and an
    integration, and nothing else.
    """
    return allow(
        "UsedForIntegrationsOfThisTable",
        ACCOUNT,
        ["kms:Decrypt", "kms:Encrypt"],
        {
            "StringEquals": {"kms:EncryptionContext:table": Ref("TableName")},
            "Null": {"kms:EncryptionContext:integration": "false"},
            "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["table", "integration"]},
        },
    )

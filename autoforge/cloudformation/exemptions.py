"""The checks that the template or one of its resources is exempt from, each with its reason.

All exemptions are declared here. Checkov and cfn-lint read them from the metadata.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from troposphere import Template

from autoforge.cloudformation.backup import VAULT
from autoforge.cloudformation.keys import TABLE_KEY


@dataclass(frozen=True)
class Exemption:
    """A check that does not apply to one resource."""

    resource: str
    check: str
    reason: str


EXEMPTIONS: Final = (
    Exemption(
        TABLE_KEY,
        "CKV_AWS_33",
        "Anybody of this account who may use the table, through DynamoDB only: "
        "kms:CallerAccount and kms:ViaService say so",
    ),
    Exemption(
        VAULT,
        "CKV_AWS_166",
        "Encrypted with aws/backup, or with the key of the table; "
        "a key of its own would cost more than it guards",
    ),
)


#: Rules of cfn-lint that the whole template is exempt from, each with its reason.
UNLINTED: Final = {
    "W1028": "The output StreamArn repeats its condition in its value, because emulators of "
    "CloudFormation evaluate the value even if the condition is false",
}


def add_to(template: Template) -> None:
    """Write each exemption into its resource, or into the template."""
    template.set_metadata(
        {**template.metadata, "cfn-lint": {"config": {"ignore_checks": [*UNLINTED]}}}
    )
    for exemption in EXEMPTIONS:
        resource = template.resources[exemption.resource]
        skipped = [{"id": exemption.check, "comment": exemption.reason}]
        resource.Metadata = {"checkov": {"skip": skipped}}

"""Conditions of the resources, and rules that refuse parameters which contradict each other."""

from __future__ import annotations

from typing import Any, Final

from troposphere import And, Equals, Not, Or, Ref, Template
from troposphere import Condition as Named

PROVISIONED: Final = "Provisioned"
READS_LIMITED: Final = "ReadsLimited"
WRITES_LIMITED: Final = "WritesLimited"
REQUESTS_LIMITED: Final = "RequestsLimited"
ENCRYPTED_WITH_KMS: Final = "EncryptedWithKms"
CUSTOMER_MANAGED: Final = "CustomerManaged"
TABLE_KEY_MADE: Final = "TableKeyMade"
STREAMED: Final = "Streamed"
KEYS_COUNTED: Final = "KeysCounted"
ALARMS_MAILED: Final = "AlarmsMailed"
BACKED_UP: Final = "BackedUp"


def add_to(template: Template, *, alarms: bool) -> None:
    """Add the conditions and the rules; that of mailed alarms only if there are alarms."""
    for name, condition in _conditions().items():
        if alarms or name != ALARMS_MAILED:
            template.add_condition(name, condition)
    for name, rule in _rules().items():
        template.add_rule(name, rule)


def _conditions() -> dict[str, Any]:
    return {
        PROVISIONED: _is("BillingMode", "PROVISIONED"),
        READS_LIMITED: Not(_is("MaxReadRequestUnits", "0")),
        WRITES_LIMITED: Not(_is("MaxWriteRequestUnits", "0")),
        REQUESTS_LIMITED: Or(Named(READS_LIMITED), Named(WRITES_LIMITED)),
        ENCRYPTED_WITH_KMS: Not(_is("Encryption", "AWS_OWNED")),
        CUSTOMER_MANAGED: _is("Encryption", "CUSTOMER_MANAGED"),
        TABLE_KEY_MADE: And(Named(CUSTOMER_MANAGED), _is("TableKeyArn", "")),
        STREAMED: Not(_is("Stream", "OFF")),
        KEYS_COUNTED: Not(_is("ContributorInsights", "OFF")),
        ALARMS_MAILED: Not(_is("AlarmEmail", "")),
        BACKED_UP: Not(_is("BackupRetentionDays", "0")),
    }


def _rules() -> dict[str, Any]:
    # Rules cannot compare numbers: Application Auto Scaling refuses a minimum above its maximum
    # when the stack is created.
    return {
        "LimitsAreForTablesOnDemand": {
            "RuleCondition": _is("BillingMode", "PROVISIONED"),
            "Assertions": [
                {
                    "Assert": _is(f"Max{action}RequestUnits", "0"),
                    "AssertDescription": f"Max{action}RequestUnits limits a table on demand; "
                    f"with BillingMode PROVISIONED, Max{action}Capacity is the limit.",
                }
                for action in ("Read", "Write")
            ],
        },
        "KeysAreForCustomerManagedEncryption": {
            "RuleCondition": Not(_is("Encryption", "CUSTOMER_MANAGED")),
            "Assertions": [
                {
                    "Assert": _is("TableKeyArn", ""),
                    "AssertDescription": "TableKeyArn would not be used: it needs Encryption "
                    "CUSTOMER_MANAGED.",
                }
            ],
        },
    }


def _is(parameter: str, value: str) -> Equals:
    return Equals(Ref(parameter), value)

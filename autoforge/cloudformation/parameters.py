"""The parameters, which an operator chooses, in the groups that the console shows.

``conditions`` derives conditions from them, and declares the rules that refuse parameters which
contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from troposphere import Parameter, Template

#: The allowed values of a tag (AWS, "TagValue").
_TAG: Final = {
    "Type": "String",
    "AllowedPattern": "[A-Za-z0-9 _.:/=+@-]{1,256}",
    "ConstraintDescription": "1 to 256 letters, digits, spaces and _ . : / = + @ -",
}


@dataclass(frozen=True)
class Group:
    """Parameters that are chosen together."""

    label: str
    parameters: tuple[Parameter, ...]


def choice(name: str, description: str, *values: str) -> Parameter:
    """A parameter with a few values, the first of which is the default."""
    return Parameter(
        name,
        Type="String",
        Description=description,
        Default=values[0],
        AllowedValues=[*values],
        ConstraintDescription=f"one of {', '.join(values)}",
    )


def number(
    name: str, description: str, default: int, *, least: int, most: int | None = None
) -> Parameter:
    """A parameter that counts something."""
    bounds = f"a whole number from {least}" + ("" if most is None else f" to {most}")
    return Parameter(
        name,
        Type="Number",
        Description=description,
        Default=default,
        MinValue=least,
        ConstraintDescription=bounds,
        **({} if most is None else {"MaxValue": most}),
    )


def table_name(
    default: str,
    *,
    pattern: str = "[a-zA-Z0-9_.-]+",
    longest: int = 255,
    characters: str = "letters, digits, underscores, hyphens and dots",
) -> Parameter:
    """The parameter with the name of the table; without arguments, what DynamoDB accepts."""
    return Parameter(
        "TableName",
        Type="String",
        Description="Name of the table. Another name makes another, empty table.",
        Default=default,
        AllowedPattern=pattern,
        MinLength=3,
        MaxLength=longest,
        ConstraintDescription=f"3 to {longest} {characters}",
    )


def _table(name: Parameter) -> Group:
    return Group(
        "Table",
        (
            name,
            choice(
                "DeletionProtection",
                "Whether DynamoDB refuses to delete the table, whoever asks.",
                "true",
                "false",
            ),
            choice(
                "Stream",
                "What the stream of changes carries of an item; OFF for no stream.",
                *("OFF", "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"),
            ),
            Parameter(
                "Project", Description="Value of the tag Project.", Default=name.Default, **_TAG
            ),
            Parameter(
                "Environment",
                Description="Value of the tag Environment.",
                Default="Production",
                **_TAG,
            ),
        ),
    )


CAPACITY: Final = Group(
    "Capacity",
    (
        choice(
            "BillingMode",
            "Paid by request, or by the hour with capacity that follows the load.",
            *("PAY_PER_REQUEST", "PROVISIONED"),
        ),
        number(
            "MaxReadRequestUnits",
            "On demand only: read request units per second at most, for the table and for each "
            "index, so that a mistake costs no more; 0 for no limit.",
            0,
            least=0,
        ),
        number(
            "MaxWriteRequestUnits",
            "On demand only: write request units per second at most, for the table and for each "
            "index; 0 for no limit.",
            0,
            least=0,
        ),
        *(
            number(
                f"{bound}{action}Capacity",
                f"Provisioned only: {action.lower()} capacity units per second at "
                f"{'least' if bound == 'Min' else 'most'}, of the table and of each index.",
                default,
                least=1,
            )
            for action in ("Read", "Write")
            for bound, default in (("Min", 5), ("Max", 100))
        ),
        number(
            "TargetUtilization",
            "Provisioned only: percent of the capacity that is to be in use.",
            70,
            # The limits of DynamoDB's scaling (AWS, "Managing throughput with auto scaling").
            least=20,
            most=90,
        ),
    ),
)

ENCRYPTION: Final = Group(
    "Encryption",
    (
        choice(
            "Encryption",
            "Whose key encrypts the table: AWS_MANAGED is aws/dynamodb of this account, "
            "CUSTOMER_MANAGED is TableKeyArn or, where that is empty, a key made here.",
            *("AWS_MANAGED", "AWS_OWNED", "CUSTOMER_MANAGED"),
        ),
        Parameter(
            "TableKeyArn",
            Type="String",
            Description="With CUSTOMER_MANAGED: ARN of the key; empty to have one made.",
            Default="",
            AllowedPattern="|arn:[^:]+:kms:[^:]+:[0-9]{12}:key/[A-Za-z0-9-]+",
            ConstraintDescription="empty, or arn:<partition>:kms:<region>:<account>:key/<id>",
        ),
    ),
)

BACKUPS: Final = Group(
    "Backups",
    (
        number(
            "RecoveryPeriodInDays",
            "Days back to which the table can be restored, to the second.",
            35,
            least=1,
            most=35,
        ),
        number(
            "BackupRetentionDays",
            "Days that AWS Backup keeps each daily backup; 0 for no daily backups.",
            35,
            least=0,
            most=36500,
        ),
    ),
)

MONITORING: Final = Group(
    "Monitoring",
    (
        Parameter(
            "AlarmEmail",
            Type="String",
            Description="E-mail address that alarms go to, once its owner agreed; empty for none.",
            Default="",
            AllowedPattern=r"|[^@\s]+@[^@\s]+\.[^@\s]+",
            ConstraintDescription="empty, or an e-mail address",
        ),
        choice(
            "ContributorInsights",
            "Which keys CloudWatch counts to tell the busiest ones; OFF for none.",
            *("OFF", "THROTTLED_KEYS", "ACCESSED_AND_THROTTLED_KEYS"),
        ),
        number(
            "ReadUnitsPerHourBudget",
            "Read units within an hour, table and indexes together, above which an alarm tells.",
            100_000,
            least=1,
        ),
        number(
            "WriteUnitsPerHourBudget",
            "Write units within an hour, table and indexes together, above which an alarm tells.",
            20_000,
            least=1,
        ),
        number(
            "LatencyThreshold",
            "Milliseconds that requests of one operation may take on average over five minutes, "
            "measured within DynamoDB.",
            100,
            least=1,
        ),
        number(
            "UserErrorsThreshold",
            "Requests within five minutes that DynamoDB may refuse as wrong, "
            "in the whole account and region.",
            50,
            least=0,
        ),
        number(
            "ConditionalCheckFailuresThreshold",
            "Writes within five minutes whose condition may turn out false.",
            100,
            least=0,
        ),
        number(
            "TransactionConflictsThreshold",
            "Requests within five minutes that may collide with a transaction on the same item.",
            100,
            least=0,
        ),
    ),
)


#: The parameters of MONITORING that are none of the alarms.
WITHOUT_ALARMS: Final = Group(
    MONITORING.label,
    tuple(each for each in MONITORING.parameters if each.title == "ContributorInsights"),
)


def add_to(template: Template, name: Parameter, *, alarms: bool) -> None:
    """Add the parameters and their groups in the console.

    Args:
        template: The template.
        name: The parameter with the name of the table.
        alarms: Whether the template has alarms.
    """
    monitoring = MONITORING if alarms else WITHOUT_ALARMS
    groups = (_table(name), CAPACITY, ENCRYPTION, BACKUPS, monitoring)
    for group in groups:
        for parameter in group.parameters:
            template.add_parameter(parameter)
    shown = [
        {"Label": {"default": each.label}, "Parameters": [one.title for one in each.parameters]}
        for each in groups
    ]
    template.set_metadata({"AWS::CloudFormation::Interface": {"ParameterGroups": shown}})

"""What the alarms watch, and what to do about them on an agent platform."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from autoforge.cloudformation import watched
from autoforge.cloudformation.deployed import DeployedTable
from autoforge.cloudformation.watched import Watched
from cfn.roles import ROLES

#: Every operation by which a role reads or writes items. CloudWatch counts a ConditionCheckItem as
#: part of its transaction.
_OPERATIONS: Final = sorted(
    "TransactWriteItems" if each == "ConditionCheckItem" else each
    for each in {permission.action for role in ROLES for permission in role.permissions}
)

#: The descriptions that name agents and projects.
_DESCRIPTIONS: Final = {
    "ConditionalCheckFailures": (
        "Many writes found another state than they expected. Some are normal, as agents race for "
        "work. This many: a client repeats a stale request, or too many agents claim from one "
        "project. Look into the log for which project and which write."
    ),
    "TransactionConflicts": (
        "Many requests met a transaction on the same item and were refused; autoforge repeats "
        "them. Look into the log for which project, and let fewer agents work on it."
    ),
    **{
        f"{action}Budget": (
            f"Table and indexes used more {action.lower()} units within an hour than "
            f"{action}UnitsPerHourBudget. Find out who: a loop that polls, a load, more agents. "
            f"On demand, Max{action}RequestUnits caps the cost."
        )
        for action in ("Read", "Write")
    },
}


def everything_watched(deployed: DeployedTable) -> list[Watched]:
    """Every alarm of the template, throttles first."""
    return [
        replace(each, description=_DESCRIPTIONS.get(each.name, each.description))
        for each in watched.everything_watched(deployed, _OPERATIONS)
    ]

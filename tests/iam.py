"""What IAM is asked when a request reaches DynamoDB, and what it answers.

DynamoDB asks IAM once for a single request, and once for each member of a transaction; of a batch,
once with all partition keys together. The answers come from an evaluator of policies that knows
which operations and condition keys there are.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from autoforge.models.indexes import TABLE

ACCOUNT: Final = "123456789012"

_ENGINES: Final = Path(__file__).parent / "engines"
_MEMBERS: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


@dataclass(frozen=True, order=True)
class Asked:
    """What IAM is asked: an operation, on the table or an index, in partitions."""

    action: str
    #: Empty for the table itself.
    index: str = ""
    partitions: frozenset[str] = field(default=frozenset(), compare=True)


def asked_of_iam(operation: str, parameters: Mapping[str, Any]) -> Iterator[Asked]:
    """What IAM is asked before a request is answered."""
    match operation:
        case "TransactWriteItems":
            for member in parameters["TransactItems"]:
                ((kind, body),) = member.items()
                yield Asked(_MEMBERS[kind], partitions=_partitions([body]))
        case "BatchGetItem":
            for wanted in parameters["RequestItems"].values():
                keys = [{"Key": each} for each in wanted["Keys"]]
                yield Asked(operation, partitions=_partitions(keys))
        case "BatchWriteItem":
            for members in parameters["RequestItems"].values():
                bodies = [body for member in members for body in member.values()]
                yield Asked(operation, partitions=_partitions(bodies))
        case "Query":
            collection = _collection(parameters)
            yield Asked(operation, parameters.get("IndexName", ""), frozenset({collection}))
        case _:
            bodies = [parameters] if {"Key", "Item"} & {*parameters} else []
            yield Asked(operation, partitions=_partitions(bodies))


def _partitions(bodies: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    keys = (body.get("Key") or body["Item"] for body in bodies)
    return frozenset(str(key[TABLE.partition_key]["S"]) for key in keys)


def _collection(parameters: Mapping[str, Any]) -> str:
    """The partition key that a key condition demands; it is the first in all of ours."""
    _, _, rest = parameters["KeyConditionExpression"].partition(" = ")
    marker = rest.split(" ")[0].strip("()")
    return str(parameters["ExpressionAttributeValues"][marker]["S"])


@dataclass(frozen=True)
class Case:
    """A request of somebody who has a policy."""

    policy: str
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Verdict:
    """What IAM answers."""

    allowed: bool
    #: Condition keys of the request that the operation does not know.
    ignored: tuple[str, ...]


def node() -> str | None:
    """The program that evaluates, or None where it is not installed."""
    there = (_ENGINES / "node_modules" / "@cloud-copilot" / "iam-simulate").exists()
    return shutil.which("node") if there else None


def evaluated(policies: Mapping[str, Any], cases: Iterable[Case]) -> list[Verdict]:
    """What IAM answers to each case, in order.

    Args:
        policies: Policy documents by name.
        cases: The requests.
    """
    program = node()
    assert program is not None, "the evaluator of policies is not installed: npm"
    asked = {
        "accountId": ACCOUNT,
        "policies": policies,
        "requests": [{**vars(each), "action": each.action} for each in cases],
    }
    answered = subprocess.run(
        [program, _ENGINES / "evaluate_policies.mjs"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answered.returncode == 0, answered.stderr
    return [
        Verdict(each["result"] == "Allowed", tuple(each["ignored"]))
        for each in json.loads(answered.stdout)
    ]

"""The permissions that DynamoDB checks with IAM for a request, and the verdicts of IAM.

DynamoDB checks a single request once and a transaction once for each member. It checks a batch
once, with all partition keys together. The verdicts come from an evaluator of policies that knows
the operations and condition keys of IAM.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

from autoforge.dynamodb.schema.indexes import TABLE

ACCOUNT: Final = "111122223333"

_ENGINES: Final = Path(__file__).parent / "engines"
_EVALUATOR: Final = _ENGINES / "node_modules" / "@cloud-copilot" / "iam-simulate"
_MEMBERS: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


@dataclass(frozen=True, order=True)
class Asked:
    """One permission check: an operation on the table or an index, with its partition keys."""

    action: str
    #: Empty for the table.
    index: str = ""
    partitions: frozenset[str] = field(default=frozenset(), compare=True)


def asked_of_iam(
    operation: str, parameters: Mapping[str, Any], partition_key: str = TABLE.partition_key
) -> Iterator[Asked]:
    """Yield the permission checks that DynamoDB makes before it answers a request."""
    partitions = partial(_partitions, partition_key)
    match operation:
        case "TransactWriteItems":
            for member in parameters["TransactItems"]:
                ((kind, body),) = member.items()
                yield Asked(_MEMBERS[kind], partitions=partitions([body]))
        case "BatchGetItem":
            for wanted in parameters["RequestItems"].values():
                keys = [{"Key": each} for each in wanted["Keys"]]
                yield Asked(operation, partitions=partitions(keys))
        case "BatchWriteItem":
            for members in parameters["RequestItems"].values():
                bodies = [body for member in members for body in member.values()]
                yield Asked(operation, partitions=partitions(bodies))
        case "Query":
            collection = _collection(parameters)
            yield Asked(operation, parameters.get("IndexName", ""), frozenset({collection}))
        case _:
            bodies = [parameters] if {"Key", "Item"} & {*parameters} else []
            yield Asked(operation, partitions=partitions(bodies))


def _partitions(partition_key: str, bodies: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    keys = (body.get("Key") or body["Item"] for body in bodies)
    return frozenset(_text(key[partition_key]) for key in keys)


def _text(value: Mapping[str, str]) -> str:
    """The value of a key attribute; IAM compares numbers as texts, too."""
    (text,) = value.values()
    return text


def _collection(parameters: Mapping[str, Any]) -> str:
    """Return the partition key of a key condition; ours always name it first."""
    _, _, rest = parameters["KeyConditionExpression"].partition(" = ")
    marker = rest.split(" ")[0].strip("()")
    return _text(parameters["ExpressionAttributeValues"][marker])


@dataclass(frozen=True)
class Case:
    """A request by a principal with one policy."""

    policy: str
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]]
    #: The policy attached to the resource; None if it has none.
    resource_policy: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Verdict:
    """The verdict of IAM on one request."""

    allowed: bool
    #: Condition keys in the request that the operation does not support.
    ignored: tuple[str, ...]


def is_installed() -> bool:
    """Whether the evaluator is installed on this machine."""
    return _EVALUATOR.exists() and shutil.which("node") is not None


class Evaluator:
    """A process that evaluates policies as IAM does; it runs until the block ends."""

    def __enter__(self) -> Self:
        """Start the process."""
        self._process = subprocess.Popen(
            ["node", _ENGINES / "evaluate_policies.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        with self._process:
            self._process.kill()

    def judge(self, policies: Mapping[str, Any], cases: Iterable[Case]) -> list[Verdict]:
        """Return the verdict on each case, in order.

        Args:
            policies: Policy documents by name.
            cases: The requests.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        requests = [vars(each) for each in cases]
        asked = {"accountId": ACCOUNT, "policies": policies, "requests": requests}
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        answered = self._process.stdout.readline()
        assert answered, "the evaluator of policies ended"
        return [
            Verdict(each["result"] == "Allowed", tuple(each["ignored"]))
            for each in json.loads(answered)
        ]

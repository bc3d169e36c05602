"""What a caller must be allowed in IAM, so that a pattern or a write works.

Everything follows from declarations: the operation of a pattern and the partition of its key, the
entities that a write touches and their primary keys. The policies of the CloudFormation template
are made from it, so that nobody types them by hand.

A transaction has no permission of its own: its members are allowed as the single operations they
stand for (AWS, "DynamoDB API permissions: actions, resources, and conditions reference").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autoforge.dynamodb.admin.operation import Operation
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.permission import (
    Permission,
    partition_forms,
    permissions_on_items,
)
from autoforge.dynamodb.schema.indexes import TABLE


def permissions_of(declared: type[Pattern[Any]] | Operation) -> frozenset[Permission]:
    """What a caller of a pattern or of an operation must be allowed."""
    if isinstance(declared, Operation):
        return frozenset(_of_operation(declared))
    return frozenset(declared.iam_permissions())


def _of_operation(operation: Operation) -> Iterator[Permission]:
    for pattern in operation.asks:
        yield from pattern.iam_permissions()
    for entity in operation.scans_partition:
        yield from (Permission("Query", TABLE, each) for each in partition_forms(entity))
    yield from permissions_on_items("PutItem", *operation.puts)
    yield from permissions_on_items("UpdateItem", *operation.updates)
    yield from permissions_on_items("ConditionCheckItem", *operation.checks)
    yield from permissions_on_items("DeleteItem", *operation.deletes)
    yield from permissions_on_items("BatchWriteItem", *operation.batches)

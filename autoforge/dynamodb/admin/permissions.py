"""The IAM permissions that a pattern or a write needs.

They are derived from declarations: the operation of a pattern and the partition of its key, the
entities that a write touches and their primary keys. The policies of the CloudFormation template
are generated from them.

IAM has no permission for a transaction: each member needs the permission of the single operation
(AWS, "DynamoDB API permissions: actions, resources, and conditions reference").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autoforge.dynamodb.admin.operation import Operation
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.permission import (
    WHOLE,
    Permission,
    partition_forms,
    permissions_on_items,
)
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.unique_item import item_of


def permissions_of(declared: type[Pattern[Any]] | Operation) -> frozenset[Permission]:
    """Return the permissions that a caller of a pattern or of an operation needs.

    Args:
        declared: The pattern or the operation.

    Examples:
        >>> sorted(each.partition for each in permissions_of(MemberByEmail))
        ['EMAIL#*', 'MEMBER#*']
    """
    if isinstance(declared, Operation):
        return frozenset(_of_operation(declared))
    return frozenset(declared.iam_permissions())


def _of_operation(operation: Operation) -> Iterator[Permission]:
    for pattern in operation.asks:
        yield from pattern.iam_permissions()
    for entity in operation.scans_partition:
        yield from (Permission("Query", TABLE, each) for each in partition_forms(entity))
    for entity in operation.scans:
        yield Permission("Scan", entity.layout.primary, WHOLE)
    yield from _on_look_up_items(operation)
    yield from permissions_on_items("PutItem", *operation.puts)
    yield from permissions_on_items("UpdateItem", *operation.updates)
    yield from permissions_on_items("ConditionCheckItem", *operation.checks)
    yield from permissions_on_items("DeleteItem", *operation.deletes)
    yield from permissions_on_items("BatchWriteItem", *operation.batches)


def _on_look_up_items(operation: Operation) -> Iterator[Permission]:
    """Yield the permissions on the look-up items of unique values, which move with their items."""
    changed = (*operation.updates, *operation.deletes)
    yield from permissions_on_items("GetItem", *(each for each in changed if each.uniques))
    for entity in (*operation.puts, *operation.updates):
        yield from permissions_on_items("PutItem", *map(item_of, entity.uniques))
    for entity in changed:
        yield from permissions_on_items("DeleteItem", *map(item_of, entity.uniques))
        yield from permissions_on_items("ConditionCheckItem", *map(item_of, entity.uniques))

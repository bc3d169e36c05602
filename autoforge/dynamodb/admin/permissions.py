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
from autoforge.dynamodb.errors import DeclarationError, shortened
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.permission import (
    WHOLE,
    Permission,
    partition_forms,
    permissions_on_items,
)
from autoforge.dynamodb.schema.design import is_class_of
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.transaction_mark import mark_in
from autoforge.dynamodb.schema.unique_item import item_of
from autoforge.dynamodb.writes.put import stores_creation
from autoforge.dynamodb.writes.values import stores_changes


def permissions_of(declared: type[Pattern[Any]] | Operation) -> frozenset[Permission]:
    """Return the permissions that a caller of a pattern or of an operation needs.

    Args:
        declared: The pattern or the operation.

    Raises:
        DeclarationError: if it is neither.

    Examples:
        >>> sorted(each.partition for each in permissions_of(MemberByEmail))
        ['EMAIL#*', 'MEMBER#*']
    """
    if isinstance(declared, Operation):
        return frozenset(_of_operation(declared))
    if not is_class_of(declared, Pattern):
        raise DeclarationError(
            f"{shortened(declared)} is not a pattern or an Operation: name the class of a pattern"
        )
    return frozenset(declared.iam_permissions())


def _of_operation(operation: Operation) -> Iterator[Permission]:
    for pattern in operation.asks:
        yield from pattern.iam_permissions()
    for entity in operation.scans_partition:
        yield from (Permission("Query", TABLE, each) for each in partition_forms(entity))
    for entity in operation.scans:
        yield Permission("Scan", entity.layout.primary, WHOLE)
    created = (*operation.puts, *operation.replaces)
    changed = (*operation.updates, *operation.upserts)
    yield from permissions_on_items("PutItem", *created)
    yield from permissions_on_items("UpdateItem", *changed)
    yield from permissions_on_items("ConditionCheckItem", *operation.checks)
    yield from permissions_on_items("DeleteItem", *operation.deletes)
    yield from permissions_on_items("BatchWriteItem", *operation.batches)
    # To see whether an update was applied whose response was lost.
    yield from permissions_on_items("GetItem", *filter(stores_changes, changed))
    # To delete an expired item, which the update would otherwise change instead of creating one.
    mortal = (each for each in operation.upserts if each.expiry_name is not None)
    yield from permissions_on_items("DeleteItem", *mortal)
    yield from _on_look_up_items(operation)
    yield from _on_marks(operation)


def _on_look_up_items(operation: Operation) -> Iterator[Permission]:
    """Yield the permissions on the look-up items of unique values."""
    kept = (*operation.replaces, *operation.updates, *operation.upserts)
    for entity in (*operation.puts, *kept):
        yield from permissions_on_items("PutItem", *map(item_of, entity.uniques))
    for entity in (*kept, *operation.deletes):
        yield from permissions_on_items("DeleteItem", *map(item_of, entity.uniques))
        if entity.uniques:
            yield from permissions_on_items("GetItem", entity)
            yield from permissions_on_items("ConditionCheckItem", *map(item_of, entity.uniques))


def _on_marks(operation: Operation) -> Iterator[Permission]:
    """Yield the permission to store the marks of transactions that may need one (ADR 0030)."""
    unshown = [each for each in operation.puts if not stores_creation(each)]
    unshown += [*operation.replaces, *operation.upserts, *operation.deletes]
    if operation.transacts or operation.checks:
        unshown += operation.updates
    else:  # the writes of look-up items are a transaction nevertheless
        unshown += [each for each in operation.updates if not stores_changes(each)]
        unshown = [each for each in unshown if each.uniques]
    for mark in filter(None, dict.fromkeys(mark_in(each.layout) for each in unshown)):
        yield from permissions_on_items("PutItem", mark)

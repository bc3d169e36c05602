"""Permission: a DynamoDB operation on an index, in partition keys of one form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from autoforge.dynamodb.schema.codec import SEPARATOR
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.template import Template

#: The wildcard of IAM's ``StringLike``, for any value of a component.
ANY: Final = "*"

#: Stands for the partition of an operation that names none, as a Scan: no condition on leading keys
#: can be put on it.
WHOLE: Final = ""

_LABEL: Final = re.compile(r"<\w+>")


class Permission(NamedTuple):
    """A DynamoDB operation on an index, in partition keys of one form.

    Examples:
        >>> for permission in permissions_of(BookByIsbn):
        ...     print(permission.action, permission.on.shown, permission.partition)
        GetItem the table BOOK#*
    """

    #: The IAM action without the service, such as ``GetItem``.
    action: str
    on: Index
    #: The partition key with ``*`` for each value that depends on the call, such as ``READER#*``;
    #: ``WHOLE`` if the operation names no partition.
    partition: str


def permissions_on_items(action: str, *entities: type[Entity]) -> Iterator[Permission]:
    """Return the permissions for an operation on items of entities, by their primary keys."""
    for entity in entities:
        for partition in partition_forms(entity):
            yield Permission(action, entity.layout.primary, partition)


def partition_forms(entity: type[Entity]) -> Iterator[str]:
    """Return the forms of the partition keys that items of an entity can have."""
    return map(partition_form, entity.primary_key.partitions)


def partition_form(template: Template) -> str:
    """Return a partition key with a wildcard for each component."""
    return SEPARATOR.join(
        each if isinstance(each, str) else each.codec.before + ANY for each in template.segments
    )


def with_wildcards(partition: str) -> str:
    """Replace each label in a partition key by a wildcard."""
    return _LABEL.sub(ANY, partition)

"""Permissions: which operation of DynamoDB, on which index, in partitions of which form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from autoforge.dynamodb.schema.encoding import SEPARATOR
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.dynamodb.schema.keys import Template

#: Stands for any value of a component, as IAM's ``StringLike`` has it.
ANY: Final = "*"

_LABEL: Final = re.compile(r"<\w+>")


class Permission(NamedTuple):
    """One operation of DynamoDB, on one index, in partitions of one form."""

    #: Named as IAM names it, without the service: ``GetItem``.
    action: str
    on: Index
    #: The partition key, with ``*`` for each value that depends on the call: ``READER#*``.
    partition: str


def permissions_on_items(action: str, *entities: type[Entity]) -> Iterator[Permission]:
    """The permissions for an operation on items of entities, by their primary keys."""
    for entity in entities:
        for partition in partition_forms(entity):
            yield Permission(action, TABLE, partition)


def partition_forms(entity: type[Entity]) -> Iterator[str]:
    """The partition keys that items of an entity may have."""
    return map(partition_form, entity.primary_key.partitions)


def partition_form(template: Template) -> str:
    """A partition key with a wildcard for each component."""
    return SEPARATOR.join(each if isinstance(each, str) else ANY for each in template.segments)


def with_wildcards(partition: str) -> str:
    """A partition key of labels with a wildcard for each of them."""
    return _LABEL.sub(ANY, partition)

"""What a caller must be allowed in IAM, so that a pattern or a write works.

Everything follows from declarations: the operation of a pattern and the partition of its key, the
entities that a write touches and their primary keys. The policies of the CloudFormation template
are made from it, so that nobody types them by hand.

A transaction has no permission of its own: its members are allowed as the single operations they
stand for (AWS, "DynamoDB API permissions: actions, resources, and conditions reference").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import NoneType
from typing import Any, Final, NamedTuple, get_args, get_type_hints

from autoforge.dynamodb.admin.operation import Operation
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.pattern import Fetch, Get, Keyed, Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate, Lookup
from autoforge.dynamodb.schema.encoding import SEPARATOR
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.dynamodb.schema.keys import Label, Template

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


def permissions_of(declared: type[Pattern[Any]] | Operation) -> frozenset[Permission]:
    """What a caller of a pattern or of an operation must be allowed."""
    if isinstance(declared, Operation):
        return frozenset(_of_operation(declared))
    return frozenset(_asking(declared))


def _asking(pattern: type[Pattern[Any]]) -> Iterator[Permission]:
    if issubclass(pattern, Composite):
        for part in _labelled(pattern).parts():
            yield from _asking(type(part.pattern))
    elif issubclass(pattern, Fetch):
        yield from _on_items("BatchGetItem", *pattern.entities)
    elif issubclass(pattern, Keyed):
        yield from _keyed(pattern)


def _keyed(pattern: type[Keyed[Any]]) -> Iterator[Permission]:
    action = "GetItem" if issubclass(pattern, Get) else "Query"
    for partition in _partitions(pattern):
        yield Permission(action, pattern.key.index, partition)
    if issubclass(pattern, Lookup):
        yield from _on_items("GetItem", pattern.entities[0])
    if issubclass(pattern, Hydrate):
        yield from _on_items("BatchGetItem", pattern.entities[0])


def _partitions(pattern: type[Keyed[Any]]) -> Iterator[str]:
    """The partitions a pattern may read: the one its parameters fill, or those without them."""
    described: Any = pattern.described()
    condition = (
        described.condition(Label("now")) if issubclass(pattern, Query) else described.condition()
    )
    yield _LABEL.sub(ANY, condition.partition)
    chosen = pattern.key.partition_for(described.values()) or pattern.key.partitions[0]
    hints = get_type_hints(pattern)
    names = [pattern.renames.get(part.name, part.name) for part in chosen.components]
    if any(NoneType in get_args(hints.get(name)) for name in names):
        yield from (_form(each) for each in pattern.key.partitions if each is not chosen)


def _labelled(pattern: type[Composite[Any]]) -> Composite[Any]:
    """The pattern with labels for what it must be given, so that its parts can be read."""
    labels = {each.name: Label(each.name) for each in pattern.parameters()}
    hints = get_type_hints(pattern)
    return pattern(**{name: each for name, each in labels.items() if hints[name] is str})


def _of_operation(work: Operation) -> Iterator[Permission]:
    for pattern in work.asks:
        yield from _asking(pattern)
    for entity in work.scans_partition:
        yield from (Permission("Query", TABLE, each) for each in _forms(entity))
    yield from _on_items("PutItem", *work.puts)
    yield from _on_items("UpdateItem", *work.updates)
    yield from _on_items("ConditionCheckItem", *work.checks)
    yield from _on_items("DeleteItem", *work.deletes)
    yield from _on_items("BatchWriteItem", *work.batches)


def _on_items(action: str, *entities: type[Entity]) -> Iterator[Permission]:
    for entity in entities:
        yield from (Permission(action, TABLE, each) for each in _forms(entity))


def _forms(entity: type[Entity]) -> Iterator[str]:
    return map(_form, entity.primary_key.partitions)


def _form(template: Template) -> str:
    return SEPARATOR.join(each if isinstance(each, str) else ANY for each in template.segments)

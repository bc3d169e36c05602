"""Design: all entities of one table, none of whose keys can be equal to another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.transaction_mark import TransactionMark


@dataclass(frozen=True)
class Design:
    """All entities of one table, checked when it is made.

    Raises:
        DeclarationError: if an entity is abstract, or two entities have the same type name or
            primary keys that could be equal; the message names them all.
    """

    name: str
    entities: tuple[type[Entity], ...]

    def __post_init__(self) -> None:
        """Check that no item can be mistaken for one of another entity."""
        abstract = ", ".join(each.__name__ for each in self.entities if each.is_abstract())
        if abstract:
            raise DeclarationError(f"{self.name}: {abstract}: an abstract entity is never stored")
        faults = [*self._shared_names(), *self._shared_keys()]
        if faults:
            raise DeclarationError(f"{self.name}: {'; '.join(faults)}")

    def admits(self, entity: type[Entity]) -> bool:
        """Whether items of an entity may be written to the table.

        Besides the design's entities, these are TransactionMark, which a Store writes itself, and
        ``Entity``, by which items of any type are deleted.
        """
        return entity in self._members or entity is Entity or entity is TransactionMark

    @cached_property
    def _members(self) -> frozenset[type[Entity]]:
        return frozenset(self.entities)

    def _shared_names(self) -> Iterator[str]:
        for one, other in combinations(self.entities, 2):
            if one.type_name == other.type_name:
                yield f"{one.__name__} and {other.__name__} are both stored as {one.type_name}"

    def _shared_keys(self) -> Iterator[str]:
        for one, other in combinations(self.entities, 2):
            mine, theirs = one.primary_key, other.primary_key
            intended = mine.shared is not None and mine.shared == theirs.shared
            if mine.overlaps(theirs) and not intended:
                yield f"{mine} and {theirs} could be the same key"

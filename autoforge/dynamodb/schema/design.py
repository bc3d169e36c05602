"""Design: what a table stores: its entities, its indexes, and the layout they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from autoforge.dynamodb.errors import DeclarationError, shortened
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import Index, KeyType, Layout
from autoforge.dynamodb.schema.limits import faults_of_table
from autoforge.dynamodb.schema.settings import as_tuple
from autoforge.dynamodb.schema.transaction_mark import TransactionMark, mark_in
from autoforge.dynamodb.schema.unique_item import UniqueItem, item_of


def is_class_of(given: object, base: type[Any]) -> bool:
    """Whether something is a class with this base."""
    return isinstance(given, type) and issubclass(given, base)


@dataclass(frozen=True)
class Design:
    """What a table stores, checked when it is made.

    Args:
        name: The name of the table.
        entities: All entities of the table; at least one. They have one layout.
        indexes: All secondary indexes of the table.

    Raises:
        DeclarationError: if an entity is abstract; if two entities have the same type name, primary
            keys that could be equal, or other names of the primary key; if a key is in an index
            that is not among the indexes; or if DynamoDB would refuse the indexes. The message
            names all such faults, and what to change.
    """

    name: str
    entities: tuple[type[Entity], ...]
    indexes: tuple[Index, ...] = ()

    def __post_init__(self) -> None:
        """Check that no item can be mistaken for one of another entity, and each index."""
        if not isinstance(self.name, str):
            raise DeclarationError(f"the name of a table is {shortened(self.name)}, not a text")
        for name in ("entities", "indexes"):
            object.__setattr__(self, name, as_tuple(self.name, name, getattr(self, name)))
        alien = [each for each in self.entities if not is_class_of(each, Entity)]
        if alien:
            raise DeclarationError(
                f"{self.name}: {shortened(alien[0])} is not an entity: name the class itself"
            )
        if not self.entities:
            raise DeclarationError(f"{self.name} has no entities; a table stores at least one")
        given: tuple[object, ...] = self.indexes
        strange = [each for each in given if not isinstance(each, Index)]
        if strange:
            raise DeclarationError(
                f"{self.name}: {shortened(strange[0])} is not an index: write GSI(...) or LSI(...)"
            )
        object.__setattr__(
            self, "indexes", tuple(each.within(self.layout) for each in self.indexes)
        )
        abstract = ", ".join(each.__name__ for each in self.entities if each.is_abstract())
        if abstract:
            raise DeclarationError(
                f"{self.name}: {abstract}: an abstract entity is never stored: give it a Key in "
                "the table, or name its subclasses"
            )
        faults = [
            *self._other_layouts(),
            *self._shared_names(),
            *self._shared_keys(),
            *self._wrong_indexes(),
            *self._wrong_types(),
            *self._unknown_indexes(),
            *self._stored_in_indexes(),
        ]
        if faults:
            raise DeclarationError(f"{self.name}: {'; '.join(faults)}")

    @property
    def layout(self) -> Layout:
        """The layout of the table: that of its entities."""
        return self.entities[0].layout

    @property
    def primary(self) -> Index:
        """The primary key of the table."""
        return self.layout.primary

    @property
    def global_indexes(self) -> tuple[Index, ...]:
        """The global secondary indexes."""
        return tuple(each for each in self.indexes if not each.is_local)

    @property
    def local_indexes(self) -> tuple[Index, ...]:
        """The local secondary indexes."""
        return tuple(each for each in self.indexes if each.is_local)

    @property
    def key_types(self) -> dict[str, KeyType]:
        """The type of every key attribute of the table and its indexes, in order."""
        return {
            name: kind
            for index in (self.primary, *self.indexes)
            for name, kind in index.types.items()
        }

    @cached_property
    def mark(self) -> type[TransactionMark] | None:
        """The entity of the marks of transactions; None if the table can have none.

        It can have none if its layout allows none, or an item could have the key of a mark because
        the key attributes are plain texts.
        """
        mark = mark_in(self.layout)
        if mark is None:
            return None
        keys = [each.primary_key for each in self.entities if not each.is_abstract()]
        plain = [key for key in keys if any(map(key.is_plain, key.index.attributes))]
        return None if any(key.overlaps(mark.primary_key) for key in plain) else mark

    def admits(self, entity: type[Entity]) -> bool:
        """Whether items of an entity may be written to the table.

        Besides the design's entities, these are TransactionMark, which a Store writes itself, and
        ``Entity``, by which items of any type are deleted.
        """
        return entity in self._members or entity is Entity or issubclass(entity, TransactionMark)

    @cached_property
    def with_unique_values(self) -> tuple[type[Entity], ...]:
        """The entities that declare unique values."""
        return tuple(each for each in self.entities if each.uniques)

    @cached_property
    def unique_items(self) -> tuple[type[UniqueItem], ...]:
        """The entities of the look-up items of unique values, which a Store writes itself."""
        return tuple(item_of(unique) for each in self.entities for unique in each.uniques)

    @cached_property
    def stored(self) -> tuple[type[Entity], ...]:
        """The entities of everything in the table, look-up items and marks included."""
        marks = () if self.mark is None else (self.mark,)
        return tuple(dict.fromkeys((*self.entities, *self.unique_items, *marks)))

    @cached_property
    def _members(self) -> frozenset[type[Entity]]:
        return frozenset((*self.entities, *self.unique_items))

    def _other_layouts(self) -> Iterator[str]:
        """Yield the entities whose table has other names; whether items store a type may differ."""
        mine = self.layout
        for each in self.entities:
            theirs = each.layout
            if (theirs.primary, theirs.expiry) != (mine.primary, mine.expiry):
                yield (
                    f"{each.__name__} and {self.entities[0].__name__} name the primary key or the "
                    "expiry differently: give them one layout"
                )

    def _shared_names(self) -> Iterator[str]:
        for one, other in combinations(self.entities, 2):
            if one is other:
                yield f"{one.__name__} is given twice: leave one out"
            elif one.type_name == other.type_name:
                yield f"{one.__name__} and {other.__name__} are both stored as {one.type_name}"

    def _shared_keys(self) -> Iterator[str]:
        for one, other in combinations(self.stored, 2):
            mine, theirs = one.primary_key, other.primary_key
            intended = mine.shared is not None and mine.shared == theirs.shared
            if mine.overlaps(theirs) and not intended:
                yield f"{mine} and {theirs} could be the same key"

    def _wrong_indexes(self) -> Iterator[str]:
        """Yield what DynamoDB would refuse about the table and its indexes."""
        for each in self.indexes:
            if each.is_table:
                yield "the primary key is no index: name it in the layout of the entities"
        for one, other in combinations(self.indexes, 2):
            if one.name == other.name:
                yield f"two indexes are named {one.name}"
        if self.local_indexes and self.primary.sort_key is None:
            yield "a table without a sort key has no local indexes"
        yield from faults_of_table(self.name, self.layout, self.indexes)

    def _wrong_types(self) -> Iterator[str]:
        """Yield the key attributes that two indexes declare in two types."""
        places: dict[str, tuple[Index, KeyType]] = {}
        for index in (self.primary, *self.indexes):
            for name, kind in index.types.items():
                first, other_kind = places.setdefault(name, (index, kind))
                if kind != other_kind:
                    yield (
                        f"{name} is of type {other_kind} in {first.shown} and of type {kind} in "
                        f"{index.shown}: a key attribute has one type"
                    )

    def _unknown_indexes(self) -> Iterator[str]:
        """Yield the keys that are in no index of the table."""
        for entity in self.entities:
            for key in entity.keys.values():
                if key.index.is_table or key.index in self.indexes:
                    continue
                named = next((each for each in self.indexes if each.name == key.index.name), None)
                yield (
                    f"{key} is in {key.index.shown}, which is not an index of the table: add it to "
                    "indexes"
                    if named is None
                    else f"{key} is in another {key.index.shown} than the table has: "
                    f"{key.index} instead of {named}"
                )

    def _stored_in_indexes(self) -> Iterator[str]:
        """Yield the entities that store the key attributes of an index in another way.

        DynamoDB puts every item with the key attributes of an index into it, and refuses an item
        that has one of them in another type.
        """
        types = self.key_types
        for entity in self.entities:
            stored = {each.attr_name: each for each in entity.get_attributes().values()}
            for name in stored.keys() & types.keys():
                kind = stored[name].attr_type
                if kind != types[name]:
                    yield (
                        f"{entity.__name__} stores {name} as {kind}, but it is a key attribute of "
                        f"type {types[name]}"
                    )
            names = stored.keys() | entity.rendered_names()
            mine = {key.index for key in entity.keys.values()}
            for index in self.indexes:
                if index not in mine and names >= {*index.attributes}:
                    yield (
                        f"{entity.__name__} stores {' and '.join(index.attributes)}, so its items "
                        f"are in {index.shown}: declare the key of {entity.__name__} in it"
                    )

"""Reading: how a Store converts the items that it reads.

By default to entities; the HTTP API converts them to its JSON directly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from autoforge.dynamodb.schema.entity import Entity, Item

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: Converts an item of one entity; None if the item is past its expiry at the given time.
ItemReader = Callable[[Item, datetime], T_co | None]


class Reading(Protocol[T_co]):
    """Returns the function that converts the items of an entity.

    It is called once for each entity, so it may compile the function.
    """

    def __call__(self, entity: type[Entity], /) -> ItemReader[T_co]:
        """Return the function that converts the items of an entity."""

    def __hash__(self) -> int:
        """Return a hash, as functions do: ``readers_of`` caches by it."""


class PartsReading(ABC, Generic[T]):
    """A Reading that also converts parts of entities, for patterns that answer with them."""

    @abstractmethod
    def __call__(self, entity: type[Entity], /) -> ItemReader[T]:
        """Return the function that converts the items of an entity."""

    @abstractmethod
    def of_parts(self, reading: Reading[Any], /) -> Reading[T]:
        """Return the Reading of a pattern whose items ``reading`` converts to parts."""


def as_entities(entity: type[Entity], /) -> ItemReader[Any]:
    """Convert items to entities."""
    read = entity.item_reader()

    def live(item: Item, now: datetime) -> Entity | None:
        found: Entity = read(item)
        return found if found.is_live(now) else None

    return live


def as_entries(entity: type[Entity], /) -> ItemReader[Item]:
    """Return the entries of an index as they are stored, to read the whole items by their keys."""
    del entity
    return lambda item, _: item


@cache
def readers_of(
    entities: tuple[type[Entity], ...], reading: Reading[T_co], *, by_key: bool = False
) -> Callable[[Item], ItemReader[T_co] | None]:
    """Return a function that finds the reader of an item; None if it is of no such entity.

    Args:
        entities: The entities.
        reading: Converts each item.
        by_key: Whether the items lack the attribute with their type, so that the primary key tells
            it.
    """
    if by_key:
        return _by_form([(entity.has_form, reading(entity)) for entity in entities])
    names = {entity.layout.entity_type for entity in entities}
    if len(names) != 1 or None in names:
        return _by_form([(entity.recognises, reading(entity)) for entity in entities])
    (name,) = names
    by_type = {entity.type_name: reading(entity) for entity in entities}

    def reader(item: Item) -> ItemReader[T_co] | None:
        stored = item.get(name)  # type: ignore[arg-type]  # not None, as checked above
        return None if stored is None else by_type.get(stored.get("S", ""))

    return reader


def _by_form(
    readers: Sequence[tuple[Callable[[Item], bool], ItemReader[T_co]]],
) -> Callable[[Item], ItemReader[T_co] | None]:
    """Find the reader of an item whose type is told by its key."""

    def reader(item: Item) -> ItemReader[T_co] | None:
        return next((read for recognises, read in readers if recognises(item)), None)

    return reader

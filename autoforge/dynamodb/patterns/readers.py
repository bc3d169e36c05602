"""Reading: what a Store makes of the items that answer a pattern.

Entities, unless the caller asks for something else, as the HTTP API does for its own JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Protocol, TypeVar

from autoforge.dynamodb.schema.entity import Entity, Item

T_co = TypeVar("T_co", covariant=True)

#: Reads an item that is of its entity; None if the item is past its expiry at the moment.
ItemReader = Callable[[Item, datetime], T_co | None]


class Reading(Protocol[T_co]):
    """Says for each entity how its items are read; asked once, so it may compile."""

    def __call__(self, entity: type[Entity], /) -> ItemReader[T_co]:
        """What reads the items of an entity."""

    def __hash__(self) -> int:
        """Be a key, as functions are."""


def as_entities(entity: type[Entity], /) -> ItemReader[Any]:
    """Read items as the entities they are."""
    read = entity.item_reader()

    def live(item: Item, now: datetime) -> Entity | None:
        found: Entity = read(item)
        return found if found.is_live(now) else None

    return live


@cache
def readers_of(
    entities: tuple[type[Entity], ...], reading: Reading[T_co]
) -> Mapping[str, ItemReader[T_co]]:
    """What reads the items of several entities, by what an item says it is."""
    return {entity.type_name: reading(entity) for entity in entities}

"""Drawn: an item that was drawn, which knows the values it was made of.

What should be stored, selected and answered is computed from these values, and not from the keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from autoforge.dynamodb.schema.attribute import attribute_to_wire
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.item_size import item_size
from autoforge.dynamodb.schema.key_value import KeyValue, key_of
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.unique import Unique

#: The last time that can be stored: what expires later never expires.
LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Drawn:
    """An item that was drawn: its entity, the values it was made of, and how it is stored.

    Attributes:
        entity: The entity.
        made: The entity's instance.
        extra: Attributes of the stored item that the entity does not declare.
        stored_type: The type under which a stranger is stored, which is not the entity's; None for
            no type, and ``""`` for an item that is no stranger.
    """

    entity: type[Entity]
    made: Entity
    extra: Item = field(default_factory=dict)
    stored_type: str | None = ""

    @property
    def is_stranger(self) -> bool:
        """Whether another program stored the item, under keys that the entity could have."""
        return self.stored_type != ""

    @cached_property
    def values(self) -> dict[str, Any]:
        """The values of the attributes, as the entity holds them; derived components, too."""
        held = dict(self.made.attribute_values)
        derived = {n: each for key in self.entity.keys.values() for n, each in key.derived.items()}
        return {**held, **{name: each.of(held) for name, each in derived.items()}}

    @cached_property
    def expiry(self) -> datetime | None:
        """The time at which the item expires: as stored, else its lifetime after its creation."""
        stored: datetime | None = self.values.get("expires_at")
        created, lifetime = self.values.get("created_at"), self.entity.lifetime
        if stored is not None or created is None or lifetime is None:
            return stored
        expiry: datetime = LAST if lifetime > LAST - created else created + lifetime
        return expiry.replace(microsecond=0)

    def is_live(self, now: datetime) -> bool:
        """Whether the item is not past its expiry."""
        return self.expiry is None or self.expiry > now

    @cached_property
    def identity(self) -> tuple[Any, ...]:
        """What distinguishes the item from all others: its entity and the components of its key.

        Entities that share keys on purpose are distinguished by the keys.
        """
        if self.entity.primary_key.shared is not None:
            return (self.entity.primary_key.shared, self.key)
        names = sorted(self.entity.primary_key.components)
        return (self.entity.__name__, *(self.values.get(name) for name in names))

    @cached_property
    def unique_values(self) -> dict[Unique, tuple[Any, ...]]:
        """The unique values that the item has, said by the values of its attributes."""
        if self.is_stranger:
            return {}
        values = {
            unique: tuple(
                self.values.get(each.name) for each in unique.key.partitions[0].components
            )
            for unique in self.entity.uniques
        }
        return {u: (u.template, *each) for u, each in values.items() if None not in each}

    @cached_property
    def item(self) -> Item:
        """The item as it is stored, in DynamoDB JSON."""
        item = {**self.made.to_item(), **self.extra}
        name = self.entity.layout.entity_type
        if self.is_stranger and name is not None:
            del item[name]
            if self.stored_type is not None:
                item[name] = {"S": self.stored_type}
        return item

    @cached_property
    def key(self) -> KeyValue:
        """The primary key under which the item is stored."""
        return key_of(self.item, self.entity.layout.primary)

    def is_in(self, key: Key) -> bool:
        """Whether the item has a key of its entity: all its components, and those of ``where``."""
        names = [part.name for part in key.sort_template.components]
        return (
            all(self._has(name, wanted) for name, wanted in key.where.items())
            and all(self.values.get(name) is not None for name in names)
            and any(
                all(self.values.get(part.name) is not None for part in each.components)
                for each in key.partitions
            )
        )

    def _has(self, name: str, wanted: Any) -> bool:
        """Whether an attribute has a value, as it is held or as it is stored."""
        value = self.values.get(name)
        if value is None or wanted is None or value == wanted:
            return bool(value == wanted)
        attribute = self.entity.get_attributes()[name]
        return attribute_to_wire(attribute, value) == attribute_to_wire(attribute, wanted)

    def size_in(self, index: Index) -> int:
        """Return the bytes of the item in the table, or of its entry in an index."""
        if index.holds_all:
            return item_size(self.item)
        layout = self.entity.layout
        return item_size({n: v for n, v in self.item.items() if index.holds(n, layout)})

    @cached_property
    def shown(self) -> dict[str, Any]:
        """The attributes that a read gives the entity, with the names of unknown ones."""
        values = {n: v for n, v in self.made.attribute_values.items() if v is not None}
        if self.expiry is not None:
            values["expires_at"] = self.expiry
        return {**values, **dict.fromkeys(self.extra, ...)}

    def read(self, attribute: str, path: Sequence[str] = ()) -> Any:
        """Return what a read gives of an attribute, or of what is inside; None if that lacks."""
        value = self.shown.get(attribute, self.made.attribute_values.get(attribute))
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value


def shown(entity: Entity) -> dict[str, Any]:
    """Return the attributes of an entity that was read, with the names of unknown ones."""
    values = {n: v for n, v in entity.attribute_values.items() if v is not None}
    return {**values, **dict.fromkeys(entity.unknown, ...)}

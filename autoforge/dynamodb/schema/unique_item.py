"""UniqueItem: the look-up item of a unique value."""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import Any, ClassVar

from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.text_attributes import Text
from autoforge.dynamodb.schema.unique import Unique


class UniqueItem(Entity):
    """The look-up item of a unique value: it names the item that has the value."""

    #: The entity whose items have the value.
    declared_by: ClassVar[type[Entity]]

    #: The primary key of the item that has the value.
    owner_partition: Text = Text()
    owner_sort: Text[None] = Text(default=None)

    @property
    def owner(self) -> KeyValue:
        """The primary key of the item that has the value."""
        return KeyValue(self.owner_partition, self.owner_sort or "")


@cache
def item_of(unique: Unique) -> type[UniqueItem]:
    """Return the entity of the look-up items of a unique value."""
    entity = unique.entity
    if entity is None:
        raise TypeError("a Unique is declared in an entity")  # pragma: no cover - by construction
    attributes: dict[str, Any] = {}
    for name in unique.sources:
        attribute = copy(entity.get_attributes()[name])
        attribute.null = False
        attributes[name] = attribute
    members = {
        "__doc__": f"The look-up item of {unique}.",
        "__module__": entity.__module__,
        "layout": entity.layout,
        # The same for all entities that share the value, so that each recognises the others'.
        "type_name": f"Unique {unique.template}",
        "declared_by": entity,
        "key": unique.new_key(entity.layout),
        **attributes,
    }
    return type(f"{entity.__name__}_{unique.name}", (UniqueItem,), members)


def unique_item(item: Entity, unique: Unique) -> UniqueItem | None:
    """Return the look-up item that an item has for a unique value; None if it has none."""
    values = item.attribute_values
    if unique.value_of(values) is None:
        return None
    owner = item.primary_key.render(values) or KeyValue("")
    found = item_of(unique)(
        owner_partition=owner.partition,
        owner_sort=owner.sort or None,
        **{name: values[name] for name in unique.sources},
    )
    if item.expiry is not None:
        found.expires_at = item.expiry
    return found

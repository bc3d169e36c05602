"""Unique: declares a value that at most one item has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.schema.indexes import Layout
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import CodecLookup, Key

#: The sort key of a look-up item.
_SORT_KEY = "UNIQUE"


class Unique:
    """A value that at most one item has, declared beside the attributes that it is made of.

    DynamoDB keeps nothing unique but a primary key. So each item has a look-up item under the
    value, with the primary key of the item. A Store writes, moves and deletes it in one transaction
    with the item. Entities with the same template share the value: a User and an Admin then never
    have the same e-mail address. A ``ByUnique`` reads the item that has a value.

    Args:
        template: The partition key of the look-up item, a template as in a Key. An item that lacks
            one of its optional attributes has no look-up item.

    Raises:
        DeclarationError: when the entity is declared, if the template is malformed, or has a
            derived component, only a part of an attribute, or ``updated_at``.

    Examples:
        >>> store.save(Put(Member(id="eve", email="ann@example.com")))
        Traceback (most recent call last):
        autoforge.dynamodb.errors.NotUniqueError: ...
        >>> store.require(MemberByEmail("ann@example.com")).id
        'ann'
    """

    def __init__(self, template: str) -> None:
        self.template = template
        self.entity: type[Any] | None = None
        self.name = ""

    def __get__(self, instance: Any, owner: Any) -> Self:
        """Return the declaration itself."""
        return self

    def declared(self, entity: type[Any], name: str, lookup: CodecLookup, layout: Layout) -> Unique:
        """Return the declaration as an entity has it, with its template compiled.

        Raises:
            DeclarationError: if the template is malformed; the message names entity and component.
        """
        own = Unique(self.template)
        own.entity, own.name = entity, name
        own.key = self.new_key(layout)
        own.key.bind(entity.__name__, name, lookup, layout=layout)
        if not own.key.components:
            raise DeclarationError(f"{own.key}: a unique value is made of attributes")
        return own

    def new_key(self, layout: Layout) -> Key:
        """Return the primary key of look-up items, not yet declared in an entity."""
        sort_key = "" if layout.sort_key is None else _SORT_KEY
        return Key(self.template, sort_key, shared=f"unique {self.template}")

    #: The key of the look-up items, compiled against the entity that declares the value.
    key: Key

    def value_of(self, values: Mapping[str, Any]) -> KeyValue | None:
        """Return the key of the look-up item of an item; None if the item has none.

        Raises:
            InvalidValueError: if a value cannot stand in a key.
        """
        return self.key.render(values)

    @property
    def sources(self) -> frozenset[str]:
        """The attributes that the value is made of."""
        return self.key.sources

    def __str__(self) -> str:
        """Show the entity and the name of the declaration."""
        return f"{self.entity.__name__ if self.entity else 'Unique'}.{self.name or self.template}"

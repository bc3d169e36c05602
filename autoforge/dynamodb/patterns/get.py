"""Get, the pattern that reads one item by its primary key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.keyed import Keyed
from autoforge.dynamodb.patterns.pattern import consistency, named_types
from autoforge.dynamodb.patterns.projection import Answer
from autoforge.dynamodb.patterns.reader import Reader
from autoforge.dynamodb.patterns.readers import Reading
from autoforge.dynamodb.patterns.request import AttributePath, KeyCondition, Request, get_request
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue, shown_key

E = TypeVar("E", bound=Answer)


@dataclass(frozen=True, init=False)
class Get(Keyed[E], kind=True):
    """Reads one item by its primary key (GetItem).

    Declared as ``Get[Book]``; the parameters are the components of the primary key. An eventually
    consistent read costs half a read unit for each 4 KB of the item, a strongly consistent one a
    whole unit (AWS, "Read and write operations").

    Raises:
        DeclarationError: when a pattern is declared, if ``key`` is not a primary key of the entity,
            or a component has no parameter.

    Examples:
        >>> @dataclass(frozen=True)
        ... class BookOnShelf(Get[Book]):
        ...     '''Which book is this?'''
        ...
        ...     key = Book.key
        ...
        ...     isbn: str
        >>> store.require(BookOnShelf("b1")).title
        'Dynamo'
    """

    operation: ClassVar[str] = "GetItem"

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Check that the key is a primary key and that the parameters give all its components."""
        super().__init_subclass__(kind=kind)
        if cls.is_generic():
            return
        if not cls.key.index.is_table:
            raise DeclarationError(f"{cls.__name__}: {cls.key} is not a key of the table itself")
        parts = {part.name for part in cls.key.sort_template.components}
        unfilled = cls._unfilled() & {cls.renames.get(name, name) for name in parts}
        overridden = cls.primary_key is not Get.primary_key or cls.values is not Keyed.values
        if unfilled and not overridden:
            raise DeclarationError(
                f"{cls.__name__}: {cls.key}: no parameter {min(unfilled)!r}; a Get needs the "
                "whole key"
            )

    @classmethod
    def described_conditions(cls) -> Mapping[str, str]:
        """The primary key as a condition, with labels for the parameters."""
        return {"": str(cls.described().condition())}

    @property
    def entity(self) -> type[Entity]:
        """The entity of the item."""
        return self.entities[0]

    def primary_key(self) -> KeyValue:
        """Return the primary key of the item.

        Raises:
            InvalidValueError: if a parameter is None or cannot stand in a key.
        """
        values = self.values()
        value = self.key.render(values)
        if self._narrowing:
            self._require_narrowing()
        if value is None:
            raise self._lacks(values, self.key.partitions[0], self.key.sort_template)
        return value

    def described_condition(self) -> KeyCondition:
        """The primary key as a condition, of a pattern that holds labels for values."""
        return self.condition()

    def condition(self) -> KeyCondition:
        """Return the primary key as a condition, for the documentation."""
        value = self.primary_key()
        primary = self.key.index
        if primary.sort_key is None:
            return KeyCondition(primary, value.partition)
        return KeyCondition(primary, value.partition, "=", (value.sort,))

    def request(self, table_name: str, *, consistent: bool = False) -> Request:
        """Return the GetItem request."""
        key, paths = self.primary_key(), self.read_paths()
        return get_request(table_name, key, self.key.index, consistent=consistent, projected=paths)

    @classmethod
    def read_paths(cls) -> tuple[AttributePath, ...]:
        """Return the attributes that are asked for of the item; empty for all."""
        return cls.item_paths()

    def first_request(
        self, table_name: str, *, limit: int | None, now: datetime, consistent: bool, count: bool
    ) -> Request:
        """Return the GetItem request."""
        del limit, now, count
        return self.request(table_name, consistent=consistent)

    def in_words(self, now: datetime, *, limit: int, consistent: bool, count: bool) -> str:
        """Say in a sentence which item is read."""
        del now, limit, count
        key = self.primary_key()
        said = (
            f"Get the {named_types(self.entities)} at {shown_key(key)}, "
            f"{consistency(consistent=consistent)}."
        )
        return " ".join((said, *self.remarks()))

    def read_one(self, reader: Reader, reading: Reading[Any], *, consistent: bool) -> Any:
        """Read the item; return None if it does not exist or is expired."""
        item = reader.read_item(self.request(reader.table_name, consistent=consistent), self)
        return reader.live(item, self.entity, reading)

    def read_part(
        self, reader: Reader, reading: Reading[Any], *, limit: int, count: bool, consistent: bool
    ) -> Sequence[Any]:
        """Read the item; return it as the only answer, or no answer."""
        del limit, count
        found = self.read_one(reader, reading, consistent=consistent)
        return () if found is None else (found,)

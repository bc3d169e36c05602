"""Get, the pattern that reads one item by its whole primary key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.keyed import Keyed
from autoforge.dynamodb.patterns.pattern import consistency, named_types
from autoforge.dynamodb.patterns.reader import Reader
from autoforge.dynamodb.patterns.readers import Reading
from autoforge.dynamodb.patterns.request import KeyCondition, Request, get_request
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.keys import KeyValue

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True, init=False)
class Get(Keyed[E], kind=True):
    """One item by its whole primary key."""

    operation: ClassVar[str] = "GetItem"

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Refuse a key that stands in an index, or that the parameters do not fill."""
        super().__init_subclass__(kind=kind)
        if cls.is_generic():
            return
        if cls.key.index != TABLE:
            raise DeclarationError(f"{cls.__name__}: {cls.key} is not a key of the table itself")
        parts = {part.name for part in cls.key.sort_template.components}
        unfilled = cls._unfilled() & {cls.renames.get(name, name) for name in parts}
        makes_its_own = cls.primary_key is not Get.primary_key or cls.values is not Keyed.values
        if unfilled and not makes_its_own:
            raise DeclarationError(
                f"{cls.__name__}: {cls.key}: no parameter {min(unfilled)!r}; a Get gives the "
                "whole key"
            )

    @classmethod
    def key_conditions(cls) -> Mapping[str, str]:
        """The whole primary key."""
        return {"": str(cls.described().condition())}

    @property
    def entity(self) -> type[E]:
        """The entity the answer is."""
        return self.entities[0]  # type: ignore[return-value]  # the type argument, as E says

    def primary_key(self) -> KeyValue:
        """The key of the item asked for.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key.
        """
        values = self.values()
        value = self.key.render(values)
        if self._narrowing:
            self._require_narrowing()
        if value is None:
            raise self._lacks(values, self.key.partitions[0], self.key.sort_template)
        return value

    def described_condition(self) -> KeyCondition:
        """The key as a condition."""
        return self.condition()

    def condition(self) -> KeyCondition:
        """The key as a condition, for the documentation."""
        value = self.primary_key()
        return KeyCondition(TABLE, value.partition, "=", (value.sort,))

    def request(self, table_name: str, *, consistent: bool = False) -> Request:
        """The request that answers."""
        return get_request(table_name, self.primary_key(), consistent=consistent)

    def first_request(
        self, table_name: str, *, limit: int | None, now: datetime, consistent: bool, count: bool
    ) -> Request:
        """The request that answers, whatever the page."""
        del limit, now, count
        return self.request(table_name, consistent=consistent)

    def in_words(self, now: datetime, *, limit: int, consistent: bool, count: bool) -> str:
        """Which item is read, in a sentence."""
        del now, limit, count
        key = self.primary_key()
        return (
            f"Get the {named_types(self.entities)} at {key.partition} / {key.sort}, "
            f"{consistency(consistent=consistent)}."
        )

    def read_one(self, reader: Reader, reading: Reading[Any], *, consistent: bool) -> Any:
        """Read the item; None if there is none."""
        item = reader.read_item(self.request(reader.table_name, consistent=consistent), self)
        return reader.live(item, self.entity, reading)

    def read_part(
        self, reader: Reader, reading: Reading[Any], *, limit: int, count: bool, consistent: bool
    ) -> Sequence[Any]:
        """The item, or nothing."""
        del limit, count
        found = self.read_one(reader, reading, consistent=consistent)
        return () if found is None else (found,)

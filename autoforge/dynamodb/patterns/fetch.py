"""Fetch, the pattern that reads several items by their primary keys."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, TypeVar

from autoforge.dynamodb.errors import InvalidValueError
from autoforge.dynamodb.patterns.pattern import SinglePattern, consistency, named_types
from autoforge.dynamodb.patterns.permission import Permission, permissions_on_items
from autoforge.dynamodb.patterns.projection import Answer
from autoforge.dynamodb.patterns.reader import Reader
from autoforge.dynamodb.patterns.readers import Reading
from autoforge.dynamodb.patterns.request import AttributePath, Request, projection, wire_key
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.key_value import KeyValue

E = TypeVar("E", bound=Answer)

#: The largest number of items of a BatchGetItem (AWS, "Constraints in Amazon DynamoDB").
BATCH_READ: Final = 100


@dataclass(frozen=True, init=False)
class Fetch(SinglePattern[E], kind=True):
    """Reads up to 100 items by their primary keys (BatchGetItem).

    Declared as ``Fetch[Book]``, or ``Fetch[Book | Loan]`` for items of several types, with a method
    ``primary_keys``. Items that do not exist are left out of the answer.

    Raises:
        DeclarationError: when a pattern is declared, if it does not name its entities.
        InvalidValueError: when it runs, if there are more than 100 keys (AWS, "Constraints in
            Amazon DynamoDB").

    Examples:
        >>> @dataclass(frozen=True)
        ... class TwoBooks(Fetch[Book]):
        ...     '''Which are these two books?'''
        ...
        ...     first: str
        ...     second: str
        ...
        ...     def primary_keys(self) -> Sequence[KeyValue]:
        ...         return [primary_key(Book, {"isbn": each}) for each in (self.first, self.second)]
        >>> [book.title for book in store.fetch(TwoBooks("b2", "b1"))]
        ['Emma', 'Dynamo']
    """

    operation: ClassVar[str] = "BatchGetItem"

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Check that the pattern names its entities; without them it would find nothing."""
        super().__init_subclass__(kind=kind)
        if not cls.is_generic():
            cls._require_entities("Book")

    @abstractmethod
    def primary_keys(self) -> Sequence[KeyValue]:
        """Return the primary keys of the items.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key.
        """

    def distinct_keys(self) -> tuple[KeyValue, ...]:
        """Return the primary keys without duplicates.

        Raises:
            InvalidValueError: if there are more than 100.
        """
        keys = tuple(dict.fromkeys(self.primary_keys()))
        if len(keys) > BATCH_READ:
            raise InvalidValueError(
                f"{type(self).__name__} reads {len(keys)} items; a batch has at most {BATCH_READ}"
            )
        return keys

    def request(self, table_name: str, *, consistent: bool = False) -> Request:
        """Return the BatchGetItem request; a Store repeats it for unprocessed keys."""
        primary = self.entities[0].layout.primary
        keys, paths = self.distinct_keys(), self.item_paths()
        return fetch_request(table_name, keys, primary, consistent=consistent, projected=paths)

    @classmethod
    def iam_permissions(cls) -> Iterator[Permission]:
        """Return BatchGetItem on the entities."""
        yield from permissions_on_items("BatchGetItem", *cls.entities)

    def first_request(
        self, table_name: str, *, limit: int | None, now: datetime, consistent: bool, count: bool
    ) -> Request:
        """Return the BatchGetItem request."""
        del limit, now, count
        return self.request(table_name, consistent=consistent)

    def in_words(self, now: datetime, *, limit: int, consistent: bool, count: bool) -> str:
        """Say in a sentence how many items are read."""
        del now, limit, count
        number, names = len(self.primary_keys()), named_types(self.entities)
        how = consistency(consistent=consistent)
        said = f"Get up to {number} items by their keys ({names}) in one batch, {how}."
        return " ".join((said, *self.remarks()))

    def read_part(
        self, reader: Reader, reading: Reading[Any], *, limit: int, count: bool, consistent: bool
    ) -> Sequence[Any]:
        """Read the items; return those that exist and are live, in the order of the keys."""
        del limit, count
        return reader.read_items(self.distinct_keys(), self, reading, consistent=consistent)


def fetch_request(
    table_name: str,
    keys: Sequence[KeyValue],
    primary: Index,
    *,
    consistent: bool,
    projected: tuple[AttributePath, ...] = (),
) -> Request:
    """Return the BatchGetItem request for up to 100 distinct primary keys.

    Args:
        table_name: The table.
        keys: The primary keys.
        primary: The key attributes of the table.
        consistent: Whether to read strongly consistently.
        projected: The attributes that are returned; empty for all.
    """
    wanted = {"Keys": [wire_key(key, primary) for key in keys], "ConsistentRead": consistent}
    if projected:
        wanted |= projection(projected)
    return Request("BatchGetItem", {"RequestItems": {table_name: wanted}})

"""Write, the base class of writes: values with a change of one item and its condition.

* ``Put``          stores an item; fails if the item exists, unless it may be replaced
* ``Update``       changes some attributes of an item
* ``Delete``       deletes an item; fails if the item does not exist, unless ``missing_ok``
* ``Check``        changes nothing: a condition on an item in a transaction
* ``Transaction``  several writes, all applied or none

Each has a module of its name. Every write renders the keys that are made of the changed attributes.
A write does no I/O and reads no clock; a Store runs it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

from autoforge.dynamodb.errors import AutoforgeError
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue

E = TypeVar("E", bound=Entity)


class Write(ABC, Generic[E]):
    """A change of one item, and its condition; the base class of ``Put``, ``Update`` and the like.

    ``Store.write`` applies one, ``Store.transact`` several. A write costs a write unit for each 1
    KB of the larger of the item before and after, in a transaction two (AWS, "Read and write
    operations").

    Examples:
        >>> writes: list[Write] = [
        ...     Put(Book(isbn="b3", title="Emma")),
        ...     Delete(Book, {"isbn": "b2"}),
        ... ]
        >>> store.transact(Transaction(writes))
        >>> [book.isbn for book in store.fetch(Books(("b2", "b3")))]
        ['b3']
    """

    #: The DynamoDB operation of the write alone, and its name in a transaction.
    operation: ClassVar[str]
    member: ClassVar[str]

    #: The entity of the item.
    entity: type[E]
    #: Whether an item that is already as the write would leave it counts as written.
    idempotent: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether applying the write twice has the same effect as applying it once."""
        return True

    @property
    def refused_twice(self) -> bool:
        """Whether the condition is false once the write has been applied."""
        return False

    @property
    def tells(self) -> bool:
        """Whether ``proves`` distinguishes this write from an equal one of another caller."""
        return False

    @property
    def creates(self) -> bool:
        """Whether the write changes an item, or creates it if there is none."""
        return False

    def with_version(self, existing: E | None) -> Self:
        """Return the write with the condition that the item is as an existing one, or is absent."""
        raise NotImplementedError(f"{type(self).__name__} can be repeated without it: {existing}")

    @abstractmethod
    def primary_key(self) -> KeyValue:
        """Return the primary key of the item.

        Raises:
            InvalidValueError: if a component is missing or cannot stand in a key.
        """

    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """Return the request parameters, without the table and the return values.

        Raises:
            InvalidValueError: if a value cannot be stored.
        """

    @abstractmethod
    def error_for(self, existing: E | None) -> AutoforgeError:
        """Return the error, by meaning, for a condition that was false.

        Args:
            existing: The item that was found; None if none was.
        """

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether an existing item is as the write would leave it."""
        del existing
        return False

    def proves(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether an existing item proves that an earlier attempt applied this write.

        A Store calls it when a request whose answer was lost is sent again and its condition is
        false.
        """
        return self.already_applied(existing)

    def clearing(self, existing: Mapping[str, Any] | None) -> Write[E] | None:
        """Return the deletion of an existing item that is expired and blocks the write.

        None if the write does not create items, or the existing item is not expired.
        """
        del existing
        return None

    def request(self, table_name: str) -> Request:
        """Return the request of this write alone."""
        return Request(self.operation, self._complete(table_name))

    def transact_item(self, table_name: str) -> dict[str, Any]:
        """Return the write as a member of a TransactWriteItems request."""
        return {self.member: self._complete(table_name)}

    def size(self) -> int:
        """Return the bytes that the write stores, as far as they are known before it is sent."""
        return 0

    def _complete(self, table_name: str) -> dict[str, Any]:
        parameters = self.parameters()
        parameters["TableName"] = table_name
        parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return parameters

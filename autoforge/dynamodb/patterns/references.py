"""Patterns that read items which point to others, and then those others.

* ``Lookup``   one item, by a look-up item       GetItem, then GetItem
* ``Hydrate``  the items of a range of           Query, then BatchGetItem
               references

A reference to an item that does not exist is skipped: a deletion may have been interrupted between
the item and its references.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import consistency
from autoforge.dynamodb.patterns.permission import Permission, permissions_on_items
from autoforge.dynamodb.patterns.query import Page, Query
from autoforge.dynamodb.patterns.reader import Reader
from autoforge.dynamodb.patterns.readers import Reading, as_entities
from autoforge.dynamodb.patterns.request import get_request
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import KeyValue, shown_key

E = TypeVar("E", bound=Entity)
R = TypeVar("R", bound=Entity)
T = TypeVar("T")


@dataclass(frozen=True, init=False)
class Lookup(Get[E], Generic[E, R], kind=True):
    """Reads a look-up item, then the item that it names.

    Declared as ``Lookup[User, UserByEmail]``; ``key`` is the key of the look-up item.
    """

    operation: ClassVar[str] = "GetItem + GetItem"
    requests: ClassVar[int] = 2

    @property
    def lookup(self) -> type[R]:
        """The entity of the look-up item."""
        return self.entities[1]  # type: ignore[return-value]  # the type argument, as R says

    @abstractmethod
    def target(self, found: R) -> KeyValue:
        """Return the primary key of the item that a look-up item names."""

    def agrees(self, item: E) -> bool:
        """Whether the item matches the parameters; if not, the look-up item is stale."""
        del item
        return True

    @classmethod
    def answered_entities(cls) -> tuple[type[Entity], ...]:
        """Return the entity that the look-up item names."""
        return cls.entities[:1]

    @classmethod
    def iam_permissions(cls) -> Iterator[Permission]:
        """Return GetItem on the look-up item and on the item that it names."""
        yield from super().iam_permissions()
        yield from permissions_on_items("GetItem", cls.entities[0])

    def in_words(self, now: datetime, *, limit: int, consistent: bool, count: bool) -> str:
        """Say in a sentence which look-up item is read, and which item then."""
        del now, limit, count
        key = self.primary_key()
        return (
            f"Get the {self.lookup.type_name} at {shown_key(key)}, "
            f"then the {self.entity.type_name} it names, {consistency(consistent=consistent)}."
        )

    def read_one(self, reader: Reader, reading: Reading[Any], *, consistent: bool) -> Any:
        """Read the look-up item, then the item it names; None if either is missing or stale."""
        item = reader.read_item(self.request(reader.table_name, consistent=consistent), self)
        found = reader.live(item, self.lookup, as_entities)
        if found is None:
            return None
        primary = self.entity.layout.primary
        target = get_request(reader.table_name, self.target(found), primary, consistent=consistent)
        item = reader.read_item(target, self)
        entity = reader.live(item, self.entity, as_entities)
        if entity is None or not self.agrees(entity):
            return None
        return entity if reading is as_entities else reader.live(item, self.entity, reading)


@dataclass(frozen=True, init=False)
class Hydrate(Query[E], Generic[E, R], kind=True):
    """Reads a range of references in one item collection, then the items they point to.

    Declared as ``Hydrate[AgentRun, AgentRunRef]``; ``key`` is the key of the references.
    """

    operation: ClassVar[str] = "Query + BatchGetItem"
    requests: ClassVar[int] = 2

    @abstractmethod
    def target(self, reference: R) -> KeyValue:
        """Return the primary key of the item that a reference points to."""

    @classmethod
    def answered_entities(cls) -> tuple[type[Entity], ...]:
        """Return the entity that the references point to."""
        return cls.entities[:1]

    @classmethod
    def iam_permissions(cls) -> Iterator[Permission]:
        """Return Query on the references and BatchGetItem on the items they point to."""
        yield from super().iam_permissions()
        yield from permissions_on_items("BatchGetItem", cls.entities[0])

    def in_words(self, now: datetime, *, limit: int, consistent: bool, count: bool) -> str:
        """Say in two sentences which references are read, and which items then."""
        words = super().in_words(now, limit=limit, consistent=consistent, count=count)
        if count:
            return words
        return f"{words} Then get the {self.entities[0].type_name} of each in one batch."

    @classmethod
    def read_entities(cls) -> tuple[type[Entity], ...]:
        """Return the entity of the references."""
        return cls.entities[1:]

    def read_page(
        self,
        reader: Reader,
        reading: Reading[T],
        *,
        limit: int,
        cursor: str | None,
        consistent: bool,
    ) -> Page[T]:
        """Read the next references and the items they point to, until the page is full."""
        found: list[T] = []
        while True:
            references = reader.read_range(
                self, as_entities, limit=limit - len(found), cursor=cursor, consistent=consistent
            )
            keys = [self.target(reference) for reference in references.items]
            found.extend(reader.read_items(keys, self, reading, consistent=consistent))
            cursor = references.cursor
            if cursor is None or len(found) == limit:
                return Page(tuple(found), cursor)

    def read_first(
        self, reader: Reader, reading: Reading[T], *, limit: int, consistent: bool
    ) -> Sequence[T]:
        """Read the items of the first page."""
        page = self.read_page(reader, reading, limit=limit, cursor=None, consistent=consistent)
        return page.items

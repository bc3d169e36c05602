"""Patterns that read what points to an item, and then the item.

* ``Lookup``   one item by something that is not its key   GetItem, then GetItem
* ``Hydrate``  a stretch of references, each answered by   Query, then BatchGetItem
               what it points to

A reference that points to nothing is passed over: whoever deletes an item may have been cut off
before deleting what points to it.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from autoforge.dynamodb.patterns.pattern import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import KeyValue

E = TypeVar("E", bound=Entity)
R = TypeVar("R", bound=Entity)


@dataclass(frozen=True, init=False)
class Lookup(Get[E], Generic[E, R], kind=True):
    """One item, found through a lookup item that names it.

    Declared as ``Lookup[User, UserByEmail]``; ``key`` is the lookup's.
    """

    operation: ClassVar[str] = "GetItem + GetItem"
    requests: ClassVar[int] = 2

    @property
    def lookup(self) -> type[R]:
        """The entity of the lookup item."""
        return self.entities[1]  # type: ignore[return-value]  # the type argument, as R says

    @abstractmethod
    def target(self, found: R) -> KeyValue:
        """The primary key of the item that a lookup item names."""

    def agrees(self, item: E) -> bool:
        """Whether the item still is what was asked for, and the lookup not a stale one."""
        del item
        return True


@dataclass(frozen=True, init=False)
class Hydrate(Query[E], Generic[E, R], kind=True):
    """A stretch of references in one item collection, answered by what they point to.

    Declared as ``Hydrate[AgentRun, AgentRunRef]``; ``key`` is the references'.
    """

    operation: ClassVar[str] = "Query + BatchGetItem"
    requests: ClassVar[int] = 2

    @abstractmethod
    def target(self, reference: R) -> KeyValue:
        """The primary key of the item that a reference points to."""

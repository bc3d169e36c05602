"""Patterns that read items which point to others, and then those others.

* ``Lookup``    one item, by a look-up item       GetItem, then GetItem
* ``ByUnique``  one item, by a unique value       GetItem, then GetItem
* ``Hydrate``   the items of a range of           Query, then BatchGetItem
                references

A reference to an item that does not exist is skipped: a deletion may have been interrupted between
the item and its references.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

from autoforge.dynamodb.errors import DeclarationError, shortened
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.parts import paths_of
from autoforge.dynamodb.patterns.pattern import consistency
from autoforge.dynamodb.patterns.permission import Permission, permissions_on_items
from autoforge.dynamodb.patterns.projection import Answer, is_projection
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.reader import Reader
from autoforge.dynamodb.patterns.readers import Reading
from autoforge.dynamodb.patterns.request import AttributePath, get_request
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import KeyValue, shown_key
from autoforge.dynamodb.schema.unique import Unique
from autoforge.dynamodb.schema.unique_item import UniqueItem, item_of

E = TypeVar("E", bound=Answer)
R = TypeVar("R", bound=Answer)
T = TypeVar("T")


@dataclass(frozen=True, init=False)
class Lookup(Get[E], Generic[E, R], kind=True):
    """Reads a look-up item, then the item that it names (GetItem, then GetItem).

    Declared as ``Lookup[Book, BookByBarcode]``; ``key`` is the key of the look-up item, and
    ``target`` returns the primary key of the item. For a value that at most one item has, a
    ``Unique`` and a ``ByUnique`` are shorter.

    Examples:
        >>> class BookByBarcode(Entity):
        ...     barcode: Id = Id()
        ...     isbn: Id = Id()
        ...     key = Key("BARCODE#{barcode}", "BOOK")
        >>> @dataclass(frozen=True)
        ... class BookWithBarcode(Lookup[Book, BookByBarcode]):
        ...     '''Which book has this barcode?'''
        ...
        ...     key = BookByBarcode.key
        ...
        ...     barcode: str
        ...
        ...     def target(self, found: BookByBarcode) -> KeyValue:
        ...         return primary_key(Book, {"isbn": found.isbn})
        >>> shop = Table("Shop", entities=(Book, BookByBarcode), patterns=(BookWithBarcode,))
        >>> print(shop.explain(BookWithBarcode("0001")).words[0])
        Get the BookByBarcode at BARCODE#0001 / BOOK, then the Book it names, eventually
        consistently.
    """

    operation: ClassVar[str] = "GetItem + GetItem"
    requests: ClassVar[int] = 2

    @property
    def lookup(self) -> type[Entity]:
        """The entity of the look-up item."""
        return self.entities[1]

    @classmethod
    @cache
    def read_paths(cls) -> tuple[AttributePath, ...]:
        """Return the attributes that are asked for of the look-up item; empty for all."""
        return paths_of(cls.answers[1:], TABLE)

    @abstractmethod
    def target(self, found: R) -> KeyValue:
        """Return the primary key of the item that a look-up item names."""

    def agrees(self, item: E) -> bool:
        """Whether the item matches the parameters; if not, the look-up item is stale.

        The item then counts as missing. True unless a pattern overrides it (ADR 0019).
        """
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
        said = (
            f"Get the {self.lookup.type_name} at {shown_key(key)}, "
            f"then the {self.entity.type_name} it names, {consistency(consistent=consistent)}."
        )
        return " ".join((said, *self.remarks()))

    def read_one(self, reader: Reader, reading: Reading[Any], *, consistent: bool) -> Any:
        """Read the look-up item, then the item it names; None if either is missing or stale."""
        item = reader.read_item(self.request(reader.table_name, consistent=consistent), self)
        own = self.reading()
        found = reader.live(item, self.lookup, own)
        if found is None:
            return None
        target = get_request(
            reader.table_name,
            self.target(found),
            self.entity.layout.primary,
            consistent=consistent,
            projected=self.item_paths(),
        )
        item = reader.read_item(target, self)
        answer = reader.live(item, self.entity, own)
        if answer is None or not self.agrees(answer):
            return None
        return answer if reading is own else reader.live(item, self.entity, reading)


@dataclass(frozen=True, init=False)
class ByUnique(Lookup[E, UniqueItem], Generic[E], kind=True):
    """Reads the item that has a unique value, by its look-up item (GetItem, then GetItem).

    Declared as ``ByUnique[Member]``, with ``unique = Member.by_email`` and the attributes of the
    value as parameters.

    Raises:
        DeclarationError: when a pattern is declared, if it does not name a unique value of the
            entity, or answers with a ``Projection``.

    Examples:
        >>> @dataclass(frozen=True)
        ... class MemberWithEmail(ByUnique[Member]):
        ...     '''Who has this e-mail address?'''
        ...
        ...     unique = Member.by_email
        ...
        ...     email: str
        >>> store.require(MemberWithEmail("ann@example.com")).id
        'ann'
    """

    #: The unique value, as the entity declares it.
    unique: ClassVar[Unique]

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Read by the key of the look-up items.

        Raises:
            DeclarationError: if the class does not name a unique value.
        """
        unique = vars(cls).get("unique")
        if isinstance(unique, Unique) and unique.entity is not None:
            cls.key = item_of(unique).primary_key
        elif not kind and not isinstance(getattr(cls, "unique", None), Unique):
            raise DeclarationError(
                f"{cls.__name__} names no unique value: write unique = User.by_email, a Unique of "
                f"the entity{'' if unique is None else f', not {shortened(unique)}'}"
            )
        super().__init_subclass__(kind=kind)
        if not kind and is_projection(cls.answers[0]):
            raise DeclarationError(
                f"{cls.__name__}: {cls.answers[0].__name__} may lack the unique value: answer with "
                f"the whole {cls.entities[0].__name__}"
            )

    @classmethod
    def _read_besides(cls) -> tuple[type[Entity], ...]:
        return (item_of(cls.unique),) if hasattr(cls, "unique") else ()

    def target(self, found: UniqueItem) -> KeyValue:
        """Return the primary key of the item that has the value."""
        return found.owner

    def agrees(self, item: E) -> bool:
        """Whether the item still has the value."""
        values = item.attribute_values if isinstance(item, Entity) else {}
        return self.unique.value_of(values) == self.primary_key()


@dataclass(frozen=True, init=False)
class Hydrate(Query[E], Generic[E, R], kind=True):
    """Reads a range of references, then the items they point to (Query, then BatchGetItem).

    Declared as ``Hydrate[Loan, LoanOfMember]``; ``key`` is the key of the references, and
    ``target`` returns the primary key of an item. The answer is in the order of the references. An
    item that does not exist is left out.

    Examples:
        >>> @dataclass(frozen=True)
        ... class LoansOf(Hydrate[Loan, LoanOfMember]):
        ...     '''What has this member borrowed?'''
        ...
        ...     key = LoanOfMember.key
        ...
        ...     member: str
        ...
        ...     def target(self, reference: LoanOfMember) -> KeyValue:
        ...         return primary_key(Loan, {"isbn": reference.isbn, "id": reference.id})
        >>> store.page(LoansOf("ben"), limit=25).items
        (<Loan BOOK#b1 / LOAN#l2>,)
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
    def read_answers(cls) -> tuple[type[Any], ...]:
        """Return the entity of the references, or the part of it that is read."""
        return cls.answers[1:]

    @classmethod
    def reads_twice(cls) -> bool:
        """True: the references lead to the items."""
        return True

    def read_targets(
        self, reader: Reader, found: Sequence[Any], reading: Reading[T], *, consistent: bool
    ) -> Sequence[T]:
        """Read the items that references point to, in their order."""
        keys = [self.target(each) for each in found]
        return reader.read_items(keys, self, reading, consistent=consistent)

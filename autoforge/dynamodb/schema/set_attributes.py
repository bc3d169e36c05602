"""TextSet and IdSet, the attributes whose values are sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Never, Self, overload

from pynamodb.constants import STRING, STRING_SET

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, naming, shortened
from autoforge.dynamodb.schema.attribute import EntityAttribute
from autoforge.dynamodb.schema.changes import Change, Exclusion, Inclusion, Removal
from autoforge.dynamodb.schema.conditions import Condition, Equality, contains
from autoforge.dynamodb.schema.text_codecs import require_utf8
from autoforge.dynamodb.schema.value_codecs import ID


def _text(value: Any) -> str:
    """Return a member of a set of texts.

    Raises:
        InvalidValueError: if it is not a text, or cannot be written in UTF-8.
    """
    if not isinstance(value, str):
        raise InvalidValueError(f"{shortened(value)} is not a text")
    require_utf8(value)
    return str.__str__(value)


class TextSet(EntityAttribute[frozenset[str]]):
    """A set of texts; an item without the attribute has an empty set.

    DynamoDB stores no empty set, so an empty one is stored as no attribute (AWS, "Data types").

    Args:
        attr_name: The name in the table; unless given, the name in Python as the layout writes
            names.
        description: What the attribute is, in a sentence.

    Examples:
        >>> sorted(Book(isbn="b3", title="Emma", subjects={"novel", "classic"}).subjects)
        ['classic', 'novel']
        >>> Book(isbn="b3", title="Emma").subjects
        frozenset()
    """

    attr_type = STRING_SET
    #: Checks a member.
    _member: ClassVar[staticmethod[[Any], str]] = staticmethod(_text)

    def __init__(
        self, *, attr_name: str | None = None, description: str = "", **unknown: Never
    ) -> None:
        if unknown:
            raise DeclarationError(
                f"{type(self).__name__} has no option {next(iter(unknown))!r}: an item without "
                "the attribute has an empty set"
            )
        super().__init__(default=None, attr_name=attr_name, description=description)

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...

    @overload
    def __get__(self, instance: Any, owner: Any) -> frozenset[str]: ...

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Return the set, empty if the item lacks it; on the class, the attribute itself."""
        return super().__get__(instance, owner) or (self if instance is None else frozenset())

    def __set__(self, instance: Any, value: Iterable[str] | None) -> None:
        """Check the members; DynamoDB has no empty set, so an empty one is held as None."""
        members = () if value is None else value
        EntityAttribute.__set__(self, instance, self.check(members) or None)  # type: ignore[arg-type]  # held as None

    def value_to_wire(self, value: Any) -> dict[str, Any] | None:
        """Write the members in DynamoDB JSON; None without members."""
        members = None if value is None else self.check(value)
        return super().value_to_wire(members or None)

    def set(self, value: Iterable[str]) -> Change:  # type: ignore[override]
        """Return the change that sets all members; no members remove the attribute.

        Raises:
            InvalidValueError: if the set cannot hold a member.

        Examples:
            >>> sort = Update(Book, {"isbn": "b1"}, NOON, changes=[Book.subjects.set({"history"})])
            >>> store.save(sort).subjects
            frozenset({'history'})
        """
        return self._setting(value)

    def remove(self) -> Removal:  # type: ignore[override]  # every set may be empty
        """Return the change that removes all members.

        Examples:
            >>> clear = Update(Book, {"isbn": "b1"}, NOON, changes=[Book.subjects.remove()])
            >>> store.save(clear).subjects
            frozenset()
        """
        return Removal(self._place)

    def include(self, *members: str) -> Inclusion:
        """Return the change that adds members.

        Raises:
            InvalidValueError: if there are none, or the set cannot hold one.

        Examples:
            >>> add = Update(Book, {"isbn": "b1"}, NOON, changes=[Book.subjects.include("history")])
            >>> sorted(store.save(add).subjects)
            ['databases', 'history']
        """
        return Inclusion(self._place, self._some(members))

    def exclude(self, *members: str) -> Exclusion:
        """Return the change that removes members.

        Raises:
            InvalidValueError: if there are none, or the set cannot hold one.

        Examples:
            >>> change = Book.subjects.exclude("databases")
            >>> drop = Update(Book, {"isbn": "b1"}, NOON, changes=[change])
            >>> store.save(drop).subjects
            frozenset()
        """
        return Exclusion(self._place, self._some(members))

    def contains(self, item: str) -> Condition:  # type: ignore[override]  # one of ours
        """Return the condition that the set has a member.

        Raises:
            InvalidValueError: if the set cannot hold the member.

        Examples:
            >>> on_databases = Book.subjects.contains("databases")
            >>> store.write(Delete(Book, {"isbn": "b1"}, condition=on_databases))
        """
        (member,) = self.check([item])
        return contains(self._path, {STRING: member})

    def equals(self, value: Iterable[str]) -> Equality:
        """Return the condition that the set has exactly these members.

        Raises:
            InvalidValueError: if the set cannot hold a member.

        Examples:
            >>> only_databases = Book.subjects.equals({"databases"})
            >>> store.write(Delete(Book, {"isbn": "b1"}, condition=only_databases))
        """
        return super().equals(self.check(value))

    def _some(self, members: tuple[str, ...]) -> frozenset[str]:
        if not members:
            raise InvalidValueError(f"{self.attr_name}: no members are given")
        return self.check(members)

    def check(self, value: Any) -> frozenset[str]:
        """Return the members as a set; refuse a value that is not a collection of members."""
        if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a set of texts")
        with naming(self.attr_name):
            return frozenset(map(self._member, value))

    def serialize(self, value: Any) -> list[str]:
        """Write the members in sorted order."""
        return sorted(self.check(value))


class IdSet(TextSet):
    """A set of ids, each as an ``Id`` is stored; an item without the attribute has an empty set.

    Args:
        attr_name: The name in the table; unless given, the name in Python as the layout writes
            names.
        description: What the attribute is, in a sentence.

    Examples:
        >>> class Shelf(Entity):
        ...     id: Id = Id()
        ...     books: IdSet = IdSet()
        ...     key = Key("SHELF#{id}", "SHELF")
        >>> sorted(Shelf(id="A3", books=["b2", "b1", "b1"]).books)
        ['b1', 'b2']
    """

    _member = staticmethod(ID.encode)

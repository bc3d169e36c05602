"""Document, Array and Json, the attributes whose values are JSON, stored natively."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

from pynamodb.attributes import Attribute
from pynamodb.constants import LIST, MAP

from autoforge.dynamodb.errors import InvalidValueError, shortened
from autoforge.dynamodb.schema.attribute import N, NativeAttribute, Options, default_to_wire
from autoforge.dynamodb.schema.changes import Change, Extension
from autoforge.dynamodb.schema.conditions import Condition, contains
from autoforge.dynamodb.schema.documents import document_to_wire


class Document(NativeAttribute[dict[str, Any], N]):
    """A JSON object, stored as a native map.

    Numbers are read as ``int`` or ``float``. Sets and binary values of other programs, and numbers
    that no float is equal to, are read as lists, base64 text and floats. Written back as they were
    read, they are stored as they were. DynamoDB nests up to 32 levels (AWS, "Constraints in
    Amazon DynamoDB").

    Examples:
        >>> Book(isbn="b3", title="Emma", details={"pages": 300, "authors": ["Austen"]}).details
        {'pages': 300, 'authors': ['Austen']}
    """

    attr_type = MAP

    @overload
    def __init__(
        self: Document[None], *, default: None, **options: Unpack[Options[dict[str, Any]]]
    ) -> None: ...

    @overload
    def __init__(
        self: Document,
        *,
        default: Mapping[str, Any] = ...,
        **options: Unpack[Options[dict[str, Any]]],
    ) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    if TYPE_CHECKING:

        def __set__(self, instance: Any, value: Mapping[str, Any] | N) -> None: ...  # type: ignore[override]

    def set(self, value: Mapping[str, Any] | N) -> Change:  # type: ignore[override]
        """Return the change that sets the whole object; None removes an optional one.

        Raises:
            InvalidValueError: if the value is not a JSON object.

        Examples:
            >>> change = Book.details.set({"pages": 300})
            >>> describe = Update(Book, {"isbn": "b2"}, NOON, changes=[change])
            >>> store.save(describe).details
            {'pages': 300}
        """
        return self._setting(value)

    def check(self, value: Any) -> dict[str, Any]:
        """Return a copy; refuse a value that is not a JSON object."""
        if not isinstance(value, Mapping):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not an object")
        return cast("dict[str, Any]", super().check(value))


class Array(NativeAttribute[list[Any], N]):
    """A list of JSON values, stored as a native list.

    Examples:
        >>> Book(isbn="b3", title="Emma").notes
        []
    """

    attr_type = LIST

    @overload
    def __init__(
        self: Array[None], *, default: None, **options: Unpack[Options[list[Any]]]
    ) -> None: ...

    @overload
    def __init__(
        self: Array, *, default: list[Any] = ..., **options: Unpack[Options[list[Any]]]
    ) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    if TYPE_CHECKING:

        def __set__(self, instance: Any, value: Sequence[Any] | N) -> None: ...  # type: ignore[override]

    def set(self, value: Sequence[Any] | N) -> Change:  # type: ignore[override]
        """Return the change that sets the whole list; None removes an optional one.

        Raises:
            InvalidValueError: if the value is not a list of JSON values.

        Examples:
            >>> note = Update(Book, {"isbn": "b1"}, NOON, changes=[Book.notes.set(["torn"])])
            >>> store.save(note).notes
            ['torn']
        """
        return self._setting(value)

    def append(self, *members: Any) -> Extension:  # type: ignore[override]  # a change of ours
        """Return the change that adds members at the end.

        A missing list counts as its default, or as empty.

        Raises:
            InvalidValueError: if a member is not a JSON value.

        Examples:
            >>> change = Book.notes.append("torn", "wet")
            >>> note = Update(Book, {"isbn": "b1"}, NOON, changes=[change])
            >>> store.save(note).notes
            ['torn', 'wet']
        """
        return self._extension(members, first=False)

    def prepend(self, *members: Any) -> Extension:  # type: ignore[override]
        """Return the change that adds members at the beginning; else as ``append``.

        Raises:
            InvalidValueError: if a member is not a JSON value.

        Examples:
            >>> for change in (Book.notes.append("torn"), Book.notes.prepend("signed")):
            ...     book = store.save(Update(Book, {"isbn": "b1"}, NOON, changes=[change]))
            >>> book.notes
            ['signed', 'torn']
        """
        return self._extension(members, first=True)

    def contains(self, item: Any) -> Condition:  # type: ignore[override]  # one of ours
        """Return the condition that the list has a member.

        Raises:
            InvalidValueError: if the member is not a JSON value.

        Examples:
            >>> store.write(Delete(Book, {"isbn": "b1"}, condition=Book.notes.contains("torn")))
            Traceback (most recent call last):
            autoforge.dynamodb.errors.ConditionFailedError: Book b1 ...
        """
        condition = contains(self._path, document_to_wire(item, self.attr_name))
        return self._or_default(condition, lambda default: item in default)

    def _extension(self, members: tuple[Any, ...], *, first: bool) -> Extension:
        held = self.check(members)
        start = default_to_wire(self) or {LIST: []}
        return Extension(self._place, held, self.to_wire(held), start, first=first)

    def check(self, value: Any) -> list[Any]:
        """Return a copy; refuse a value that is not a JSON array."""
        if not isinstance(value, list | tuple):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a list")
        # A new list: a set of another document is stored as a list here.
        return cast("list[Any]", super().check([*value]))


class Json(NativeAttribute[Any, N]):
    """Any JSON value, null included, stored natively; an optional one has None for both.

    Examples:
        >>> class Setting(Entity):
        ...     name: Id = Id()
        ...     value: Json = Json()
        ...     key = Key("SETTING#{name}", "SETTING")
        >>> Setting(name="limits", value=[1, None]).to_item()["value"]
        {'L': [{'N': '1'}, {'NULL': True}]}
    """

    @overload
    def __init__(self: Json[None], *, default: None, **options: Unpack[Options[Any]]) -> None: ...

    @overload
    def __init__(self: Json, *, default: Any = ..., **options: Unpack[Options[Any]]) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def value_to_wire(self, value: Any) -> dict[str, Any] | None:
        """Write a value in DynamoDB JSON; None is null unless the attribute is optional."""
        if holds_null(self):
            return self.to_wire(self.check(value))
        return super().value_to_wire(value)


def holds_null(attribute: Attribute[Any]) -> bool:
    """Whether the attribute stores None as a value, and not as its absence."""
    return isinstance(attribute, Json) and not attribute.null

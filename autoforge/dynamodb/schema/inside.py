"""Inside, a place inside a document: what can be changed there, and what demanded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pynamodb.constants import LIST, NUMBER
from pynamodb.expressions.operand import Value

from autoforge.dynamodb.errors import InvalidValueError, shortened
from autoforge.dynamodb.schema.changes import Addition, Assignment, Extension, Place, Removal
from autoforge.dynamodb.schema.conditions import (
    Condition,
    begins_with,
    compared,
    contains,
    is_one_of,
)
from autoforge.dynamodb.schema.documents import document_to_wire


class Inside:
    """A place inside a ``Document``, an ``Array`` or a ``Json``, as ``at`` returns it.

    Its changes need the object or list that the place is in; if the item lacks it, the update
    raises ``ConditionFailedError``. A default of the attribute does not stand in for it. Its
    methods are those of attributes; a value is a JSON value, and ``add`` takes a number.

    Raises:
        InvalidValueError: from each method, if a value is not a JSON value.

    Examples:
        >>> pages = Book.details.at("pages")
        >>> bind = Update(
        ...     Book,
        ...     {"isbn": "b1"},
        ...     NOON,
        ...     changes=[Book.details.at("cover").set("leather")],
        ...     condition=pages.at_least(200) & ~Book.details.at("cover").is_present(),
        ... )
        >>> store.save(bind).details
        {'pages': 210, 'cover': 'leather'}
    """

    def __init__(self, place: Place) -> None:
        self.place = place

    def set(self, value: Any) -> Assignment:
        """Return the change that sets a JSON value; a position after the last appends it."""
        return Assignment(self.place, value, self._wire(value))

    def remove(self) -> Removal:
        """Return the change that removes the member."""
        return Removal(self.place)

    def add(self, amount: float) -> Addition:
        """Return the change that adds a number; a missing one counts as 0."""
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            raise InvalidValueError(f"{self.place}: {shortened(amount)} is not a number")
        wire = self._wire(amount)
        return Addition(self.place, Decimal(wire[NUMBER]), wire)

    def append(self, *members: Any) -> Extension:
        """Return the change that adds members at the end of a list; a missing one is empty."""
        return self._extension(members, first=False)

    def prepend(self, *members: Any) -> Extension:
        """Return the change that adds members at the beginning of a list."""
        return self._extension(members, first=True)

    def equals(self, value: Any) -> Condition:
        """Return the condition that the place has a JSON value; None for null."""
        return Condition(self.place.path == Value(self._wire(value)))

    def not_equals(self, value: Any) -> Condition:
        """Return the condition that the place has another value, or none."""
        return ~self.equals(value)

    def one_of(self, *values: Any) -> Condition:
        """Return the condition that the place has one of up to 100 JSON values."""
        return is_one_of(self.place.path, [self._wire(value) for value in values])

    def at_least(self, value: float | str) -> Condition:
        """Return the condition that the number or text there is this or larger."""
        return compared(self.place.path, ">=", self._wire(value))

    def above(self, value: float | str) -> Condition:
        """Return the condition that the number or text there is larger."""
        return compared(self.place.path, ">", self._wire(value))

    def at_most(self, value: float | str) -> Condition:
        """Return the condition that the number or text there is this or smaller."""
        return compared(self.place.path, "<=", self._wire(value))

    def below(self, value: float | str) -> Condition:
        """Return the condition that the number or text there is smaller."""
        return compared(self.place.path, "<", self._wire(value))

    def contains(self, item: Any) -> Condition:
        """Return the condition that the list there has a member, or the text a part."""
        return contains(self.place.path, self._wire(item))

    def begins_with(self, text: str) -> Condition:
        """Return the condition that the text there begins with another one."""
        return begins_with(self.place.path, text)

    def is_present(self) -> Condition:
        """Return the condition that the place exists; null counts as there."""
        return Condition(self.place.path.exists())

    def is_absent(self) -> Condition:
        """Return the condition that the place does not exist."""
        return Condition(self.place.path.does_not_exist())

    def _extension(self, members: tuple[Any, ...], *, first: bool) -> Extension:
        wire = self._wire(members)
        return Extension(self.place, list(members), wire, {LIST: []}, first=first)

    def _wire(self, value: Any) -> dict[str, Any]:
        return document_to_wire(value, str(self.place), depth=len(self.place.steps) + 1)

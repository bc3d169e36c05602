"""Changes: what an Update does with one attribute of an item, or with one place inside it.

* ``Assignment``  sets a value
* ``Removal``     removes the attribute or the place
* ``Addition``    adds to a number; a missing one counts as its default, or 0
* ``Extension``   appends to or prepends to a list; a missing one counts as its default, or empty
* ``Inclusion``   adds members to a set
* ``Exclusion``   removes members from a set
* ``Copy``        sets the value that another attribute has before the update

The methods of attributes make them: ``Loan.renewals.add(1)``. A change knows its update action, and
what must be true of the item for DynamoDB to carry it out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Final, NamedTuple

from pynamodb.attributes import Attribute
from pynamodb.constants import LIST, MAP, NUMBER, STRING_SET
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path, Value
from pynamodb.expressions.update import Action

from autoforge.dynamodb.errors import InvalidValueError, shortened
from autoforge.dynamodb.schema.documents import wire_to_document

#: A member of an object by its name, or of a list by its position from 0.
Step = str | int

#: The value of a changed attribute that does not follow from its old value alone.
UNKNOWN: Final = object()


class Place:
    """An attribute, or a place inside it.

    Attributes:
        attribute: The attribute.
        steps: The way from the attribute's value to the place; empty for the attribute itself.
    """

    def __init__(self, attribute: Attribute[Any], steps: tuple[Step, ...] = ()) -> None:
        self.attribute = attribute
        self.steps = steps

    @cached_property
    def path(self) -> Path:
        """The place as an operand of expressions."""
        path = Path([self.attribute.attr_name])
        for step in self.steps:
            path = path[step]
        return path

    @property
    def parent(self) -> Place:
        """The object or list that the place is in."""
        return Place(self.attribute, self.steps[:-1])

    @property
    def is_position(self) -> bool:
        """Whether the place is a position in a list."""
        return bool(self.steps) and isinstance(self.steps[-1], int)

    def overlaps(self, other: Place) -> bool:
        """Whether one of the two is inside the other, or they are the same."""
        both = min(len(self.steps), len(other.steps))
        same = self.attribute is other.attribute
        return same and self.steps[:both] == other.steps[:both]

    def wire_in(self, item: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """Return what a stored item has there, in DynamoDB JSON; None if it has nothing."""
        wire = item.get(self.attribute.attr_name)
        for step in self.steps:
            try:
                wire = None if wire is None else wire[MAP if isinstance(step, str) else LIST][step]
            except (KeyError, IndexError):
                return None
        return wire

    def __str__(self) -> str:
        """Show the place as ``config.lines[0].name``."""
        steps = (f"[{each}]" if isinstance(each, int) else f".{each}" for each in self.steps)
        return f"{self.attribute.attr_name}{''.join(steps)}"


class Need(NamedTuple):
    """What an item must have for a change to be possible: a value of a type at a place."""

    place: Place
    type: str

    @property
    def condition(self) -> Condition:
        """The condition that the item has it."""
        return self.place.path.is_type(self.type)

    def __str__(self) -> str:
        """Name what is needed, for error messages."""
        kind = {MAP: "object ", LIST: "list "}.get(self.type, "")
        return f"{kind}{self.place}"

    def is_met_by(self, item: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether a stored item has it."""
        wire = self.place.wire_in(item)
        return wire is not None and self.type in wire


class Change(ABC):
    """A change of one attribute, or of one place inside it, for ``Update(changes=…)``.

    The methods of attributes return it.

    Attributes:
        place: The attribute, or the place inside it.

    Examples:
        >>> changes = [Book.shelf.set("B 1"), Book.copies.add(1), Book.notes.append("moved")]
        >>> book = store.save(Update(Book, {"isbn": "b1"}, NOON, changes=changes))
        >>> book.shelf, book.copies, book.notes
        ('B 1', 2, ['moved'])
    """

    #: Whether making the change twice has the same effect as making it once.
    repeatable: ClassVar[bool] = True

    #: Whether the new value depends on nothing that the item has.
    absolute: ClassVar[bool] = False

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def attribute(self) -> Any:
        """The attribute."""
        return self.place.attribute

    @property
    @abstractmethod
    def action(self) -> Action:
        """The update action."""

    @property
    def new_value(self) -> Any:
        """The value that an absolute change sets; None if it removes what is there."""
        return None

    @property
    def operand(self) -> dict[str, Any] | None:
        """What the request stores, in DynamoDB JSON; None if nothing."""
        return None

    @property
    def needs(self) -> list[Need]:
        """What the item must have, since DynamoDB refuses the request otherwise."""
        if not self.place.steps:
            return []
        kind = MAP if isinstance(self.place.steps[-1], str) else LIST
        return [Need(self.place.parent, kind)]

    def applied(self, old: Any) -> Any:
        """Return the value of the whole attribute after the change, or ``UNKNOWN``.

        Args:
            old: The value before, as an entity holds it; None for a missing attribute.
        """
        del old
        return UNKNOWN

    def __str__(self) -> str:
        """Name the place, for error messages."""
        return str(self.place)


class Assignment(Change):
    """Sets a value."""

    absolute: ClassVar[bool] = True

    def __init__(self, place: Place, value: Any, wire: dict[str, Any]) -> None:
        super().__init__(place)
        self.value = value
        self.wire = wire

    @property
    def repeatable(self) -> bool:  # type: ignore[override]  # not every one
        """Whether the place is no position in a list: one after the last appends the value."""
        return not self.place.is_position

    @property
    def action(self) -> Action:
        """SET with a value."""
        return self.place.path.set(Value(self.wire))

    @property
    def new_value(self) -> Any:
        """The value."""
        return self.value

    @property
    def operand(self) -> dict[str, Any]:
        """The value."""
        return self.wire


class Removal(Change):
    """Removes an attribute, a member of an object, or a member of a list."""

    absolute: ClassVar[bool] = True

    @property
    def repeatable(self) -> bool:  # type: ignore[override]  # not every one
        """Whether the place is no position in a list, to which the next member moves."""
        return not self.place.is_position

    @property
    def action(self) -> Action:
        """REMOVE."""
        return self.place.path.remove()


class Addition(Change):
    """Adds to a number.

    Attributes:
        amount: What is added; negative to subtract.
        wire: The amount in DynamoDB JSON.
        start: What a missing number counts as.
    """

    repeatable: ClassVar[bool] = False

    def __init__(
        self,
        place: Place,
        amount: int | Decimal,
        wire: dict[str, Any],
        start: int | Decimal = 0,
    ) -> None:
        super().__init__(place)
        self.amount = amount
        self.wire = wire
        self.start = start

    @property
    def action(self) -> Action:
        """SET with a sum."""
        path = self.place.path
        return path.set((path | Value({NUMBER: str(self.start)})) + Value(self.wire))

    def applied(self, old: Any) -> Any:
        """Return the sum."""
        return UNKNOWN if self.place.steps else (self.start if old is None else old) + self.amount


class Extension(Change):
    """Adds members to a list, at its end or its beginning.

    Attributes:
        members: The members.
        wire: The members in DynamoDB JSON.
        start: What a missing list counts as, in DynamoDB JSON.
        first: Whether the members come first.
    """

    repeatable: ClassVar[bool] = False

    def __init__(
        self,
        place: Place,
        members: list[Any],
        wire: dict[str, Any],
        start: Mapping[str, Any],
        *,
        first: bool = False,
    ) -> None:
        super().__init__(place)
        self.members = members
        self.wire = wire
        self.start = start
        self.first = first

    @property
    def action(self) -> Action:
        """SET with ``list_append``."""
        old = self.place.path | Value(dict(self.start))
        more = Value(self.wire)
        return self.place.path.set(more.append(old) if self.first else old.append(more))

    @property
    def operand(self) -> dict[str, Any]:
        """The members."""
        return self.wire

    def applied(self, old: Any) -> Any:
        """Return the longer list."""
        if self.place.steps:
            return UNKNOWN
        old = wire_to_document(self.start) if old is None else old
        return [*self.members, *old] if self.first else [*old, *self.members]


class _OfMembers(Change):
    """A change of a set by some members."""

    def __init__(self, place: Place, members: frozenset[str]) -> None:
        super().__init__(place)
        self.members = members


class Inclusion(_OfMembers):
    """Adds members to a set."""

    @property
    def action(self) -> Action:
        """ADD."""
        return self.place.path.add(Value(self.operand))

    @property
    def operand(self) -> dict[str, Any]:
        """The members."""
        return {STRING_SET: sorted(self.members)}

    def applied(self, old: Any) -> Any:
        """Return the larger set."""
        return (old or frozenset()) | self.members


class Exclusion(_OfMembers):
    """Removes members from a set."""

    @property
    def action(self) -> Action:
        """DELETE."""
        return self.place.path.delete(Value({STRING_SET: sorted(self.members)}))

    def applied(self, old: Any) -> Any:
        """Return the smaller set."""
        return (old or frozenset()) - self.members


class Copy(Change):
    """Sets the value that another attribute has before the update.

    Attributes:
        source: The other attribute.
        start: What a missing source counts as, in DynamoDB JSON; None if it must not be missing.
        plus: What is added to it, in DynamoDB JSON; None to add nothing.
    """

    repeatable: ClassVar[bool] = False

    def __init__(
        self,
        place: Place,
        source: Attribute[Any],
        start: Mapping[str, Any] | None = None,
        plus: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(place)
        self.source = source
        self.start = start
        self.plus = plus

    @property
    def action(self) -> Action:
        """SET with a path."""
        path = Path([self.source.attr_name])
        old = path if self.start is None else path | Value(dict(self.start))
        return self.place.path.set(old if self.plus is None else old + Value(dict(self.plus)))

    @property
    def needs(self) -> list[Need]:
        """That the source has a value, unless every item has one."""
        source = self.source
        return [Need(Place(source), source.attr_type)] if source.null else []


def require_steps(steps: tuple[Any, ...]) -> tuple[Step, ...]:
    """Return the steps to a place inside a document.

    Raises:
        InvalidValueError: if there are none, or one is neither a member's name nor a position.
    """
    if not steps:
        raise InvalidValueError("a place inside a document needs at least one step")
    for step in steps:
        is_position = isinstance(step, int) and not isinstance(step, bool) and step >= 0
        is_name = isinstance(step, str) and step and not {*"[]"} & {*step}
        if not (is_position or is_name):
            raise InvalidValueError(
                f"{shortened(step)} is no step into a document; it must be the name of a member, "
                "without brackets, or a position from 0"
            )
    return steps

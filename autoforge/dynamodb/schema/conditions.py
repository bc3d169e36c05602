"""Conditions on one attribute, or on one place inside it, as the methods of attributes make them.

An item that lacks an attribute meets a condition if the attribute's default does, because it reads
as the default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NoReturn

from pynamodb.attributes import Attribute
from pynamodb.expressions.condition import And, BeginsWith, Contains, In, Not, Or
from pynamodb.expressions.condition import Condition as AnyCondition
from pynamodb.expressions.operand import Path, Value

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened

#: The most values that IN takes (AWS, "Comparison operator and function reference").
_MOST_VALUES: Final = 100

#: A value in DynamoDB JSON; None for a missing attribute.
Wire = dict[str, Any] | None


class Condition(AnyCondition):
    """A condition on an item, which is joined with others by ``&``, ``|`` and ``~``.

    The methods of attributes return it. It is a condition of PynamoDB whose operators have types.

    Raises:
        DeclarationError: if it is joined with what is no condition, or by ``and``, ``or`` or
            ``not``, which Python would evaluate.

    Examples:
        >>> condition = Book.copies.above(0) & ~Book.shelf.is_absent()
        >>> store.write(Delete(Book, {"isbn": "b1"}, condition=condition))
    """

    def __init__(self, condition: AnyCondition) -> None:
        super().__init__(condition.operator, *condition.values)
        self.format_string = condition.format_string

    def __and__(self, other: AnyCondition) -> Condition:
        """Return the condition that both are true."""
        return Condition(And(self, _joined(other)))

    def __or__(self, other: AnyCondition) -> Condition:
        """Return the condition that one of the two is true, or both."""
        return Condition(Or(self, _joined(other)))

    def __invert__(self) -> Condition:
        """Return the condition that this one is false."""
        return Condition(Not(self))

    def __bool__(self) -> NoReturn:
        """Refuse ``and``, ``or``, ``not`` and ``if``: only DynamoDB knows whether it is true.

        Raises:
            DeclarationError: with the operators to use.
        """
        raise DeclarationError(
            f"the condition {shortened(self)} has no truth value here, since DynamoDB "
            "evaluates it: use & for and, | for or, ~ for not"
        )


def _joined(other: object) -> AnyCondition:
    """Return a condition that is joined with another; refuse anything else."""
    if not isinstance(other, AnyCondition):
        raise DeclarationError(
            f"a condition is joined with another one, such as Loan.renewals.below(2), not with "
            f"{shortened(other)}"
        )
    return other


class Equality(Condition):
    """The condition that an attribute has a value, as ``equals`` returns it.

    It is also a member of ``Update(expected=…)``.

    Attributes:
        attribute: The attribute.
        value: The value as an entity holds it; None for a missing attribute.

    Examples:
        >>> on_loan = Loan.returned.equals(False)
        >>> take_back = Update(
        ...     Loan,
        ...     {"isbn": "b1", "id": "l2"},
        ...     NOON,
        ...     changes=[Loan.returned.set(True)],
        ...     expected=[on_loan],
        ... )
        >>> store.save(take_back).returned
        True
    """

    def __init__(self, attribute: Attribute[Any], value: Any, condition: AnyCondition) -> None:
        super().__init__(condition)
        self.attribute = attribute
        self.value = value


def has_value(attribute: Attribute[Any], wire: Wire, default: Wire) -> AnyCondition:
    """Return the condition that an attribute has a value, or is missing if that is None."""
    path = Path([attribute.attr_name])
    if wire is None:
        return is_missing(path)
    return or_default(path == Value(wire), path, met=default == wire)


def names_in(part: Any) -> Iterator[str]:
    """Yield the attributes that a condition or an operand refers to, as the table names them."""
    if isinstance(part, Path):
        yield str(part.path[0]).partition("[")[0]
        return
    values = getattr(part, "values", None)
    if isinstance(values, tuple):  # those of a dictionary are a value, and no operands
        for each in values:
            yield from names_in(each)


def is_missing(path: Path) -> Condition:
    """Return the condition that nothing is there, or NULL from another program."""
    return Condition(Or(path.does_not_exist(), path.is_type("NULL")))


def or_default(condition: AnyCondition, path: Path, *, met: bool) -> AnyCondition:
    """Return a condition that an item without a value meets, too, if its default meets it."""
    return Or(condition, is_missing(path)) if met else condition


def is_one_of(path: Path, wires: Sequence[dict[str, Any]]) -> Condition:
    """Return the condition that the value is one of those given.

    Raises:
        InvalidValueError: if there are none, or more than DynamoDB compares with.
    """
    if not 0 < len(wires) <= _MOST_VALUES:
        raise InvalidValueError(
            f"one_of has {len(wires)} values; DynamoDB compares with 1 to {_MOST_VALUES}"
        )
    return Condition(In(path, *(Value(wire) for wire in wires)))


def compared(path: Path, operator: str, wire: dict[str, Any]) -> Condition:
    """Return the condition that the value stands in an order to another one."""
    return Condition(_ORDERS[operator](path, Value(wire)))


def contains(path: Path, wire: dict[str, Any]) -> Condition:
    """Return the condition that a text has a part, or that a set or list has a member."""
    return Condition(Contains(path, Value(wire)))


def require_text(path: Path, value: object) -> None:
    """Refuse to compare a text with anything else.

    Raises:
        InvalidValueError: with the attribute.
    """
    if not isinstance(value, str):
        raise InvalidValueError(f"{path} is compared with {shortened(value)}, which is not a text")


def begins_with(path: Path, text: str) -> Condition:
    """Return the condition that a text has a beginning.

    Raises:
        InvalidValueError: if it is not a text.
    """
    require_text(path, text)
    return Condition(BeginsWith(path, Value({"S": text})))


_ORDERS: Final[dict[str, Callable[[Path, Value], AnyCondition]]] = {
    "<": lambda path, value: path < value,
    "<=": lambda path, value: path <= value,
    ">": lambda path, value: path > value,
    ">=": lambda path, value: path >= value,
}

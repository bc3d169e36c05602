"""Integer and Number, the attributes whose values are numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Unpack, overload

from pynamodb.attributes import Attribute
from pynamodb.constants import NUMBER

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened
from autoforge.dynamodb.schema.attribute import (
    EntityAttribute,
    N,
    Options,
    Ordered,
    T,
    attribute_to_wire,
    default_to_wire,
)
from autoforge.dynamodb.schema.changes import Addition, Copy
from autoforge.dynamodb.schema.codec import Codec
from autoforge.dynamodb.schema.documents import (
    decimal_to_wire,
    number_to_wire,
    wire_to_decimal,
    wire_to_integer,
)
from autoforge.dynamodb.schema.value_codecs import NumberCodec


class _Numeric(Ordered[T, N]):
    """An attribute whose values DynamoDB can add."""

    attr_type = NUMBER

    def _adding(self, amount: Any) -> Addition:
        start: Any = 0 if self.default is None else self.default
        added: Any = self.check(amount)
        return Addition(self._place, added, attribute_to_wire(self, added), start)

    def _copying(self, source: EntityAttribute[T, Any], plus: Any) -> Copy:
        more = attribute_to_wire(self, self.check(plus)) if plus else None
        return Copy(self._place, source, default_to_wire(source), more)


class Integer(_Numeric[int, N]):
    """A whole number of up to 38 digits.

    It may be a component of a key with a width, as in ``{number:3}``, if it is not negative.

    Examples:
        >>> Book(isbn="b3", title="Emma", copies=2).copies
        2
        >>> Book(isbn="b3", title="Emma", copies=2.5)
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: ...
    """

    @overload
    def __init__(
        self: Integer[None], *, default: None, **options: Unpack[Options[int]]
    ) -> None: ...

    @overload
    def __init__(self: Integer, *, default: int = ..., **options: Unpack[Options[int]]) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def add(self, amount: int) -> Addition:  # type: ignore[override]  # a change of ours
        """Return the change that adds a number, negative to subtract.

        A missing number counts as its default, or 0. DynamoDB computes the sum, so the change of
        another caller is not lost.

        Raises:
            InvalidValueError: if the amount is not a whole number.

        Examples:
            >>> buy = Update(Book, {"isbn": "b1"}, NOON, changes=[Book.copies.add(2)])
            >>> store.save(buy).copies
            3
        """
        return self._adding(amount)

    def copy(self, source: EntityAttribute[int, Any], *, plus: int = 0) -> Copy:
        """Return the change that sets the sum of another attribute's value before and a number.

        Args:
            source: The other attribute of the same entity.
            plus: What is added to its value.

        Examples:
            >>> all_but_one = Book.lent.copy(Book.copies, plus=-1)
            >>> store.save(Update(Book, {"isbn": "b2"}, NOON, changes=[all_but_one])).lent
            1
        """
        return self._copying(source, plus)

    def check(self, value: Any) -> int:
        """Return the number; refuse a value that is not a whole number DynamoDB can hold."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not a whole number")
        number_to_wire(value, self.attr_name)
        return int(value)  # a member of an enumeration may be shown by its name

    def serialize(self, value: Any) -> str:
        """Write the number."""
        return str(value)

    def deserialize(self, value: str) -> int:
        """Read the number."""
        return self.check(wire_to_integer(value))

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of numbers of a fixed width, which ``{name:width}`` must give."""
        del last
        return number_codec(self, spec)


class Number(_Numeric[Decimal, N]):
    """An exact number of up to 38 significant digits as a ``Decimal``, such as an amount of money.

    Examples:
        >>> Book(isbn="b3", title="Emma", price=Decimal("12.50")).price
        Decimal('12.50')
        >>> Book(isbn="b3", title="Emma", price=12.5)
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: ...
    """

    @overload
    def __init__(
        self: Number[None], *, default: None, **options: Unpack[Options[Decimal]]
    ) -> None: ...

    @overload
    def __init__(
        self: Number, *, default: Decimal = ..., **options: Unpack[Options[Decimal]]
    ) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def add(self, amount: Decimal) -> Addition:  # type: ignore[override]  # a change of ours
        """Return the change that adds a number, negative to subtract.

        A missing number counts as its default, or 0. DynamoDB computes the sum, so the change of
        another caller is not lost.

        Raises:
            InvalidValueError: if the amount is not an exact number.

        Examples:
            >>> change = Book.price.add(Decimal("-2.25"))
            >>> reduce = Update(Book, {"isbn": "b2"}, NOON, changes=[change])
            >>> store.save(reduce).price
            Decimal('10.25')
        """
        return self._adding(amount)

    def copy(self, source: EntityAttribute[Decimal, Any], *, plus: Decimal = Decimal(0)) -> Copy:
        """Return the change that sets the sum of another attribute's value before and a number.

        Args:
            source: The other attribute of the same entity.
            plus: What is added to its value.

        Examples:
            >>> with_postage = Book.fee.copy(Book.price, plus=Decimal("2.25"))
            >>> store.save(Update(Book, {"isbn": "b2"}, NOON, changes=[with_postage])).fee
            Decimal('14.75')
        """
        return self._copying(source, plus)

    def check(self, value: Any) -> Decimal:
        """Return the number, given it or a whole number; refuse one that DynamoDB rounds."""
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise InvalidValueError(
                f"{self.attr_name} is {shortened(value)}, not a Decimal or whole number"
            )
        number = Decimal(value)
        decimal_to_wire(number, self.attr_name)
        return number

    def serialize(self, value: Any) -> str:
        """Write the number without an exponent or trailing zeros."""
        return decimal_to_wire(self.check(value), self.attr_name)

    def deserialize(self, value: str) -> Decimal:
        """Read the number."""
        return wire_to_decimal(value)


def number_codec(attribute: Attribute[Any], spec: str) -> Codec:
    """Return the codec of numbers of the width that ``{name:width}`` gives.

    Raises:
        DeclarationError: if it gives none.
    """
    if not spec.isdecimal() or not int(spec):
        raise DeclarationError(
            f"{type(attribute).__name__} needs a width in a key, such as {{priority:5}}"
        )
    return NumberCodec(int(spec))

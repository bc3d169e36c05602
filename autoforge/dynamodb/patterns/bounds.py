"""Bounded, a pattern that writes its range of sort keys as a key condition.

DynamoDB takes one comparison of the sort key, and BETWEEN includes both of its bounds. So a bound
that is not in the range is replaced by the text or number beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NamedTuple, TypeVar, cast

from autoforge.dynamodb.errors import InvalidValueError
from autoforge.dynamodb.patterns.projection import Answer
from autoforge.dynamodb.patterns.ranged import Ranged
from autoforge.dynamodb.patterns.request import KeyCondition
from autoforge.dynamodb.schema.codec import SEPARATOR
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.key_value import SORT_KEY_LIMIT, within
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.schema.sort_order import (
    SMALLEST_NUMBER,
    just_after,
    just_before,
    number_after,
    number_before,
    prefix_end,
)
from autoforge.dynamodb.schema.template import Component, Label

E = TypeVar("E", bound=Answer)


class _Segments(NamedTuple):
    """The segments of a sort key that a declared range bounds."""

    component: Component
    #: Whether the component is the last segment of some key.
    ends: bool
    #: Whether a separator follows it in some key.
    goes_on: bool
    #: The segments from the component to the last one that has a parameter in ``above``.
    after: tuple[str | Component, ...]
    #: Whether a separator follows those in some key.
    after_goes_on: bool


@dataclass(frozen=True, init=False)
class Bounded(Ranged[E], kind=True):
    """A pattern that has a key condition, made of the values of its parameters."""

    @property
    def index(self) -> Index:
        """The index that the query reads."""
        return self.key.index

    @classmethod
    def reaches(cls, key: Key) -> bool:
        """Whether items under a key could be in the widest range that the query reads."""
        described = cls.described()
        partition = cls.key.partition_for(described.values())
        bounded = cls.range is not None and cls.range.begins_with is None
        if cls.key.index != key.index or partition is None:
            return False
        return any(partition.overlaps(theirs) for theirs in key.partitions) and (
            cls._shared.reaches(key, described.fixed_sort_values(), to_end=bounded)
        )

    def condition(self, now: datetime | Label) -> KeyCondition:
        """Return the key condition of the query.

        Args:
            now: The present time, or a label for it.

        Raises:
            InvalidValueError: if a required parameter is None, one cannot stand in a key, or the
                lower bound is after the upper bound.
        """
        if self._narrowing:
            self._require_narrowing()
        partition = self._partition(self.values())
        fixed = self.fixed_sort_values()
        prefix = self._shared.prefix(fixed)
        beginning = self._beginning(prefix)
        if beginning is not None:
            return KeyCondition(self.index, partition, "begins_with", (beginning,))
        low, upper, high = self._bounds(prefix, now)
        if low is None and high is None:
            return KeyCondition(self.index, partition, *self._shared.whole(prefix, fixed))
        if not prefix and low is None:
            return KeyCondition(self.index, partition, upper, (str(high),))
        if not prefix and high is None:
            return KeyCondition(self.index, partition, ">=", (str(low),))
        low = prefix if low is None else low
        high = prefix_end(prefix) if high is None else self._last(upper, high)
        if self._is_after(low, high):
            # The range is empty, and DynamoDB refuses BETWEEN if the lower bound is larger.
            return KeyCondition(self.index, partition, *self._nothing(prefix))
        return KeyCondition(self.index, partition, "BETWEEN", (low, high))

    def _is_after(self, one: str, other: str) -> bool:
        """Whether a sort key comes after another."""
        if self.index.sort_type == "N" and not _is_described(self):
            return Decimal(one) > Decimal(other)
        return one > other

    def _nothing(self, prefix: str) -> tuple[str, tuple[str, ...]]:
        """Return the operator and operands of a range without sort keys."""
        if self.index.sort_type == "N":
            return "<", (SMALLEST_NUMBER,)
        if self.key.sort_template.is_plain:
            return "<", ("\0",)
        # This text is not the sort key of any item, because no component is empty.
        text = f"{prefix}{SEPARATOR}"
        return "BETWEEN", (text, text)

    def fixed_sort_values(self) -> dict[str, Any]:
        """Return the values of the components, without the one that the range bounds."""
        bounded = {} if self.range is None else {self.range.component: None}
        return {**self.values(), **bounded}

    def _beginning(self, prefix: str) -> str | None:
        """Return the text that all sort keys in the range begin with, if a parameter gives it."""
        if self.range is None or self.range.begins_with is None:
            return None
        value = getattr(self, self.range.begins_with)
        if value is None:
            return None
        return _bound(f"{prefix}{self._bounded().component.prefix(value)}")

    def _bounds(
        self, prefix: str, now: datetime | Label
    ) -> tuple[str | None, Literal["<", "<="], str | None]:
        """Return the lower bound of the sort key, and the operator and text of its upper bound.

        The lower bound is part of the range. A bound is None if the parameters give none. If the
        bounded component is not the last one, no stored sort key is equal to a bound.
        """
        if self.range is None:
            return None, "<", None
        component, ends, goes_on, *_ = self._bounded()

        def text(name: str | None) -> str | None:
            value = getattr(self, name) if name else None
            if value is None and name is not None and name == self.moving:
                value = now
            return None if value is None else _bound(f"{prefix}{component.encode(value)}")

        low, below, most = map(text, (self.range.at_least, self.range.below, self.range.at_most))
        high = below if most is None else most
        given = low is not None and high is not None and not isinstance(now, Label)
        if given and self._is_after(str(low), str(high)):
            upper = self.range.below or self.range.at_most
            raise InvalidValueError(f"{self.range.at_least} is after {upper}")
        past = self._past(prefix)
        if past is not None and (low is None or self._is_after(past, low)):
            low = past
        if most is None:
            return low, "<", high
        if goes_on:
            return low, "<=" if ends else "<", prefix_end(f"{most}{SEPARATOR}")
        return low, "<=", most

    def _last(self, upper: Literal["<", "<="], high: str) -> str:
        """Return the upper bound as the end of BETWEEN, which is part of the range."""
        component, ends, goes_on, *_ = self._bounded()
        if upper == "<=" or not ends or _is_described(self):
            return high
        if self.index.sort_type == "N":
            return number_before(high)
        return just_before(high, fixed_width=component.codec.fixed_width and not goes_on)

    @classmethod
    @cache
    def _bounded(cls) -> _Segments:
        """Return what the declared range bounds."""
        lengths = cls._shared.lengths
        after = cls._bounded_segments()
        start = cls.key.sort_template.segments.index(after[0])
        ends, goes_on = lengths[start + 1]
        return _Segments(
            component=cast("Component", after[0]),
            ends=ends,
            goes_on=goes_on,
            after=after,
            after_goes_on=lengths[start + len(after)][1],
        )

    def _past(self, prefix: str) -> str | None:
        """Return the first text after all sort keys that have the values of ``above``, or None."""
        if self.range is None or not self.range.above:
            return None
        last = getattr(self, self.range.above[-1])
        if last is None:
            return None
        bounded = self._bounded()
        names = iter(self.range.above)

        def written(segment: str | Component) -> str:
            if isinstance(segment, str):
                return segment
            name = next(names)
            labelled = isinstance(last, Label)
            return segment.encode(Label(camel_case(name)) if labelled else getattr(self, name))

        text = _bound(f"{prefix}{SEPARATOR.join(map(written, bounded.after))}")
        if bounded.after_goes_on:
            return prefix_end(f"{text}{SEPARATOR}")
        if self.index.sort_type == "N":
            return text if _is_described(self) else number_after(text)
        # Most codecs write only characters after the separator, so the key and a separator sorts
        # directly after the key.
        end = bounded.after[-1]
        plain = isinstance(end, Component) and end.codec.above_separator
        return f"{text}{SEPARATOR}" if plain else just_after(text)


def _bound(text: str) -> str:
    return within(text, SORT_KEY_LIMIT, "a sort key")


def _is_described(pattern: Bounded[Any]) -> bool:
    """Whether the pattern holds labels for values."""
    return any(isinstance(value, Label) for value in vars(pattern).values())

"""Query, the pattern that reads a stretch of one item collection, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar

from autoforge.access.pattern import Keyed, WireKey
from autoforge.access.request import KeyCondition, Request
from autoforge.errors import DeclarationError, InvalidValueError
from autoforge.models.attributes import camel_case
from autoforge.models.encoding import SEPARATOR
from autoforge.models.indexes import Index
from autoforge.models.keys import Key, Label, is_prefix, prefix_end
from autoforge.models.table import Entity

E = TypeVar("E", bound=Entity)
T = TypeVar("T")


@dataclass(frozen=True)
class SortRange:
    """The stretch of a sort key that parameters of a query bound; each bound may be absent.

    Attributes:
        component: The component that is bounded, the first the query does not fix.
        at_least: Parameter with the smallest value.
        below: Parameter with the value that all values must be under.
        at_most: Parameter with the largest value; a moment, stored to the millisecond.
        above: Names, one for each component from the bounded one on, that together are the
            item which all answers must come after.
    """

    component: str
    at_least: str | None = None
    below: str | None = None
    at_most: str | None = None
    above: tuple[str, ...] = ()


@dataclass(frozen=True, init=False)
class Query(Keyed[E], kind=True):
    """A stretch of one item collection, in the order of the sort key."""

    operation: ClassVar[str] = "Query"

    #: The bounds that optional parameters put on the sort key.
    range: ClassVar[SortRange | None] = None
    #: A moment parameter that means "now" where it is not given; the cursor stays valid.
    moving: ClassVar[str | None] = None
    #: Direction where the caller does not choose one.
    newest_first: ClassVar[bool] = False

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Refuse a range over a component the key does not have."""
        super().__init_subclass__(kind=kind)
        if cls.range and cls.range.component not in cls.key.components:
            raise DeclarationError(
                f"{cls.__name__}: {cls.key}: no component {cls.range.component!r}"
            )

    @classmethod
    def _bounding(cls) -> set[str]:
        bounds = (
            ()
            if cls.range is None
            else (cls.range.at_least, cls.range.below, cls.range.at_most, *cls.range.above)
        )
        return {name for name in (*bounds, cls.moving) if name is not None}

    @classmethod
    def _deciding(cls) -> set[str]:
        """What bounds or fixes the sort key, too: without it the stretch is a longer one."""
        parts = cls.key.sort_template.components
        fixing = {cls.renames.get(part.name, part.name) for part in parts}
        return super()._deciding() | fixing | cls._bounding()

    #: Direction the caller chose, smallest sort key first (``asc``) or last.
    order: Literal["asc", "desc"] | None = field(default=None, kw_only=True)

    @property
    def descending(self) -> bool:
        """Whether the largest sort key comes first."""
        return self.newest_first if self.order is None else self.order == "desc"

    @property
    def index(self) -> Index:
        """The index the query reads."""
        return self.key.index

    @classmethod
    def reaches(cls, key: Key) -> bool:
        """Whether items under another key could lie in what the query reads at its widest."""
        described = cls.described()
        partition = cls.key.partition_for(described.values())
        if cls.key.index != key.index or partition is None:
            return False
        fixed = cls.key.sort_template.fixed(described.fixed_sort_values())
        return any(partition.overlaps(theirs) for theirs in key.partitions) and (
            cls.key.sort_template.overlaps(key.sort_template, leading=fixed)
        )

    def condition(self, now: datetime | Label) -> KeyCondition:
        """Which items the query reads.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key.
        """
        if self._narrowing:
            self._require_narrowing()
        partition = self._partition(self.values())
        prefix = self.key.sort_template.prefix(self.fixed_sort_values())
        low, high = self._bounds(prefix, now)
        if low is None and high is None:
            if not prefix:
                return KeyCondition(self.index, partition)
            operator = "begins_with" if is_prefix(prefix) else "="
            return KeyCondition(self.index, partition, operator, (prefix,))
        if not prefix and low is None:
            return KeyCondition(self.index, partition, "<", (str(high),))
        if not prefix and high is None:
            return KeyCondition(self.index, partition, ">=", (str(low),))
        low = prefix if low is None else low
        high = prefix_end(prefix) if high is None else high
        # DynamoDB refuses BETWEEN with its bounds crossed; where they are, nothing lies between.
        return KeyCondition(self.index, partition, "BETWEEN", (low, max(low, high)))

    def request(
        self,
        table_name: str,
        *,
        limit: int | None,
        now: datetime,
        start: WireKey | None = None,
        consistent: bool = False,
        count: bool = False,
    ) -> Request:
        """The request for one page, or with ``count`` for how many items there are.

        Raises:
            InvalidValueError: if a strongly consistent read of an index is asked for.
        """
        if consistent and not self.index.consistent_reads:
            raise InvalidValueError(f"{self.index.name} offers no strongly consistent reads")
        return Request(
            "Query",
            {
                "TableName": table_name,
                **self.condition(now).parameters(),
                "ScanIndexForward": not self.descending,
                "ConsistentRead": consistent,
                **({} if limit is None else {"Limit": limit}),
                **({"Select": "COUNT"} if count else {}),
                **({} if start is None else {"ExclusiveStartKey": start}),
            },
        )

    def fixed_sort_values(self) -> dict[str, Any]:
        """Components of the sort key that the parameters fix, not merely bound."""
        bounded = {} if self.range is None else {self.range.component: None}
        return {**self.values(), **bounded}

    def _bounds(self, prefix: str, now: datetime | Label) -> tuple[str | None, str | None]:
        """The lowest text the stretch takes in, and the first text past it.

        No stored key equals a bound: a key goes on after the bounded component. So BETWEEN, which
        takes in both ends, is exact.
        """
        if self.range is None:
            return None, None
        template = self.key.sort_template
        component = next(c for c in template.components if c.name == self.range.component)

        def text(name: str | None) -> str | None:
            value = getattr(self, name) if name else None
            if value is None and name is not None and name == self.moving:
                value = now
            return None if value is None else prefix + component.encode(value)

        low, below = text(self.range.at_least), text(self.range.below)
        most = text(self.range.at_most)
        high = below if most is None else prefix_end(f"{most}{SEPARATOR}")
        if low is not None and high is not None and low > high and not isinstance(now, Label):
            raise InvalidValueError(f"{self.range.at_least} is after {self.range.below}")
        past = self._past(prefix)
        return past if low is None or (past is not None and past > low) else low, high

    def _past(self, prefix: str) -> str | None:
        """The first text after the item that all answers must come after."""
        if self.range is None or not self.range.above:
            return None
        last = getattr(self, self.range.above[-1])
        if last is None:
            return None
        components = self.key.sort_template.components[-len(self.range.above) :]
        written = [
            part.encode(Label(camel_case(name)) if isinstance(last, Label) else getattr(self, name))
            for part, name in zip(components, self.range.above, strict=True)
        ]
        # What follows an item at once is its own key and a separator: no id goes on with less.
        return f"{prefix}{SEPARATOR.join(written)}{SEPARATOR}"


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some answers of a query, and where the next ones begin."""

    items: tuple[T, ...]
    #: Opaque, signed, and good for this pattern with these parameters only; None at the end.
    cursor: str | None

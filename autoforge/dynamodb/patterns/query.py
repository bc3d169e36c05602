"""Query, the pattern that reads a stretch of one item collection, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError
from autoforge.dynamodb.patterns.keyed import Keyed
from autoforge.dynamodb.patterns.pattern import consistency, named_types
from autoforge.dynamodb.patterns.reader import Reader
from autoforge.dynamodb.patterns.readers import Reading
from autoforge.dynamodb.patterns.request import KeyCondition, Request, WireKey
from autoforge.dynamodb.schema.attributes import camel_case
from autoforge.dynamodb.schema.encoding import SEPARATOR
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.keys import (
    Component,
    Key,
    Label,
    is_prefix,
    just_after,
    just_before,
    prefix_end,
    require_sort_key_size,
)

E = TypeVar("E", bound=Entity)
T = TypeVar("T")


@dataclass(frozen=True)
class SortRange:
    """The stretch of a sort key that parameters of a query bound; each bound may be absent.

    Attributes:
        component: The component that is bounded, the first the query does not fix.
        at_least: Parameter with the smallest value.
        below: Parameter with the value that all values must be under.
        at_most: Parameter with the largest value; instead of ``below``.
        above: Parameters, for the bounded component and as many of those after it as are named,
            with the values that all answers must come after.
    """

    component: str
    at_least: str | None = None
    below: str | None = None
    at_most: str | None = None
    above: tuple[str, ...] = ()


class _Bounded(NamedTuple):
    """What a declared range bounds of a sort key."""

    component: Component
    #: Whether the sort key ends with the component; if not, every key goes on with a separator.
    ends: bool
    #: The segments from the component to the last one that ``above`` names.
    after: tuple[str | Component, ...]
    #: Whether the sort key ends with those.
    after_ends: bool


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
        """Refuse what no stretch of the sort key can answer: see ``_fault``."""
        super().__init_subclass__(kind=kind)
        fault = "" if cls.is_generic() else cls._fault()
        if fault:
            raise DeclarationError(f"{cls.__name__}: {cls.key}: {fault}")

    @classmethod
    def _fault(cls) -> str:
        """What is wrong with how the sort key is fixed and bounded; empty if nothing is.

        A stretch of sort keys has one beginning: components are fixed from the first on, the next
        one may be bounded, and nothing is said of the others.
        """
        names = [part.name for part in cls.key.sort_template.components]
        elsewhere = {part.name for part in cls._partition_components()} | cls._bounding()
        free = next((name for name in names if not cls._declares(cls._parameter(name))), None)
        if free is not None:
            for name in names[names.index(free) :]:
                own = cls._parameter(name)
                if name not in elsewhere and own not in elsewhere and cls._declares(own):
                    return f"{own} comes after {free} in the sort key, which nothing fixes"
        return "" if cls.range is None else next(cls._faults_of_range(cls.range, names), "")

    @classmethod
    def _faults_of_range(cls, bounds: SortRange, names: Sequence[str]) -> Iterator[str]:
        name = bounds.component
        if name not in cls.key.components:
            yield f"no component {name!r}"
        elif name not in names:
            yield f"{name} stands in the partition key: a range bounds the sort key"
        else:
            place = names.index(name)
            free = [each for each in names[:place] if not cls._is_fixed(each)]
            if free:
                needed = ", ".join(free)
                yield f"a range over {name} needs parameters for {needed}, which come before it"
            in_partition = {part.name for part in cls._partition_components()}
            if cls._is_fixed(name) and name not in in_partition:
                yield f"{name} is both fixed and bounded"
            if len(bounds.above) > len(names) - place:
                yield f"above names more than {', '.join(names[place:])}"
        if bounds.below and bounds.at_most:
            yield f"{name} has two upper bounds, {bounds.below} and {bounds.at_most}"

    @classmethod
    def _is_fixed(cls, component: str) -> bool:
        """Whether every query of this pattern has a value of the component."""
        name = cls._parameter(component)
        return (
            component in cls.fixed
            or isinstance(getattr(cls, name, None), property)
            or (cls._declares(name) and name not in cls._bounding() and not cls._may_lack(name))
        )

    @classmethod
    def _parameter(cls, component: str) -> str:
        """The parameter that a component of the key is."""
        return component if component in cls.fixed else cls.renames.get(component, component)

    @classmethod
    def _may_lack(cls, name: str) -> bool:
        """Whether a parameter is None unless it is given."""
        default = getattr(cls, name, MISSING)
        return (default.default if isinstance(default, Field) else default) is None

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
    def key_conditions(cls) -> Mapping[str, str]:
        """The key condition with the required parameters, and with each optional one besides."""
        now = Label("now")
        conditions = {"": str(cls.described().condition(now))}
        for each in cls.parameters():
            if each.default is MISSING or each.name == "order":
                continue
            conditions[camel_case(each.name)] = str(cls.described(each.name).condition(now))
        return conditions

    @classmethod
    def sort_order(cls) -> str:
        """The sort key and its direction."""
        return f"{cls.key.index.sort_key} {'descending' if cls.newest_first else 'ascending'}"

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
        low, upper, high = self._bounds(prefix, now)
        if low is None and high is None:
            if not prefix:
                return KeyCondition(self.index, partition)
            operator = "begins_with" if is_prefix(prefix) else "="
            return KeyCondition(self.index, partition, operator, (prefix,))
        if not prefix and low is None:
            return KeyCondition(self.index, partition, upper, (str(high),))
        if not prefix and high is None:
            return KeyCondition(self.index, partition, ">=", (str(low),))
        low = prefix if low is None else low
        high = prefix_end(prefix) if high is None else self._last(upper, high)
        if low > high:
            # DynamoDB refuses BETWEEN with its bounds crossed. No component is empty, so no key
            # is this text.
            low = high = f"{prefix}{SEPARATOR}"
        return KeyCondition(self.index, partition, "BETWEEN", (low, high))

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

    def described_condition(self) -> KeyCondition:
        """The key condition at a label for the time."""
        return self.condition(Label("now"))

    def first_request(
        self, table_name: str, *, limit: int | None, now: datetime, consistent: bool, count: bool
    ) -> Request:
        """The request for the first page."""
        limit = None if count else limit
        return self.request(table_name, limit=limit, now=now, consistent=consistent, count=count)

    def in_words(self, now: datetime, *, limit: int, consistent: bool, count: bool) -> str:
        """Which range is read, in a sentence."""
        where = "the table" if self.index.name is None else f"index {self.index.name}"
        names = self._read_types()
        if count:
            return f"Count what {where} has for {self.condition(now)} ({names})."
        first = "largest" if self.descending else "smallest"
        return (
            f"Query {where} for {self.condition(now)}, {first} sort key first, "
            f"up to {limit} items ({names}), {consistency(consistent=consistent)}."
        )

    def _read_types(self) -> str:
        """The types of the items in the range, in words."""
        return named_types(self.entities)

    def read_page(
        self,
        reader: Reader,
        reading: Reading[T],
        *,
        limit: int,
        cursor: str | None,
        consistent: bool,
    ) -> Page[T]:
        """Read the next items."""
        return reader.read_range(self, reading, limit=limit, cursor=cursor, consistent=consistent)

    def read_first(
        self, reader: Reader, reading: Reading[T], *, limit: int, consistent: bool
    ) -> Sequence[T]:
        """Read the first items, whatever follows them."""
        page = reader.read_range(
            self, reading, limit=limit, cursor=None, consistent=consistent, ahead=False
        )
        return page.items

    def read_part(
        self, reader: Reader, reading: Reading[Any], *, limit: int, count: bool, consistent: bool
    ) -> Sequence[Any]:
        """The first items, or their number; strongly consistently where the index offers it."""
        strongly = consistent and self.index.consistent_reads
        if count:
            return (reader.count(self, consistent=strongly),)
        return self.read_first(reader, reading, limit=limit, consistent=strongly)

    def fixed_sort_values(self) -> dict[str, Any]:
        """Components of the sort key that the parameters fix, not merely bound."""
        bounded = {} if self.range is None else {self.range.component: None}
        return {**self.values(), **bounded}

    def _bounds(
        self, prefix: str, now: datetime | Label
    ) -> tuple[str | None, Literal["<", "<="], str | None]:
        """The lowest text of the stretch, and how which text bounds it above.

        Where a key goes on after the bounded component, no stored key equals a bound.
        """
        if self.range is None:
            return None, "<", None
        component, ends, *_ = self._bounded()

        def text(name: str | None) -> str | None:
            value = getattr(self, name) if name else None
            if value is None and name is not None and name == self.moving:
                value = now
            return None if value is None else _bound(f"{prefix}{component.encode(value)}")

        low, below, most = map(text, (self.range.at_least, self.range.below, self.range.at_most))
        high = below if most is None else most
        if low is not None and high is not None and low > high and not isinstance(now, Label):
            upper = self.range.below or self.range.at_most
            raise InvalidValueError(f"{self.range.at_least} is after {upper}")
        past = self._past(prefix)
        if past is not None and (low is None or past > low):
            low = past
        if most is None:
            return low, "<", high
        return (low, "<=", most) if ends else (low, "<", prefix_end(f"{most}{SEPARATOR}"))

    def _last(self, upper: Literal["<", "<="], high: str) -> str:
        """A text that takes in, as the end of BETWEEN, the keys that an upper bound allows."""
        component, ends, *_ = self._bounded()
        if upper == "<=" or not ends or _is_described(self):
            return high
        return just_before(high, fixed_width=component.codec.fixed_width)

    @classmethod
    @cache
    def _bounded(cls) -> _Bounded:
        """What the declared range bounds."""
        bounds, segments = cls.range, cls.key.sort_template.segments
        if bounds is None:
            raise DeclarationError(f"{cls.__name__} declares no range")
        places = [place for place, each in enumerate(segments) if isinstance(each, Component)]
        components = cls.key.sort_template.components
        first = [each.name for each in components].index(bounds.component)
        start, end = places[first], places[first + max(len(bounds.above), 1) - 1] + 1
        return _Bounded(
            component=components[first],
            ends=start + 1 == len(segments),
            after=segments[start:end],
            after_ends=end == len(segments),
        )

    def _past(self, prefix: str) -> str | None:
        """The first text after all that begins with the values which answers must come after."""
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
        if not bounded.after_ends:
            return prefix_end(f"{text}{SEPARATOR}")
        # What follows a key at once is, for most codecs, the key and a separator.
        end = bounded.after[-1]
        plain = isinstance(end, Component) and end.codec.above_separator
        return f"{text}{SEPARATOR}" if plain else just_after(text)


def _bound(text: str) -> str:
    require_sort_key_size(text)
    return text


def _is_described(query: Query[Any]) -> bool:
    """Whether labels stand for the values."""
    return any(isinstance(value, Label) for value in vars(query).values())


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some answers of a query, and where the next ones begin."""

    items: tuple[T, ...]
    #: Opaque, signed, and good for this pattern with these parameters only; None at the end.
    cursor: str | None

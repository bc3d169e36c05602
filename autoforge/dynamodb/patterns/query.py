"""Query, the pattern that reads a range of one item collection, a page at a time.

A query of several entities, such as ``Query[Order | Invoice]``, reads the range that holds all of
them: its partition key is one that each of them can have, and only what all their sort keys have in
common bounds the range. The parameters have the names of the components of ``key``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import chain, product
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar, cast

from pynamodb.expressions.condition import And, Condition
from pynamodb.expressions.operand import Path

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError
from autoforge.dynamodb.patterns.filters import fault_of, shown
from autoforge.dynamodb.patterns.keyed import Keyed
from autoforge.dynamodb.patterns.parts import faults_in, paths_of, reading_of
from autoforge.dynamodb.patterns.pattern import consistency, named_types
from autoforge.dynamodb.patterns.permission import Permission, permissions_on_items
from autoforge.dynamodb.patterns.projection import Answer, entity_of
from autoforge.dynamodb.patterns.reader import Reader
from autoforge.dynamodb.patterns.readers import Reading, as_entries
from autoforge.dynamodb.patterns.request import (
    AttributePath,
    KeyCondition,
    Request,
    WireKey,
    with_expressions,
)
from autoforge.dynamodb.patterns.shared import SharedSort
from autoforge.dynamodb.schema.attributes import camel_case
from autoforge.dynamodb.schema.encoding import SEPARATOR
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.dynamodb.schema.keys import (
    SMALLEST_NUMBER,
    Component,
    Key,
    Label,
    just_after,
    just_before,
    key_of,
    number_after,
    number_before,
    prefix_end,
    require_sort_key_size,
)

E = TypeVar("E", bound=Answer)
T = TypeVar("T")


@dataclass(frozen=True)
class SortRange:
    """The range of sort keys that parameters of a query bound; each parameter may be None.

    None leaves the range open at that end.

    Attributes:
        component: The bounded component: the first one that the query does not fix.
        at_least: The parameter with the lower bound, which is in the range.
        below: The parameter with the upper bound, which is not in the range.
        at_most: The parameter with the upper bound, which is in the range; instead of ``below``.
        above: Parameters for the bounded component and the components after it, in order; the range
            begins after all sort keys that have these values.
        begins_with: The parameter with the beginning of the component, instead of bounds: that of a
            text, or the ``date`` of a time for all times of that UTC day.

    Raises:
        DeclarationError: when the query is declared, if the parameters do not give one range.

    Examples:
        >>> from datetime import date
        >>> @dataclass(frozen=True)
        ... class LoansDueOn(Query[Loan]):
        ...     '''Which loans are due on this day?'''
        ...
        ...     key = Loan.due
        ...     range = SortRange("due_at", begins_with="day")
        ...
        ...     day: date
        >>> [loan.id for loan in store.each(LoansDueOn(date(2026, 2, 11)))]
        ['l2']
    """

    component: str
    at_least: str | None = None
    below: str | None = None
    at_most: str | None = None
    above: tuple[str, ...] = ()
    begins_with: str | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters.

        Examples:
            >>> SortRange("due_at", at_most="by").parameters
            ('by',)
        """
        names = (self.at_least, self.below, self.at_most, *self.above, self.begins_with)
        return tuple(name for name in names if name is not None)


class _Bounded(NamedTuple):
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
class Query(Keyed[E], kind=True):
    """Reads a range of one item collection, in the order of the sort key (Query).

    Declared as ``Query[Loan]``, or ``Query[Book | Loan]`` for items of several types; ``key`` is a
    key of the table or of an index. Parameters give the partition key and the first components of
    the sort key; ``range`` may bound the next one. Every query has the parameter ``order``, too:
    ``asc``, ``desc``, or None for the order of the pattern. DynamoDB reads up to 1 MB of items for
    each request; an eventually consistent read costs half a read unit for each 4 KB of them, a
    strongly consistent one a whole unit (AWS, "Read and write operations").

    A query of several entities reads the range that holds the items of all of them. Each entity has
    a key in the same index whose partition key can be that of ``key``; the parameters are named
    after the components of ``key``. What all sort keys begin with bounds the range; if they share
    nothing, it is the whole item collection. A ``Table`` refuses the query if other entities of the
    table are in the range, unless they are in ``leaves_out``.

    A query of an index that does not hold all attributes answers with a ``Projection`` of what the
    index holds, or declares ``fetches_rest``: then the whole items are read by their keys, in one
    BatchGetItem for a page of up to 100. An item that has moved in the index in between is left
    out.

    Raises:
        DeclarationError: when a query is declared, if its parameters do not give one range of sort
            keys, or the index does not hold what it answers with.

    Examples:
        >>> @dataclass(frozen=True)
        ... class BookAndLoans(Query[Book | Loan]):
        ...     '''Which book is this, and who has borrowed it?'''
        ...
        ...     key = Book.key
        ...
        ...     isbn: str
        >>> store.page(BookAndLoans("b1"), limit=25).items
        (<Book BOOK#b1 / BOOK>, <Loan BOOK#b1 / LOAN#l1>, <Loan BOOK#b1 / LOAN#l2>)
    """

    operation: ClassVar[str] = "Query"

    #: The bounds of the sort key, from optional parameters.
    range: ClassVar[SortRange | None] = None
    #: A bound that is the present time if the parameter is None; cursors do not depend on it.
    moving: ClassVar[str | None] = None
    #: Whether the largest sort key comes first if the caller does not choose the order.
    newest_first: ClassVar[bool] = False
    #: Entities whose items are also in the range and are not answered: DynamoDB reads them, which
    #: costs read units, and does not return them.
    leaves_out: ClassVar[tuple[type[Entity], ...]] = ()
    #: Whether the whole items are read, too, because the index does not hold all attributes.
    fetches_rest: ClassVar[bool] = False
    #: The keys of the other entities in the same item collections, and what of the sort key all
    #: of them share.
    _beside: ClassVar[tuple[Key, ...]] = ()
    _shared: ClassVar[SharedSort]

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Check that the parameters give one range of sort keys.

        Raises:
            DeclarationError: if they do not; see ``_fault``.
        """
        super().__init_subclass__(kind=kind)
        if cls.is_generic():
            return
        cls._beside = cls._keys_beside()
        cls._shared = SharedSort.of(
            cls.key.sort_template,
            [each.sort_template for each in cls._beside],
            min(map(cls._meant_alike, cls._beside), default=None),
        )
        fault = cls._fault() or next(cls._faults_of_index(), "")
        if fault:
            raise DeclarationError(f"{cls.__name__}: {cls.key}: {fault}")
        if cls.fetches_rest:
            cls.operation, cls.requests = "Query + BatchGetItem", 2

    @classmethod
    def _fault(cls) -> str:
        """Return what is wrong with the parameters of the sort key; empty if nothing is.

        A query reads one range of sort keys. So parameters fix the first components, a range may
        bound the next one, and the components after it have no parameters.
        """
        names = [part.name for part in cls.key.sort_template.components]
        used_otherwise = {part.name for part in cls._partition_components()} | cls._bounding()
        free = next((name for name in names if not cls._declares(cls._parameter(name))), None)
        if free is not None:
            for name in names[names.index(free) :]:
                own = cls._parameter(name)
                if not {name, own} & used_otherwise and cls._declares(own):
                    return f"{own} comes after {free} in the sort key: {free} needs a value, too"
        faults = () if cls.range is None else cls._faults_of_range(cls.range, names)
        return next(chain(faults, cls._faults_of_sharing(used_otherwise)), "")

    @classmethod
    def _keys_beside(cls) -> tuple[Key, ...]:
        """Return the keys, in the same item collections, of the other entities that are read.

        Raises:
            DeclarationError: if an entity has no such key.
        """
        others = [each for each in cls.read_entities() if each.__name__ != cls.key.entity]
        for each in cls.leaves_out:
            if each in cls.entities:
                raise DeclarationError(
                    f"{cls.__name__} answers with {each.__name__}: it cannot leave it out"
                )
        for one, other in product(cls.read_entities(), (*others, *cls.leaves_out)):
            if one is not other and cls._are_alike(one, other):
                raise DeclarationError(
                    f"{cls.__name__}: only an attribute could tell {other.__name__} from "
                    f"{one.__name__}, and {cls.key.index.shown} has none with the type"
                )
        return tuple(map(cls._key_beside, others))

    @classmethod
    def _are_alike(cls, one: type[Entity], other: type[Entity]) -> bool:
        """Whether nothing tells items of two entities apart."""
        return cls.tells_types_by_key() and one.primary_key.overlaps(other.primary_key)

    @classmethod
    def _key_beside(cls, entity: type[Entity]) -> Key:
        found = next((each for each in entity.keys.values() if each.index == cls.key.index), None)
        if found is None:
            raise DeclarationError(
                f"{cls.__name__}: {entity.__name__} has no key in {cls.key.index.shown}, where "
                f"{cls.key} is: declare one, or read {entity.__name__} by another pattern"
            )
        given = {name: True for name in cls.key.components if cls._declares(cls._parameter(name))}
        mine = [each for each in cls.key.partitions if each.is_complete(given)]
        mine = mine or [cls.key.partitions[0]]
        if not any(one.overlaps(other) for one in mine for other in found.partitions):
            raise DeclarationError(
                f"{cls.__name__}: no item collection has items of both: the partition key of "
                f"{cls.key} is {cls.key.partition!r}, that of {found} is {found.partition!r}"
            )
        return found

    @classmethod
    def _meant_alike(cls, other: Key) -> int:
        """Return the number of first segments of the sort key that may bound both entities.

        A component that the partition key gives, as in ``T#{id}`` and ``N#{id}``, must be given by
        it in the other key, too: it is no wish to narrow the range to that value.
        """
        given = {part.name for part in cls._partition_components()}
        equal = {
            (one.name, another.name)
            for mine in cls.key.partitions
            for theirs in other.partitions
            if mine.overlaps(theirs)
            for one, another in zip(mine.segments, theirs.segments, strict=False)
            if isinstance(one, Component) and isinstance(another, Component)
        }
        pairs = zip(cls.key.sort_template.segments, other.sort_template.segments, strict=False)
        for count, (one, another) in enumerate(pairs):
            names = getattr(one, "name", None), getattr(another, "name", None)
            if names[0] in given and names not in equal:
                return count
        return len(cls.key.sort_template.segments)

    @classmethod
    def _faults_of_sharing(cls, used_otherwise: Collection[str]) -> Iterator[str]:
        """Yield the components that are fixed or bounded, and not shared by every entity."""
        own, agreed = cls.key.sort_template, cls._shared.agreed
        ranged = () if cls.range is None else cls._bounded_segments()
        for part in own.segments[agreed:]:
            if not isinstance(part, Component):
                continue
            name = cls._parameter(part.name)
            fixes = cls._declares(name) and not {part.name, name} & {*used_otherwise}
            if fixes or part in ranged:
                other = min(cls._beside, key=lambda each: own.agrees(each.sort_template))
                yield (
                    f"{name} {'fixes' if fixes else 'bounds'} a part of the sort key "
                    f"{cls.key.sort!r} that {other} does not share, with {other.sort!r}: leave it "
                    f"out, or read {other.entity} by another pattern"
                )

    @classmethod
    def _faults_of_index(cls) -> Iterator[str]:
        """Yield what the index does not hold of what the query answers with."""
        if not cls.fetches_rest:
            for each in cls.read_answers():
                yield from faults_in(each, cls.key.index)
        elif cls.read_answers() != cls.answers:
            yield "fetches_rest: take what leads to the items as a Projection of the references"
        elif cls.key.index.holds_all:
            yield f"fetches_rest: {cls.key.index.shown} holds all attributes; leave it out"

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
                yield f"above has more parameters than components: {', '.join(names[place:])}"
            codec = cls.key.sort_template.components[place].codec
            if bounds.begins_with and not codec.has_prefixes:
                yield f"begins_with needs a text or a time, and {name} is neither"
        if bounds.begins_with and len(bounds.parameters) > 1:
            others = ", ".join(set(bounds.parameters) - {bounds.begins_with})
            yield f"begins_with stands alone: {others} would bound {name}, too"
        if bounds.below and bounds.at_most:
            yield f"{name} has two upper bounds, {bounds.below} and {bounds.at_most}"

    @classmethod
    def _is_fixed(cls, component: str) -> bool:
        """Whether every query of this pattern has a value for the component."""
        name = cls._parameter(component)
        return (
            component in cls.fixed
            or isinstance(getattr(cls, name, None), property)
            or (cls._declares(name) and name not in cls._bounding() and not cls._may_lack(name))
        )

    @classmethod
    def _parameter(cls, component: str) -> str:
        """Return the name of the parameter for a component of the key."""
        return component if component in cls.fixed else cls.renames.get(component, component)

    @classmethod
    def _may_lack(cls, name: str) -> bool:
        """Whether the default of a parameter is None."""
        default = getattr(cls, name, MISSING)
        return (default.default if isinstance(default, Field) else default) is None

    @classmethod
    def _bounding(cls) -> set[str]:
        bounds = () if cls.range is None else cls.range.parameters
        return {name for name in (*bounds, cls.moving) if name is not None}

    @classmethod
    def _deciding(cls) -> set[str]:
        """Return also the parameters of the sort key: without them the range is larger."""
        parts = cls.key.sort_template.components
        fixing = {cls.renames.get(part.name, part.name) for part in parts}
        return super()._deciding() | fixing | cls._bounding()

    #: The order that the caller chose: smallest (``asc``) or largest (``desc``) sort key first.
    order: Literal["asc", "desc"] | None = field(default=None, kw_only=True)

    @property
    def descending(self) -> bool:
        """Whether the largest sort key comes first."""
        return self.newest_first if self.order is None else self.order == "desc"

    @property
    def index(self) -> Index:
        """The index that the query reads."""
        return self.key.index

    @classmethod
    def described_conditions(cls) -> Mapping[str, str]:
        """Return the key condition with required parameters, and with each optional one, too."""
        now = Label("now")
        conditions = {"": str(cls.described().condition(now))}
        for each in cls.parameters():
            if each.default is MISSING or each.name == "order":
                continue
            conditions[camel_case(each.name)] = str(cls.described(each.name).condition(now))
        return conditions

    @classmethod
    def described_order(cls) -> str:
        """Return the sort key and its direction, in words."""
        name = cls.key.index.sort_key
        return "" if name is None else f"{name} {'descending' if cls.newest_first else 'ascending'}"

    @classmethod
    def reaches(cls, key: Key) -> bool:
        """Whether items under a key could be in the widest range that the query reads."""
        described = cls.described()
        partition = cls.key.partition_for(described.values())
        if cls.key.index != key.index or partition is None:
            return False
        return any(partition.overlaps(theirs) for theirs in key.partitions) and (
            cls._shared.reaches(key, described.fixed_sort_values())
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
        """Return the Query request for a page.

        Args:
            table_name: The table to read.
            limit: The ``Limit`` of the request; None for none.
            now: The present time.
            start: The key after which the page starts; None for the first page.
            consistent: Whether to read strongly consistently.
            count: Whether to count the items instead.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key, or a strongly consistent read
                of an index is requested.
        """
        if consistent and not self.index.consistent_reads:
            raise InvalidValueError(f"{self.index.name} offers no strongly consistent reads")
        selected = self.condition(now).parameters()
        kept = self._kept()
        by_key = count and self._is_counted_by_key()
        projected = self._key_paths() if by_key else () if count else self.range_paths()
        if kept is not None or projected:
            selected = with_expressions(selected, kept=kept, projected=projected)
        return Request(
            "Query",
            {
                "TableName": table_name,
                **selected,
                "ScanIndexForward": not self.descending,
                "ConsistentRead": consistent,
                **({} if limit is None else {"Limit": limit}),
                **({"Select": "COUNT"} if count and not by_key else {}),
                **({} if start is None else {"ExclusiveStartKey": start}),
            },
        )

    @classmethod
    @cache
    def read_entities(cls) -> tuple[type[Entity], ...]:
        """Return the entities whose items the query itself returns."""
        return tuple(map(entity_of, cls.read_answers()))

    @classmethod
    def read_answers(cls) -> tuple[type[Any], ...]:
        """Return the entities whose items the query itself returns, or the parts of them."""
        return cls.answers

    @classmethod
    def reads_twice(cls) -> bool:
        """Whether the items in the range only lead to those that are answered."""
        return cls.fetches_rest

    @classmethod
    @cache
    def reading(cls) -> Reading[Any]:
        """Return how the items that are answered are converted unless a caller says otherwise."""
        return reading_of(cls.answers, TABLE if cls.reads_twice() else cls.key.index)

    @classmethod
    @cache
    def range_reading(cls) -> Reading[Any]:
        """Return how the items in the range are converted if they only lead to others."""
        return as_entries if cls.fetches_rest else reading_of(cls.read_answers(), cls.key.index)

    @classmethod
    @cache
    def range_paths(cls) -> tuple[AttributePath, ...]:
        """Return the attributes that are asked for of the items in the range; empty for all."""
        return () if cls.fetches_rest else paths_of(cls.read_answers(), cls.key.index)

    @classmethod
    @cache
    def item_paths(cls) -> tuple[AttributePath, ...]:
        """Return the attributes that are asked for of the items that are answered."""
        answered = cls.answers[: len(cls.answered_entities())]
        return paths_of(answered, cls.key.index if cls.fetches_rest else TABLE)

    @classmethod
    def left_out(cls) -> tuple[type[Entity], ...]:
        """Return the entities whose items the query reads and leaves out."""
        return cls.leaves_out

    @classmethod
    def iam_permissions(cls) -> Iterator[Permission]:
        """Return Query on the partitions, and BatchGetItem on items that are read after it."""
        yield from super().iam_permissions()
        if cls.fetches_rest:
            yield from permissions_on_items("BatchGetItem", *cls.entities)

    @classmethod
    def tells_types_by_key(cls) -> bool:
        """Whether the type of an item is told by its primary key, and not by an attribute."""
        if cls.key.index.projection == "KEYS_ONLY":
            return True
        return None in {each.layout.entity_type for each in cls.read_entities()}

    @classmethod
    def recognises(cls, item: Item) -> bool:
        """Whether an item, or only its primary key, is one of an entity that the query returns."""
        return any(each.has_form(item) for each in cls.read_entities())

    @classmethod
    def _is_counted_by_key(cls) -> bool:
        """Whether DynamoDB cannot tell what to count, so that the keys are read and counted."""
        return bool(cls.leaves_out) and cls.tells_types_by_key()

    @classmethod
    def _key_paths(cls) -> tuple[AttributePath, ...]:
        """Return the attributes of the primary key, as they are asked for."""
        return tuple((name,) for name in cls.entities[0].layout.primary.attributes)

    @classmethod
    @cache
    def _type_condition(cls) -> Condition | None:
        """Return the condition that an item is of an entity that is read; None without need."""
        if not cls.leaves_out or cls.tells_types_by_key():
            return None
        read = cls.read_entities()
        stored = Path([str(read[0].layout.entity_type)])
        condition: Condition = stored.is_in(*(each.type_name for each in read))
        return condition

    def filter(self) -> Condition | None:
        """Return the condition on which an item of the range is returned; None for all.

        It never selects: DynamoDB reads the whole range, and charges for it. Pages are full
        nevertheless, and ``count`` counts what matches. The key attributes of the index, and
        attributes that it does not hold, cannot be filtered.

        Raises:
            DeclarationError: when a ``Table`` has the query, if it cannot be filtered so.

        Examples:
            >>> @dataclass(frozen=True)
            ... class RenewedLoansOfBook(Query[Loan]):
            ...     '''Which loans of this book were renewed?'''
            ...
            ...     key = Loan.key
            ...
            ...     isbn: str
            ...
            ...     def filter(self) -> Condition:
            ...         return Loan.renewals.above(0)
            >>> list(store.each(RenewedLoansOfBook("b1")))
            []
        """
        return None

    def _kept(self) -> Condition | None:
        """Return the condition of the filter and on the types; None if there is neither.

        Raises:
            DeclarationError: if the filter has a key attribute of the index, or an attribute that
                the index does not hold.
        """
        kind = self._type_condition()
        own = self.filter()
        if own is None:
            return kind
        fault = fault_of(own, self.index, self.entities[0].layout)
        if fault:
            raise DeclarationError(f"{type(self).__name__}: {fault}")
        return own if kind is None else And(kind, own)

    @classmethod
    def fault_of_filter(cls) -> str:
        """Return what is wrong with the filter, as far as that shows without parameters."""
        with suppress(Exception):  # a filter may raise any error on a label
            condition = cls.described().filter()
            if condition is not None:
                return fault_of(condition, cls.key.index, cls.entities[0].layout)
        return ""

    @classmethod
    def remarks(cls) -> Iterator[str]:
        """Say what is read and not answered."""
        if cls.reads_twice() or cls.key.index.holds_all:
            yield from super().remarks()
        if cls.leaves_out:
            yield (
                f"Items of {named_types(cls.leaves_out)} in the range are read and paid for, and "
                "left out."
            )
        if cls.filter is not Query.filter:
            yield "Items that its filter does not match are read and paid for, and left out."

    def described_condition(self) -> KeyCondition:
        """The key condition, with a label for the present time."""
        return self.condition(Label("now"))

    def first_request(
        self, table_name: str, *, limit: int | None, now: datetime, consistent: bool, count: bool
    ) -> Request:
        """Return the Query request for the first page."""
        limit = None if count else limit
        return self.request(table_name, limit=limit, now=now, consistent=consistent, count=count)

    def in_words(self, now: datetime, *, limit: int, consistent: bool, count: bool) -> str:
        """Say in a sentence which range is read."""
        where = self.index.shown
        names = named_types(self.read_entities())
        if count:
            said = f"Count the items of {where} for {self.condition(now)} ({names})."
        else:
            first = "largest" if self.descending else "smallest"
            said = (
                f"Query {where} for {self.condition(now)}, {first} sort key first, "
                f"up to {limit} items ({names}), {consistency(consistent=consistent)}."
            )
            if self.fetches_rest:
                said = f"{said} Then get the {named_types(self.entities)} of each in one batch."
        condition = self.filter()
        if condition is not None:
            said = f"{said} Return only those with {shown(condition)}."
        return " ".join((said, *self.remarks()))

    def read_page(
        self,
        reader: Reader,
        reading: Reading[T],
        *,
        limit: int,
        cursor: str | None,
        consistent: bool,
    ) -> Page[T]:
        """Read the page after a cursor, or the first page.

        If the items in the range only lead to others, the next ones are read until the page is
        full.
        """
        if not self.reads_twice():
            return reader.read_range(
                self, reading, limit=limit, cursor=cursor, consistent=consistent
            )
        found: list[T] = []
        while True:
            page = reader.read_range(
                self,
                self.range_reading(),
                limit=limit - len(found),
                cursor=cursor,
                consistent=consistent,
            )
            found.extend(self.read_targets(reader, page.items, reading, consistent=consistent))
            cursor = page.cursor
            if cursor is None or len(found) == limit:
                return Page(tuple(found), cursor)

    def read_targets(
        self, reader: Reader, found: Sequence[Any], reading: Reading[T], *, consistent: bool
    ) -> Sequence[T]:
        """Read the whole items of entries of an index, in their order.

        An item that has moved in the index since is left out: it is no longer where it was found.
        """
        primary, names = self.entities[0].layout.primary, self.index.attributes
        entries = {key_of(entry, primary): entry for entry in found}

        def is_there(item: Item) -> bool:
            entry = entries[key_of(item, primary)]
            return all(item.get(name) == entry[name] for name in names)

        return reader.read_items([*entries], self, reading, consistent=consistent, accepts=is_there)

    def read_first(
        self, reader: Reader, reading: Reading[T], *, limit: int, consistent: bool
    ) -> Sequence[T]:
        """Read the first items, without looking for more."""
        if self.reads_twice():
            return self.read_page(
                reader, reading, limit=limit, cursor=None, consistent=consistent
            ).items
        page = reader.read_range(
            self, reading, limit=limit, cursor=None, consistent=consistent, ahead=False
        )
        return page.items

    def read_part(
        self, reader: Reader, reading: Reading[Any], *, limit: int, count: bool, consistent: bool
    ) -> Sequence[Any]:
        """Read or count the first items; strongly consistently only if the index offers it."""
        strongly = consistent and self.index.consistent_reads
        if count:
            return (reader.count(self, consistent=strongly),)
        return self.read_first(reader, reading, limit=limit, consistent=strongly)

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
    def _bounded(cls) -> _Bounded:
        """Return what the declared range bounds."""
        lengths = cls._shared.lengths
        after = cls._bounded_segments()
        start = cls.key.sort_template.segments.index(after[0])
        ends, goes_on = lengths[start + 1]
        return _Bounded(
            component=cast("Component", after[0]),
            ends=ends,
            goes_on=goes_on,
            after=after,
            after_goes_on=lengths[start + len(after)][1],
        )

    @classmethod
    def _bounded_segments(cls) -> tuple[str | Component, ...]:
        """Return the segments from the bounded component to the last one with a parameter."""
        bounds, segments = cls.range, cls.key.sort_template.segments
        if bounds is None:
            raise DeclarationError(f"{cls.__name__} declares no range")
        places = [place for place, each in enumerate(segments) if isinstance(each, Component)]
        first = [each.name for each in cls.key.sort_template.components].index(bounds.component)
        return segments[places[first] : places[first + max(len(bounds.above), 1) - 1] + 1]

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
    require_sort_key_size(text)
    return text


def _is_described(query: Query[Any]) -> bool:
    """Whether the query holds labels for values."""
    return any(isinstance(value, Label) for value in vars(query).values())


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of the answers of a query.

    Attributes:
        items: The answers; there may be none.
        cursor: The text with which the next page is read; None at the end.

    Examples:
        >>> page = store.page(LoansOfBook("b1"), limit=1)
        >>> page.items
        (<Loan BOOK#b1 / LOAN#l1>,)
        >>> store.page(LoansOfBook("b1"), limit=1, cursor=page.cursor)
        Page(items=(<Loan BOOK#b1 / LOAN#l2>,), cursor=None)
    """

    items: tuple[T, ...]
    #: The signed cursor of the next page, for this pattern with these parameters; None at the end.
    cursor: str | None

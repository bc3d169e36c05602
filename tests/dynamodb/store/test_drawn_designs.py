"""The laws of keys, pages, cursors and expiry hold for designs that Hypothesis draws.

A design has a layout: the names of the key attributes, of the type and of the expiry, each of which
but the partition key may be missing. Its index is global or local, and may be sorted by a number.
It has two entities, which share partitions unless the table has no sort key. Each has attributes of
every kind, optional or not, and a primary key and a sparse index key made of some of them;
components of the primary key may stand only there. It may also have a lifetime, a timestamp of its
last change, a version, and a derived component. The test sends writes of every kind while time
passes. A model in memory holds the entities that must be stored, and computes the expected answer
of each query with a comprehension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import count
from types import new_class
from typing import Any, Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.derived import Derived
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import GSI, LSI, Index, Layout
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.optional import optional
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.text_codecs import EnumCodec
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.alike import alike
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import AutoforgeError, DeclarationError, ItemExistsError, ItemNotFoundError
from autoforge.testing.clock import Clock
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON
from tests.stores import store_of

pytestmark = pytest.mark.one_engine

_numbers: Final = count(1)

#: The tables that were created: one of each shape on each engine.
_tables: Final[set[tuple[str | None, str]]] = set()

#: Three times the profile's examples, because there are many designs.
_EXAMPLES: Final = 3 * settings().max_examples

LIFETIME: Final = timedelta(hours=2)


class Kind(StrEnum):
    """Members of which one is a prefix of another."""

    WARN = "warn"
    WARNING = "warning"
    INFO = "info"


RANKS: Final = ("high", "low", "middle")

#: Few values of each attribute, so that items often collide and bounds often equal stored values.
VALUES: Final[Mapping[str, Sequence[Any]]] = {
    "id": ("a", "a1", "b"),
    "text": ("a", "a!", "a\0", "ab", "b#", "é"),
    "number": (0, 1, 2, 10),
    "moment": tuple(NOON + step * timedelta(minutes=30) for step in range(4)),
    "kind": tuple(Kind),
    "flag": (True, False),
    "updated_at": tuple(NOON + step * timedelta(minutes=30) for step in range(4)),
    "version": (1, 2, 3),
    "rank": RANKS,
}
ATTRIBUTES: Final[Mapping[str, Callable[..., Any]]] = {
    "id": Id,
    "text": Text,
    "number": Integer,
    "moment": Moment,
    "kind": partial(Choice, Kind),
    "flag": Boolean,
    "updated_at": Moment,
    "version": Integer,
    "created_at": Moment,
}
_SPECS: Final = {"number": "number:3", "version": "version:3"}


def ranked(value: Any) -> str | None:
    """Compute the value of the derived component."""
    if value is None:
        return None
    return RANKS[(value.minute // 30 if isinstance(value, datetime) else value) % len(RANKS)]


#: The index of a table whose sort key is a number of the items themselves.
_BY_NUMBER: Final = "by number"

_LAYOUTS: Final = (
    Layout(),
    Layout("pk", "sk", "_type", "expires", naming="snake_case"),
    Layout("Partition", "Range", None, "Gone", naming="PascalCase"),
    Layout("key", None, "kind of item", None),
)
_INDEXES: Final = (
    GSI1,
    GSI("Own", "own-pk", "own-sk"),
    GSI("Numbers", "numbers-pk", _BY_NUMBER, sort_type="N"),
    LSI("Local", "local-sk"),
    LSI("LocalNumbers", _BY_NUMBER, sort_type="N"),
)


@dataclass(frozen=True)
class Shape:
    """The layout of a drawn table, and its index."""

    layout: Layout
    index: Index

    @property
    def is_numeric(self) -> bool:
        """Whether the index is sorted by a number."""
        return self.index.sort_type == "N"


def shapes() -> st.SearchStrategy[Shape]:
    """Draw a shape; a table without a sort key has no local index."""
    return st.builds(Shape, st.sampled_from(_LAYOUTS), st.sampled_from(_INDEXES)).filter(
        lambda shape: shape.layout.sort_key is not None or not shape.index.is_local
    )


@dataclass(frozen=True)
class Place:
    """A key of a drawn entity, and the condition for its index."""

    name: str
    partition: tuple[str, ...]
    sort: tuple[str, ...]
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """A drawn entity, and what the model must know of it."""

    entity: type[Entity]
    primary: Place
    index: Place
    names: tuple[str, ...]
    optional: frozenset[str]
    rank_of: str

    def components(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes of an item and its derived component."""
        return {**values, "rank": ranked(values.get(self.rank_of))}

    def is_in(self, layout: Place, values: Mapping[str, Any]) -> bool:
        """Whether an item is in the table or the index."""
        whole = self.components(values)
        return all(whole.get(name) == wanted for name, wanted in layout.where.items()) and all(
            whole.get(name) is not None for name in (*layout.partition, *layout.sort)
        )

    @property
    def sources(self) -> set[str]:
        """The attributes that the index key is computed from."""
        names = {*self.index.partition, *self.index.sort, *self.index.where}
        return (names - {"rank"}) | ({self.rank_of} if "rank" in names else set())


@st.composite
def kept_entities(draw: st.DrawFn, shape: Shape, table: str, literal: str) -> Kept:
    """Draw an entity, whose partitions another entity shares if the table has a sort key."""
    some = [name for name in ("updated_at", "version") if draw(st.integers(0, 3))]
    expires = shape.layout.expiry is not None and draw(st.booleans())
    names = ("id", "text", "number", "moment", "kind", "flag", *some)
    sort = draw(_some_of("text", "number", "moment", "kind", "id", least=1, most=3))
    plain = {"number"} if shape.is_numeric else set()
    partition = draw(_some_of(*({"kind", "number"} - {*sort} - plain), most=1))
    templates = _template(table, *partition), _template(literal, *sort)
    if shape.layout.sort_key is None:
        partition, sort = (*partition, *sort), ()
        templates = _template(table, literal, *partition), ""
    primary = Place("key", partition, sort)
    free = {*names} - {*partition, *sort}
    may_lack = sorted(free & {"text", "number", "moment", "kind"})
    lacking = draw(_some_of(*may_lack, most=4))
    rank_of: str = draw(st.sampled_from(("number", *some)))
    index = draw(_in_index(shape, primary, some))
    hidden = {*draw(_some_of(*primary.partition, *primary.sort, most=2))} - plain

    namespace: dict[str, Any] = {
        name: ATTRIBUTES[name](**({"stored": False} if name in hidden else {})) for name in names
    }
    if shape.is_numeric:
        namespace["number"] = Integer(attr_name=_BY_NUMBER)
    for name in lacking:
        optional(namespace[name])
    if expires:
        namespace |= {"lifetime": LIFETIME, "created_at": Moment()}
        names = (*names, "created_at")
    in_index = _template(f"{table}I", *index.partition)
    namespace |= {
        "__module__": __name__,
        "layout": shape.layout,
        "rank": Derived(EnumCodec(RANKS), ranked, rank_of),
        "key": Key(*templates),
        "index": Key(
            templates[0] if shape.index.is_local else in_index,
            "{number}" if shape.is_numeric else _template(*index.sort),
            index=shape.index,
            where=index.where,
        ),
    }
    entity = new_class(
        f"{literal}{table}", (Entity,), exec_body=lambda body: body.update(namespace)
    )
    return Kept(entity, primary, index, names, frozenset(lacking), rank_of)


@st.composite
def _in_index(draw: st.DrawFn, shape: Shape, primary: Place, some: Sequence[str]) -> Place:
    """Draw of what the index key is made."""
    conditions: list[dict[str, Any]] = [{}, {"flag": True}, {"kind": Kind.WARN}]
    where = draw(st.sampled_from(conditions))
    if shape.is_numeric and shape.index.is_local:
        where = {}  # every item with the number is in the index
    names = {"text", "number", "moment", "kind", "id", "rank"}
    used = {*primary.partition} if shape.index.is_local else set()
    sort = draw(_some_of(*(names - used), least=1, most=2))
    if draw(st.integers(0, 3)) and some:
        # An attribute that every update sets, before or after the other components.
        stamped: tuple[str, ...] = (draw(st.sampled_from(some)),)
        sort = draw(st.sampled_from((stamped + sort, sort + stamped, stamped)))
    if shape.is_numeric:
        sort = ("number",)
    if shape.index.is_local:
        return Place("index", primary.partition, sort, where)
    partition = draw(_some_of(*({"kind", "text", "rank"} - {*sort}), most=1))
    return Place("index", partition, sort, where)


def _some_of(*names: str, least: int = 0, most: int) -> st.SearchStrategy[tuple[str, ...]]:
    most = min(most, len(names))
    return (
        st.lists(st.sampled_from(sorted(names)), unique=True, min_size=least, max_size=most).map(
            tuple
        )
        if names
        else st.just(())
    )


def _template(*parts: str) -> str:
    """Build a template of components, after a literal if the first part is not a component."""
    return "#".join(f"{{{_SPECS.get(p, p)}}}" if p in VALUES else p for p in parts)


@dataclass
class World:
    """A table, the clock, and the model of the items in the table."""

    store: Store
    clock: Clock
    kept: Sequence[Kept]
    data: st.DataObject
    #: The attributes of every stored item, expired ones included, by entity and primary key.
    items: dict[tuple[int, KeyValue], dict[str, Any]] = field(default_factory=dict)

    def draw(self, strategy: st.SearchStrategy[Any]) -> Any:
        """Draw a value."""
        return self.data.draw(strategy)

    # Writes.

    def step(self) -> None:
        """Let time pass, write something, and compare the table with the model."""
        self.clock.now += self.draw(st.sampled_from([0, 30, 90])) * timedelta(minutes=1)
        if self.draw(st.integers(0, 3)) == 0:
            self._batch()
        else:
            self._write(self.draw(st.sampled_from([1, 1, 1, 3])))
        self.require_stored()

    def _batch(self) -> None:
        some = [self._new() for _ in range(self.draw(st.integers(1, 4)))]
        entities = [self.kept[place].entity(**values) for place, values in some]
        self.store.put_all(entities)
        for entity, (place, values) in zip(entities, some, strict=True):
            self.items[place, _key(entity)] = values

    def _write(self, size: int) -> None:
        """Send a write or a transaction and apply it to the model; a refusal changes neither."""
        chosen: dict[KeyValue, tuple[Write[Any], Callable[[], None]]] = {}
        informed = True
        for _ in range(size):
            try:
                knows, write, effect = self._a_write()
            except DeclarationError:
                continue  # only updates that omit sources of keys: see _update
            informed = informed and knows
            chosen[write.primary_key()] = write, effect
        writes = tuple(write for write, _ in chosen.values())
        before = {key: dict(values) for key, values in self.items.items()}
        error_for = self._follow([effect for _, effect in chosen.values()])
        if error_for is not None:
            self.items = before
        if not writes:
            return
        try:
            if size == 1:
                self.store.write(writes[0])
            else:
                self.store.transact(Transaction(writes))
        except DeclarationError:
            assert not informed
            self.items = before
        except (ItemExistsError, ItemNotFoundError) as error:
            if type(error) is not error_for:
                raise
        else:
            assert error_for is None

    @staticmethod
    def _follow(effects: Sequence[Callable[[], None]]) -> type[AutoforgeError] | None:
        """Apply effects to the model; return the first error, which the table must answer with."""
        error_for: type[AutoforgeError] | None = None
        for effect in effects:
            try:
                effect()
            except AutoforgeError as error:
                error_for = error_for or type(error)
        return error_for

    def _a_write(self) -> tuple[bool, Write[Any], Callable[[], None]]:
        """Draw whether a declaration must succeed, the write, and its effect on the model."""
        place, new = self._new()
        kept = self.kept[place]
        known = [values for (own, _), values in self.items.items() if own == place]
        if known and self.draw(st.integers(0, 4)):
            there = self.draw(st.sampled_from(known))
            new |= {name: there[name] for name in kept.entity.primary_key.components}
        entity = kept.entity(**new)
        at = place, _key(entity)
        key = {name: new[name] for name in kept.entity.primary_key.components}
        match self.draw(st.sampled_from(["put", "update", "update", "upsert", "delete"])):
            case "put":
                return True, Put(entity, expired_by=self.clock.now), lambda: self._put(at, new)
            case "delete":
                write: Write[Any] = Delete(kept.entity, key, missing_ok=True)
                return True, write, lambda: self._delete(at)
            case "upsert":
                return self._upsert(kept, at, key, new)
        return self._update(kept, at, key, new)

    def _new(self) -> tuple[int, dict[str, Any]]:
        """Draw the attributes of an item created now."""
        place = self.draw(st.integers(0, len(self.kept) - 1))
        kept = self.kept[place]
        now = {"created_at": self.clock.now, "updated_at": self.clock.now}
        drawn = {
            name: self.draw(
                st.sampled_from([*VALUES[name], *([None] if name in kept.optional else [])])
            )
            for name in kept.names
            if name not in now
        }
        return place, drawn | {name: now[name] for name in now if name in kept.names}

    def _put(self, at: tuple[int, KeyValue], values: dict[str, Any]) -> None:
        if self._live(at) is not None:
            raise ItemExistsError("", {})
        self.items[at] = values

    def _delete(self, at: tuple[int, KeyValue]) -> None:
        self.items.pop(at, None)

    def _upsert(
        self, kept: Kept, at: tuple[int, KeyValue], key: dict[str, Any], new: dict[str, Any]
    ) -> tuple[bool, Write[Any], Callable[[], None]]:
        values = {n: v for n, v in new.items() if n not in {*key, "created_at", "updated_at"}}
        initial = {n: v for n, v in new.items() if n == "created_at"}
        write = Update(kept.entity, key, self.clock.now, changes=values, initial=initial)

        def effect() -> None:
            there = self._live(at)
            kept_values = new if there is None else {**new, **{n: there[n] for n in initial}}
            self.items[at] = kept_values

        return True, write, effect

    def _update(
        self, kept: Kept, at: tuple[int, KeyValue], key: dict[str, Any], new: dict[str, Any]
    ) -> tuple[bool, Write[Any], Callable[[], None]]:
        """Draw an update of some attributes, which may omit what the index key depends on."""
        there = self.items.get(at)
        names = sorted({*new} - {*key, "created_at", "updated_at", "version"})
        changed = self.draw(st.sets(st.sampled_from(names), min_size=1, max_size=2))
        values = {name: new[name] for name in changed}
        informed = there is not None and self.draw(st.integers(0, 3)) > 0
        known = kept.sources - {*key, *values, "updated_at", "created_at"}
        demanded = {name: there[name] for name in known} if informed and there else {}
        more: dict[str, Any] = {}
        if "version" in kept.names:
            demanded.pop("version", None)
            more = self.draw(
                st.sampled_from([{}, {"increments_version": True}, {"expected_version": 0}])
            )
            if there is not None and "expected_version" in more:
                more = {"expected_version": there["version"]}
            elif there is not None and not more and informed and "version" in kept.sources:
                demanded["version"] = there["version"]
        counts_blindly = "increments_version" in more and "version" in kept.sources

        def effect() -> None:
            if (now := self._live(at)) is None:
                raise ItemNotFoundError("", {})
            stamp = {"updated_at": self.clock.now} if "updated_at" in now else {}
            counted = {"version": now["version"] + 1} if more else {}
            self.items[at] = {**now, **values, **stamp, **counted}

        accepted = informed and not counts_blindly
        try:
            write = Update(
                kept.entity, key, self.clock.now, changes=values, expected=demanded, **more
            )
        except DeclarationError:
            assert not accepted
            raise
        return accepted, write, effect

    # Stored items.

    def _live(self, at: tuple[int, KeyValue]) -> dict[str, Any] | None:
        """Return the item unless it is absent or expired."""
        values = self.items.get(at)
        created = None if values is None else values.get("created_at")
        return None if created is not None and created + LIFETIME <= self.clock.now else values

    def require_stored(self) -> None:
        """Compare every item of the model with the table."""
        for (place, key), values in self.items.items():
            stored = self.store.item_at(key)
            expected = self.kept[place].entity(**values).to_item()
            if stored is None:
                # A write deleted the expired item to replace it, and was then refused.
                assert self._live((place, key)) is None
                continue
            assert alike({"M": stored}, {"M": expected}), (stored, expected)
            expiry = self.store.layout.expiry
            assert expiry is None or (stored.get(expiry) is None) == ("created_at" not in values)

    # Queries.

    def ask(self, place: int, layout: Place) -> None:
        """Query a drawn range, and compare the pages with the model."""
        kept = self.kept[place]
        fixed = layout.sort[: self.draw(st.integers(0, len(layout.sort)))]
        bounded = self.draw(st.sampled_from([*layout.sort, *layout.sort, *layout.partition]))
        lower = self.draw(st.sampled_from(["", "at_least", "above"]))
        upper = self.draw(st.sampled_from(["", "below", "at_most"]))
        is_sound = layout.sort[len(fixed) : len(fixed) + 1] == (bounded,)
        if not is_sound:
            with pytest.raises(DeclarationError):
                pattern_of(kept, layout, fixed, bounded, (lower or "at_least", upper))
            bounded = next(iter(layout.sort[len(fixed) :]), "")
        pattern = pattern_of(kept, layout, fixed, bounded, (lower, upper))
        inside = [kept.components(v) for _, v in self._all(place) if kept.is_in(layout, v)]
        named = (*layout.partition, *fixed)
        asked = {name: self._some_value(name, inside) for name in named}
        if inside and self.draw(st.integers(0, 3)):
            like = self.draw(st.sampled_from(inside))
            asked = {name: like[name] for name in named}
        bounds = {}
        if bounded and lower:
            bounds["low"] = self._some_value(bounded, inside)
        if bounded and upper:
            bounds["high"] = self._some_value(bounded, inside)
        if len(bounds) > 1 and bounds["low"] > bounds["high"]:
            bounds = {"low": bounds["high"], "high": bounds["low"]}
        order = self.draw(st.sampled_from(["asc", "desc"]))
        self._compare(
            pattern(**asked, **bounds, order=order),
            [
                each
                for each in (
                    kept.components(values)
                    for at, values in self._all(place)
                    if kept.is_in(layout, values) and self._live(at) is not None
                )
                if all(each[name] == value for name, value in asked.items())
                and (not bounded or _within(each[bounded], lower, upper, bounds))
            ],
            layout,
            reverse=order == "desc",
        )

    def _compare(
        self,
        query: Query[Any],
        expected: Sequence[Mapping[str, Any]],
        layout: Place,
        *,
        reverse: bool,
    ) -> None:
        """Read pages of a drawn size, each twice, and compare the items with the expected ones."""
        limit = self.draw(st.integers(1, 4))
        found: list[Entity] = []
        cursor = None
        while True:
            page = self.store.page(query, limit=limit, cursor=cursor)
            assert page.items == self.store.page(query, limit=limit, cursor=cursor).items
            found += page.items
            assert page.cursor is None or len(page.items) == limit
            if (cursor := page.cursor) is None:
                break
        places = [tuple(getattr(each, name) for name in layout.sort) for each in found]
        assert places == sorted(
            (tuple(each[name] for name in layout.sort) for each in expected), reverse=reverse
        )
        own = {*expected[0]} - {"rank"} if expected else set()
        whole = [type(found[0])(**{n: each[n] for n in own}) for each in expected if found]
        assert {_key(each): each for each in found} == {_key(each): each for each in whole}
        assert len({_key(each) for each in found}) == len(found)

    def _all(self, place: int) -> Iterator[tuple[tuple[int, KeyValue], dict[str, Any]]]:
        return ((at, values) for at, values in self.items.items() if at[0] == place)

    def _some_value(self, name: str, inside: Sequence[Mapping[str, Any]]) -> Any:
        """Draw a value of a component, a stored one if there are any."""
        return self.draw(st.sampled_from([each[name] for each in inside] or list(VALUES[name])))


def _key(entity: Entity) -> KeyValue:
    rendered = entity.primary_key.render(entity.attribute_values)
    assert rendered is not None
    return rendered


def _within(value: Any, lower: str, upper: str, bounds: Mapping[str, Any]) -> bool:
    """Whether a value is between the bounds, inclusive or exclusive."""
    low, high = bounds.get("low", value), bounds.get("high", value)
    above = value > low if lower == "above" else value >= low
    below = value < high if upper == "below" else value <= high
    return bool(above and below)


def pattern_of(
    kept: Kept, layout: Place, fixed: Sequence[str], bounded: str, ends: tuple[str, str]
) -> Callable[..., Query[Any]]:
    """Declare a query that fixes the partition and some components, and bounds one."""
    lower, upper = ends
    bounds: dict[str, Any] = {lower: ("low",) if lower == "above" else "low"} if lower else {}
    bounds |= {upper: "high"} if upper else {}
    parameters = [*layout.partition, *fixed]
    limits = {"low": None} if bounded and lower else {}
    limits |= {"high": None} if bounded and upper else {}
    namespace = {
        "__annotations__": dict.fromkeys([*parameters, *limits], "Any"),
        "__orig_bases__": (Query[kept.entity],),  # type: ignore[name-defined]  # drawn
        "__doc__": "Which items are there?",
        "source": "a test",
        "key": kept.entity.keys[layout.name],
        "range": SortRange(bounded, **bounds) if bounded and bounds else None,
        **limits,
    }
    made: Callable[..., Query[Any]] = dataclass(frozen=True)(type("Drawn", (Query,), namespace))
    return made


# No shrinking: it takes minutes on an engine, and the drawn designs are small.
@settings(
    max_examples=_EXAMPLES,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(data=st.data())
def test_writes_and_queries_of_any_design_leave_and_find_what_they_say(
    client: Client, data: st.DataObject
) -> None:
    table = f"Drawn{next(_numbers)}"
    shape = data.draw(shapes())
    kept = [data.draw(kept_entities(shape, table, literal)) for literal in ("ITEM", "ITEMS")]
    design = Design(table, tuple(each.entity for each in kept), (shape.index,))
    clock = Clock()
    name = f"drawn-{_LAYOUTS.index(shape.layout)}-{shape.index.name}"
    store = store_of(client, name, clock, design)
    if (client.endpoint_url, name) not in _tables:
        store.create_table()
        _tables.add((client.endpoint_url, name))
    world = World(store, clock, kept, data)

    for _ in range(data.draw(st.integers(3, 8))):
        world.step()

    for place, each in enumerate(kept):
        for layout in (each.primary, each.index) * 3:
            if layout.sort:
                world.ask(place, layout)

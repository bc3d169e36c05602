"""Queries of several entities, of any design that Hypothesis draws, answer what a model says.

They may answer with parts of the entities, and filter what they return.

The entities of a design share partitions, and often the beginning of their sort keys. Their
components have other names in each entity. A query is drawn with the entities that it answers with,
and the parameters that fix or bound the sort key. The model knows of a sort key only the values at
its places: what it says is a comprehension over all stored items.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import count
from types import new_class
from typing import Any, Final, TypeAlias, Union

import pytest
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st
from pynamodb.expressions.operand import Path

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.projection import Projection
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.optional import optional
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.table import Table
from autoforge.errors import DeclarationError
from autoforge.testing.clock import Clock
from autoforge.testing.recording import watching
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON
from tests.stores import put_raw, store_of

pytestmark = pytest.mark.one_engine

_numbers: Final = count(1)


class Kind(StrEnum):
    """Members of which one is a prefix of another."""

    WARN = "warn"
    WARNING = "warning"


class Rank(StrEnum):
    """Members that only a table of another program has in its keys."""

    TOP = "a"
    NEXT = "a !"
    LAST = "a$"


#: The kinds of components: how the attribute is declared, its spec in a template, and few values.
KINDS: Final[Mapping[str, tuple[Callable[[], Any], str, Sequence[Any]]]] = {
    "id": (Id, "", ("a", "a1", "ROOT")),
    "text": (Text, "", ("a", "a!", "a\0", "ab", "a#", "é")),
    "number": (Integer, ":3", (0, 1, 10)),
    "time": (Moment, "", tuple(NOON + step * timedelta(hours=5) for step in range(4))),
    "kind": (lambda: Choice(Kind), "", tuple(Kind)),
    "raw": (Text, ":raw", ("a", "a!", "a\0", "ab", "a%23", "A$", "ROOT$", "é")),
    "rank": (lambda: Choice(Rank), ":raw", tuple(Rank)),
    "behind": (Text, "", ("!", "$", "B", "B!")),
    "rawbehind": (Text, ":raw", ("!", "$", "B", "B$", "\0")),
}
#: The literals in front of components of a kind: with the value, some are like other literals.
BEFORE: Final = {"behind": "A", "rawbehind": "A"}
#: The kinds whose values are not written alike before a separator and at the end.
TEXTS: Final = {"text", "raw", "rank", "behind", "rawbehind"}
#: The kinds whose values do not sort as the keys do before a separator.
UNORDERED: Final = {"raw", "rank", "rawbehind"}
#: How values of a kind may begin.
BEGINNINGS: Final[Mapping[str, Sequence[Any]]] = {
    "text": ("a", "a!", "a#", "b", "é"),
    "raw": ("a", "a!", "b", "A", "ROOT$", "é"),
    "behind": ("!", "B"),
    "rawbehind": ("!", "B", "$"),
    "time": (NOON.date(), NOON.date() + timedelta(days=1)),
}
LITERALS: Final = ("A", "AB", "ROOT")

#: A place in a sort key: a literal, or a kind of component with its own number.
Place: TypeAlias = str | tuple[str, int]


@dataclass(frozen=True)
class Drawn:
    """An entity, the places of its sort key, and the attributes behind them."""

    entity: type[Entity]
    places: tuple[Place, ...]
    owner: str
    names: Mapping[int, str]
    part: type[Projection[Any]]

    def at(self, item: Mapping[str, Any], place: int) -> Any:
        """Return what stands at a place of the sort key of an item."""
        return item[self.names[place]] if place in self.names else self.places[place]


@dataclass
class Asked:
    """A drawn query, and what the model must know of it."""

    key: Drawn
    answered: Sequence[Drawn]
    left_out: Sequence[Drawn]
    #: The number of components of the sort key that parameters fix.
    fixed: int
    #: The bounds of the next component: of them, parameters to values.
    bounds: Mapping[str, Any] = field(default_factory=dict)
    #: The note that a filter requires; None without a filter.
    noted: str | None = None
    #: Whether parts of the entities are answered.
    in_part: bool = False

    @property
    def agreed(self) -> int:
        """The number of places that all sort keys have in common."""
        return min(_agreed(self.key, each) for each in self.answered)

    @property
    def components(self) -> list[int]:
        """The places of the components of the key."""
        return [*self.key.names]

    def is_sound(self) -> bool:
        """Whether every place with a parameter is one that all sort keys have in common."""
        given = self.components[: self.fixed + bool(self.bounds)]
        return all(place < self.agreed for place in given)

    def is_unordered(self) -> bool:
        """Whether a component is bounded whose values do not sort as the keys do."""
        if not self.bounds or "begins_with" in self.bounds:
            return False
        place = self.components[self.fixed]
        return self.key.places[place][0] in UNORDERED and place + 1 < len(self.key.places)

    def selects(self, drawn: Drawn, item: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
        """Whether an item of an entity is in the range, and matches the filter."""
        if self.noted is not None and item["note"] != self.noted:
            return False
        places = self.components
        free = places[self.fixed] if self.fixed < len(places) else len(self.key.places)
        for place in range(min(free, self.agreed)):
            wanted = self.key.places[place]
            if place in self.key.names:
                wanted = given[self.key.names[place]]
            if drawn.at(item, place) != wanted:
                return False
        if not self.bounds:
            return True
        return _within(drawn.at(item, places[self.fixed]), self.bounds)


def _agreed(one: Drawn, other: Drawn) -> int:
    """Count the places at which two sort keys begin alike."""
    for place, (mine, theirs) in enumerate(zip(one.places, other.places, strict=False)):
        if isinstance(mine, str) or isinstance(theirs, str):
            if mine != theirs:
                return place
            continue
        # A text at the end is encoded otherwise than one before a separator.
        lasts = len({len(one.places) == place + 1, len(other.places) == place + 1}) > 1
        if mine[0] != theirs[0] or (mine[0] in TEXTS and lasts):
            return place
    return min(len(one.places), len(other.places))


def _within(value: Any, bounds: Mapping[str, Any]) -> bool:
    tests: Mapping[str, Callable[[Any, Any], bool]] = {
        "at_least": lambda v, bound: bool(v >= bound),
        "above": lambda v, bound: bool(v > bound),
        "below": lambda v, bound: bool(v < bound),
        "at_most": lambda v, bound: bool(v <= bound),
        "begins_with": _begins,
    }
    return all(tests[name](value, bound) for name, bound in bounds.items())


def _begins(value: Any, bound: Any) -> bool:
    return bool(value.startswith(bound) if isinstance(value, str) else value.date() == bound)


@st.composite
def designs(draw: st.DrawFn) -> tuple[str, Index, list[Drawn]]:
    """Draw the entities of a table, and the index in which they share partitions."""
    name = f"R{next(_numbers)}"
    index = draw(st.sampled_from([TABLE, GSI1, GSI1]))
    stem = draw(_places(2))
    found: list[Drawn] = []
    for number in range(draw(st.integers(2, 4))):
        shared = draw(st.sampled_from([len(stem), len(stem), 0, 1]))
        places = stem[:shared] + draw(st.one_of(st.just([]), _places(2)))
        drawn = _declare(name, index, number, tuple(places) or ("ROOT",))
        others = [each.entity.primary_key for each in found]
        if not any(drawn.entity.primary_key.overlaps(each) for each in others):
            found.append(drawn)
    return name, index, found


def _places(most: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(
        st.one_of(st.sampled_from(LITERALS), st.sampled_from(sorted(KINDS))), max_size=most
    )


def _declare(name: str, index: Index, number: int, places: tuple[str, ...]) -> Drawn:
    body: dict[str, Any] = {"__module__": __name__, f"owner{number}": Id(), f"uid{number}": Id()}
    names: dict[int, str] = {}
    template = []
    for place, each in enumerate(places):
        if each not in KINDS:
            template.append(each)
            continue
        names[place] = f"{each}{number}_{place}"
        make, spec, _ = KINDS[each]
        body[names[place]] = make()
        template.append(f"{BEFORE.get(each, '')}{{{names[place]}{spec}}}")
    partition, sort = f"{name}#{{owner{number}}}", "#".join(template)
    body["note"] = optional(Text())
    if index.is_table:
        body["key"] = Key(partition, sort)
    else:
        body["key"] = Key(f"{name}E{number}#{{uid{number}}}", "X")
        body["listed"] = Key(partition, sort, index=index)
    entity = new_class(f"{name}E{number}", (Entity,), {}, lambda own: own.update(body))
    kinds = tuple((each, place) if place in names else each for place, each in enumerate(places))
    fields = {"__annotations__": dict.fromkeys((f"owner{number}", *names.values(), "note"), Any)}
    part: Any = new_class(
        f"{name}P{number}",
        (Projection[entity],),  # type: ignore[valid-type]  # drawn
        {},
        lambda own: own.update(fields),
    )
    return Drawn(entity, kinds, f"owner{number}", names, dataclass(frozen=True)(part))


@dataclass
class World:
    """A table, and a model of what is stored."""

    store: Store
    index: Index
    drawn: Sequence[Drawn]
    data: st.DataObject
    #: The attributes of each item, by entity and identity.
    items: dict[tuple[int, Any], dict[str, Any]] = field(default_factory=dict)

    def draw(self, strategy: st.SearchStrategy[Any]) -> Any:
        """Draw a value."""
        return self.data.draw(strategy)

    def fill(self) -> None:
        """Store items, some of them expired, and one of an unknown type."""
        for number in range(self.draw(st.integers(4, 14))):
            place = self.draw(st.integers(0, len(self.drawn) - 1))
            values = self._values(place, number)
            entity = self.drawn[place].entity(**values)
            key = entity.primary_key.render(entity.attribute_values)
            self.items[place, key] = values
            self.store.put_all([entity])
        stranger = self.drawn[0].entity(**self._values(0, 99)).to_item()
        if (0, self._key(stranger)) not in self.items:
            put_raw(self.store, {**stranger, "EntityType": {"S": "Stranger"}})

    def _key(self, item: Mapping[str, Any]) -> Any:
        return item["PK"]["S"], item["SK"]["S"]

    def _values(self, place: int, number: int) -> dict[str, Any]:
        drawn = self.drawn[place]
        expired = self.draw(st.integers(0, 4)) == 0
        return {
            drawn.owner: self.draw(st.sampled_from(["o", "o1"])),
            drawn.owner.replace("owner", "uid"): f"u{number}",
            "expires_at": NOON - timedelta(hours=1) if expired else None,
            "note": self.draw(st.sampled_from([None, "x", "y"])),
            **{
                name: self.draw(st.sampled_from(KINDS[drawn.places[at][0]][2]))
                for at, name in drawn.names.items()
            },
        }

    def ask(self) -> None:
        """Draw a query, and compare its pages with the model."""
        order = self.draw(st.permutations(self.drawn))
        size = self.draw(st.integers(1, len(order)))
        asked = Asked(order[0], order[:size], order[size:], 0)
        asked.fixed = self.draw(st.integers(0, len(asked.components)))
        if asked.fixed < len(asked.components) and self.draw(st.booleans()):
            kind = asked.key.places[asked.components[asked.fixed]][0]
            asked.bounds = self._bounds(kind, KINDS[kind][2])
        asked.noted = self.draw(st.sampled_from([None, None, "x"]))
        asked.in_part = self.draw(st.booleans())
        if asked.is_unordered():
            with pytest.raises(DeclarationError, match=r"do not sort as the keys do"):
                self._pattern(asked)
            event("refused: not in order")
            return
        if not asked.is_sound():
            with pytest.raises(DeclarationError, match=r"that .* does not share"):
                self._pattern(asked)
            event("refused: not shared")
            return
        pattern = self._pattern(asked)
        reached = [
            each for each in asked.left_out if any(map(pattern.reaches, each.entity.keys.values()))
        ]
        pattern = self._pattern(asked, tuple(each.entity for each in reached))
        table = Table("Drawn", tuple(e.entity for e in self.drawn), (GSI1,), (pattern,))
        assert table.patterns == (pattern,)
        event(f"{size} of {len(order)} entities, {len(reached)} left out")
        self._compare(asked, pattern)

    def _bounds(self, kind: str, values: Sequence[Any]) -> dict[str, Any]:
        if kind in BEGINNINGS and self.draw(st.booleans()):
            return {"begins_with": self.draw(st.sampled_from(BEGINNINGS[kind]))}
        lower = self.draw(st.sampled_from(["", "at_least", "above"]))
        upper = self.draw(st.sampled_from(["", "below", "at_most"]))
        low, high = sorted(self.draw(st.tuples(st.sampled_from(values), st.sampled_from(values))))
        bounds = {lower: low, upper: high}
        return {name: bound for name, bound in bounds.items() if name}

    def _pattern(self, asked: Asked, left_out: tuple[type[Entity], ...] = ()) -> type[Query[Any]]:
        key = asked.key
        names = [key.owner, *[*key.names.values()][: asked.fixed]]
        body: dict[str, Any] = {
            "__annotations__": {
                **dict.fromkeys(names, "Any"),
                **{f"{name}_bound": "Any" for name in asked.bounds},
            },
            "__doc__": "Which items are there?",
            "source": "a test",
            "key": next(each for each in key.entity.keys.values() if each.index == self.index),
            "leaves_out": left_out,
            **dict.fromkeys([f"{name}_bound" for name in asked.bounds]),
        }
        if asked.bounds:
            limits: dict[str, Any] = {name: f"{name}_bound" for name in asked.bounds}
            if "above" in limits:
                limits["above"] = (limits["above"],)
            component = key.names[asked.components[asked.fixed]]
            body["range"] = SortRange(component, **limits)
        answers: list[Any] = [e.part if asked.in_part else e.entity for e in asked.answered]
        union: Any = Union[tuple(answers)]  # noqa: UP007 - of drawn types
        if asked.noted is not None:
            noted = Path(["note"]) == asked.noted
            body["filter"] = lambda _: noted
        made: Any = new_class("Asked", (Query[union],), {}, lambda own: own.update(body))
        pattern: type[Query[Any]] = dataclass(frozen=True)(made)
        return pattern

    def _compare(self, asked: Asked, pattern: type[Query[Any]]) -> None:
        key = asked.key
        names = [*key.names.values()][: asked.fixed]
        stored = [v for (place, _), v in self.items.items() if self.drawn[place] is key]
        like = (
            self.draw(st.sampled_from(stored)) if stored else self._values(self.drawn.index(key), 0)
        )
        given = {name: like[name] for name in (key.owner, *names)}
        descending = self.draw(st.booleans())
        bounds = {f"{name}_bound": bound for name, bound in asked.bounds.items()}
        query = pattern(**given, **bounds, order="desc" if descending else "asc")
        expected = [
            drawn.entity(**values)
            for (place, _), values in self.items.items()
            for drawn in [self.drawn[place]]
            if drawn in asked.answered
            and values[drawn.owner] == given[key.owner]
            and asked.selects(drawn, values, given)
        ]
        live = [each for each in expected if each.expires_at is None]
        found = self._pages(query)
        texts = [self._sort_key(each) for each in found]
        assert texts == sorted(map(self._sort_key, live), reverse=descending)
        assert sorted(map(self._shown, found)) == sorted(map(self._shown, live))
        assert all(hasattr(each, "takes") == asked.in_part for each in found)
        counted = self.store.count(query)
        # The item of an unknown type is counted, unless types are filtered.
        assert counted == len(expected) or (counted > len(expected) and not pattern.leaves_out)

    def _of(self, answer: Any) -> Drawn:
        """Return the entity of an answer, which may be a part of it."""
        kind = type(answer)
        return next(each for each in self.drawn if kind in {each.entity, each.part})

    def _shown(self, answer: Any) -> str:
        of = self._of(answer)
        values = [getattr(answer, name) for name in of.part.takes]
        return repr([self.drawn.index(of), *values])

    def _sort_key(self, answer: Any) -> bytes:
        of = self._of(answer)
        key = next(each for each in of.entity.keys.values() if each.index == self.index)
        values = {name: getattr(answer, name) for name in of.names.values()}
        return key.sort_template.render(values).encode()

    def _pages(self, query: Query[Any]) -> list[Any]:
        limit = self.draw(st.integers(1, 4))
        found: list[Any] = []
        cursor = None
        while True:
            page = self.store.page(query, limit=limit, cursor=cursor)
            assert page.items == self.store.page(query, limit=limit, cursor=cursor).items
            found += page.items
            assert page.cursor is None or len(page.items) == limit
            if (cursor := page.cursor) is None:
                break
        with watching(self.store.client) as watched:
            whole = self.store.page(query, limit=100)
        assert [*whole.items] == found
        assert watched.operations == ["Query"]
        return found


@settings(
    max_examples=6 * settings().max_examples,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(data=st.data())
def test_queries_of_several_entities_of_any_design_answer_what_a_model_says(
    client: Client, table_name: str, data: st.DataObject
) -> None:
    _, index, drawn = data.draw(designs())
    assume(len(drawn) > 1)
    world = World(store_of(client, table_name, Clock()), index, drawn, data)

    world.fill()

    for _ in range(4):
        world.ask()

"""Tables that are hard for a pattern: siblings, neighbours, strangers, expired items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any, Final, TypeAlias, TypeVar

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.template import Component
from autoforge.dynamodb.schema.unique_item import UniqueItem, unique_item
from autoforge.testing.drawn import LAST, Drawn
from autoforge.testing.values import Values

T = TypeVar("T")

#: Hypothesis's function that draws a value of a strategy.
Draw: TypeAlias = Callable[[SearchStrategy[Any]], Any]

#: The attribute that no entity declares, with its value.
UNKNOWN: Final[Item] = {"unknown to autoforge": {"M": {"a": {"N": "1"}}}}
_PADDING: Final = "padding of the laws"
#: True three times in four; a failing example shrinks to it.
_MOSTLY: Final = st.sampled_from([True, True, True, False])


@dataclass(frozen=True)
class Population:
    """The contents of a table."""

    items: tuple[Drawn, ...] = ()
    now: datetime = LAST

    def of(self, *entities: type[Entity]) -> list[Drawn]:
        """Return the live items of these entities."""
        return [each for each in self.all_of(*entities) if each.is_live(self.now)]

    def all_of(self, *entities: type[Entity]) -> list[Drawn]:
        """Return the items of these entities, the expired ones included."""
        return [each for each in self.items if each.entity in entities and not each.is_stranger]

    def at(self, entity: type[Entity], components: Mapping[str, Any]) -> Drawn | None:
        """Return the live item of an entity with these components of its key, or None."""
        for each in self.of(entity):
            if all(_same(each.values.get(name), value) for name, value in components.items()):
                return each
        return None


@dataclass(frozen=True)
class Populations:
    """Draws populations.

    Args:
        values: The values of the attributes.
        now: The present time.
        small: Whether to draw few items only, for an example that is easy to read.
    """

    values: Values
    now: datetime
    small: bool = False

    def item(self, draw: Draw, entity: type[Entity], **over: Any) -> Drawn:
        """Draw a live item of an entity."""
        return self.made(entity, {**draw(self.values.of_entity(entity)), **over})

    def made(self, entity: type[Entity], values: Mapping[str, Any], *, live: bool = True) -> Drawn:
        """Make an item of values.

        Raises:
            DeclarationError: if the entity refuses them; it says what to give.
        """
        try:
            drawn = Drawn(entity, entity(**values))
            if live and not drawn.is_live(self.now):
                fresh = {"created_at": self.now} if entity.lifetime is not None else {}
                drawn = Drawn(entity, entity(**{**values, **fresh, "expires_at": None}))
            drawn.item  # noqa: B018 - rendered now, so that a refusal is known
        except InvalidValueError as error:
            raise DeclarationError(
                f"{entity.__name__} refuses drawn values: {error}; give laws_of a strategy of "
                f"whole items: strategies={{{entity.__name__}: st.builds({entity.__name__}, ...)}}"
            ) from error
        if live and not drawn.is_live(self.now):
            reject()
        return drawn

    def family(
        self,
        draw: Draw,
        entities: Sequence[type[Entity]],
        indexes: Sequence[Index],
        fixed: Mapping[str, Any],
        *,
        expired: bool,
    ) -> list[Drawn]:
        """Draw an item, and siblings that differ in little.

        Args:
            draw: Draws values.
            entities: The entities of the items.
            indexes: Where a pattern reads them; siblings differ in the ends of their keys there.
            fixed: The values that the pattern always asks for.
            expired: Whether items may be expired.
        """
        entity = entities[0] if len(entities) == 1 else draw(st.sampled_from(entities))
        strategy = self.values.of_entity(entity)
        base = draw(strategy)
        if entity in self.values.given:
            return [self.made(entity, base, live=not expired)]
        if draw(_MOSTLY):
            base = self._inside(draw, entity, base, indexes)
            base |= {name: value for name, value in fixed.items() if name in base}
        keys = [key for key in entity.keys.values() if key.index in indexes]
        own = {part.name for key in keys for part in key.sort_template.components}
        own |= _last_components(entity)
        others = draw(
            self.values.once(
                ("siblings", entity, self.small), partial(self._siblings, strategy, [*base])
            )
        )
        siblings = [
            {n: other[n] if n in own or n == name else base[n] for n in base}
            for other, name in others
        ]
        return [self.made(entity, each, live=not expired) for each in (base, *siblings)]

    def _siblings(
        self, strategy: SearchStrategy[dict[str, Any]], names: Sequence[str]
    ) -> SearchStrategy[list[Any]]:
        """Return a strategy of the values of siblings, each with a name that they differ in."""
        different = st.none() | st.sampled_from(names)
        return st.lists(st.tuples(strategy, different), max_size=1 if self.small else 3)

    def _inside(
        self,
        draw: Draw,
        entity: type[Entity],
        values: Mapping[str, Any],
        indexes: Sequence[Index],
    ) -> dict[str, Any]:
        """Return values with those that put the item into the indexes that a pattern reads."""
        changed = dict(values)
        for key in entity.keys.values():
            if key.index not in indexes:
                continue
            changed |= key.where
            for name in sorted(key.components & values.keys()):
                if changed[name] is None:
                    changed[name] = draw(self.values.present(entity, name))
        return changed

    def beside(self, draw: Draw, near: Drawn, entity: type[Entity], index: Index) -> Drawn | None:
        """Draw an item of an entity in the item collection of another item, perhaps close to it.

        None if the entity refuses the values, or has none of its own for that.
        """
        mine, theirs = (
            next(each for each in of.keys.values() if each.index == index)
            for of in (near.entity, entity)
        )
        values = draw(self.values.of_entity(entity))
        if entity in self.values.given:
            return self.made(entity, values)
        values = self._inside(draw, entity, values, [index])
        sort = theirs.sort_template.segments[: draw(st.sampled_from([0, 0, 1, 2]))]
        pairs = [
            *zip(mine.partitions[0].segments, theirs.partitions[0].segments, strict=False),
            *zip(mine.sort_template.segments, sort, strict=False),
        ]
        for one, other in pairs:
            value = one if isinstance(one, str) else near.values[one.name]
            if isinstance(other, Component) and other.name in values and value is not None:
                values[other.name] = value
        try:
            return self.made(entity, values)
        except (DeclarationError, AttributeError, TypeError):  # a value of another kind
            return None

    def collected(
        self,
        draw: Draw,
        entities: Sequence[type[Entity]],
        index: Index,
        like: Sequence[Drawn],
    ) -> list[Drawn]:
        """Draw items of other entities in the item collections of some items."""
        found: list[Drawn] = []
        for near in like if len(entities) > 1 else ():
            others = [each for each in entities if each is not near.entity]
            if draw(_MOSTLY):
                drawn = self.beside(draw, near, draw(st.sampled_from(others)), index)
                found += [] if drawn is None else [drawn]
        return found

    def neighbour(self, draw: Draw, like: Sequence[Drawn]) -> Drawn | None:
        """Draw an item of any entity, which often shares the partition of another."""
        others = self.values.design.entities
        other: Drawn | None = draw(st.sampled_from(like)) if like else None
        if other is not None and draw(_MOSTLY):
            sharing = [each for each in others if _shared_indexes(other.entity, each)]
            entity = draw(st.sampled_from(sharing or others))
            indexes = _shared_indexes(other.entity, entity)
            if indexes:
                return self.beside(draw, other, entity, draw(st.sampled_from(indexes)))
        entity = draw(st.sampled_from(others))
        values = draw(self.values.of_entity(entity))
        if other is None or entity in self.values.given or draw(st.booleans()):
            return self.made(entity, values)
        near = other.values
        values = {n: v if near.get(n) is None else near[n] for n, v in values.items()}
        try:
            return self.made(entity, values)
        except DeclarationError:  # another entity's value of the same name
            return None

    def stranger(self, draw: Draw, like: Sequence[Drawn]) -> Drawn | None:
        """Draw an item of another program, beside or between those of the entities."""
        near: Drawn = draw(st.sampled_from(like))
        if near.entity.layout.entity_type is None or near.entity in self.values.given:
            return None
        other = draw(self.values.of_entity(near.entity))
        own = _last_components(near.entity)
        kept = {n: other[n] if n in own else v for n, v in near.made.attribute_values.items()}
        made = self.made(near.entity, kept, live=False).made
        return Drawn(near.entity, made, stored_type=draw(st.sampled_from(["Mystery", None])))

    def population(
        self,
        draw: Draw,
        entities: Sequence[type[Entity]],
        indexes: Sequence[Index],
        *,
        expired: bool = False,
        fixed: Mapping[str, Any] | None = None,
        alone: bool = False,
        strangers: bool = True,
        more: Callable[[list[Drawn]], Iterable[Drawn]] = lambda _: (),
    ) -> Population:
        """Draw the contents of a table.

        Args:
            draw: Draws values.
            entities: The entities that a pattern reads.
            indexes: Where it reads them.
            expired: Whether items may be expired.
            fixed: The values that the pattern always asks for.
            alone: Whether there are no other items.
            strangers: Whether there are items of other programs.
            more: Returns further items for those that were drawn.
        """
        families = self.values.once(
            ("families", *entities, *indexes, str(fixed), expired, self.small, self.now),
            lambda: st.lists(
                _families(self, entities, indexes, fixed=fixed or {}, expired=expired),
                min_size=1,
                max_size=1 if self.small else 3,
            ),
        )
        ours = distinct(each for family in draw(families) for each in family)
        ours = distinct([*ours, *more(ours)])
        if alone or (self.small and draw(_MOSTLY)):
            return Population(tuple(with_look_up_items(ours)), self.now)
        ours = [each if draw(_MOSTLY) else Drawn(each.entity, each.made, UNKNOWN) for each in ours]
        more_of = [each for each in draw(st.lists(_neighbours(self, ours), max_size=2)) if each]
        ours = distinct([*ours, *more_of])
        number = 2 if strangers else 0
        others = [each for each in draw(st.lists(_strangers(self, ours), max_size=number)) if each]
        return Population(tuple(distinct([*with_look_up_items(ours), *others])), self.now)

    def padded(self, draw: Draw, population: Population) -> Population:
        """Return a population whose items have any size up to some kilobytes."""
        sizes = st.sampled_from([0, 1000, 4000, 4096, 9000])
        return Population(
            tuple(
                replace(each, extra={_PADDING: {"S": "x" * draw(sizes)}})
                for each in population.items
            ),
            population.now,
        )


# Lists of these, and not numbers of draws: Hypothesis shrinks lists well.


@st.composite
def _families(
    draw: Draw,
    populations: Populations,
    entities: Sequence[type[Entity]],
    indexes: Sequence[Index],
    *,
    fixed: Mapping[str, Any],
    expired: bool,
) -> list[Drawn]:
    return populations.family(draw, entities, indexes, fixed, expired=expired)


@st.composite
def _neighbours(draw: Draw, populations: Populations, like: Sequence[Drawn]) -> Drawn | None:
    return populations.neighbour(draw, like)


@st.composite
def _strangers(draw: Draw, populations: Populations, like: Sequence[Drawn]) -> Drawn | None:
    return populations.stranger(draw, like)


def distinct(items: Iterable[Drawn]) -> list[Drawn]:
    """Return items of which no two have one identity or one unique value; the first ones stay."""
    found: list[Drawn] = []
    taken: set[tuple[Any, ...]] = set()
    for each in items:
        claims = {each.identity, *each.unique_values.values()}
        if not claims & taken:
            taken |= claims
            found.append(each)
    return found


def with_look_up_items(items: Iterable[Drawn]) -> list[Drawn]:
    """Return items and the look-up items of their unique values, before stale look-up items."""
    stale: list[Drawn] = []
    own: list[Drawn] = []
    for each in items:
        (stale if issubclass(each.entity, UniqueItem) else own).append(each)
    found = [unique_item(each.made, unique) for each in own for unique in each.unique_values]
    look_ups = [Drawn(type(each), each) for each in found if each is not None]
    return distinct([*own, *look_ups, *stale])


def _shared_indexes(one: type[Entity], other: type[Entity]) -> list[Index]:
    """Return the indexes in which items of two entities may have one partition key."""
    return [
        mine.index
        for mine, theirs in product(one.keys.values(), other.keys.values())
        if mine.index == theirs.index and _overlap(mine, theirs)
    ]


def _overlap(one: Key, other: Key) -> bool:
    return any(mine.overlaps(theirs) for mine, theirs in product(one.partitions, other.partitions))


def _last_components(entity: type[Entity]) -> set[str]:
    """Return the last component of the primary key, by which the items of a partition differ."""
    key = entity.primary_key
    templates = (key.sort_template, *key.partitions)
    return set(next(([each.components[-1].name] for each in templates if each.components), []))


def _same(mine: Any, theirs: Any) -> bool:
    return bool(mine == theirs)

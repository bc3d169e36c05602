"""The kinds of patterns that follow references: look-up items, unique values, and hydration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hypothesis import strategies as st

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.unique_item import UniqueItem
from autoforge.testing.answers import (
    OfGet,
    OfQuery,
    Ordered,
    Read,
    flat,
    not_a_key,
    sizes_of,
    words_of_reference,
)
from autoforge.testing.comparing import answered
from autoforge.testing.drawn import Drawn
from autoforge.testing.engines import Engine
from autoforge.testing.population import Draw, Population, Populations
from autoforge.testing.report import Broken, in_words


@dataclass(frozen=True)
class _Following:
    """Follows references of one entity to items of another, by the pattern's own ``target``."""

    pattern: type[Any]
    strictly: bool

    @property
    def entity(self) -> type[Entity]:
        """The entity that is pointed to."""
        entity: type[Entity] = self.pattern.entities[0]
        return entity

    @property
    def reference(self) -> type[Entity]:
        """The entity of the references."""
        entity: type[Entity] = self.pattern.entities[1]
        return entity

    def components(self, asked: Any, reference: Drawn) -> Mapping[str, Any]:
        """Return the components of the key that a reference points to.

        Raises:
            Broken: if it is no key of the entity, or contradicts the reference.
        """
        key = self.pattern.target(asked, answered(reference, self.pattern.answers[1:]))
        components = self.entity.primary_key.decode(key)
        if components is None:
            raise not_a_key(self.pattern, "target", key, (self.entity,), of=reference)
        if self.strictly:
            for name, value in components.items():
                self._require_named(reference, name, value)
        return components

    def limits(self) -> Iterator[str]:
        """Yield the components of the target's key that nothing checks."""
        for name in sorted(self.entity.primary_key.components) if self.strictly else ():
            if not self._named(name):
                yield (
                    f"that its target has the right {name}: no attribute of "
                    f"{self.reference.__name__} is named after it"
                )

    def _named(self, name: str) -> list[str]:
        """Return the attributes of the references that are named after a component."""
        own = self.reference.get_attributes()
        named = [each for each in own if each.endswith(f"_{name}")]
        if name in own and name != "id" and self.reference is not self.entity:
            named.append(name)
        return named

    def _require_named(self, reference: Drawn, name: str, value: Any) -> None:
        """Require that a component is an attribute of the reference that is named after it."""
        named = self._named(name)
        if named and all(reference.values.get(each) != value for each in named):
            said = " and ".join(f"{n} = {in_words(reference.values.get(n))}" for n in named)
            raise Broken(
                f"target points to the {self.entity.__name__} with {name} = {in_words(value)}, but "
                f"the {reference.entity.__name__} has {said}",
                more={"reference": [words_of_reference(reference)]},
            )

    def items(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw the items that references point to; not for all of them."""
        found = []
        for each in like:
            if each.entity is not self.reference or draw(st.integers(0, 4)) == 4:  # noqa: PLR2004 - one in five
                continue
            asked = object.__new__(self.pattern)
            components = self.components(asked, each)
            own = self.entity.get_attributes()
            drawn = draw(populations.values.of_entity(self.entity))
            same = {n: v for n, v in each.values.items() if n in own and v is not None}
            try:
                made = populations.made(self.entity, {**drawn, **same, **components})
            except DeclarationError:  # an attribute of the same name, but of another kind
                made = populations.made(self.entity, {**drawn, **components})
            found.append(made)
        return found


class OfHydrate(OfQuery):
    """A Hydrate answers with the items that the references in its range point to."""

    @cached_property
    def _following(self) -> _Following:
        return _Following(self.pattern, self.pattern not in self.selects)

    def wanted(self, there: Population, asked: Query[Any]) -> Ordered:
        """Return the items that exist, in the order of their references."""
        found = [
            [self._behind(there, asked, each) for each in group]
            for group in super().wanted(there, asked)
        ]
        return [[each for each in group if each is not None] for group in found]

    def reads(self, there: Population, asked: Query[Any]) -> list[Read]:
        """Return the Query and the BatchGetItem of its references, if it finds any."""
        sizes = [each.size_in(asked.index) for each in self.in_range(there, asked)]
        query = Read("Query", sizes, asked.answers[1:], asked.index)
        references = flat(super().wanted(there, asked))
        found = {
            str(c): self._behind(there, asked, r)
            for r in references
            if (c := self._following.components(asked, r))
        }
        primary = asked.entities[0].layout.primary
        targets = Read("BatchGetItem", sizes_of(found.values()), asked.answers[:1], primary)
        return [query, targets] if references else [query]

    def most(self, asked: Query[Any]) -> int:
        """Return two: the Query, and the BatchGetItem of the items."""
        del asked
        return 2

    def limits(self, engine: Engine) -> Iterator[str]:
        """Yield what is not proved of the range and of the targets."""
        yield from super().limits(engine)
        yield from self._following.limits()

    def more(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw the items that the references point to."""
        return self._following.items(draw, populations, like)

    def _behind(self, there: Population, asked: Query[Any], reference: Drawn) -> Drawn | None:
        return there.at(asked.entities[0], self._following.components(asked, reference))


class OfLookup(OfGet):
    """A Lookup answers with the item that its look-up item names, if that still agrees."""

    @property
    def selected(self) -> tuple[type[Entity], ...]:
        """The entity of the look-up items."""
        return self.pattern.entities[1:]

    @cached_property
    def _following(self) -> _Following:
        return _Following(self.pattern, self.pattern not in self.selects)

    def wanted(self, there: Population, asked: Get[Any]) -> Ordered:
        """Return the item, or nothing."""
        *_, found = self._path(there, asked)
        lookup: Any = asked
        stale = found is None or not lookup.agrees(answered(found, asked.answers))
        return [[]] if stale or found is None else [[found]]

    def reads(self, there: Population, asked: Get[Any]) -> list[Read]:
        """Return the request of the look-up item, and of the item that it names."""
        answers = asked.answers[1:], asked.answers[:1]
        return [
            Read("GetItem", sizes_of([each]), asking, asked.key.index)
            for each, asking in zip(self._path(there, asked), answers, strict=False)
        ]

    def most(self, asked: Get[Any]) -> int:
        """Return two: the look-up item, and the item that it names."""
        del asked
        return 2

    def limits(self, engine: Engine) -> Iterator[str]:
        """Yield what is not proved of the look-up item and of the targets."""
        yield from super().limits(engine)
        yield from self._following.limits()

    def more(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw the items that the look-up items name."""
        return self._following.items(draw, populations, like)

    def _path(self, there: Population, asked: Get[Any]) -> list[Drawn | None]:
        """Return the look-up item and, if there is one, the item that it names."""
        chosen = self.selection(there, asked)
        lookup = [each for each in there.of(asked.entities[1]) if chosen.admits(each)]
        if not lookup:
            return [None]
        components = self._following.components(asked, lookup[0])
        return [lookup[0], there.at(asked.entities[0], components)]


class OfUnique(OfLookup):
    """A ByUnique answers with the item that has the value, whatever the look-up items say."""

    @property
    def selected(self) -> tuple[type[Entity], ...]:
        """The entity of the items that have the value."""
        return self.pattern.entities[:1]

    def wanted(self, there: Population, asked: Get[Any]) -> Ordered:
        """Return the item that has the value, or nothing."""
        chosen = self.selects.get(self.pattern)
        found = there.of(*self.selected)
        if chosen is not None:
            return [[each for each in found if chosen(asked, each.made)]]
        meant = self.selection(there, asked).meant
        return [[e for e in found if all(e.values.get(n) == v for n, v in meant.items())]]

    def words(self, there: Population, asked: Get[Any]) -> list[str]:
        """Say which item is selected."""
        if self.pattern in self.selects:
            return super().words(there, asked)
        meant = self.selection(there, asked).meant
        said = " and ".join(f"{name} = {in_words(value)}" for name, value in sorted(meant.items()))
        return [f"the {self.selected[0].__name__} item with {said}"]

    def limits(self, engine: Engine) -> Iterator[str]:
        """Yield nothing: values say which item it is."""
        del engine
        yield from ()

    def more(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw look-up items that are stale: the item that they name has another value."""
        look_up = self.pattern.entities[1]
        found = []
        for each in like:
            if each.entity is self.selected[0] and draw(st.booleans()):
                values = draw(populations.values.of_entity(look_up))
                owner = {"owner_partition": each.key.partition, "owner_sort": each.key.sort or None}
                found.append(populations.made(look_up, {**values, **owner, "expires_at": None}))
        return found

    def _path(self, there: Population, asked: Get[Any]) -> list[Drawn | None]:
        """Return the look-up item of the value and, if there is one, the item that it names."""
        meant = self.selection(there, asked).meant
        value = [meant[each.name] for each in self.pattern.key.partitions[0].components]
        for each in there.items:
            if _is_look_up(each, asked.unique.template) and _value(each) == value:  # type: ignore[attr-defined]  # a ByUnique
                if not each.is_live(there.now):
                    return [each]
                owner = each.made.owner  # type: ignore[attr-defined]  # a look-up item
                return [each, next((i for i in there.items if i.key == owner), None)]
        return [None]


def _is_look_up(drawn: Drawn, template: str) -> bool:
    return issubclass(drawn.entity, UniqueItem) and drawn.entity.primary_key.partition == template


def _value(look_up: Drawn) -> list[Any]:
    parts = look_up.entity.primary_key.partitions[0].components
    return [look_up.values[each.name] for each in parts]

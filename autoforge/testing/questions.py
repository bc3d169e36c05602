"""Draws the parameters of patterns, most often so that stored items match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Sequence as AbstractSequence
from dataclasses import MISSING, dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, cmp_to_key
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import reject
from hypothesis import strategies as st

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.keyed import Keyed
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.template import Component
from autoforge.dynamodb.schema.value_codecs import DateCodec
from autoforge.testing.drawn import Drawn
from autoforge.testing.population import Draw
from autoforge.testing.selection import entity_of_key, shown_in
from autoforge.testing.values import Values, date_of, generic

_SEQUENCES: Final = (tuple, list, frozenset, set, AbstractSequence)


@dataclass(frozen=True)
class Question:
    """A pattern with drawn parameters.

    Attributes:
        asked: The pattern.
        like: The stored item whose values the parameters are; None if they are others.
    """

    asked: Pattern[Any]
    like: Drawn | None


@dataclass(frozen=True)
class Questions:
    """Draws the parameters of one pattern.

    Args:
        values: The values of the attributes.
        pattern: The pattern.
        entities: The entities that it reads.
    """

    values: Values
    pattern: type[Pattern[Any]]
    entities: Sequence[type[Entity]]

    def require_all(self) -> None:
        """Require that every parameter can be drawn.

        Raises:
            DeclarationError: with the parameter, and what to give.
        """
        if self.values.of_pattern(self.pattern) is not None:
            return
        hints = _hints(self.pattern)
        known = self._by_name()
        for each in self.pattern.parameters():
            if each.default is MISSING and each.default_factory is MISSING:
                hint = hints.get(each.name, Any)
                if each.name not in known and not _can_draw(hint) and not self._named(each.name):
                    raise self._undrawable(each.name)

    def draw(self, draw: Draw, items: Sequence[Drawn]) -> Question:
        """Draw the parameters for a table with these items."""
        own_strategy = self.values.of_pattern(self.pattern)
        if own_strategy is not None:
            return Question(draw(own_strategy), None)
        near = [each for each in items if each.entity in self.entities and not each.is_stranger]
        if issubclass(self.pattern, Keyed):
            own = entity_of_key(self.pattern)
            near = [each for each in near if each.entity is own and each.is_in(self.pattern.key)]
        like = draw(st.sampled_from(near)) if near and draw(st.integers(0, 7)) < 7 else None  # noqa: PLR2004 - seven in eight
        source = self._values_of(draw, like)
        is_keyed = issubclass(self.pattern, Keyed)
        given = self._of_key(draw, source, near) if is_keyed else {}
        hints = _hints(self.pattern)
        for each in self.pattern.parameters():
            if each.name in given:
                continue
            if each.name == "order":
                given["order"] = draw(st.sampled_from([None, None, "asc", "desc"]))
                continue
            given[each.name] = self._free(draw, each.name, hints.get(each.name, Any), source, items)
        return Question(self.pattern(**given), like)

    def _values_of(self, draw: Draw, like: Drawn | None) -> Mapping[str, Any]:
        if like is not None:
            return like.values
        if not self.entities:
            return {}
        keyed = issubclass(self.pattern, Keyed)
        entity = entity_of_key(self.pattern) if keyed else self.entities[0]  # type: ignore[arg-type]  # as keyed says
        values = draw(self.values.of_entity(entity))
        drawn = Drawn(entity, entity(**values))
        return drawn.values

    # Parameters of a key.

    def _by_name(self) -> set[str]:
        """Return the parameters that are components or bounds of the key."""
        if not issubclass(self.pattern, Keyed):
            return set()
        renames, components = self.pattern.renames, self.pattern.key.components
        return {renames.get(name, name) for name in components} | self.pattern._bounding()  # noqa: SLF001 - of the toolkit

    def _of_key(
        self, draw: Draw, source: Mapping[str, Any], near: Sequence[Drawn]
    ) -> dict[str, Any]:
        cls = self.pattern
        assert issubclass(cls, Keyed)  # noqa: S101 - as the caller found
        hints = _hints(cls)
        names = {f.name: f for f in cls.parameters() if f.name != "order"}
        given: dict[str, Any] = {}
        bounding = cls._bounding()
        parts = [part for each in cls.key.partitions for part in each.components]
        sort = [part for part in cls.key.sort_template.components if part not in parts]
        wider = False
        for part in (*parts, *sort):
            name = cls.renames.get(part.name, part.name)
            if name not in names or name in bounding or part.name in cls.fixed or name in given:
                continue
            may_lack = names[name].default is None
            if part in sort and may_lack and (wider or draw(st.integers(0, 2)) == 2):  # noqa: PLR2004 - one in three
                given[name], wider = None, True
                continue
            value = source.get(part.name)
            if value is None and not may_lack:
                value = self._present(draw, part)
            given[name] = _as_hinted(value, hints.get(name, Any), part)
        if issubclass(cls, Query) and cls.range is not None:
            given |= self._bounds(draw, cls, source, near)
        return given

    def _present(self, draw: Draw, part: Component) -> Any:
        cls = self.pattern
        assert issubclass(cls, Keyed)  # noqa: S101 - as the caller found
        if part.name in cls.key.derived:
            reject()
        return draw(self.values.present(entity_of_key(cls), part.name))

    def _bounds(
        self,
        draw: Draw,
        cls: type[Query[Any]],
        source: Mapping[str, Any],
        near: Sequence[Drawn],
    ) -> dict[str, Any]:
        """Draw the bounds of a range, often equal to values of stored items, in their order."""
        bounds = cls.range
        assert bounds is not None  # noqa: S101 - as the caller found
        part = next(p for p in cls.key.sort_template.components if p.name == bounds.component)
        stored = [each.values[part.name] for each in near]
        if source.get(part.name) is not None:
            stored.append(source[part.name])

        def bound() -> Any:
            if stored and draw(st.integers(0, 3)) < 3:  # noqa: PLR2004 - three in four
                return draw(st.sampled_from(stored))
            return self._present(draw, part) if part.name not in cls.key.derived else stored[0]

        given: dict[str, Any] = {}
        required = {f.name for f in cls.parameters() if f.default is MISSING}
        own = {f.name for f in cls.parameters()}  # a bound may also be a property
        if bounds.begins_with in own:
            may_lack = bounds.begins_with not in required
            return {bounds.begins_with: self._beginning(draw, bound(), may_lack=may_lack)}
        names = [n for n in (bounds.at_least, bounds.below or bounds.at_most) if n in own]
        for name in names:
            given[name] = bound() if name in required or draw(st.booleans()) else None
        lower, upper = bounds.at_least or "", bounds.below or bounds.at_most or ""
        low, high = given.get(lower), given.get(upper)
        if cls.moving in names and given[cls.moving] is None:
            given |= {lower: None} if lower in given else {}  # the other one is the present time
        elif low is not None and high is not None:
            given |= dict(zip((lower, upper), _sorted(part, low, high), strict=True))
        return given | self._above(draw, bounds.above, part, near)

    def _above(
        self, draw: Draw, names: Sequence[str], part: Component, near: Sequence[Drawn]
    ) -> dict[str, Any]:
        """Draw the place after which a range begins: that of a stored item, or none."""
        cls = self.pattern
        assert issubclass(cls, Keyed)  # noqa: S101 - as the caller found
        own = {f.name for f in cls.parameters()}
        like = draw(st.sampled_from(near)) if names and near and draw(st.booleans()) else None
        components = cls.key.sort_template.components
        return {
            name: None if like is None else like.values[each.name]
            for name, each in zip(names, components[components.index(part) :], strict=False)
            if name in own
        }

    @staticmethod
    def _beginning(draw: Draw, value: Any, *, may_lack: bool) -> Any:
        """Return the beginning of a text, mostly a short one, or the date of a time."""
        if may_lack and draw(st.integers(0, 3)) == 3:  # noqa: PLR2004 - one in four
            return None
        if isinstance(value, str):
            return value[: draw(st.sampled_from([1, 1, 2, len(value)]))]
        return date_of(value)

    # Other parameters: properties and methods of the pattern compute with them.

    def _named(self, name: str) -> list[tuple[type[Entity], str]]:
        """Return the attributes of the entities that a parameter is named after."""
        single = name.removesuffix("s")
        return [
            (entity, attribute)
            for entity in self.entities
            for attribute in entity.get_attributes()
            if any(each == attribute or each.endswith(f"_{attribute}") for each in (name, single))
        ]

    def _free(
        self, draw: Draw, name: str, hint: Any, source: Mapping[str, Any], items: Sequence[Drawn]
    ) -> Any:
        members = [each for each in get_args(hint) if each is not NoneType]
        if get_origin(hint) in {Union, UnionType}:
            if len(members) < len(get_args(hint)) and draw(st.booleans()):
                return None
            return self._free(draw, name, members[0], source, items)
        if get_origin(hint) in _SEQUENCES:
            alike: list[Mapping[str, Any]] = [
                each.values for each in items if each.entity in self.entities
            ]
            some = [
                self._free(draw, name, members[0], draw(st.sampled_from(alike or [source])), items)
                for _ in range(draw(st.integers(0, 4)))
            ]
            origin = get_origin(hint)
            return tuple(some) if origin is AbstractSequence else origin(some)
        named = self._named(name)
        if not named:
            return self._by_type(draw, name, hint, source)
        stored = [source[each] for _, each in named if source.get(each) is not None]
        if stored and draw(st.integers(0, 7)) < 7:  # noqa: PLR2004 - seven in eight
            return draw(st.sampled_from(stored))
        return draw(self.values.present(*named[0]))

    def _by_type(self, draw: Draw, name: str, hint: Any, source: Mapping[str, Any]) -> Any:
        if get_origin(hint) is Literal:
            return draw(st.sampled_from(get_args(hint)))
        if hint is date:
            times = [value for value in source.values() if isinstance(value, datetime)]
            return date_of(draw(st.sampled_from(times) if times else generic(datetime)))  # type: ignore[arg-type]  # there is one
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return draw(st.sampled_from(hint))
        is_named = isinstance(hint, type) and hint is not int  # a number is most often a limit
        alike = [each for each in source.values() if is_named and type(each) is hint]
        strategy = generic(hint) if isinstance(hint, type) else None
        if alike and draw(st.booleans()):
            return draw(st.sampled_from(alike))
        if strategy is None:
            if alike:
                return alike[0]
            raise self._undrawable(name)
        return draw(strategy)

    def _undrawable(self, name: str) -> DeclarationError:
        cls = self.pattern.__name__
        return DeclarationError(
            f"{cls}: no value of the parameter {name!r} can be drawn: give laws_of a strategy of "
            f"the whole pattern: strategies={{{cls}: st.builds({cls}, {name}=...)}}"
        )


def entities_read(pattern: type[Pattern[Any]]) -> tuple[type[Entity], ...]:
    """Return the entities of the items that a pattern reads, those of its parts included."""
    if not issubclass(pattern, Composite):
        return pattern.entities
    parts = pattern._labelled().parts()  # noqa: SLF001 - of the toolkit
    found = [each for part in parts for each in entities_read(type(part.pattern))]
    return tuple(dict.fromkeys((*found, *pattern.entities)))


@cache
def _hints(pattern: type[Pattern[Any]]) -> Mapping[str, Any]:
    try:
        return get_type_hints(pattern)
    except (NameError, AttributeError, TypeError, SyntaxError):  # a type local to a function
        return {}


def _can_draw(hint: Any) -> bool:
    members = [each for each in get_args(hint) if each is not NoneType]
    if get_origin(hint) in {Union, UnionType} or get_origin(hint) in _SEQUENCES:
        return bool(members) and _can_draw(members[0])
    if get_origin(hint) is Literal or hint is date:
        return True
    is_choice = isinstance(hint, type) and issubclass(hint, StrEnum)
    return is_choice or (isinstance(hint, type) and generic(hint) is not None)


def _as_hinted(value: Any, hint: Any, part: Component) -> Any:
    """Return a value as the parameter's type has it: of a time perhaps its date."""
    wants_date = date in {hint, *get_args(hint)}
    is_short = isinstance(part.codec.of_value, DateCodec)
    return date_of(value) if wants_date and is_short and value is not None else value


def _sorted(part: Component, *values: Any) -> list[Any]:
    return sorted(values, key=cmp_to_key(lambda one, other: _order(part, one, other)))


def _order(part: Component, one: Any, other: Any) -> int:
    mine, theirs = shown_in(part, one), shown_in(part, other)
    try:
        return int(mine > theirs) - int(mine < theirs)
    except TypeError:
        first, second = part.encode(one), part.encode(other)
        return (first > second) - (first < second)

"""What a pattern selects, said by the values of items: the declaration of the pattern as a test.

It is computed from the parameters, the attributes and the declared templates and ranges. No key is
rendered, so a mistake in codecs, conditions or overridden methods shows as a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property, cmp_to_key
from itertools import groupby
from typing import Any

from autoforge.dynamodb.errors import InvalidValueError
from autoforge.dynamodb.patterns.keyed import Keyed
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.attribute import EntityAttribute
from autoforge.dynamodb.schema.codec import SEPARATOR
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.template import Component, Template
from autoforge.dynamodb.schema.value_codecs import DateCodec
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.testing.drawn import Drawn
from autoforge.testing.report import in_words

#: Whether a pattern selects an item, in the words of the one who declared it.
Selects = Callable[[Any, Any], bool]

_ENDS = {"at_least": ">=", "below": "<", "at_most": "<="}


@dataclass(frozen=True)
class Selection:
    """Which items a pattern selects by its key, and in which order.

    Args:
        pattern: The pattern with its parameters.
        now: The present time.
        selects: Decides instead of the declaration, if given.
    """

    pattern: Keyed[Any]
    now: datetime
    selects: Selects | None = None

    @property
    def key(self) -> Key:
        """The key by which the pattern reads."""
        return self.pattern.key

    @cached_property
    def entity(self) -> type[Entity]:
        """The entity whose key it is."""
        return entity_of_key(type(self.pattern))

    @cached_property
    def meant(self) -> dict[str, Any]:
        """The values that the components of the key must have; None for any value.

        A component that is derived from parameters has the value derived from these, whatever a
        property of the pattern says.
        """
        pattern, cls = self.pattern, type(self.pattern)
        given = {f.name: getattr(pattern, f.name) for f in cls.parameters() if f.name != "order"}
        meant: dict[str, Any] = {}
        for name in self.key.components:
            parameter = cls.renames.get(name, name)
            derived = self.key.derived.get(name)
            if name in cls.fixed:
                meant[name] = cls.fixed[name]
            elif parameter in given:
                meant[name] = given[parameter]
            elif derived is not None and given.keys() >= {*derived.sources}:
                held = {each: self._held(each, given[each]) for each in derived.sources}
                meant[name] = derived.of(held)
            elif isinstance(getattr(cls, parameter, None), property):
                meant[name] = getattr(pattern, parameter)
            else:
                meant[name] = None
        return {name: self._held(name, value) for name, value in meant.items()}

    @cached_property
    def _sort_meant(self) -> dict[str, Any]:
        bounds = self.pattern.range if isinstance(self.pattern, Query) else None
        return self.meant if bounds is None else {**self.meant, bounds.component: None}

    @cached_property
    def _fixed(self) -> int:
        """The number of segments of the sort key that every selected item has in common."""
        segments = self.key.sort_template.segments[: self._agreed]
        for place, segment in enumerate(segments):
            if isinstance(segment, Component) and self._sort_meant[segment.name] is None:
                return place
        return len(segments)

    @cached_property
    def _beside(self) -> list[Key]:
        """The keys of the other entities that the pattern answers with."""
        pattern = self.pattern
        read = pattern.read_entities() if isinstance(pattern, Query) else ()
        keys = (self.key_of(each) for each in read if each is not self.entity)
        return [each for each in keys if each is not None]

    @cached_property
    def _agreed(self) -> int:
        """The number of first segments that all their sort keys write alike and mean alike."""
        mine = self.key.sort_template.segments
        return min((self._agreed_with(each) for each in self._beside), default=len(mine))

    def _agreed_with(self, other: Key) -> int:
        mine, theirs = self.key.sort_template.segments, other.sort_template.segments
        given = {part.name for each in self.key.partitions for part in each.components}
        also_given = {part.name for each in other.partitions for part in each.components}
        for place, (one, another) in enumerate(zip(mine, theirs, strict=False)):
            if isinstance(one, str) or isinstance(another, str):
                if one != another:
                    return place
            elif not one.codec.writes_like(another.codec) or (
                one.name in given and another.name not in also_given
            ):
                return place
        return min(len(mine), len(theirs))

    def _has_length(self, sort: Sequence[str | Component]) -> bool:
        """Whether a sort key has as many segments as those of the entities that are read."""
        keys = (self.key, *self._beside)
        sizes = {len(each.sort_template.segments) for each in keys}
        ends, goes_on = self._fixed in sizes, max(sizes) > self._fixed
        return not self._fixed or (ends if len(sort) == self._fixed else goes_on)

    def admits(self, drawn: Drawn) -> bool:
        """Whether the item is in the range, whatever its type and expiry."""
        key = self.key_of(drawn.entity)
        if key is None or not drawn.is_in(key):
            return False
        if self.selects is not None:
            return self.selects(self.pattern, drawn.made)
        partition = _first_complete(key, drawn.values)
        mine = _first_complete(self.key, self.meant)
        sort = key.sort_template.segments
        return (
            len(partition) == len(mine)
            and all(map(self._matches(self.meant, drawn), mine, partition))
            and len(sort) >= self._fixed
            and self._has_length(sort)
            and all(
                map(
                    self._matches(self._sort_meant, drawn),
                    self.key.sort_template.segments[: self._fixed],
                    sort,
                )
            )
            and all(holds for holds, _ in self._ends(drawn, sort))
        )

    def key_of(self, entity: type[Entity]) -> Key | None:
        """Return the key of an entity in the index that the pattern reads."""
        if entity is self.entity:
            return self.key
        return next((k for k in entity.keys.values() if k.index == self.key.index), None)

    def ordered(self, items: Sequence[Drawn]) -> list[list[Drawn]]:
        """Return items in the order of their sort keys; those with equal ones are together."""

        def compare(one: Drawn, other: Drawn) -> int:
            mine, theirs = self._place(one), self._place(other)
            if one.entity is other.entity or self.key.index.sort_type == "N":
                return _compare(mine, theirs)
            # Values of different entities have no order: their sort keys have that of their texts.
            text, another = (SEPARATOR.join(text for _, text in each) for each in (mine, theirs))
            return (text > another) - (text < another)

        by_place = cmp_to_key(compare)
        return [list(group) for _, group in groupby(sorted(items, key=by_place), by_place)]

    def words(self) -> list[str]:
        """Say in words which items are selected."""
        if self.selects is not None:
            return ["the items that `selects` admits"]
        read = self.pattern.read_entities() if isinstance(self.pattern, Query) else [self.entity]
        entity = " and ".join(each.__name__ for each in read)
        said = [
            f"{name} = {in_words(value)}"
            for name, value in sorted(self.meant.items())
            if value is not None and (name in self._partition_names or name in self._fixed_names)
        ]
        said += [f"{name} = {in_words(wanted)}" for name, wanted in self.key.where.items()]
        said += [words for _, words in self._ends(None, self.key.sort_template.segments)]
        return [f"{entity} items with {' and '.join(said)}" if said else f"all {entity} items"]

    @property
    def _partition_names(self) -> set[str]:
        segments = _first_complete(self.key, self.meant)
        return {each.name for each in segments if isinstance(each, Component)}

    @property
    def _fixed_names(self) -> set[str]:
        segments = self.key.sort_template.segments[: self._fixed]
        return {each.name for each in segments if isinstance(each, Component)}

    def _ends(
        self, drawn: Drawn | None, sort: Sequence[str | Component]
    ) -> Iterator[tuple[bool, str]]:
        """Yield for each bound of the range whether the item is within, and the bound in words."""
        bounds = self.pattern.range if isinstance(self.pattern, Query) else None
        if bounds is None:
            return
        places = [p for p, each in enumerate(self.key.sort_template.segments) if not _text(each)]
        start = next(
            place
            for place in places
            if self._component(place).name == bounds.component and place >= self._fixed
        )
        for end, sign in _ENDS.items():
            parameter = getattr(bounds, end)
            limit = None if parameter is None else self._bound(parameter, bounds.component)
            if limit is None:
                continue
            shown = _shown(self._component(start), limit)
            words = f"{bounds.component} {sign} {in_words(shown[0])}"
            value = None if drawn is None else _value(sort[start], drawn)
            yield drawn is None or _holds(_compare([value], [shown]), sign), words
        if bounds.above and getattr(self.pattern, bounds.above[-1]) is not None:
            over = [p for p in places if p >= start][: len(bounds.above)]
            limits = [
                _shown(self._component(p), self._held(self._component(p).name, value))
                for p, value in zip(over, self._given(bounds.above), strict=True)
            ]
            names = ", ".join(self._component(p).name for p in over)
            words = f"({names}) > ({', '.join(in_words(limit) for limit, _ in limits)})"
            values = [] if drawn is None else [_value(sort[p], drawn) for p in over]
            yield drawn is None or _compare(values, limits) > 0, words
        beginning = None if bounds.begins_with is None else self._given([bounds.begins_with])[0]
        if beginning is not None:
            words = f"{bounds.component} that begins with {in_words(beginning)}"
            yield drawn is None or _begins(_value(sort[start], drawn)[0], beginning), words

    def _component(self, place: int) -> Component:
        segment = self.key.sort_template.segments[place]
        assert isinstance(segment, Component)  # noqa: S101 - as the caller found
        return segment

    def _given(self, names: Sequence[str]) -> list[Any]:
        return [getattr(self.pattern, name) for name in names]

    def _bound(self, parameter: str, component: str) -> Any:
        value = getattr(self.pattern, parameter)
        if value is None and isinstance(self.pattern, Query) and parameter == self.pattern.moving:
            return self.now
        return None if value is None else self._held(component, value)

    def _held(self, name: str, value: Any) -> Any:
        """Return the value of a parameter as an entity holds it."""
        attribute = self.entity.get_attributes().get(name)
        is_date = isinstance(value, date) and not isinstance(value, datetime)
        if value is None or is_date or not isinstance(attribute, EntityAttribute):
            return value
        try:
            return attribute.check(value)
        except InvalidValueError:
            return value

    def _matches(
        self, meant: Mapping[str, Any], drawn: Drawn
    ) -> Callable[[str | Component, str | Component], bool]:
        def matches(mine: str | Component, theirs: str | Component) -> bool:
            if isinstance(mine, str):
                return mine == (theirs if isinstance(theirs, str) else _value(theirs, drawn)[1])
            wanted = shown_in(mine, meant[mine.name])
            if isinstance(theirs, str):
                return mine.encode(meant[mine.name]) == theirs
            return bool(wanted == _value(theirs, drawn)[0])

        return matches

    def _place(self, drawn: Drawn) -> list[tuple[Any, str]]:
        key = self.key_of(drawn.entity) or self.key
        return [_value(segment, drawn) for segment in key.sort_template.segments]


def entity_of_key(pattern: type[Keyed[Any]]) -> type[Entity]:
    """Return the entity whose key a pattern reads by."""
    return next(each for each in pattern.entities if each.__name__ == pattern.key.entity)


def taken_at_its_word(pattern: type[Keyed[Any]]) -> Iterator[str]:
    """Yield the components that only a property of the pattern gives, so that nothing checks it."""
    given = {f.name for f in pattern.parameters() if f.name != "order"}
    for name in sorted(pattern.key.components - {*pattern.fixed}):
        parameter, derived = pattern.renames.get(name, name), pattern.key.derived.get(name)
        known = parameter in given or (derived is not None and given >= {*derived.sources})
        if not known and isinstance(getattr(pattern, parameter, None), property):
            yield f"that its property {parameter} is the one that is meant: give laws_of selects"


def shown_in(component: Component, value: Any) -> Any:
    """Return what a key shows of a value: of a time perhaps its date, else usually all of it."""
    if isinstance(component.codec.of_value, DateCodec):
        is_date = isinstance(value, date) and not isinstance(value, datetime)
        return value if is_date else as_timestamp(value).date()
    if not component.codec.shows_all:
        return component.codec.encode(value)
    if not component.codec.keeps_order:  # such a text sorts together with what follows it
        return f"{value}{SEPARATOR}"
    return str(value) if isinstance(value, StrEnum) else value


def _shown(component: Component, value: Any) -> tuple[Any, str]:
    """Return what a key shows of a value, and its text in the key."""
    return shown_in(component, value), component.encode(value)


def _first_complete(key: Key, values: Mapping[str, Any]) -> Sequence[str | Component]:
    """Return the segments of the first partition template whose components have values."""

    def is_complete(template: Template) -> bool:
        return all(values.get(part.name) is not None for part in template.components)

    return next(filter(is_complete, key.partitions), key.partitions[0]).segments


def _value(segment: str | Component, drawn: Drawn) -> tuple[Any, str]:
    """Return the value of a segment of an item's key, and its text in the key."""
    if isinstance(segment, str):
        return segment, segment
    return _shown(segment, drawn.values[segment.name])


def _text(segment: str | Component) -> bool:
    return isinstance(segment, str)


def _compare(mine: Sequence[Any], theirs: Sequence[Any]) -> int:
    """Compare the places of two items: by values, or by their texts if those have no order."""
    for (one, text), (other, another) in zip(mine, theirs, strict=False):
        if one == other:
            continue
        try:
            return -1 if one < other else 1
        except TypeError:
            if text != another:
                return -1 if text < another else 1
    return len(mine) - len(theirs)


def _begins(value: Any, beginning: Any) -> bool:
    """Whether a text begins so, or a time is of that UTC day."""
    if isinstance(value, str):
        return value.startswith(beginning)
    return bool(as_timestamp(value).date() == beginning)


def _holds(order: int, sign: str) -> bool:
    return {">=": order >= 0, "<": order < 0, "<=": order <= 0}[sign]

"""Ranged, a pattern whose parameters give one range of the sort keys of an item collection.

What a class declares is checked when it is made: DynamoDB reads one range, so parameters that give
none, or more than one, are an error at import.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import MISSING, Field, dataclass
from functools import cache
from itertools import chain, product
from typing import Any, ClassVar, TypeVar

from autoforge.dynamodb.errors import DeclarationError, shortened
from autoforge.dynamodb.patterns.keyed import Keyed
from autoforge.dynamodb.patterns.parts import faults_in
from autoforge.dynamodb.patterns.projection import Answer, entity_of, is_entity
from autoforge.dynamodb.patterns.shared import SharedSort
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.template import Component

E = TypeVar("E", bound=Answer)


@dataclass(frozen=True, init=False)
class Ranged(Keyed[E], kind=True):
    """A pattern that reads a range of one item collection."""

    #: The bounds of the sort key, from optional parameters.
    range: ClassVar[SortRange | None] = None
    #: A bound that is the present time if the parameter is None; cursors do not depend on it.
    moving: ClassVar[str | None] = None
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

    @classmethod
    def _require_types(cls) -> None:
        super()._require_types()
        bounds: object = cls.range
        if not (bounds is None or isinstance(bounds, SortRange)):
            raise DeclarationError(
                f"{cls.__name__}: range is {shortened(bounds)}, not a SortRange: write "
                'range = SortRange(component, at_least="since")'
            )
        if not (cls.moving is None or isinstance(cls.moving, str)):
            raise DeclarationError(
                f"{cls.__name__}: moving is {shortened(cls.moving)}, not the name of a parameter"
            )
        left: object = cls.leaves_out
        if isinstance(left, str) or not isinstance(left, Sequence):
            raise DeclarationError(
                f"{cls.__name__}: leaves_out is {shortened(left)}, not a tuple: write "
                "leaves_out = (…,)"
            )
        strange = [each for each in left if not is_entity(each)]
        if strange:
            raise DeclarationError(
                f"{cls.__name__}: leaves_out: {shortened(strange[0])} is not an entity: name the "
                "class itself"
            )

    @classmethod
    def _most_fixed(cls) -> int | None:
        """Return the number of components before the one that the range bounds."""
        names = [part.name for part in cls.key.sort_template.components]
        if cls.range is None:
            return None
        return names.index(cls.range.component) if cls.range.component in names else 0

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
                yield from faults_in(
                    each, cls.key.index, fetchable=cls.read_answers() == cls.answers
                )
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
            yield from cls._faults_of_order()
        if bounds.begins_with and len(bounds.parameters) > 1:
            others = ", ".join(set(bounds.parameters) - {bounds.begins_with})
            yield f"begins_with stands alone: {others} would bound {name}, too"
        if bounds.below and bounds.at_most:
            yield f"{name} has two upper bounds, {bounds.below} and {bounds.at_most}"

    @classmethod
    def _faults_of_order(cls) -> Iterator[str]:
        """Yield a bounded component whose values do not sort as the keys do.

        The beginning of a text needs no order: the texts that begin with it are one range.
        """
        if cls.range is None or cls.range.begins_with is not None:
            return
        for each in cls._bounded_segments():
            if isinstance(each, Component) and not each.codec.keeps_order:
                yield (
                    f"{each.name} is written as it is and followed by another part of the sort "
                    f"key, so its values do not sort as the keys do: bound it by begins_with, or "
                    f"give {each.name} and bound the part after it"
                )

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
    def left_out(cls) -> tuple[type[Entity], ...]:
        """Return the entities whose items the query reads and leaves out."""
        return cls.leaves_out

    @classmethod
    def tells_types_by_key(cls) -> bool:
        """Whether the type of an item is told by its primary key, and not by an attribute."""
        if cls.key.index.projection == "KEYS_ONLY":
            return True
        return None in {each.layout.entity_type for each in cls.read_entities()}

    @classmethod
    def _bounded_segments(cls) -> tuple[str | Component, ...]:
        """Return the segments from the bounded component to the last one with a parameter."""
        bounds, segments = cls.range, cls.key.sort_template.segments
        if bounds is None:
            raise DeclarationError(f"{cls.__name__} declares no range")
        places = [place for place, each in enumerate(segments) if isinstance(each, Component)]
        first = [each.name for each in cls.key.sort_template.components].index(bounds.component)
        return segments[places[first] : places[first + max(len(bounds.above), 1) - 1] + 1]

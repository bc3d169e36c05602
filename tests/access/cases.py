"""A case of every pattern: the pattern with parameters, what it reads of one table, and how.

On the table are some of each kind, alike but for the last value of their keys, so that whatever
names another names one that is there; and near misses, each of which differs in one value.
What is read of them follows from the pattern's proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from pynamodb.attributes import Attribute

from autoforge.access.catalogue import CATALOGUE
from autoforge.dynamodb import Entity
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate, Lookup
from autoforge.dynamodb.schema.attributes import EnumAttribute, IdSetAttribute
from autoforge.models import PLATFORM_TABLE
from benchmarks.synthetic import entity_of, pattern_of
from tests.access.populations import Population, identity, is_drawn, last_of_key
from tests.access.proofs import proof_of
from tests.factories import NOON
from tests.strategies import is_minted, ulid_at

#: How many of each kind are alike, and how many of them a limited pattern asks for.
_NUMBER: Final = 4
_LIMIT: Final = 3
#: Bytes that each item has besides: all of a kind fill fewer units together than each by itself.
_PAD: Final = 2000
_EARLIER: Final = NOON - timedelta(hours=1)


def _alike(kind: type[Entity], number: int) -> Any:
    """An entity that differs from others in the last component of its primary key; ids in order."""
    entity: Any = entity_of(kind, NOON)
    attributes = kind.get_attributes()
    for name, each in attributes.items():
        if isinstance(each, IdSetAttribute):
            setattr(entity, name, frozenset())
    last = last_of_key(kind)
    setattr(entity, last, _numbered(attributes[last], getattr(entity, last), number))
    return entity


def _numbered(attribute: Attribute[Any] | None, first: str, number: int) -> str:
    """The first value, or one of those after it."""
    if isinstance(attribute, EnumAttribute):
        members: type[StrEnum] = attribute.members
        return list(members)[number]
    return f"{first[:-1]}{int(first[-1]) + number}"


def _near_misses(kind: type[Entity]) -> Iterator[Any]:
    """Entities like the first but for one value, which is another, or missing."""
    own = last_of_key(kind)
    attributes = kind.get_attributes()
    minted = is_minted(kind)
    drawn = {name for name, each in attributes.items() if is_drawn(name, each)}
    names = sorted(drawn - {own, *(("id",) if minted else ())})
    for number, name in enumerate(names):
        within = name in kind.primary_key.components
        if isinstance(attributes[own], EnumAttribute) and not within:
            continue  # there are no more of them
        for missing in [False, True] if attributes[name].null else [False]:
            near = _alike(kind, 0 if within else _NUMBER + number)
            other = None if missing else _another(attributes[name], getattr(near, name))
            setattr(near, name, other)
            if minted:
                near.id = ulid_at(near.created_at, bytes([1 + number, missing, *bytes(8)]))
            elif missing and not within:
                setattr(near, own, f"missing-{name}")
            yield near


def _another(attribute: Attribute[Any], first: Any) -> Any:
    """Another value than the first."""
    if isinstance(attribute, EnumAttribute):
        return _numbered(attribute, first, 1)
    of_type: dict[type[Any], Any] = {
        bool: first is not True,
        int: 0,
        datetime: _EARLIER,
        str: f"other-{str(first)[:-1]}9",
        dict: {"other": 9},
        list: ["other"],
    }
    return of_type.get(type(first), frozenset({"other"}))


def _padded(entity: Entity) -> Entity:
    """The entity of an item that has something of another program besides."""
    return type(entity).from_item({**entity.to_item(), "pad": {"S": "x" * _PAD}})


#: Everything that cases find.
THERE: Final = Population(
    tuple(
        _padded(each)
        for kind in PLATFORM_TABLE.entities
        for each in [*(_alike(kind, number) for number in range(_NUMBER)), *_near_misses(kind)]
    ),
    (),
)
assert len({identity(each) for each in THERE.entities}) == len(THERE.entities)


def asked_of(kind: type[Pattern[Any]]) -> Any:
    """The pattern with parameters that find all there are to find, or three if it says how many."""
    asked: Any = pattern_of(kind, NOON)
    hints = get_type_hints(kind)
    for each in kind.parameters():
        value = getattr(asked, each.name)
        if get_origin(hints[each.name]) is tuple:
            every = tuple(_numbered(None, value[0], number) for number in range(_NUMBER))
            asked = replace(asked, **{each.name: every})
        if hints[each.name] is int:
            asked = replace(asked, **{each.name: _LIMIT})
    return asked


def every_asked(kind: type[Pattern[Any]]) -> list[Any]:
    """The pattern with what it needs, and with the values that each entity has which it names.

    A parameter is the attribute of its name or, if no entity has one, an id.
    """
    first = asked_of(kind)
    known = {name for each in kind.entities for name in each.get_attributes()}
    hints = get_type_hints(kind)
    text = [
        each.name
        for each in kind.parameters()
        if each.name != "order" and issubclass(_type(hints[each.name]), str)
    ]
    asked = [first]
    for entity in THERE.of(*kind.entities):
        own = {name: getattr(entity, name if name in known else "id", None) for name in text}
        given = {name: value for name, value in own.items() if value is not None}
        asked.append(replace(first, **given))
    return list(dict.fromkeys(asked))


def _type(hint: Any) -> type[Any]:
    """The type of a parameter that may lack; of several, a tuple."""
    first = get_args(hint)[0] if isinstance(hint, UnionType) else hint
    type_: type[Any] = get_origin(first) or first
    return type_


def reads(asked: Any) -> list[tuple[str, Sequence[Any]]]:
    """The requests of a pattern, each with the entities that it reads; None is not there."""
    proof = proof_of(type(asked))
    if isinstance(asked, Composite):
        return [
            (operation, found[: part.limit])
            for part in asked.parts()
            for operation, found in reads(part.pattern)
        ]
    answer = proof.answer(asked, THERE)
    through = [] if proof.through is None else proof.through(asked, THERE)
    match asked:
        case Lookup():
            return [("GetItem", [through]), ("GetItem", [answer])]
        case Get():
            return [("GetItem", [answer])]
        case Hydrate():
            # Several references may lead to one item, and some to none.
            found = {identity(each): each for each in answer}.values()
            missing = len({asked.target(each) for each in through}) - len(found)
            return [("Query", through), ("BatchGetItem", [*found, *[None] * missing])]
        case Query():
            return [("Query", answer)]
        case Fetch():
            return [("BatchGetItem", answer)]
    raise AssertionError(asked)


#: Every pattern, in the order of the catalogue.
CASES: Final = [asked_of(kind) for kind in CATALOGUE]

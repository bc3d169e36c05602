"""One case for every pattern: its parameters, the items it reads, and its requests.

The table holds several entities of each type. They differ only in the last component of their
keys, so a reference in one entity leads to another that exists. The table also holds near misses,
each of which differs in one value. Which items a case reads follows from the pattern's proof.
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
from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.set_attributes import IdSet
from autoforge.models import PLATFORM_DESIGN
from benchmarks.synthetic import entity_of, pattern_of
from tests.access.populations import Population, identity, is_drawn, last_of_key
from tests.access.proofs import proof_of
from tests.factories import NOON
from tests.strategies import is_minted, ulid_at

#: The number of similar entities of each type; a pattern with a limit asks for ``_LIMIT`` of them.
_NUMBER: Final = 4
_LIMIT: Final = 3
#: Bytes added to each item, so that a page of items consumes less than the items one by one.
_PAD: Final = 2000
_EARLIER: Final = NOON - timedelta(hours=1)


def _alike(kind: type[Entity], number: int) -> Any:
    """Return an entity that differs in the last component of its primary key; ids ascend."""
    entity: Any = entity_of(kind, NOON)
    attributes = kind.get_attributes()
    for name, each in attributes.items():
        if isinstance(each, IdSet):
            setattr(entity, name, frozenset())
    last = last_of_key(kind)
    setattr(entity, last, _numbered(attributes[last], getattr(entity, last), number))
    return entity


def _numbered(attribute: Attribute[Any] | None, first: str, number: int) -> str:
    """Return the first value, or the value ``number`` places after it."""
    if isinstance(attribute, Choice):
        members: type[StrEnum] = attribute.members
        return list(members)[number]
    return f"{first[:-1]}{int(first[-1]) + number}"


def _near_misses(kind: type[Entity]) -> Iterator[Any]:
    """Yield entities that equal the first one except for one value, which differs or is missing."""
    own = last_of_key(kind)
    attributes = kind.get_attributes()
    minted = is_minted(kind)
    drawn = {name for name, each in attributes.items() if is_drawn(name, each)}
    names = sorted(drawn - {own, *(("id",) if minted else ())})
    for number, name in enumerate(names):
        within = name in kind.primary_key.components
        if isinstance(attributes[own], Choice) and not within:
            continue  # the enumeration has no more members
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
    """Return a value that differs from the first."""
    if isinstance(attribute, Choice):
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
    """Return the entity of an item that also holds an attribute of another program."""
    return type(entity).from_item({**entity.to_item(), "pad": {"S": "x" * _PAD}})


#: Every entity that the cases can find.
THERE: Final = Population(
    tuple(
        _padded(each)
        for kind in PLATFORM_DESIGN.entities
        for each in [*(_alike(kind, number) for number in range(_NUMBER)), *_near_misses(kind)]
    ),
    (),
)
assert len({identity(each) for each in THERE.entities}) == len(THERE.entities)


def asked_of(kind: type[Pattern[Any]]) -> Any:
    """Return the pattern with parameters that match every similar entity; a limit is three."""
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
    """Return the pattern with its default parameters, and with the values of each stored entity.

    A text parameter takes the value of the attribute of its name or, if no entity has that
    attribute, an id.
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
    """Return the type of a parameter without ``None``; ``tuple`` if it holds several values."""
    first = get_args(hint)[0] if isinstance(hint, UnionType) else hint
    type_: type[Any] = get_origin(first) or first
    return type_


def reads(asked: Any) -> list[tuple[str, Sequence[Any]]]:
    """Return each request of a pattern with the entities it reads; None for a missing one."""
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
            # Several references may lead to the same item, and some to a missing one.
            found = {identity(each): each for each in answer}.values()
            missing = len({asked.target(each) for each in through}) - len(found)
            return [("Query", through), ("BatchGetItem", [*found, *[None] * missing])]
        case Query():
            return [("Query", answer)]
        case Fetch():
            return [("BatchGetItem", answer)]
    raise AssertionError(asked)


#: A case for every pattern, in the order of the catalogue.
CASES: Final = [asked_of(kind) for kind in CATALOGUE]

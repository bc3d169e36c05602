"""Populations of a table that are hard for a pattern, and facts about them.

Entities share a few ids, some of which are prefixes of others, and a few timestamps: some equal,
some a millisecond apart, some on either side of midnight, some past their expiry. The table also
holds items of other programs, under keys that entities of ours could have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pynamodb.attributes import Attribute

from autoforge.dynamodb import Entity
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.document_attributes import Array, Document, Json
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.set_attributes import IdSet
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Expiry, Moment
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.models import PLATFORM_DESIGN, Event, GlobalEventRef
from autoforge.models.users import Email
from tests.dynamodb.indexes import KEY_ATTRIBUTES
from tests.factories import NOON
from tests.stores import put_raw
from tests.strategies import is_minted, key_texts, texts, ulid_at

_MIDNIGHT: Final = NOON.replace(hour=0)
MOMENTS: Final = (
    NOON,
    NOON - MILLISECOND,
    NOON + MILLISECOND,
    NOON - timedelta(seconds=1),
    _MIDNIGHT,
    _MIDNIGHT - MILLISECOND,
    _MIDNIGHT + timedelta(days=1),
    NOON - timedelta(days=30),
    NOON - timedelta(days=30) + timedelta(seconds=1),
    NOON - timedelta(days=31),
    NOON - timedelta(days=90),
    NOON - timedelta(days=91),
)
#: Project ids; some are prefixes of others, or look like another partition.
PROJECTS: Final = ("p", "p1", "p10", "p-", "GLOBAL")
_OTHER_IDS: Final = ("e", "e1", "e10", "e-", "METADATA", *(ulid_at(m) for m in MOMENTS[:3]))
_RANDOMNESS: Final = (bytes(10), bytes(9) + b"\1", bytes([255] * 10))
_INTEGRATIONS: Final = ("jira", "jira cloud", "jira#cloud", "jira%23cloud", "j", "jira$")

projects: Final = st.sampled_from(PROJECTS)
moments: Final = st.sampled_from(MOMENTS)
#: Ids of users and of agents; some are prefixes of others.
users: Final = st.sampled_from(("u", "u1", "u10", "GLOBAL"))
#: E-mail addresses; some are the same address to a person.
emails: Final = st.sampled_from(("a@x.org", "A@X.org", "aa@x.org", "\u00e9@x", "e\u0301@x", "a#@x"))
other_ids: Final = st.sampled_from(_OTHER_IDS)
key_text: Final = st.sampled_from(_INTEGRATIONS) | key_texts()


@st.composite
def minted(draw: st.DrawFn) -> dict[str, Any]:
    """An id and the timestamp it was minted from."""
    moment = draw(moments)
    return {"id": ulid_at(moment, draw(st.sampled_from(_RANDOMNESS))), "created_at": moment}


#: The values of attributes and parameters by name, where the type does not decide them.
_BY_NAME: Final[dict[str, SearchStrategy[Any]]] = {
    "project_id": projects,
    "user_id": users,
    "agent_id": users,
    "email": emails,
}
_BY_TYPE: Final[dict[type[Attribute[Any]], SearchStrategy[Any]]] = {
    Boolean: st.booleans(),
    Document: st.just({"a": 1}),
    Email: emails,
    Id: other_ids,
    IdSet: st.frozensets(other_ids, max_size=2),
    Integer: st.sampled_from([0, 5, 10, 99999]),
    Json: st.integers(0, 9),
    Array: st.just([]),
    Moment: moments,
}
#: The names of all attributes that are components of a key.
IN_KEYS: Final = frozenset(
    name
    for entity in PLATFORM_DESIGN.entities
    for key in entity.keys.values()
    for name in key.sources
    # An attribute that must be absent stays absent: items being deleted have their own tests.
    if name not in key.where or key.where[name] is not None
)


def values_of(kind: type[Entity], name: str) -> SearchStrategy[Any]:
    """Return the strategy for the values of an attribute of an entity type."""
    if name == "id" and is_minted(kind):
        return minted().map(lambda drawn: drawn["id"])
    # Other entities call the id of a project project_id.
    known = f"{kind.__name__.lower()}_id" if name == "id" else name
    if known in _BY_NAME:
        return _BY_NAME[known]
    attribute = kind.get_attributes()[name]
    if isinstance(attribute, Choice):
        members: type[StrEnum] = attribute.members
        return st.sampled_from(members)
    if isinstance(attribute, Text) and type(attribute) not in _BY_TYPE:
        return key_text if name in IN_KEYS else texts()
    return _BY_TYPE[type(attribute)]


@cache
def entities(kind: type[Entity]) -> SearchStrategy[Any]:
    """Draw entities of a type: attributes that matter to patterns are drawn, others left out."""
    drawn = {
        name: st.none() | values_of(kind, name) if attribute.null else values_of(kind, name)
        for name, attribute in kind.get_attributes().items()
        if is_drawn(name, attribute)
    }
    drawn["expires_at"] = st.none() | st.none() | st.none() | moments
    together: SearchStrategy[dict[str, Any]] = st.just({})
    if is_minted(kind):
        del drawn["id"], drawn["created_at"]
        together = minted()
    return st.builds(lambda one, two: kind(**one, **two), st.fixed_dictionaries(drawn), together)


def is_drawn(name: str, attribute: Attribute[Any]) -> bool:
    """Whether an attribute matters to patterns: it is required, in a key, or a set of ids.

    Attributes outside keys count too: a test must notice if a key loses a component.
    """
    if attribute.attr_name in KEY_ATTRIBUTES | {ENTITY_TYPE} or isinstance(attribute, Expiry):
        return False
    return name in IN_KEYS or not attribute.null or isinstance(attribute, IdSet)


def identity(entity: Any) -> tuple[Any, ...]:
    """Return the values that identify an entity: those its primary key is made of.

    The key itself is not used, because a mistake might give two entities the same key.
    ``tests/docs/test_complete.py`` compares the key templates with the page on the table.
    """
    if isinstance(entity, GlobalEventRef) or (
        isinstance(entity, Event) and entity.project_id is None
    ):
        return ("feed", entity.id)
    kind: type[Entity] = type(entity)
    # The id of a minted entity contains its creation time.
    names = [each for each in _components(kind) if not (is_minted(kind) and each == "created_at")]
    return (kind.__name__, *(getattr(entity, name) for name in names))


def is_live(entity: Any, now: datetime) -> bool:
    """Whether an entity is not past its expiry, which is in whole seconds."""
    expiry: datetime | None = entity.expires_at
    if expiry is None and entity.lifetime is not None:
        expiry = entity.created_at + entity.lifetime
    return expiry is None or expiry.replace(microsecond=0) > now


@dataclass(frozen=True)
class Population:
    """The contents of a table: entities, and items of other programs that are not entities."""

    entities: tuple[Any, ...]
    strangers: tuple[Item, ...]

    def of(self, *kinds: type[Entity], now: datetime = NOON) -> list[Any]:
        """Return the live entities of these types."""
        return [each for each in self.entities if isinstance(each, kinds) and is_live(each, now)]

    def put_into(self, store: Store) -> None:
        """Store all entities and items."""
        store.put_all(self.entities)
        put_raw(store, *self.strangers)


@st.composite
def siblings(draw: st.DrawFn, entity: Entity) -> Entity:
    """Draw an entity that equals another except for one value and the last component of its key."""
    kind: type[Entity] = type(entity)
    other: Entity = draw(entities(kind))
    own = {last_of_key(kind)} | ({"id", "created_at"} if is_minted(kind) else set())
    attributes = kind.get_attributes()
    names = [n for n, each in attributes.items() if is_drawn(n, each) and n not in own]
    different = draw(st.sampled_from(names)) if names else None
    for name in names:
        if name != different:
            setattr(other, name, getattr(entity, name))
    return other


def last_of_key(kind: type[Entity]) -> str:
    """Return the name of the last component of a type's primary key."""
    return _components(kind)[-1]


def _components(kind: type[Entity]) -> list[str]:
    """Return the names of the components of a type's primary key, in order."""
    key = kind.primary_key
    templates = (*key.partitions, key.sort_template)
    return list(dict.fromkeys(each.name for form in templates for each in form.components))


@st.composite
def populations(draw: st.DrawFn, *kinds: type[Entity]) -> Population:
    """Draw mostly entities of some types, and a few of any type."""
    wanted = st.lists(st.one_of([entities(kind) for kind in kinds]), max_size=6)
    neighbours = st.lists(
        st.one_of([entities(kind) for kind in PLATFORM_DESIGN.entities]), max_size=4
    )
    apart = draw(wanted)
    like = [draw(siblings(each)) for each in apart for _ in range(draw(st.integers(0, 2)))]
    ours = _distinct([*apart, *like, *draw(neighbours)])
    taken = {identity(each) for each in ours}
    others = draw(st.lists(st.one_of([entities(kind) for kind in kinds]), max_size=2))
    strangers = [each for each in _distinct(others) if identity(each) not in taken]
    types = [draw(st.sampled_from([None, "Mystery", ""])) for _ in strangers]
    items = [_disguised(each, named) for each, named in zip(strangers, types, strict=True)]
    return Population(tuple(ours), tuple(items))


def _distinct(entities: Iterable[Any]) -> list[Any]:
    return list({identity(each): each for each in entities}.values())


def _disguised(entity: Entity, type_name: str | None) -> Item:
    """Return an item under an entity's keys with another entity type, or none."""
    item = entity.to_item()
    del item["EntityType"]
    return item if type_name is None else {**item, "EntityType": {"S": type_name}}

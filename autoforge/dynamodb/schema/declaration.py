"""What an entity declares, collected and checked when its class is made.

A mistake in attributes, keys or unique values is an error at import, before any item is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import combinations
from typing import Any, ClassVar, Final, NoReturn, cast, dataclass_transform

from pynamodb.attributes import (
    Attribute,
    AttributeContainer,
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model

from autoforge.dynamodb.errors import (
    DeclarationError,
    InvalidValueError,
    is_name,
    shortened,
    suggestion,
)
from autoforge.dynamodb.schema.annotations import annotations_of
from autoforge.dynamodb.schema.attribute import EntityAttribute, is_stored
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.codec import RAW, Codec, PlainCodec
from autoforge.dynamodb.schema.derived import Derived
from autoforge.dynamodb.schema.document_attributes import Array, Document, Json
from autoforge.dynamodb.schema.indexes import DEFAULT_LAYOUT, Layout
from autoforge.dynamodb.schema.key_codecs import component_codec, plain_codec
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer, Number
from autoforge.dynamodb.schema.optional import optional, required
from autoforge.dynamodb.schema.set_attributes import TextSet
from autoforge.dynamodb.schema.settings import constants_in, refuse_misspelt
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Expiry, Moment
from autoforge.dynamodb.schema.unique import Unique

#: What an entity declares beside its settings.
_MEMBERS: Final = (Attribute, Derived, Key, Unique)
#: The settings of an entity.
_SETTINGS: Final = frozenset({"deletion_mark", "layout", "lifetime", "never_expires", "type_name"})

#: The attribute that every update sets to its time, and the attribute of the expiry.
_UPDATED: Final = "updated_at"
_EXPIRES: Final = "expires_at"


class _NoKey:
    """The primary key of an abstract entity: any use of it is an error."""

    def __init__(self, entity: type[Any]) -> None:
        self.entity = entity

    def __getattr__(self, name: str) -> NoReturn:
        raise DeclarationError(
            f"{self.entity.__name__} is abstract: it declares no key in the table itself, which a "
            "stored entity needs"
        )


class _NoPrimaryKey:
    """The descriptor of the primary key, for classes that declare no key."""

    def __get__(self, instance: Any, owner: type[Any]) -> _NoKey:
        """Return a key that fails when it is used; PynamoDB gets every member of a class."""
        return _NoKey(owner)


# A set is none of the specifiers: an item without one has an empty set, so no new entity must give
# it, and a value that is no specifier is a default to type checkers.
@dataclass_transform(
    kw_only_default=True,
    eq_default=False,
    field_specifiers=(
        Array,
        Boolean,
        Choice,
        Document,
        Expiry,
        Id,
        Integer,
        Json,
        Moment,
        Number,
        Text,
        optional,
        required,
        BinaryAttribute,
        BooleanAttribute,
        JSONAttribute,
        ListAttribute,
        MapAttribute,
        NumberAttribute,
        TTLAttribute,
        UTCDateTimeAttribute,
        UnicodeAttribute,
    ),
)
class Declared(Model):
    """What every entity declares; its annotated attributes are the arguments of its constructor.

    Type checkers apply the latter to the subclasses only (ADR 0042), so this is not Entity itself,
    which has the attribute ``expires_at``.
    """

    #: The type that the item stores; the class name unless given.
    type_name: ClassVar[str] = "Entity"
    #: The attributes that the table gives every item, by their names.
    layout: ClassVar[Layout] = DEFAULT_LAYOUT
    #: The time from an item's ``created_at`` to its expiry; None if only ``expires_at`` decides.
    lifetime: ClassVar[timedelta | None] = None
    #: Whether no item ever expires: the entity then has no ``expires_at``, its reads and writes
    #: look at no expiry, and a query may answer with what an index of keys alone holds.
    never_expires: ClassVar[bool] = False
    #: The attribute of the table with the expiry of an item; None if no item expires.
    expiry_name: ClassVar[str | None] = DEFAULT_LAYOUT.expiry
    #: The optional attribute that marks an item whose deletion has begun; None if a deletion takes
    #: one request. A marked item is past its expiry, so a live item lacks the attribute.
    deletion_mark: ClassVar[str | None] = None

    #: The keys of the entity by name, and the one in the table itself.
    keys: ClassVar[Mapping[str, Key]] = {}
    primary_key: ClassVar[Key] = cast("Key", _NoPrimaryKey())
    #: The unique values of the entity.
    uniques: ClassVar[tuple[Unique, ...]] = ()

    @classmethod
    @cache
    def rendered_names(cls) -> frozenset[str]:
        """Return the names of the attributes that are rendered from others."""
        keys = {name for key in cls.keys.values() for name, _ in key.rendered_attributes}
        return frozenset({*keys, cls.layout.entity_type} - {None})  # type: ignore[arg-type]

    @classmethod
    @cache
    def rendered_in_primary(cls) -> frozenset[str]:
        """Return the attributes of the primary key that are rendered from others."""
        return frozenset(name for name, _ in cls.primary_key.rendered_attributes)

    @classmethod
    def is_abstract(cls) -> bool:
        """Whether the class has no key and only gives attributes to its subclasses.

        Examples:
            >>> class Changed(Entity):
            ...     updated_at: Moment[None] = Moment(default=None)
            >>> Changed.is_abstract(), Book.is_abstract()
            (True, False)
        """
        return not cls.keys


def declare(entity: type[Declared], *, root: type[Declared]) -> None:
    """Collect, compile and check what a class declares.

    Args:
        entity: The class.
        root: The base class of all entities, whose own members no entity may replace.

    Raises:
        DeclarationError: if an attribute or a key is declared wrongly.
    """
    if "type_name" not in entity.__dict__:
        entity.type_name = entity.__name__
    _require_own_names(entity, root, _MEMBERS)
    _require_declared(entity)
    _require_settings(entity, root)
    _name_expiry(entity)
    attributes = _declared(entity, Attribute)
    derived = _declared(entity, Derived)
    keys = _declared(entity, Key)
    keys.pop("primary_key", None)
    _require_sources(entity, derived, attributes)

    def lookup(name: str, spec: str, last: bool) -> Codec:
        if name in derived:
            return _derived_codec(derived[name], spec, last=last)
        if name not in attributes:
            near = suggestion(name, {*attributes, *derived})
            raise DeclarationError(f"no such attribute{near}")
        return component_codec(attributes[name], spec, last=last)

    def plain(name: str, stored: str) -> PlainCodec | None:
        attribute = attributes.get(name)
        is_key = attribute is not None and attribute.attr_name == stored
        return plain_codec(attributes[name]) if is_key else None

    for name, key in keys.items():
        if name not in entity.__dict__:
            keys[name] = replace(key)
            setattr(entity, name, keys[name])
        keys[name].bind(entity.__name__, name, lookup, derived, layout=entity.layout, plain=plain)
    entity.keys = keys
    _require_sound_attributes(entity, attributes)
    if entity.is_abstract():
        return
    _require_sound_keys(entity, attributes)
    entity.primary_key = next(key for key in entity.keys.values() if key.index.is_table)
    _assign_key_attributes(entity, attributes)
    _require_found_in_keys(entity, attributes)
    entity.uniques = tuple(
        each.declared(entity, name, lookup, entity.layout)
        for name, each in _declared(entity, Unique).items()
    )
    for each in entity.uniques:
        setattr(entity, each.name, each)
    _require_sound_uniques(entity, derived)


def _require_own_names(
    entity: type[Declared], root: type[Declared], kinds: tuple[type[Any], ...]
) -> None:
    """Refuse an attribute or key that would replace a member of Entity itself."""
    needed = {*vars(root), *vars(Declared), *vars(AttributeContainer), "attribute_values"}
    for base in entity.__mro__:
        if base in root.__mro__ or (base is not entity and issubclass(base, root)):
            continue
        for name, member in vars(base).items():
            if isinstance(member, kinds) and name in needed:
                stored = "" if isinstance(member, Key) else f" with attr_name={name!r}"
                raise DeclarationError(
                    f"{entity.__name__}.{name}: Entity itself needs this name: choose another"
                    f"{stored}"
                )


def _require_declared(entity: type[Declared]) -> None:
    """Refuse what reads as the declaration of an attribute, and declares none.

    Type checkers take every annotated name for an argument of the constructor, but for a ClassVar.
    """
    for name, member in vars(entity).items():
        if isinstance(member, type) and issubclass(member, _MEMBERS):
            annotated = f": {member.__name__}" if issubclass(member, Attribute) else ""
            raise DeclarationError(
                f"{entity.__name__}.{name} is the class {member.__name__}: write "
                f"{name}{annotated} = {member.__name__}(…)"
            )
    for name, annotation in annotations_of(entity).items():
        member = vars(entity).get(name)
        if "ClassVar" in str(annotation) or isinstance(member, Attribute | Key | Unique | Derived):
            continue
        if not hasattr(Declared, name):
            raise DeclarationError(
                f"{entity.__name__}.{name} has an annotation, and its value is no attribute: write "
                f"{name}: Text = Text(), or annotate it as a ClassVar"
            )


def _require_settings(entity: type[Declared], root: type[Declared]) -> None:
    """Refuse a misspelt setting, one of a wrong type, and a constant that nothing would read."""
    constants = [*constants_in(entity, besides=_MEMBERS)]
    for name in constants:
        if name in {*vars(root), *vars(Declared)} - _SETTINGS:
            raise DeclarationError(
                f"{entity.__name__}.{name} is {shortened(vars(entity)[name])}: Entity itself needs "
                "this name: choose another"
            )
        if name in {"key", "Meta"}:
            instead = "write key = Key(…)" if name == "key" else "name the table in a Table"
            raise DeclarationError(f"{entity.__name__}.{name} would be ignored: {instead}")
    refuse_misspelt(entity, constants, _SETTINGS)
    given: object = entity.type_name
    if not is_name(given):
        raise DeclarationError(
            f"{entity.__name__}.type_name is {shortened(given)}: it must be a text, and not empty"
        )
    given = entity.never_expires
    if not isinstance(given, bool):
        raise DeclarationError(
            f"{entity.__name__}.never_expires is {shortened(given)}: it must be True or False"
        )
    layout: object = entity.layout
    if not isinstance(layout, Layout):
        raise DeclarationError(
            f"{entity.__name__}.layout is {shortened(layout)}: write layout = Layout(…)"
        )


def _declared(entity: type[Declared], kind: type[Any]) -> dict[str, Any]:
    """Return the members of a kind that an entity declares or inherits, overriding ones last."""
    found: dict[str, Any] = {}
    for base in reversed(entity.__mro__):
        for name, member in vars(base).items():
            found.pop(name, None)
            if isinstance(member, kind):
                found[name] = member
    return found


def _require_sources(
    entity: type[Declared], derived: Mapping[str, Derived], attributes: Mapping[str, Any]
) -> None:
    """Refuse to derive from what is no attribute."""
    for name, each in derived.items():
        unknown = [source for source in each.sources if source not in attributes]
        if unknown:
            raise DeclarationError(
                f"{entity.__name__} has no attribute {unknown[0]!r} to derive {name} from"
                f"{suggestion(unknown[0], attributes)}"
            )


def _derived_codec(derived: Derived, spec: str, *, last: bool) -> Codec:
    if spec not in {"", RAW}:
        raise DeclarationError(f"a derived component cannot be written as {spec!r} in a key")
    return derived.codec.unencoded(last=last) if spec else derived.codec.placed(last=last)


def _require_sound_keys(entity: type[Declared], attributes: Mapping[str, Any]) -> None:
    indexes = [key.index for key in entity.keys.values()]
    if not any(index.is_table for index in indexes):
        raise DeclarationError(f"{entity.__name__} declares no key in the table itself")
    twice = [name for name, times in Counter(each.name for each in indexes).items() if times > 1]
    if twice:
        index = next(each for each in indexes if each.name == twice[0])
        raise DeclarationError(f"{entity.__name__} declares two keys in {index.shown}")
    for key in entity.keys.values():
        if key.index.is_table:
            _require_identity(key, attributes)
        if entity.lifetime is not None and _EXPIRES in key.sources:
            raise DeclarationError(f"{key}: {_EXPIRES} follows from the lifetime: use created_at")
        key.lacking = frozenset(n for n, each in key.derived.items() if _lacks(each, attributes))
        key.where = {
            name: _wanted(key, name, wanted, attributes) for name, wanted in key.where.items()
        }


def _lacks(derived: Derived, attributes: Mapping[str, Any]) -> bool:
    """Whether a derived component is None for some values of its sources."""
    sources = {name: attributes[name] for name in derived.sources}
    if derived.may_lack and any(each.null for each in sources.values()):
        return True
    values: dict[str, list[Any]] = {}
    for name, attribute in sources.items():
        if isinstance(attribute, Boolean | Choice):
            members = attribute.by_text.values() if isinstance(attribute, Choice) else (False, True)
            values[name] = [*members, None] if attribute.null else [*members]
    return derived.lacks_among(values)


def _require_identity(key: Key, attributes: Mapping[str, Any]) -> None:
    """Refuse a primary key that two items could share, one could lack, or an update would change.

    Alternatives of the partition key may have optional components, but for one of them.
    """
    optional_in = [
        [part.name for part in each.components if getattr(attributes.get(part.name), "null", False)]
        for each in (*key.partitions, key.sort_template)
    ]
    lacking = optional_in[-1] or (all(optional_in[:-1]) and optional_in[0])
    if lacking:
        raise DeclarationError(
            f"{key}: {lacking[0]} is optional, and every item has a primary key: declare it "
            "without default=None"
        )
    if key.shortened:
        shortened = ", ".join(sorted(key.shortened))
        raise DeclarationError(f"{key}: items that differ in {shortened} could share the key")
    if key.derived:
        names = ", ".join(key.derived)
        raise DeclarationError(f"{key}: {names} is derived: it cannot identify an item")
    if _UPDATED in key.sources:
        raise DeclarationError(f"{key}: every update sets {_UPDATED}: it cannot identify an item")


def _require_sound_uniques(entity: type[Declared], derived: Mapping[str, Derived]) -> None:
    """Refuse a unique value that its look-up item would not hold as a whole."""
    for each in entity.uniques:
        if names := ", ".join(sorted(each.key.shortened)):
            raise DeclarationError(
                f"{each}: only a part of {names} would be unique: give that part an attribute of "
                "its own"
            )
        if names := ", ".join(sorted(each.sources & derived.keys())):
            raise DeclarationError(
                f"{each}: {names} is derived: a unique value is made of attributes"
            )
        if _UPDATED in each.sources:
            raise DeclarationError(f"{each}: every update sets {_UPDATED}: it cannot be unique")
    for one, other in combinations(entity.uniques, 2):
        if one.template == other.template:
            raise DeclarationError(f"{one} and {other} are one unique value: declare it once")


def _wanted(key: Key, name: str, wanted: Any, attributes: Mapping[str, Any]) -> Any:
    """Return a value of ``where`` as an entity holds it."""
    attribute = attributes.get(name)
    if not isinstance(attribute, EntityAttribute):
        near = suggestion(name, attributes)
        raise DeclarationError(f"{key}: where: {name}: no such attribute{near}")
    if wanted is None:
        if not attribute.null:
            raise DeclarationError(f"{key}: where: {name} is None: the attribute must be optional")
        return None
    try:
        checked = attribute.check(wanted)
    except InvalidValueError as error:
        raise DeclarationError(f"{key}: where: {error}") from error
    # An empty set is stored as no attribute.
    return None if isinstance(attribute, TextSet) and not checked else checked


def _require_sound_attributes(entity: type[Declared], attributes: Mapping[str, Any]) -> None:
    for name, attribute in attributes.items():
        if isinstance(attribute, EntityAttribute) and attribute.default is not None:
            try:
                attribute.default = attribute.check(attribute.default)
            except InvalidValueError as error:
                raise DeclarationError(f"{entity.__name__}.{name}: the default: {error}") from error
    for name, attribute in attributes.items():
        if attribute.attr_name == entity.layout.entity_type:
            raise DeclarationError(
                f"{entity.__name__}.{name} is stored as {attribute.attr_name}, which has the type "
                "of the item: give it another attr_name"
            )
    names = Counter(attribute.attr_name for attribute in attributes.values())
    twice = [name for name, times in names.items() if times > 1]
    if twice:
        raise DeclarationError(f"{entity.__name__} declares two attributes stored as {twice[0]}")
    if entity.lifetime is not None:
        _require_sound_lifetime(entity, attributes)
    updated = attributes.get(_UPDATED)
    if isinstance(updated, EntityAttribute) and not isinstance(updated, Moment):
        raise DeclarationError(
            f"{entity.__name__}: every update sets {_UPDATED}: it must be a Moment"
        )
    if entity.deletion_mark is not None:
        _require_sound_deletion_mark(entity, attributes)


def _require_found_in_keys(entity: type[Declared], attributes: Mapping[str, Any]) -> None:
    """Refuse an attribute that is only in keys, unless a key has all of it in every item."""
    for name, attribute in attributes.items():
        if is_stored(attribute):
            continue
        keys = [key for key in entity.keys.values() if name in key.components - key.shortened]
        always = [key for key in keys if not key.where and not _optional_in(key, attributes)]
        if not always and not (keys and attribute.null):
            raise DeclarationError(
                f"{entity.__name__}.{name} is not stored, so a key must have it in every item: "
                f"{'no key has it' if not keys else 'an item may be in none of its indexes'}"
            )


def _optional_in(key: Key, attributes: Mapping[str, Any]) -> list[str]:
    """Return the components without which an item is not in an index."""
    return [name for name in key.sources if attributes[name].null]


def _require_sound_lifetime(entity: type[Declared], attributes: Mapping[str, Any]) -> None:
    if not isinstance(entity.lifetime, timedelta):
        raise DeclarationError(
            f"{entity.__name__}.lifetime is {entity.lifetime!r}: it must be a timedelta"
        )
    if entity.lifetime <= timedelta(0):
        raise DeclarationError(
            f"{entity.__name__}.lifetime is {entity.lifetime!r}: no item would live; it must be "
            "longer than 0"
        )
    if entity.expiry_name is None:
        without = "never_expires" if entity.never_expires else "its layout has no expiry"
        raise DeclarationError(f"{entity.__name__} has a lifetime, but {without}")
    if "created_at" not in attributes and not entity.is_abstract():
        raise DeclarationError(f"{entity.__name__} has a lifetime but no attribute created_at")
    created = attributes.get("created_at")
    if created is not None and not isinstance(created, Moment):
        raise DeclarationError(f"{entity.__name__} has a lifetime: created_at must be a Moment")


def _require_sound_deletion_mark(entity: type[Declared], attributes: Mapping[str, Any]) -> None:
    mark = attributes.get(str(entity.deletion_mark))
    if not (isinstance(mark, Attribute) and mark.null):
        raise DeclarationError(
            f"{entity.__name__} has no optional attribute {entity.deletion_mark!r}"
        )
    if entity.never_expires:
        raise DeclarationError(
            f"{entity.__name__} has a deletion_mark, whose items expire, but never_expires"
        )


def _name_expiry(entity: type[Declared]) -> None:
    """Give the expiry attribute the name that it has in the layout of the entity's table.

    An entity whose items never expire has no such attribute.
    """
    expiry = None if entity.never_expires else entity.layout.expiry
    entity.expiry_name = expiry
    inherited = getattr(getattr(entity, _EXPIRES), "attr_name", None)
    if _EXPIRES in vars(entity) or expiry == inherited:
        return
    attribute = None if expiry is None else optional(Expiry(attr_name=expiry))
    setattr(entity, _EXPIRES, attribute)
    if attribute is not None:
        attribute.__set_name__(entity, _EXPIRES)


def _assign_key_attributes(entity: type[Declared], attributes: Mapping[str, Any]) -> None:
    """Find out which key attributes each key renders, and refuse two different texts for one.

    Two indexes may share a key attribute, and an index may share one with the table.
    """
    keys = entity.keys.values()
    stored = {attribute.attr_name: name for name, attribute in attributes.items()}
    templates: dict[str, tuple[Key, str]] = {}
    for key in keys:
        key.rendered_attributes = tuple(
            (name, place)
            for place, name in enumerate(key.index.attributes)
            if not key.is_plain(name)
        )
        for name, _ in key.rendered_attributes:
            if name in stored:
                raise DeclarationError(
                    f"{entity.__name__}.{stored[name]} is stored as {name}, which {key} renders as "
                    f"{key.template_of(name)!r}: give it another attr_name"
                )
            other, template = templates.setdefault(name, (key, key.template_of(name)))
            if template != key.template_of(name):
                raise DeclarationError(
                    f"{key} renders {name} as {key.template_of(name)!r}, and {other} as "
                    f"{template!r}: an item has one value for it"
                )
    times = Counter(name for key in keys for name, _ in key.rendered_attributes)
    for key in keys:
        key.own = frozenset(name for name, _ in key.rendered_attributes if times[name] == 1)
        if key.where and not key.own:
            raise DeclarationError(
                f"{key}: where: every item with {' and '.join(key.index.attributes)} is in "
                f"{key.index.shown}, because it stores them anyway"
            )

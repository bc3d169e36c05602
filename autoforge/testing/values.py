"""Hypothesis strategies for the values of attributes: hostile ones, of which some often collide.

The simplest value of each strategy is its first, so that a failing example shrinks to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    Union,
    get_args,
    get_origin,
    is_typeddict,
)

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pynamodb import attributes as pynamodb
from pynamodb.attributes import Attribute

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.declared import admits_none
from autoforge.dynamodb.patterns.nested_types import members_of
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.projection import Projection, hints_of, is_projection
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.codec import SEPARATOR
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.document_attributes import Array, Document, Json
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.number_attributes import Integer, Number
from autoforge.dynamodb.schema.set_attributes import IdSet, TextSet
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.text_codecs import RawCodec
from autoforge.dynamodb.schema.time_attributes import Expiry, Moment
from autoforge.dynamodb.schema.unique_item import UniqueItem
from autoforge.dynamodb.schema.value_codecs import ID, NumberCodec
from autoforge.dynamodb.table import Table
from autoforge.dynamodb.timestamps import MILLISECOND, as_timestamp
from autoforge.testing.clock import NOON

#: Texts that are prefixes of each other, look encoded, look like keys, or differ in case or form.
_TEXTS: Final = (
    "a", "b", "aa", "A", "a#", "a#b", "#a", "a%", "a%23", "a%2523", "a$", "a ", " a", "a!", "a~",
    "a\0", "a\n", "\u00e9", "e\u0301", "\uffff", "\U0001f600", "\U0010ffff", "2026-02-04", "10",
    "9",
)  # fmt: skip
#: Ids of which some are prefixes of others, or differ in case only.
_IDS: Final = (
    "a", "b", "a1", "a10", "a2", "A", "a-", "a_", "-", "0", "01", "1",
    "01KGM8C3G0CXZR34GWQD3DP72N", "550e8400-e29b-41d4-a716-446655440000",
)  # fmt: skip
_MIDNIGHT: Final = NOON.replace(hour=0)
#: Times around the one that the clock shows and around midnight, and the first and last of all.
MOMENTS: Final = (
    NOON,
    NOON - MILLISECOND,
    NOON + MILLISECOND,
    NOON - timedelta(seconds=1),
    NOON + timedelta(hours=1),
    _MIDNIGHT,
    _MIDNIGHT - MILLISECOND,
    _MIDNIGHT + timedelta(days=1),
    NOON - timedelta(days=30),
    NOON + timedelta(days=400),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999000, UTC),
)
_WHOLE: Final = (0, 1, 2, 9, 10, 11, 100, -1, -2, -10, 10**37, 10**38 - 1, 1 - 10**38)
_REAL: Final = (0.5, 0.1, -0.5, 1e-100)
#: None of more than 38 digits: moto cannot project an item that has one.
_EXACT: Final = tuple(Decimal(each) for each in (*_WHOLE, "0.5", "-0.5", "12.50", "1e-100"))
_JSON: Final[tuple[dict[str, Any], ...]] = (
    {}, {"a": 1}, {"a": None}, {"#": [], "S": "x"}, {"a#b": {"c": [1, 0.5, "", True, None]}},
)  # fmt: skip
_STRANGEST: Final = 6

texts: Final = st.sampled_from(_TEXTS)
ids: Final = st.sampled_from(_IDS)
moments: Final = st.sampled_from(MOMENTS)
_anything: Final = st.text(st.characters(codec="utf-8"), max_size=_STRANGEST)


def _pynamodb_moment(moment: datetime) -> datetime:
    return moment if moment.year > 1 else NOON


#: The strategy of the values of an attribute, by its exact class, outside of keys.
STRATEGIES: Final[Mapping[type[Attribute[Any]], Callable[[Any], SearchStrategy[Any]]]] = {
    Array: lambda _: st.sampled_from([list(each.values()) for each in _JSON]),
    Boolean: lambda _: st.booleans(),
    Choice: lambda attribute: st.sampled_from(attribute.members),
    Document: lambda _: st.sampled_from(_JSON),
    Expiry: lambda _: moments.map(lambda moment: moment.replace(microsecond=0)),
    Id: lambda _: ids,
    IdSet: lambda _: st.frozensets(ids, max_size=3),
    Integer: lambda _: st.sampled_from(_WHOLE),
    Json: lambda _: st.sampled_from([*_WHOLE, *_REAL, *_JSON, "", "a", True, None, []]),
    Moment: lambda _: moments,
    Number: lambda _: st.sampled_from(_EXACT),
    Text: lambda _: texts | st.just("") | _anything,
    TextSet: lambda _: st.frozensets(texts, max_size=3),
    pynamodb.BinaryAttribute: lambda _: st.sampled_from([b"a", b"\0", b"\xff"]),
    pynamodb.BinarySetAttribute: lambda _: st.just({b"a", b"\0"}),
    pynamodb.BooleanAttribute: lambda _: st.booleans(),
    pynamodb.JSONAttribute: lambda _: st.sampled_from(_JSON),
    pynamodb.NumberAttribute: lambda _: st.sampled_from([*_WHOLE, *_REAL]),
    pynamodb.NumberSetAttribute: lambda _: st.just({1, 2, 10}),
    pynamodb.TTLAttribute: lambda _: moments.filter(lambda moment: 1970 < moment.year < 9999).map(  # noqa: PLR2004 - years
        lambda moment: moment.replace(microsecond=0)
    ),
    pynamodb.UTCDateTimeAttribute: lambda _: moments.map(_pynamodb_moment),
    pynamodb.UnicodeAttribute: lambda _: texts | _anything,
    pynamodb.UnicodeSetAttribute: lambda _: st.just({"a", "a#b"}),
}


@dataclass(frozen=True)
class Values:
    """The values of a design's attributes.

    Args:
        design: The design.
        given: Strategies of one's own: by the name of an attribute, as in ``"Book.isbn"``, by a
            class of attributes, by an entity, or by a pattern.
    """

    design: Design
    given: Mapping[Any, SearchStrategy[Any]] = field(default_factory=dict)
    #: Strategies that were built: to build one costs as much as to draw from it.
    _built: dict[Any, SearchStrategy[Any]] = field(default_factory=dict, init=False, repr=False)

    def _given_for(
        self, entity: type[Entity], name: str, kind: type[Attribute[Any]]
    ) -> SearchStrategy[Any] | None:
        """Return the strategy that was given for an attribute, or that its parts require."""
        for each in (f"{entity.__name__}.{name}", kind):
            if each in self.given:
                return self.given[each]
        nested = self._nested.get((entity, name))
        return None if nested is None else _documents(nested)

    @cached_property
    def _nested(self) -> dict[tuple[type[Entity], str], list[tuple[tuple[str, ...], Any]]]:
        """What parts of entities take from inside of their attributes: the path, and its type."""
        found: dict[tuple[type[Entity], str], list[tuple[tuple[str, ...], Any]]] = {}
        patterns = self.design.patterns if isinstance(self.design, Table) else ()
        for part in (each for pattern in patterns for each in parts_of(pattern)):
            for name, (attribute, *path) in part.takes.items():
                if path:
                    place = found.setdefault((part.entity, attribute), [])
                    place.append((tuple(path), hints_of(part).get(name, Any)))
        return found

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """The literals of the keys: a value may look like one."""
        return tuple(
            dict.fromkeys(
                segment
                for entity in self.design.entities
                for key in entity.keys.values()
                for template in (*key.partitions, key.sort_template)
                for segment in template.segments
                if isinstance(segment, str) and ID.admits(segment)
            )
        )

    def require_all(self) -> None:
        """Require a strategy for every attribute of every entity.

        Raises:
            DeclarationError: with the attribute, and what to give.
        """
        for entity in self.design.entities:
            if entity not in self.given:
                for name in entity.get_attributes():
                    self.of(entity, name)

    def of_entity(self, entity: type[Entity]) -> SearchStrategy[dict[str, Any]]:
        """Return the strategy of the values of all attributes of an entity."""
        return self.once(entity, lambda: self._new_of_entity(entity))

    def once(self, name: Any, build: Callable[[], SearchStrategy[Any]]) -> SearchStrategy[Any]:
        """Return a strategy by its name; it is built at the first call."""
        if name not in self._built:
            self._built[name] = build()
        return self._built[name]

    def _new_of_entity(self, entity: type[Entity]) -> SearchStrategy[dict[str, Any]]:
        if entity in self.given:
            return self.given[entity].map(lambda drawn: dict(drawn.attribute_values))
        names = entity.get_attributes()
        return st.fixed_dictionaries({name: self.of(entity, name) for name in names})

    def of_pattern(self, pattern: type[Pattern[Any]]) -> SearchStrategy[Any] | None:
        """Return the strategy of a pattern with its parameters, if one was given."""
        return self.given.get(pattern)

    def of(self, entity: type[Entity], name: str) -> SearchStrategy[Any]:
        """Return the strategy of the values of an attribute, None included if it is optional.

        Raises:
            DeclarationError: if there is none; it says what to give.
        """
        return self.once((entity, name), lambda: self._new_of(entity, name))

    def _new_of(self, entity: type[Entity], name: str) -> SearchStrategy[Any]:
        attribute = entity.get_attributes()[name]
        present = self.present(entity, name)
        if name == "expires_at":  # an item that does not expire is the simplest
            return st.none() | st.none() | present
        # An optional attribute with a default never reads as None.
        return present | st.none() if attribute.null and attribute.default is None else present

    def present(self, entity: type[Entity], name: str) -> SearchStrategy[Any]:
        """Return the strategy of the values of an attribute that the item has."""
        attribute = entity.get_attributes()[name]
        declared = declaring(entity, name)
        given = self._given_for(declared, name, type(attribute))
        if given is not None:
            return given
        form = STRATEGIES.get(type(attribute))
        if form is None:
            kind = type(attribute).__name__
            raise DeclarationError(
                f"{entity.__name__}.{name} is of the class {kind}, whose values cannot be drawn: "
                f"give laws_of a strategy for them, such as strategies={{{kind}: st.just(...)}}"
            )
        uses = _uses(declared, name)
        if not uses:
            return form(attribute)
        if isinstance(attribute, Text | pynamodb.UnicodeAttribute):
            drawn = (texts | st.sampled_from([*self.literals, "a"]) | _anything).filter(bool)
            is_raw = any(isinstance(codec, RawCodec) for codec in uses)
            return drawn.filter(lambda text: SEPARATOR not in text) if is_raw else drawn
        if isinstance(attribute, Id):
            return ids | st.sampled_from([*self.literals, "a"])
        widths = [codec.width for codec in uses if isinstance(codec, NumberCodec)]
        if widths:
            most = 10 ** min(widths) - 1
            return st.sampled_from([n for n in (*_WHOLE, most) if 0 <= n <= most])
        return form(attribute)


def _uses(entity: type[Entity], name: str) -> list[Any]:
    """Return the codecs that write an attribute in the keys of an entity."""
    return [
        part.codec.of_value
        for key in (*entity.keys.values(), *(each.key for each in entity.uniques))
        for template in (*key.partitions, key.sort_template)
        for part in template.components
        if part.name == name
    ]


def declaring(entity: type[Entity], name: str) -> type[Entity]:
    """Return the entity that declares an attribute: of a look-up item, that of the value."""
    if issubclass(entity, UniqueItem) and name not in UniqueItem.get_attributes():
        return entity.declared_by
    return entity


def _documents(
    nested: Sequence[tuple[tuple[str, ...], Any]],
) -> SearchStrategy[Mapping[str, Any]]:
    """Return documents with values where parts of the entity take them.

    A value that a part may be without is mostly there.
    """
    paths = [path for path, _ in nested]
    values = [(_nested_values(hint), admits_none(hint)) for _, hint in nested]
    return st.tuples(
        st.sampled_from(_JSON),
        *(each | each | st.none() if may_lack else each for each, may_lack in values),
    ).map(lambda drawn: _with(drawn[0], dict(zip(paths, drawn[1:], strict=True))))


def _nested_values(hint: Any) -> SearchStrategy[Any]:
    """Return JSON values of a type, other than null; of any if it is not known."""
    hint = getattr(hint, "__supertype__", getattr(hint, "__value__", hint))  # NewType, type alias
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return st.one_of([_nested_values(each) for each in arguments if each is not NoneType])
    if origin is Literal:
        return st.sampled_from([each for each in arguments if each is not None])
    if is_typeddict(hint):
        members = members_of(hint).items()
        return st.fixed_dictionaries(
            {name: _nested_values(own) for name, (own, must) in members if must},
            optional={name: _nested_values(own) for name, (own, must) in members if not must},
        )
    known: dict[Any, SearchStrategy[Any]] = {
        str: texts,
        int: st.sampled_from(_WHOLE),
        float: st.sampled_from(_REAL),
        bool: st.booleans(),
        dict: st.sampled_from(_JSON),
        list: st.sampled_from([list(each.values()) for each in _JSON]),
    }
    kind = origin or hint
    if arguments and isinstance(kind, type) and issubclass(list, kind):
        return st.lists(_nested_values(arguments[-1]), max_size=2)
    if arguments and isinstance(kind, type) and issubclass(dict, kind):
        return st.dictionaries(texts.filter(bool), _nested_values(arguments[-1]), max_size=2)
    given = next(
        (each for each in known if isinstance(kind, type) and issubclass(each, kind)), None
    )
    return st.sampled_from(["a", 1, *_JSON]) if given is None or kind is object else known[given]


def _with(document: Mapping[str, Any], values: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """Return a document with values at paths; None for no value."""
    found = dict(document)
    for (name, *path), value in values.items():
        if path:
            inside = found.get(name)
            found[name] = _with(inside if isinstance(inside, dict) else {}, {(*path,): value})
        elif value is not None:
            found[name] = value
        else:
            found.pop(name, None)
    return found


def parts_of(pattern: type[Pattern[Any]]) -> Iterator[type[Projection[Any]]]:
    """Yield the parts of entities that a pattern answers with, those of its own parts included."""
    if issubclass(pattern, Composite):
        for each in pattern._labelled().parts():  # noqa: SLF001 - of the toolkit
            yield from parts_of(type(each.pattern))
    yield from filter(is_projection, pattern.answers)


def generic(kind: type[Any]) -> SearchStrategy[Any] | None:
    """Return the strategy of a parameter's type, if it is one of Python's own."""
    known: dict[type[Any], SearchStrategy[Any]] = {
        str: ids,
        bool: st.booleans(),
        int: st.integers(1, 5),
        float: st.sampled_from(_REAL),
        Decimal: st.sampled_from([Decimal(1), Decimal("0.1")]),
        datetime: moments,
    }
    return known.get(kind)


def date_of(moment: Any) -> Any:
    """Return the UTC date of a time."""
    return as_timestamp(moment).date()

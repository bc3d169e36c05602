"""Keys: render an entity's attributes as a partition key and a sort key, and decode them.

A key is a pair of templates in an index, declared once beside the attributes that it holds::

    key = Key("READER#{reader_id}", "LOAN#{lent_at}#{id}")
    by_date = Key("LOAN#{lent_at:date}", "{lent_at}#{id}", index=GSI1)

A template consists of literals and components, separated by ``#``. No encoded component contains
the separator. So different values give different keys, and a key can be decoded. A partition
template may have alternatives, as in ``READER#{reader_id}|ANYBODY``: the first one whose components
all have values is used.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError
from autoforge.dynamodb.schema.codegen import Source
from autoforge.dynamodb.schema.documents import (
    DIGITS,
    LARGEST_EXPONENT,
    SMALLEST_EXPONENT,
    number_text,
)
from autoforge.dynamodb.schema.encoding import (
    SEPARATOR,
    Codec,
    IdCodec,
    PlainCodec,
    TimestampCodec,
    is_canonical,
)
from autoforge.dynamodb.schema.indexes import DEFAULT_LAYOUT, TABLE, Index, KeyType, Layout
from autoforge.dynamodb.timestamps import timestamp_text

#: The most bytes of a partition key and of a sort key (AWS, "Constraints in Amazon DynamoDB").
PARTITION_KEY_LIMIT: Final = 2048
SORT_KEY_LIMIT: Final = 1024
#: The most bytes of a character in UTF-8.
_MAX_CHARACTER_BYTES: Final = 4
#: The largest character of each length in UTF-8; the index is the number of bytes.
_LARGEST: Final = ("", "\x7f", "\u07ff", "\uffff", "\U0010ffff")
#: The first and the last code point that UTF-8 cannot encode.
_SURROGATES: Final = (0xD800, 0xDFFF)

#: DynamoDB's numbers (AWS, "Supported data types and naming rules").
_NUMBERS: Final = Context(prec=DIGITS, Emin=SMALLEST_EXPONENT, Emax=LARGEST_EXPONENT)
#: The smallest of them: no sort key is smaller.
SMALLEST_NUMBER: Final = f"-{'9' * DIGITS}E{LARGEST_EXPONENT - DIGITS + 1}"

_COMPONENT: Final = re.compile(r"\{(?P<name>[a-z_][a-z0-9_]*)(:(?P<spec>[a-z0-9]+))?\}")
_LITERAL: Final = re.compile(r"[A-Za-z0-9_-]*")

#: Returns the codec of an attribute, given its name, its spec and whether it is the last component.
CodecLookup = Callable[[str, str, bool], Codec]
#: Returns the codec of an attribute that is a key attribute itself, given the names of both.
PlainLookup = Callable[[str, str], PlainCodec | None]


class Label(str):
    """A placeholder for a value, to describe a key with; it is written as ``<label>``."""

    __slots__ = ()


@dataclass(frozen=True)
class Component:
    """A value in a key: the name of its attribute, and the codec that writes it."""

    name: str
    codec: Codec
    spec: str = ""

    def encode(self, value: Any) -> str:
        """Write the value.

        Raises:
            InvalidValueError: if the value cannot stand in a key; the message has the name.
        """
        return self._written(value, self.codec.encode)

    def prefix(self, value: Any) -> str:
        """Write the beginning of values.

        Raises:
            InvalidValueError: if no value begins so; the message has the name.
        """
        return self._written(value, self.codec.prefix)

    def _written(self, value: Any, write: Callable[[Any], str]) -> str:
        if type(value) is Label:
            return f"<{value}>"
        try:
            return write(value)
        except InvalidValueError as error:
            raise InvalidValueError(f"{self.name}: {error}") from error


class Derived:
    """A component of an index key that is computed from attributes and not stored elsewhere.

    It is declared beside the attributes, and on an entity it reads as its value.

    Args:
        codec: How the value is written in a key, such as an ``EnumCodec``.
        derive: Computes the value from those of the sources; it gets None for a missing attribute.
        sources: The attributes from which the value is computed, by their names in Python.

    Examples:
        >>> class Copy(Entity):
        ...     isbn: Id = Id()
        ...     number: Integer = Integer()
        ...     lent_to: Text[None] = Text(default=None)
        ...     state = Derived(
        ...         EnumCodec(("IN", "OUT")), lambda lent_to: "OUT" if lent_to else "IN", "lent_to"
        ...     )
        ...     key = Key("BOOK#{isbn}", "COPY#{number:3}")
        ...     by_state = Key("COPIES#{state}", "{isbn}#{number:3}", index=GSI("ByState"))
        >>> copy = Copy(isbn="b1", number=1, lent_to="ann")
        >>> copy.state, copy.rendered()["ByStatePK"]
        ('OUT', 'COPIES#OUT')
    """

    def __init__(self, codec: Codec, derive: Callable[..., Any], *sources: str) -> None:
        self.codec = codec
        self.sources = sources
        self._derive = derive

    def of(self, values: Mapping[str, Any]) -> Any:
        """Compute the value from attributes."""
        return self._derive(*(values.get(name) for name in self.sources))

    @cached_property
    def may_lack(self) -> bool:
        """Whether the value is None, or cannot be computed, if an item has none of the sources."""
        try:
            return self.of({}) is None
        except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError):
            return True

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Compute the value of an entity; on the class, return the declaration."""
        return self if instance is None else self.of(instance.attribute_values)

    def __set__(self, instance: Any, value: Any) -> NoReturn:
        """Refuse the value: it could only contradict its sources."""
        raise InvalidValueError(
            f"a value derived from {', '.join(self.sources)} cannot be set, got {value!r}"
        )


@dataclass(frozen=True)
class Template:
    """A template of one key attribute: literals and components, joined by the separator.

    Attributes:
        segments: The literals and components, in order; empty if there is no such key attribute.
        is_plain: Whether the only segment is an attribute that is itself the key attribute: it is
            stored under that name, and not encoded.
    """

    segments: tuple[str | Component, ...]
    is_plain: bool = False

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """The components, in order."""
        return tuple(segment for segment in self.segments if isinstance(segment, Component))

    @cached_property
    def whole(self) -> frozenset[str]:
        """The names of the components whose whole value the template shows."""
        return frozenset(part.name for part in self.components if part.codec.shows_all)

    @cached_property
    def _form(self) -> str:
        """The template as a format for the operator ``%``; no literal contains that character."""
        return SEPARATOR.join("%s" if isinstance(s, Component) else s for s in self.segments)

    def is_complete(self, values: Mapping[str, Any]) -> bool:
        """Whether every component has a value."""
        for component in self.components:  # noqa: SIM110 - a generator costs more than the loop
            if values.get(component.name) is None:
                return False
        return True

    def render(self, values: Mapping[str, Any]) -> str:
        """Write the whole template; every component must have a value."""
        return self._form % tuple([part.encode(values[part.name]) for part in self.components])

    def leading(self, values: Mapping[str, Any], count: int) -> str:
        """Write the first segments; each component among them must have a value."""
        return SEPARATOR.join([_write(segment, values) for segment in self.segments[:count]])

    def fixed(self, values: Mapping[str, Any]) -> int:
        """Return the number of segments before the first component without a value."""
        for count, segment in enumerate(self.segments):
            if isinstance(segment, Component) and values.get(segment.name) is None:
                return count
        return len(self.segments)

    def decode(self, text: str) -> dict[str, Any] | None:
        """Read the components back; return None if this template cannot have written the text."""
        parts = [text] if self.is_plain else text.split(SEPARATOR) if self.segments else []
        if len(parts) != len(self.segments):
            return None
        decoded = {}
        for segment, part in zip(self.segments, parts, strict=True):
            if isinstance(segment, str):
                if segment != part:
                    return None
                continue
            try:
                decoded[segment.name] = segment.codec.decode(part)
            except InvalidValueError:
                return None
        return decoded

    def overlaps(self, other: Template) -> bool:
        """Whether the two templates could write the same text."""
        return self.reaches(other, len(self.segments), (True, False))

    def reaches(self, other: Template, count: int, lengths: tuple[bool, bool]) -> bool:
        """Whether texts of another template could begin like those of this one.

        Args:
            other: The other template.
            count: The number of first segments that are compared.
            lengths: Whether the text of the other template may end after these segments, and
                whether it may go on.
        """
        if self.is_plain or other.is_plain:
            return self._may_equal(other, count)
        ends, goes_on = lengths
        more = len(other.segments) - count
        pairs = zip(self.segments[:count], other.segments, strict=False)
        return ((ends and more == 0) or (goes_on and more > 0)) and all(
            _overlap(one, another) for one, another in pairs
        )

    def agrees(self, other: Template) -> int:
        """Return the number of first segments that both templates write alike.

        Those are equal literals, and components that write equal values as equal texts. Their
        names may differ.
        """
        pairs = zip(self.segments, other.segments, strict=False)
        return next(
            (count for count, pair in enumerate(pairs) if not _alike(*pair)),
            min(len(self.segments), len(other.segments)),
        )

    def _may_equal(self, other: Template, count: int) -> bool:
        """Whether the templates could write the same text, of which one or both are plain."""
        if count == 0:
            return True
        plain, another = (self, other) if self.is_plain else (other, self)
        if another.is_plain or len(another.segments) == 1:
            return _overlap(plain.segments[0], another.segments[0])
        codec = plain.components[0].codec
        if isinstance(codec, PlainCodec) and codec.values is not None:
            return any(another.decode(text) is not None for text in codec.values)
        # Every text of the other template contains the separator.
        return codec.admits(f"a{SEPARATOR}b")

    def __str__(self) -> str:
        """Show the template as it was declared."""
        return SEPARATOR.join(
            segment
            if isinstance(segment, str)
            else f"{{{segment.name}{segment.spec and f':{segment.spec}'}}}"
            for segment in self.segments
        )


class KeyValue(NamedTuple):
    """A rendered key: the texts of the partition key and of the sort key.

    A number stands as its text. The text of the sort key is empty if there is none.

    Attributes:
        partition: The text of the partition key.
        sort: The text of the sort key; empty if the table or index has none.

    Examples:
        >>> primary_key(Book, {"isbn": "b1"})
        KeyValue(partition='BOOK#b1', sort='BOOK')
    """

    partition: str
    sort: str = ""


def shown_key(key: KeyValue) -> str:
    """Show a key in a message: both texts, or only the partition key if there is no sort key."""
    return f"{key.partition} / {key.sort}" if key.sort else key.partition


def key_of(item: Mapping[str, Mapping[str, Any]], index: Index) -> KeyValue:
    """Return the key of an item in an index, from the item or its key in DynamoDB JSON.

    Raises:
        KeyError: if the item lacks a key attribute, or has it in another type.
    """
    partition = item[index.partition_key][index.partition_type]
    if index.partition_type == "N":
        partition = number_text(partition)
    if index.sort_key is None:
        return KeyValue(partition)
    sort = item[index.sort_key][index.sort_type]
    return KeyValue(partition, number_text(sort) if index.sort_type == "N" else sort)


@dataclass(eq=False)
class Key:
    """A partition key and a sort key as templates, in the table or in an index.

    It is declared in an entity, beside the attributes.

    A template has literal texts and components in braces, ``{name}`` or ``{name:spec}``; a
    component is the value of an attribute, or of a ``Derived``. The spec is the width of a number,
    as in ``{number:3}``, or ``date`` for the UTC date of a time. DynamoDB limits a partition key to
    2048 bytes and a sort key to 1024 bytes (AWS, "Constraints in Amazon DynamoDB").

    A template that is one component alone, whose attribute is stored under the name of the key
    attribute, is plain: the attribute is the key attribute, and its value is not encoded. Key
    attributes of type number are plain.

    Args:
        partition: Template of the partition key; alternatives are separated by ``|``. In a local
            index it is that of the primary key.
        sort: Template of the sort key; empty if the index has none.
        index: The table itself, or the secondary index of this key.
        where: The values that attributes must have for an item to be in the index. Optional
            components and ``where`` make an index sparse.
        shared: A name that entities have in common if their keys may be equal on purpose. Without
            it, a design with two entities whose keys could be equal is refused.

    Raises:
        DeclarationError: when the entity is declared, if a template is malformed or names an
            attribute that the entity lacks.

    Examples:
        >>> Loan.due.render({"due_at": NOON, "id": "l1", "isbn": "b1", "returned": False})
        KeyValue(partition='LOANS', sort='2026-02-04T12:00:00.000Z#l1')
        >>> class Shelf(Entity):
        ...     key = Key("SHELF#{name}", "SHELF")
        Traceback (most recent call last):
        autoforge.dynamodb.errors.DeclarationError: ...
    """

    partition: str
    sort: str = ""
    index: Index = TABLE
    where: Mapping[str, Any] = field(default_factory=dict)
    shared: str | None = None
    #: The class name of the entity and the name of the key; empty before the entity is declared.
    entity: str = field(default="", init=False)
    name: str = field(default="", init=False)
    #: The compiled templates; an error before the entity is declared.
    partitions: tuple[Template, ...] = field(init=False, repr=False)
    sort_template: Template = field(init=False, repr=False)
    #: The derived components, by name.
    derived: Mapping[str, Derived] = field(default_factory=dict, init=False, repr=False)
    #: The key attributes that the key renders, each with its place in a KeyValue; plain ones are
    #: attributes of the entity.
    rendered_attributes: tuple[tuple[str, int], ...] = field(default=(), init=False, repr=False)
    #: Those of them that no other key of the entity renders.
    own: frozenset[str] = field(default=frozenset(), init=False, repr=False)

    def bind(
        self,
        entity: str,
        name: str,
        lookup: CodecLookup,
        derived: Mapping[str, Derived] | None = None,
        *,
        layout: Layout = DEFAULT_LAYOUT,
        plain: PlainLookup | None = None,
    ) -> None:
        """Compile the templates against an entity's attributes.

        Args:
            entity: The class name of the entity.
            name: The name of the key.
            lookup: Returns the codec of a component.
            derived: The derived components of the entity.
            layout: The layout of the entity's table.
            plain: Returns the codec of an attribute that is the key attribute itself; None if it
                is stored under another name.

        Raises:
            DeclarationError: if the key is declared twice, or a template is malformed; the message
                names entity, key and component.
        """
        if self.entity:
            raise DeclarationError(
                f"{self} is declared again as {entity}.{name}; declare a new Key there"
            )
        self.entity, self.name = entity, name
        self.index = self.index.within(layout)
        plain = plain or _never_plain
        index = self.index
        self.partitions = tuple(
            self._compile(text, lookup, plain, index.partition_key, index.partition_type)
            for text in self.partition.split("|")
        )
        self.sort_template = self._sort_template(lookup, plain)
        self.derived = {n: each for n, each in (derived or {}).items() if n in self.components}
        if len(self.partitions) > 1 and any(each.is_plain for each in self.partitions):
            raise DeclarationError(
                f"{self}: an attribute that is the key attribute itself has no alternatives"
            )
        for one, other in combinations(self.partitions, 2):
            if one.overlaps(other):
                raise DeclarationError(f"{self}: {one} and {other} could be the same key")

    def is_plain(self, name: str) -> bool:
        """Whether a key attribute is an attribute of the entity itself."""
        if name == self.index.partition_key:
            return any(each.is_plain for each in self.partitions)
        return self.sort_template.is_plain

    def template_of(self, name: str) -> str:
        """Return the template of a key attribute, as it was declared."""
        return self.partition if name == self.index.partition_key else self.sort

    @cached_property
    def components(self) -> frozenset[str]:
        """The names of the components of both templates."""
        templates = (*self.partitions, self.sort_template)
        return frozenset(part.name for template in templates for part in template.components)

    @cached_property
    def sources(self) -> frozenset[str]:
        """The attributes that the key depends on, those of ``where`` included."""
        return self.sources_of(*self.partitions, self.sort_template) | {*self.where}

    @cached_property
    def rendered_sources(self) -> frozenset[str]:
        """The attributes that the rendered key attributes depend on; plain ones are not rendered.

        They are all sources if the key renders an attribute of its own, which leaves the index
        with the item.
        """
        return self.sources if self.rendered_attributes else frozenset()

    @cached_property
    def examined(self) -> frozenset[str]:
        """The attributes in ``where``, and those that a component is derived from."""
        return frozenset(self.where).union(*(each.sources for each in self.derived.values()))

    def sources_of(self, *templates: Template) -> frozenset[str]:
        """Return the attributes that the components of the given templates depend on."""
        names = [part.name for template in templates for part in template.components]
        return frozenset(
            source
            for name in names
            for source in (self.derived[name].sources if name in self.derived else (name,))
        )

    def completed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attributes of an item together with the derived components."""
        return {**values, **{name: each.of(values) for name, each in self.derived.items()}}

    @property
    def shortened(self) -> frozenset[str]:
        """The attributes that are in the key only in part, as a timestamp is by its date."""
        templates = (*self.partitions, self.sort_template)
        parts = [part for template in templates for part in template.components]
        return self.components - {part.name for part in parts if part.codec.shows_all}

    def partition_for(self, values: Mapping[str, Any]) -> Template | None:
        """Return the first partition template whose components all have values, or None."""
        for each in self.partitions:
            if each.is_complete(values):
                return each
        return None

    def render(self, values: Mapping[str, Any]) -> KeyValue | None:
        """Render the key, or return None if the item does not belong in the index.

        Args:
            values: The values of the attributes, by their names in Python.

        Raises:
            InvalidValueError: if a value cannot stand in a key, or the key is too long.

        Examples:
            >>> Book.key.render({"isbn": "b1"})
            KeyValue(partition='BOOK#b1', sort='BOOK')
            >>> Loan.due.render({"due_at": NOON, "id": "l1", "returned": True})
        """
        return self._renderer(values)

    @cached_property
    def store_in(self) -> Callable[[dict[str, Any], KeyValue], None]:
        """The function that stores the rendered attributes of a key in an item, without loops."""
        source = Source("store_in(item, value)", {}, of=str(self))
        for name, place in self.rendered_attributes:
            source.add(f"item[{name!r}] = {{'S': value[{place}]}}")
        source.add("return None")
        store: Callable[[dict[str, Any], KeyValue], None] = source.compiled()
        return store

    @cached_property
    def _renderer(self) -> Callable[[Mapping[str, Any]], KeyValue | None]:
        """The function behind ``render``, without loops; compiled at the first use (ADR 0021)."""
        source = Source("render(values)", {"KeyValue": KeyValue, **_FAST_NAMES}, of=str(self))
        if self.derived:
            source.names["completed"] = self.completed
            source.add("values = completed(values)")
        source.add("get = values.get")
        for name in sorted(self.components):
            source.add(f"v_{name} = get({name!r})")
        for name, wanted in self.where.items():
            source.names[f"wanted_{name}"] = wanted
            source.add(f"if get({name!r}) != wanted_{name}: return None")
        source.add(f"if not ({_complete(self.sort_template)}): return None")
        for place, template in enumerate(self.partitions):
            source.add(f"{'elif' if place else 'if'} {_complete(template)}:")
            source.add(
                f"partition = {self._rendering(template, PARTITION_KEY_LIMIT, source)}", depth=2
            )
        source.add("else:", "    return None")
        sort = self._rendering(self.sort_template, SORT_KEY_LIMIT, source)
        source.add(f"return KeyValue(partition, {sort})")
        render: Callable[[Mapping[str, Any]], KeyValue | None] = source.compiled()
        return render

    def _rendering(self, template: Template, limit: int, source: Source) -> str:
        """Return a Python expression that renders a template."""
        text = SEPARATOR.join(
            segment if isinstance(segment, str) else f"{{{_encoding(segment, source)}}}"
            for segment in template.segments
        )
        if not any(part.codec.is_unbounded for part in template.components):
            return f"f{text!r}"
        source.names["within"] = self._within
        return f"within(f{text!r}, {limit})"

    def decode(self, value: KeyValue) -> dict[str, Any] | None:
        """Read the components back; return None if this key cannot have rendered the value.

        Examples:
            >>> Loan.key.decode(KeyValue("BOOK#b1", "LOAN#l1"))
            {'isbn': 'b1', 'id': 'l1'}
            >>> Loan.key.decode(KeyValue("BOOK#b1", "BOOK"))
        """
        sort = self.sort_template.decode(value.sort)
        for template in self.partitions:
            partition = template.decode(value.partition)
            if partition is None or sort is None:
                continue
            both = template.whole & self.sort_template.whole
            if all(partition[name] == sort[name] for name in both):
                whole = {name: partition[name] for name in template.whole}
                return partition | sort | whole
        return None

    def overlaps(self, other: Key) -> bool:
        """Whether items of the two keys could have the same partition key and sort key."""
        return self.shares_partition(other) and self.sort_template.overlaps(other.sort_template)

    def shares_partition(self, other: Key) -> bool:
        """Whether items of the two keys could be in the same item collection."""
        return self.index == other.index and any(
            mine.overlaps(theirs) for mine in self.partitions for theirs in other.partitions
        )

    def __str__(self) -> str:
        """Show the entity and the name of the key, or its templates before it is declared."""
        named = f"{self.entity}.{self.name}"
        return named if self.entity else f"Key({self.partition!r}, {self.sort!r})"

    if not TYPE_CHECKING:  # otherwise type checkers would accept any name

        def __getattr__(self, name: str) -> NoReturn:
            """Raise an error if the templates are used before the entity is declared."""
            if name in {"partitions", "sort_template"}:
                raise DeclarationError(
                    f"{self} has no templates yet; its entity must be declared first"
                )
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def _sort_template(self, lookup: CodecLookup, plain: PlainLookup) -> Template:
        if self.index.sort_key is None:
            if self.sort:
                raise DeclarationError(
                    f"{self} has the sort key {self.sort!r}, but {self.index.shown} has none"
                )
            return Template(())
        if not self.sort:
            raise DeclarationError(
                f"{self} has no sort key, but {self.index.shown} has {self.index.sort_key}"
            )
        return self._compile(self.sort, lookup, plain, self.index.sort_key, self.index.sort_type)

    def _compile(
        self, text: str, lookup: CodecLookup, plain: PlainLookup, stored: str, kind: KeyType
    ) -> Template:
        """Compile the template of a key attribute with a name and a type in the table."""
        alone = _COMPONENT.fullmatch(text)
        codec = plain(alone["name"], stored) if alone is not None and not alone["spec"] else None
        if codec is not None:
            if codec.kind != kind:
                raise DeclarationError(
                    f"{self}: {stored} is stored as {codec.kind}, but it is a key attribute of "
                    f"{self.index.shown} of type {kind}"
                )
            return Template((Component(text[1:-1], codec),), is_plain=True)
        if kind != "S":
            raise DeclarationError(
                f"{self}: {stored} is a number in {self.index.shown}: {text!r} must be one "
                f"component in braces, a number that is stored as {stored}"
            )
        parts = text.split(SEPARATOR)
        return Template(
            tuple(
                self._segment(part, text, lookup, last=place == len(parts))
                for place, part in enumerate(parts, 1)
            )
        )

    def _segment(self, part: str, text: str, lookup: CodecLookup, *, last: bool) -> str | Component:
        # An empty literal is a slip, except in a template such as #META#.
        if _LITERAL.fullmatch(part) and (part or text.startswith(SEPARATOR)):
            return part
        match = _COMPONENT.fullmatch(part)
        if match is None:
            raise DeclarationError(
                f"{self}: {part!r} is neither a literal nor one component in braces"
            )
        name, spec = match["name"], match["spec"] or ""
        try:
            return Component(name, lookup(name, spec, last), spec)
        except DeclarationError as error:
            raise DeclarationError(f"{self}: {name}: {error}") from error

    def _within(self, text: str, limit: int) -> str:
        if len(text) * _MAX_CHARACTER_BYTES <= limit:
            return text
        size = len(text.encode())
        if size > limit:
            raise InvalidValueError(f"{self} of {size} bytes is over the limit of {limit}")
        return text


#: Expressions that write the values of two codecs; ``Component.encode`` writes all others.
_FAST_ENCODINGS: Final[Mapping[type[Codec], str]] = {
    IdCodec: "v if type(v) is str and is_canonical(v) else encode(v)",
    TimestampCodec: "timestamp_text(v) if type(v) is datetime else encode(v)",
}
_FAST_NAMES: Final = {
    "datetime": datetime,
    "is_canonical": is_canonical,
    "timestamp_text": timestamp_text,
}


def _encoding(part: Component, source: Source) -> str:
    """Return a Python expression that writes the value of a component."""
    # A key may hold one attribute in several forms, such as a timestamp and its date, so the
    # function is numbered and not named by the attribute.
    encode = f"encode_{len(source.names)}"
    source.names[encode] = part.encode
    expression = _FAST_ENCODINGS.get(type(part.codec), "encode(v)")
    return re.sub(r"\bv\b", f"v_{part.name}", expression.replace("encode(", f"{encode}("))


def _complete(template: Template) -> str:
    """Return a Python expression for whether every component has a value."""
    return " and ".join(f"v_{part.name} is not None" for part in template.components) or "True"


def _never_plain(name: str, stored: str) -> None:
    del name, stored


def prefix_end(prefix: str) -> str:
    """Return the smallest text after all texts with a prefix (``EVENT$`` after ``EVENT#``)."""
    return f"{prefix[:-1]}{chr(ord(SEPARATOR) + 1)}"


def require_sort_key_size(text: str) -> None:
    """Check that a text is not longer than a sort key may be.

    Raises:
        InvalidValueError: if it is longer.
    """
    if len(text) * _MAX_CHARACTER_BYTES > SORT_KEY_LIMIT and len(text.encode()) > SORT_KEY_LIMIT:
        raise InvalidValueError(
            f"a sort key of {len(text.encode())} bytes is over the limit of {SORT_KEY_LIMIT}"
        )


def just_after(text: str) -> str:
    """Return the smallest sort key after a text: usually the text and the character NUL.

    If no larger sort key exists, the text itself is returned.
    """
    if len(text.encode()) < SORT_KEY_LIMIT:
        return f"{text}\0"
    for end in range(len(text), 0, -1):
        if (following := _neighbour(text[end - 1], 1)) is not None:
            grown = text[: end - 1] + following
            if len(grown.encode()) <= SORT_KEY_LIMIT:
                return grown
    return text


def just_before(text: str, *, fixed_width: bool) -> str:
    """Return a text that sorts before another, with no sort key between them.

    Args:
        text: The other text; not empty.
        fixed_width: Whether all sort keys before and after it have its length.
    """
    before = _neighbour(text[-1], -1)
    if before is None:
        return text[:-1]
    shrunk = text[:-1] + before
    if fixed_width:
        return shrunk
    # The largest sort key with this prefix: filled up with the largest characters that fit.
    room = SORT_KEY_LIMIT - len(shrunk.encode())
    rest = _LARGEST[room % _MAX_CHARACTER_BYTES]
    return shrunk + _LARGEST[-1] * (room // _MAX_CHARACTER_BYTES) + rest


def number_after(text: str) -> str:
    """Return the smallest number after another that DynamoDB can hold."""
    return _number_beside(text, 1)


def number_before(text: str) -> str:
    """Return the largest number before another that DynamoDB can hold."""
    return _number_beside(text, -1)


def _number_beside(text: str, step: int) -> str:
    number = Decimal(text)
    beside = _NUMBERS.next_plus(number) if step > 0 else _NUMBERS.next_minus(number)
    if beside and beside.adjusted() < SMALLEST_EXPONENT:  # between 0 and the smallest number
        beside = Decimal(0) if number else Decimal(step).scaleb(SMALLEST_EXPONENT)
    if not beside.is_finite():
        return text
    return str(beside)


def _neighbour(character: str, step: int) -> str | None:
    """Return the next character (step 1) or the previous one (-1); None if there is none."""
    code = ord(character) + step
    if _SURROGATES[0] <= code <= _SURROGATES[1]:
        code = _SURROGATES[step > 0] + step
    return chr(code) if 0 <= code <= sys.maxunicode else None


def _write(segment: str | Component, values: Mapping[str, Any]) -> str:
    return segment if isinstance(segment, str) else segment.encode(values[segment.name])


def _alike(mine: str | Component, theirs: str | Component) -> bool:
    if isinstance(mine, Component) and isinstance(theirs, Component):
        return mine.codec.writes_like(theirs.codec)
    return mine == theirs


def _overlap(mine: str | Component, theirs: str | Component) -> bool:
    if isinstance(mine, str):
        return mine == theirs if isinstance(theirs, str) else theirs.codec.admits(mine)
    if isinstance(theirs, str):
        return mine.codec.admits(theirs)
    return mine.codec.overlaps(theirs.codec)

"""Keys: how an entity's attributes become a partition key and a sort key, and back.

A key is a pair of templates in an index, declared once beside the attributes it is made of::

    key = Key("READER#{reader_id}", "LOAN#{lent_at}#{id}")
    by_date = Key("LOAN#{lent_at:date}", "{lent_at}#{id}", index=GSI1)

A template is literals and components separated by ``#``. Because no component ever contains the
separator, different components give different keys and a key decodes to what it was made of.
A partition may have alternatives, ``READER#{reader_id}|ANYBODY``: the first one whose
components are all there is taken.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError
from autoforge.dynamodb.schema.codegen import Source
from autoforge.dynamodb.schema.encoding import (
    SEPARATOR,
    Codec,
    IdCodec,
    MomentCodec,
    TextCodec,
    is_canonical,
)
from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.dynamodb.timestamps import timestamp_text

#: Bytes a partition key and a sort key may have (AWS, "Constraints in Amazon DynamoDB").
PARTITION_KEY_LIMIT: Final = 2048
SORT_KEY_LIMIT: Final = 1024
#: The most bytes of a character in UTF-8.
_WIDEST: Final = 4
#: The largest character of so many bytes; of none, no character.
_LARGEST: Final = ("", "\x7f", "\u07ff", "\uffff", "\U0010ffff")
#: The code points that are no characters in UTF-8.
_SURROGATES: Final = (0xD800, 0xDFFF)

_COMPONENT: Final = re.compile(r"\{(?P<name>[a-z_][a-z0-9_]*)(:(?P<spec>[a-z0-9]+))?\}")
_LITERAL: Final = re.compile(r"[A-Za-z0-9_-]+")

#: Finds the codec of an attribute: called with its name, its spec, and whether it comes last.
CodecLookup = Callable[[str, str, bool], Codec]


class Label(str):
    """Stands for a value where a key is described and not rendered; written as it is."""

    __slots__ = ()


@dataclass(frozen=True)
class Component:
    """A value inside a key: the attribute it comes from and how it is written."""

    name: str
    codec: Codec
    spec: str = ""

    def encode(self, value: Any) -> str:
        """Write the value, naming the component if it cannot be written."""
        if type(value) is Label:
            return f"<{value}>"
        try:
            return self.codec.encode(value)
        except InvalidValueError as error:
            raise InvalidValueError(f"{self.name}: {error}") from error


class Derived:
    """A component of an index key that follows from attributes and is not stored by itself.

    On an entity it reads as its value; declared beside the attributes like this::

        readiness = Derived(EnumCodec(("READY", "WAITING")), _readiness_of, "waiting_on")

    Args:
        codec: How the value is written in a key.
        derive: Makes the value from those of the sources; None where an item lacks one.
        sources: The attributes the value follows from.
    """

    def __init__(self, codec: Codec, derive: Callable[..., Any], *sources: str) -> None:
        self.codec = codec
        self.sources = sources
        self._derive = derive

    def of(self, values: Mapping[str, Any]) -> Any:
        """Derive the value from attributes."""
        return self._derive(*(values.get(name) for name in self.sources))

    @cached_property
    def may_lack(self) -> bool:
        """Whether there is no value where an item lacks what it follows from."""
        try:
            return self.of({}) is None
        except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError):
            return True

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Derive the value of an entity; on the class, be the declaration."""
        return self if instance is None else self.of(instance.attribute_values)

    def __set__(self, instance: Any, value: Any) -> NoReturn:
        """Refuse: it could only contradict what it follows from."""
        raise InvalidValueError(f"{value!r} follows from {', '.join(self.sources)}, never set")


@dataclass(frozen=True)
class Template:
    """Literals and components, joined by the separator."""

    segments: tuple[str | Component, ...]

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """The components, in order."""
        return tuple(segment for segment in self.segments if isinstance(segment, Component))

    @cached_property
    def _form(self) -> str:
        """The template as ``%`` fills it in; no literal holds that character."""
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

    def prefix(self, values: Mapping[str, Any]) -> str:
        """Write as far as values are given, ending in a separator where something follows."""
        fixed = self.fixed(values)
        text = SEPARATOR.join(_write(segment, values) for segment in self.segments[:fixed])
        return f"{text}{SEPARATOR}" if 0 < fixed < len(self.segments) else text

    def fixed(self, values: Mapping[str, Any]) -> int:
        """How many leading segments the values determine."""
        for count, segment in enumerate(self.segments):
            if isinstance(segment, Component) and values.get(segment.name) is None:
                return count
        return len(self.segments)

    def decode(self, text: str) -> dict[str, Any] | None:
        """Read the components back, or None if the text was not made by this template."""
        parts = text.split(SEPARATOR)
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

    def overlaps(self, other: Template, *, leading: int | None = None) -> bool:
        """Whether both could write the same text, or the same first so many segments.

        A template that is shorter than the leading segments ends before what follows them.
        """
        mine, theirs = len(self.segments), len(other.segments)
        leading = mine if leading is None else leading
        long_enough = theirs == mine if leading == mine else theirs > leading
        pairs = zip(self.segments[:leading], other.segments, strict=False)
        return long_enough and all(_overlap(one, another) for one, another in pairs)

    def __str__(self) -> str:
        """Show the template as it was declared."""
        return SEPARATOR.join(
            segment
            if isinstance(segment, str)
            else f"{{{segment.name}{segment.spec and f':{segment.spec}'}}}"
            for segment in self.segments
        )


class KeyValue(NamedTuple):
    """One rendered key: the text of its partition key and of its sort key."""

    partition: str
    sort: str


@dataclass(eq=False)
class Key:
    """A named pair of templates in an index, declared beside an entity's attributes.

    Args:
        partition: Template of the partition key; alternatives are separated by ``|``.
        sort: Template of the sort key.
        index: The table itself, or the global secondary index this key stands in.
        where: Values that attributes must have for an item to be in the index. Together with
            components that an item may lack, this is what makes an index sparse.
        shared: A name that entities give alike when they mean to share keys; without it, two
            entities whose keys could be equal are refused.
    """

    partition: str
    sort: str
    index: Index = TABLE
    where: Mapping[str, Any] = field(default_factory=dict)
    shared: str | None = None
    #: The entity's class name and the key's own name, once declared.
    entity: str = field(default="", init=False)
    name: str = field(default="", init=False)
    #: The compiled templates; there are none before the entity is declared.
    partitions: tuple[Template, ...] = field(init=False, repr=False)
    sort_template: Template = field(init=False, repr=False)
    #: Those components that follow from attributes of other names.
    derived: Mapping[str, Derived] = field(default_factory=dict, init=False, repr=False)

    def bind(
        self,
        entity: str,
        name: str,
        lookup: CodecLookup,
        derived: Mapping[str, Derived] | None = None,
    ) -> None:
        """Compile the templates against an entity's attributes.

        Raises:
            DeclarationError: naming entity, key and component, if a template is wrong.
        """
        if self.entity:
            raise DeclarationError(f"{self} is declared again as {entity}.{name}")
        self.entity, self.name = entity, name
        self.partitions = tuple(self._compile(text, lookup) for text in self.partition.split("|"))
        self.sort_template = self._compile(self.sort, lookup)
        self.derived = {n: each for n, each in (derived or {}).items() if n in self.components}
        for one, other in combinations(self.partitions, 2):
            if one.overlaps(other):
                raise DeclarationError(f"{self}: {one} and {other} could be the same key")

    @cached_property
    def components(self) -> frozenset[str]:
        """The attributes the key is made of."""
        templates = (*self.partitions, self.sort_template)
        return frozenset(part.name for template in templates for part in template.components)

    @cached_property
    def sources(self) -> frozenset[str]:
        """The attributes that decide what the key is, and whether there is one."""
        return self.sources_of(*self.partitions, self.sort_template) | {*self.where}

    @cached_property
    def examined(self) -> frozenset[str]:
        """Those of the sources whose values are compared, or others derived from."""
        return frozenset(self.where).union(*(each.sources for each in self.derived.values()))

    def sources_of(self, *templates: Template) -> frozenset[str]:
        """The attributes that the components of some of the templates come from."""
        names = [part.name for template in templates for part in template.components]
        return frozenset(
            source
            for name in names
            for source in (self.derived[name].sources if name in self.derived else (name,))
        )

    def completed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Attributes of an item together with the components derived from them."""
        return {**values, **{name: each.of(values) for name, each in self.derived.items()}}

    @property
    def shortened(self) -> frozenset[str]:
        """The attributes of which the key shows only a part, such as the date of a moment."""
        templates = (*self.partitions, self.sort_template)
        parts = [part for template in templates for part in template.components]
        return self.components - {part.name for part in parts if part.codec.shows_all}

    def partition_for(self, values: Mapping[str, Any]) -> Template | None:
        """The first alternative whose components all have a value."""
        for each in self.partitions:
            if each.is_complete(values):
                return each
        return None

    def render(self, values: Mapping[str, Any]) -> KeyValue | None:
        """Render the key, or return None if the item does not belong in the index.

        Raises:
            InvalidValueError: if a value cannot stand in a key, or the key is too long.
        """
        return self._renderer(values)

    @cached_property
    def _renderer(self) -> Callable[[Mapping[str, Any]], KeyValue | None]:
        """Compile ``render``: one straight-line function, made at the first use (ADR 0021)."""
        source = Source("render(values)", {"KeyValue": KeyValue, **_QUICK_NAMES}, of=str(self))
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
        """An expression that renders a template."""
        text = SEPARATOR.join(
            segment if isinstance(segment, str) else f"{{{_quickly(segment, source)}}}"
            for segment in template.segments
        )
        if not any(isinstance(part.codec, TextCodec) for part in template.components):
            return f"f{text!r}"
        source.names["fitting"] = self._fitting
        return f"fitting(f{text!r}, {limit})"

    def decode(self, value: KeyValue) -> dict[str, Any] | None:
        """Read the components back, or return None if this key did not make the value."""
        sort = self.sort_template.decode(value.sort)
        for template in self.partitions:
            partition = template.decode(value.partition)
            if partition is not None and sort is not None:
                return partition | sort
        return None

    def overlaps(self, other: Key) -> bool:
        """Whether some item of each could have the same partition key and sort key."""
        return self.shares_partition(other) and self.sort_template.overlaps(other.sort_template)

    def shares_partition(self, other: Key) -> bool:
        """Whether some item of each could be in the same item collection."""
        return self.index == other.index and any(
            mine.overlaps(theirs) for mine in self.partitions for theirs in other.partitions
        )

    def __str__(self) -> str:
        """Show which key of which entity this is."""
        named = f"{self.entity}.{self.name}"
        return named if self.entity else f"Key({self.partition!r}, {self.sort!r})"

    if not TYPE_CHECKING:  # a type checker that saw it would take any name

        def __getattr__(self, name: str) -> NoReturn:
            """Refuse to tell what is known only once the entity is declared."""
            if name in {"partitions", "sort_template"}:
                raise DeclarationError(f"{self} is looked at before its entity is declared")
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def _compile(self, text: str, lookup: CodecLookup) -> Template:
        parts = text.split(SEPARATOR)
        return Template(
            tuple(
                self._segment(part, lookup, last=place == len(parts))
                for place, part in enumerate(parts, 1)
            )
        )

    def _segment(self, part: str, lookup: CodecLookup, *, last: bool) -> str | Component:
        if _LITERAL.fullmatch(part):
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

    def _fitting(self, text: str, limit: int) -> str:
        if len(text) * _WIDEST <= limit:
            return text
        size = len(text.encode())
        if size > limit:
            raise InvalidValueError(f"{self} of {size} bytes is over the limit of {limit}")
        return text


#: How values of two codecs are written at once; ``Component.encode`` writes all others.
_QUICK: Final[Mapping[type[Codec], str]] = {
    IdCodec: "v if type(v) is str and is_canonical(v) else encode(v)",
    MomentCodec: "timestamp_text(v) if type(v) is datetime else encode(v)",
}
_QUICK_NAMES: Final = {
    "datetime": datetime,
    "is_canonical": is_canonical,
    "timestamp_text": timestamp_text,
}


def _quickly(part: Component, source: Source) -> str:
    """An expression that writes the value of a component."""
    # One attribute may be written in several ways: as a date too, or as a text that is not last.
    encode = f"encode_{len(source.names)}"
    source.names[encode] = part.encode
    own = _QUICK.get(type(part.codec), "encode(v)").replace("encode(", f"{encode}(")
    return re.sub(r"\bv\b", f"v_{part.name}", own)


def _complete(template: Template) -> str:
    """An expression that says whether every component has a value."""
    return " and ".join(f"v_{part.name} is not None" for part in template.components) or "True"


def is_prefix(text: str) -> bool:
    """Whether a rendered prefix stops short of a whole key, so that begins_with may take it."""
    return not text or text.endswith(SEPARATOR)


def prefix_end(prefix: str) -> str:
    """The smallest text after everything that begins with a prefix (``EVENT#`` to ``EVENT$``)."""
    return f"{prefix[:-1]}{chr(ord(SEPARATOR) + 1)}"


def require_sort_key_size(text: str) -> None:
    """Refuse a text that is longer than a sort key may be.

    Raises:
        InvalidValueError: if it is.
    """
    if len(text) * _WIDEST > SORT_KEY_LIMIT and len(text.encode()) > SORT_KEY_LIMIT:
        raise InvalidValueError(
            f"a sort key of {len(text.encode())} bytes is over the limit of {SORT_KEY_LIMIT}"
        )


def just_after(text: str) -> str:
    """The smallest sort key after a text (``a`` to ``a`` and the character NUL)."""
    if len(text.encode()) < SORT_KEY_LIMIT:
        return f"{text}\0"
    for end in range(len(text), 0, -1):
        if (following := _neighbour(text[end - 1], 1)) is not None:
            grown = text[: end - 1] + following
            if len(grown.encode()) <= SORT_KEY_LIMIT:
                return grown
    return text


def just_before(text: str, *, fixed_width: bool) -> str:
    """A text before another, with no sort key between them.

    Args:
        text: The other; not empty.
        fixed_width: Whether all sort keys before and after it are as long.
    """
    before = _neighbour(text[-1], -1)
    if before is None:
        return text[:-1]
    shrunk = text[:-1] + before
    if fixed_width:
        return shrunk
    # The largest sort key that begins so: the largest characters that fit.
    room = SORT_KEY_LIMIT - len(shrunk.encode())
    rest = _LARGEST[room % _WIDEST]
    return shrunk + _LARGEST[_WIDEST] * (room // _WIDEST) + rest


def _neighbour(character: str, step: int) -> str | None:
    """The character before or after another in UTF-8's order; None at the ends."""
    code = ord(character) + step
    if _SURROGATES[0] <= code <= _SURROGATES[1]:
        code = _SURROGATES[step > 0] + step
    return chr(code) if 0 <= code <= sys.maxunicode else None


def _write(segment: str | Component, values: Mapping[str, Any]) -> str:
    return segment if isinstance(segment, str) else segment.encode(values[segment.name])


def _overlap(mine: str | Component, theirs: str | Component) -> bool:
    if isinstance(mine, str):
        return mine == theirs if isinstance(theirs, str) else theirs.codec.admits(mine)
    if isinstance(theirs, str):
        return mine.codec.admits(theirs)
    return mine.codec.overlaps(theirs.codec)

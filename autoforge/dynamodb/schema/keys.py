"""Keys: render an entity's attributes as a partition key and a sort key, and decode them.

A key is a pair of templates in an index, declared once beside the attributes that it holds::

    key = Key("READER#{reader_id}", "LOAN#{lent_at}#{id}")
    by_date = Key("LOAN#{lent_at:date}", "{lent_at}#{id}", index=GSI1)

A partition template may have alternatives, as in ``READER#{reader_id}|ANYBODY``: the first one
whose components all have values is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NoReturn

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened
from autoforge.dynamodb.schema.codec import SEPARATOR, Codec, PlainCodec, PrefixedCodec
from autoforge.dynamodb.schema.compiled_keys import (
    compile_decoder,
    compile_item_decoder,
    compile_renderer,
    compile_storing,
)
from autoforge.dynamodb.schema.derived import Derived
from autoforge.dynamodb.schema.indexes import DEFAULT_LAYOUT, TABLE, Index, KeyType, Layout
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.template import Component, Template

#: A literal; ``$`` stands only in front of its other characters, since at the end of a segment it
#: would be the end of a range.
_LITERAL: Final = re.compile(r"(?:\$(?=[A-Za-z0-9_-]))?[A-Za-z0-9_-]*")
_COMPONENT: Final = re.compile(
    rf"(?P<before>{_LITERAL.pattern})\{{(?P<name>[a-z_][a-z0-9_]*)(:(?P<spec>[a-z0-9]+))?\}}"
)

#: Returns the codec of an attribute, given its name, its spec and whether it is the last component.
CodecLookup = Callable[[str, str, bool], Codec]
#: Returns the codec of an attribute that is a key attribute itself, given the names of both.
PlainLookup = Callable[[str, str], PlainCodec | None]


@dataclass(eq=False)
class Key:
    """A partition key and a sort key as templates, in the table or in an index.

    It is declared in an entity, beside the attributes.

    A template has literal texts and components in braces, ``{name}`` or ``{name:spec}``; a
    component is the value of an attribute, or of a ``Derived``. A literal may stand in front of a
    component, as in ``line_{line}``. The spec is the width of a number, as in ``{number:3}``,
    ``date`` for the UTC date of a time, or ``raw`` for a text that is written as it is, as other
    programs do. DynamoDB limits a partition key to 2048 bytes and a sort key to 1024 bytes (AWS,
    "Constraints in Amazon DynamoDB").

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
    #: Those of them that are None for some values of their sources.
    lacking: frozenset[str] = field(default=frozenset(), init=False, repr=False)
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
        for template in (self.partition, self.sort):
            if not isinstance(template, str):
                raise DeclarationError(f"{self}: {shortened(template)} is not a template: a text")
        if not isinstance(self.index, Index):
            raise DeclarationError(
                f"{self}: {shortened(self.index)} is not an index: write GSI(...) or LSI(...)"
            )
        where: object = self.where
        if not isinstance(where, Mapping):
            raise DeclarationError(
                f"{self}: where is {shortened(where)}, not a mapping: write "
                "where={attribute: value}"
            )
        if not (self.shared is None or isinstance(self.shared, str)):
            raise DeclarationError(f"{self}: shared is {shortened(self.shared)}, not a text")
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
        """Return the attributes of an item together with the derived components.

        Raises:
            InvalidValueError: if a component is None that must have a value, since an update could
                not tell whether the item is in the index.
        """
        own = {name: each.of(values) for name, each in self.derived.items()}
        for name, value in own.items():
            if value is None and name not in self.lacking:
                given = ", ".join(
                    f"{each} {shortened(values.get(each))}" for each in self.derived[name].sources
                )
                raise InvalidValueError(
                    f"{self}: {name} is None for {given}: a derived component that items may lack "
                    "must be None for missing attributes, too"
                )
        return {**values, **own}

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
    def store_in(self) -> Callable[[dict[str, Any], Mapping[str, Any]], bool]:
        """The function that renders the key from values into an item, without loops.

        It returns False if the item does not belong in the index.
        """
        return compile_storing(self)

    @cached_property
    def _renderer(self) -> Callable[[Mapping[str, Any]], KeyValue | None]:
        """The function behind ``render``, without loops; compiled at the first use (ADR 0021)."""
        return compile_renderer(self)

    def decode(self, value: KeyValue) -> dict[str, Any] | None:
        """Read the components back; return None if this key cannot have rendered the value.

        Examples:
            >>> Loan.key.decode(KeyValue("BOOK#b1", "LOAN#l1"))
            {'isbn': 'b1', 'id': 'l1'}
            >>> Loan.key.decode(KeyValue("BOOK#b1", "BOOK"))
        """
        return self._decoder(value)

    @cached_property
    def decode_item(self) -> Callable[[Mapping[str, Mapping[str, Any]]], dict[str, Any] | None]:
        """The function that decodes the key of an item in DynamoDB JSON, as ``decode`` does.

        It raises KeyError if the item lacks a key attribute, or has it in another type.
        """
        return compile_item_decoder(self)

    @cached_property
    def _decoder(self) -> Callable[[KeyValue], dict[str, Any] | None]:
        """The function behind ``decode``; without loops if there is one partition template."""
        return compile_decoder(self)

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
        is_name = alone is not None and not (alone["before"] or alone["spec"])
        codec = plain(alone["name"], stored) if alone is not None and is_name else None
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
                f"{self}: {part!r} is neither a literal nor one component in braces, with or "
                "without a literal in front of it"
            )
        name, spec, before = match["name"], match["spec"] or "", match["before"]
        try:
            codec = lookup(name, spec, last)
            return Component(name, PrefixedCodec(before, codec) if before else codec, spec)
        except DeclarationError as error:
            raise DeclarationError(f"{self}: {name}: {error}") from error


def _never_plain(name: str, stored: str) -> None:
    del name, stored

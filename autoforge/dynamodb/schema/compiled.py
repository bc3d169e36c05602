"""Straight-line functions between items and what they are read as, compiled once per entity.

* ``compile_reader``      an item to its entity
* ``compile_writer``      an entity to the attributes that are stored
* ``compile_projection``  an item to some of its values as JSON has them, without an entity

Each is one function without loops, made from the entity's attributes (ADR 0021). It takes what our
own writers store. What it is not sure of it leaves to the attribute's own methods, and what
surprises it to the careful way it is given, so that values, types and errors are what those say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pynamodb.attributes import Attribute

from autoforge.dynamodb.errors import AutoforgeError
from autoforge.dynamodb.schema.attributes import (
    BooleanAttribute,
    DocumentAttribute,
    EnumAttribute,
    ExpiryAttribute,
    IdAttribute,
    IdSetAttribute,
    IntegerAttribute,
    JsonAttribute,
    ListAttribute,
    TextAttribute,
    TimestampAttribute,
    attribute_to_wire,
    read_expiry,
    wire_to_attribute,
)
from autoforge.dynamodb.schema.cache import Remembered
from autoforge.dynamodb.schema.codegen import Source
from autoforge.dynamodb.schema.documents import wire_to_document, wire_to_members
from autoforge.dynamodb.schema.encoding import ID
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE, GSIS, TABLE, TTL
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text


@dataclass(frozen=True)
class FieldCodec:
    """How attributes of one class are read and written at once, as Python expressions.

    They are over ``v``, the value, and ``own``, the attribute; ``_NAMES`` may be used too.

    Attributes:
        type: DynamoDB's type of the stored value; empty where ``v`` is the value with its type.
        read: What the entity holds.
        write: What is stored, with its type.
        project: What JSON has; as ``read`` unless given.
        absent: What JSON has where an item lacks the attribute.
    """

    type: str
    read: str
    write: str
    project: str = ""
    absent: str = "None"


#: The classes known to the letter. A subclass may mean something else, so it is not among them.
KINDS: Final[Mapping[type[Attribute[Any]], FieldCodec]] = {
    TextAttribute: FieldCodec("S", "v if v.isascii() else own.deserialize(v)", '{"S": v}'),
    IdAttribute: FieldCodec("S", "ids[v]", '{"S": v}'),
    EnumAttribute: FieldCodec("S", "own.by_text[v]", '{"S": own.texts[v]}', "own.texts[v]"),
    TimestampAttribute: FieldCodec(
        "S", "moments[v]", '{"S": timestamp_text(v)}', "moment_texts[v]"
    ),
    # How it is projected is part of whether the item is live: see compile_projection.
    ExpiryAttribute: FieldCodec("N", "expiries[v]", '{"N": str(int(v.timestamp()))}'),
    IntegerAttribute: FieldCodec(
        "N", "int(v) if len(v) < 16 and v.isdecimal() else own.deserialize(v)", '{"N": str(v)}'
    ),
    BooleanAttribute: FieldCodec(
        "BOOL", "v if v is True or v is False else own.deserialize(v)", '{"BOOL": v}'
    ),
    DocumentAttribute: FieldCodec("M", "wire_to_members(v)", "own.to_wire(v)"),
    ListAttribute: FieldCodec("L", "[wire_to_document(w) for w in v]", "own.to_wire(v)"),
    JsonAttribute: FieldCodec("", "wire_to_document(v)", "own.to_wire(v)"),
    IdSetAttribute: FieldCodec(
        "SS", "own.deserialize(v)", '{"SS": own.serialize(v)}', "sorted(own.deserialize(v))", "[]"
    ),
}

#: Any other class goes through its own methods, by PynamoDB's path.
_OTHER: Final = FieldCodec("", "wire_to_attribute(own, v)", "attribute_to_wire(own, v)")

#: What the functions refer to.
_NAMES: Final[Mapping[str, Any]] = {
    "attribute_to_wire": attribute_to_wire,
    "expiries": Remembered(read_expiry),
    "ids": Remembered(ID.encode),
    "timestamp_text": timestamp_text,
    "moment_texts": Remembered(lambda text: timestamp_text(as_timestamp(text))),
    "moments": Remembered(as_timestamp),
    "shown_expiries": Remembered(
        lambda text: (read_expiry(text), timestamp_text(read_expiry(text)))
    ),
    "wire_to_attribute": wire_to_attribute,
    "wire_to_document": wire_to_document,
    "wire_to_members": wire_to_members,
    # What the careful way has to tell more about than these do.
    "SURPRISES": (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        AutoforgeError,
    ),
}


@dataclass(frozen=True)
class Field:
    """An attribute of an entity, and what else the functions need to know of it."""

    #: Its name in Python.
    name: str
    attribute: Attribute[Any]
    #: Whether an item may lack it.
    optional: bool
    #: Whether None is a value of it, and not its absence.
    holds_null: bool
    #: Whether an item that lacks it may have it in its primary key.
    in_key: bool

    @property
    def stored_name(self) -> str:
        """Its name in the table."""
        return str(self.attribute.attr_name)

    @property
    def kind(self) -> FieldCodec:
        """How it is read and written."""
        return KINDS.get(type(self.attribute), _OTHER)

    @property
    def is_json(self) -> bool:
        """Whether it is known to read as JSON has it."""
        return self.kind is not _OTHER or isinstance(self.attribute, TextAttribute)


def compile_reader(
    entity: type[Any], fields: tuple[Field, ...], **careful: Callable[..., Any]
) -> Any:
    """Compile what reads an item as an entity.

    Args:
        entity: The entity.
        fields: Its attributes that are not rendered from others.
        careful: ``slowly`` reads any item; ``decode_key`` reads components from an item's key;
            ``unknown`` finds what of an item the entity does not declare.
    """
    source = Source("read(item)", dict(_NAMES), of=entity.__name__)
    source.names |= {"entity": entity, "new": entity.__new__, **careful}
    required = [each for each in fields if not each.optional]
    source.add("try:")
    source.add(
        f"if item[{ENTITY_TYPE!r}]['S'] != {entity.type_name!r}: return slowly(item)",
        f"item[{TABLE.partition_key!r}], item[{TABLE.sort_key!r}]",
        f"known = {len(required) + 3}",
        "in_key = False",
        "get = item.get",
        "values = {}",
        depth=2,
    )
    for each in fields:
        read = [f"values[{each.name!r}] = {_over(source, each, each.kind.read)}"]
        if each.kind is _OTHER and not each.optional:
            read.append(f"if values[{each.name!r}] is None: return slowly(item)")
        if each.optional:
            read.append("known += 1")
        for line in _taken(each, read, ["in_key = True"] if each.in_key else []):
            source.add(line, depth=2)
    for index in GSIS:
        for name in (index.partition_key, index.sort_key):
            source.add(f"if {name!r} in item: known += 1", depth=2)
    source.add("if in_key: values = decode_key(item) | values", depth=2)
    source.add("except SURPRISES:", "    return slowly(item)")
    source.add(
        "found = new(entity)",
        "own = found.__dict__",
        "own['attribute_values'] = values",
        "own['_unknown'] = {} if known == len(item) else unknown(item)",
        "return found",
    )
    return source.compiled()


def compile_writer(
    entity: type[Any], fields: tuple[Field, ...], **careful: Callable[..., Any]
) -> Callable[[Any], dict[str, Any]]:
    """Compile what writes the attributes of an entity as they are stored.

    Args:
        entity: The entity.
        fields: The attributes that are not rendered from others.
        careful: ``slowly`` writes any entity, or says what is wrong with it; ``copied`` copies the
            attributes the entity does not declare.
    """
    source = Source("write(entity)", dict(_NAMES), of=entity.__name__)
    source.names |= careful
    source.add("try:")
    source.add(
        "values = entity.attribute_values",
        "get = values.get",
        "item = copied(entity._unknown) if entity._unknown else {}",
        depth=2,
    )
    for each in fields:
        written = f"item[{each.stored_name!r}] = {_over(source, each, each.kind.write)}"
        value = "entity.expiry" if each.stored_name == TTL else f"get({each.name!r})"
        if each.optional:
            source.add(f"if (v := {value}) is not None: {written}", depth=2)
            continue
        source.add(f"v = values[{each.name!r}]", depth=2)
        if not each.holds_null:
            source.add("if v is None: return slowly(entity)", depth=2)
        source.add(written, depth=2)
    source.add("return item", depth=2)
    source.add("except SURPRISES:", "    return slowly(entity)")
    compiled: Callable[[Any], dict[str, Any]] = source.compiled()
    return compiled


def compile_projection(
    entity: type[Any],
    shown: Mapping[str, Field | None],
    constants: Mapping[str, Any],
    hidden: Iterable[Field],
    slowly: Callable[..., Any],
) -> Any:
    """Compile what projects an item, if it is live at a moment, onto names in JSON.

    Args:
        entity: The entity the item is of.
        shown: The attribute behind each name; None where all items have the same, a constant.
        constants: What that is.
        hidden: The attributes behind no name, which must be readable nevertheless: what is no
            entity is not shown either.
        slowly: Projects any item.
    """
    source = Source("project(item, now)", dict(_NAMES), of=entity.__name__)
    source.names |= {"slowly": slowly, **{f"constant_{n}": v for n, v in constants.items()}}
    source.add("try:")
    source.add("get = item.get", depth=2)
    for unseen in hidden:
        read = [f"v = {_over(source, unseen, unseen.kind.read)}"]
        if unseen.kind is _OTHER and not unseen.optional:
            read.append("if v is None: return slowly(item, now)")
        for line in _taken(unseen, read, []):
            source.add(line, depth=2)
    for name, each in shown.items():
        if each is None or each.stored_name == TTL:
            continue
        taken = f"shown_{name} = {_over(source, each, each.kind.project or each.kind.read)}"
        absent = f"shown_{name} = {each.kind.absent}"
        if each.in_key:
            absent = "return slowly(item, now)"
        for line in _taken(each, [taken], [absent]):
            source.add(line, depth=2)
    # At the end: an item that cannot be read is that first, and past its expiry only then.
    source.add(
        f"wire = get({TTL!r})",
        "if wire is None:",
        "    expires = None" if entity.lifetime is None else "    return slowly(item, now)",
        "else:",
        "    expiry, expires = shown_expiries[wire['N']]",
        "    if expiry <= now: return None",
        depth=2,
    )
    names = [name for name, each in shown.items() if each is not None and each.stored_name == TTL]
    members = ", ".join(
        f"{name!r}: "
        + ("expires" if name in names else f"{'constant' if each is None else 'shown'}_{name}")
        for name, each in shown.items()
    )
    source.add(f"return {{{members}}}", depth=2)
    source.add("except SURPRISES:", "    return slowly(item, now)")
    return source.compiled()


def _over(source: Source, each: Field, expression: str) -> str:
    """An expression in which ``own`` is this attribute."""
    own = f"own_{each.name}"
    source.names[own] = each.attribute
    return expression.replace("own", own)


def _taken(each: Field, read: list[str], absent: list[str]) -> Iterator[str]:
    """Lines that take an attribute's stored value as ``v`` and read it, or do without."""
    kind = f"[{each.kind.type!r}]" if each.kind.type else ""
    if not each.optional:
        yield f"v = item[{each.stored_name!r}]{kind}"
        yield from read
        return
    yield f"wire = get({each.stored_name!r})"
    yield "if wire is not None:"
    yield f"    v = wire{kind}"
    yield from (f"    {line}" for line in read)
    if absent:
        yield "else:"
        yield from (f"    {line}" for line in absent)

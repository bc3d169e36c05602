"""Generates the functions that read and write the items of an entity (ADR 0021).

* ``compile_reader``      from an item to its entity
* ``compile_writer``      from an entity to the attributes that are stored
* ``compile_projection``  from an item to some of its values in JSON, without an entity
* ``compile_part``        from an item to a part of its entity, a dataclass

Each function has no loops and is generated from the entity's attributes. It is a fast path for
items in the form that our own writers store. A value in another form is passed to the methods of
its attribute, and any other item to the careful path, which the caller gives. So values, types and
errors are the same on both paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, Final, NamedTuple

from pynamodb.attributes import Attribute

from autoforge.dynamodb.errors import AutoforgeError
from autoforge.dynamodb.schema.attribute import attribute_to_wire, is_stored
from autoforge.dynamodb.schema.cache import BoundedCache
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.codegen import Source
from autoforge.dynamodb.schema.document_attributes import Array, Document, Json
from autoforge.dynamodb.schema.documents import wire_to_decimal, wire_to_document, wire_to_members
from autoforge.dynamodb.schema.number_attributes import Integer, Number
from autoforge.dynamodb.schema.set_attributes import IdSet, TextSet
from autoforge.dynamodb.schema.stored_values import wire_to_attribute
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Expiry, Moment, read_expiry
from autoforge.dynamodb.schema.value_codecs import ID
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text


class FieldCodec(NamedTuple):
    """The Python expressions that read and write the attributes of one class.

    In an expression ``v`` is the value and ``own`` the attribute; it may also use ``_NAMES``.

    Attributes:
        type: The DynamoDB type of the stored value; empty if ``v`` is the value with its type.
        read: The value in the entity, from the stored one.
        write: The stored value with its type, from the one in the entity.
        project: The value in JSON, from the stored one; ``read`` if empty.
        absent: The value in JSON if an item lacks the attribute.
    """

    type: str
    read: str
    write: str
    project: str = ""
    absent: str = "None"


_SET: Final = FieldCodec(
    "SS", "own.deserialize(v)", '{"SS": own.serialize(v)}', "sorted(own.deserialize(v))", "[]"
)

#: The expressions of each class. Subclasses are not looked up, since they may change its methods.
KINDS: Final[Mapping[type[Attribute[Any]], FieldCodec]] = {
    Text: FieldCodec("S", "v if v.isascii() else own.deserialize(v)", '{"S": v}'),
    Id: FieldCodec("S", "ids[v]", '{"S": v}'),
    Choice: FieldCodec("S", "own.by_text[v]", '{"S": own.texts[v]}', "own.texts[v]"),
    Moment: FieldCodec("S", "timestamps[v]", '{"S": timestamp_text(v)}', "timestamp_texts[v]"),
    # That of the item itself is projected together with the check that the item is live.
    Expiry: FieldCodec(
        "N", "expiries[v]", '{"N": str(int(v.timestamp()))}', "expiries_with_texts[v][1]"
    ),
    Integer: FieldCodec(
        "N", "int(v) if len(v) < 16 and v.isdecimal() else own.deserialize(v)", '{"N": str(v)}'
    ),
    Boolean: FieldCodec(
        "BOOL", "v if v is True or v is False else own.deserialize(v)", '{"BOOL": v}'
    ),
    Document: FieldCodec("M", "wire_to_members(v)", "own.to_wire(v)"),
    Array: FieldCodec("L", "[wire_to_document(w) for w in v]", "own.to_wire(v)"),
    Json: FieldCodec("", "wire_to_document(v)", "own.to_wire(v)"),
    Number: FieldCodec(
        "N", "wire_to_decimal(v)", '{"N": own.serialize(v)}', "str(wire_to_decimal(v))"
    ),
    IdSet: _SET,
    TextSet: _SET,
}

#: The expressions of a Moment in a form of its own.
_MOMENT_IN_FORM: Final = FieldCodec(
    "S",
    "own.deserialize(v)",
    '{"S": own.serialize(v)}',
    "timestamp_text(own.deserialize(v))",
)

#: The expressions of all other classes: the attribute's own methods, called as PynamoDB does.
_BY_METHODS: Final = FieldCodec("", "wire_to_attribute(own, v)", "attribute_to_wire(own, v)")

#: The names that expressions and generated functions refer to.
_NAMES: Final[Mapping[str, Any]] = {
    "attribute_to_wire": attribute_to_wire,
    "expiries": BoundedCache(read_expiry),
    "ids": BoundedCache(ID.encode),
    "timestamp_text": timestamp_text,
    "timestamp_texts": BoundedCache(lambda text: timestamp_text(as_timestamp(text))),
    "timestamps": BoundedCache(as_timestamp),
    "expiries_with_texts": BoundedCache(
        lambda text: (read_expiry(text), timestamp_text(read_expiry(text)))
    ),
    "wire_to_attribute": wire_to_attribute,
    "wire_to_decimal": wire_to_decimal,
    "wire_to_document": wire_to_document,
    "wire_to_members": wire_to_members,
    # On these errors the careful path is taken; if it fails, too, its error says more.
    "UNEXPECTED": (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        AutoforgeError,
    ),
}


class Field(NamedTuple):
    """An attribute of an entity, as code generation needs it."""

    #: The name in Python.
    name: str
    attribute: Attribute[Any]
    #: Whether an item may lack the attribute.
    optional: bool
    #: Whether None is stored as a value, and not as the absence of the attribute.
    holds_null: bool
    #: Whether the value can be read from the primary key if the item lacks the attribute.
    in_key: bool
    #: The value, as it is stored, of items that lack the attribute; None without a default.
    default: Mapping[str, Any] | None = None

    @property
    def stored(self) -> bool:
        """Whether items have the attribute itself, and not only a component of their keys."""
        return is_stored(self.attribute)

    @property
    def stored_name(self) -> str:
        """The name in the table."""
        return str(self.attribute.attr_name)

    @property
    def kind(self) -> FieldCodec:
        """The expressions that read and write the attribute."""
        kind = KINDS.get(type(self.attribute), _BY_METHODS)
        in_own_form = kind is KINDS[Moment] and self.attribute.form is not None
        return _MOMENT_IN_FORM if in_own_form else kind

    @property
    def is_json(self) -> bool:
        """Whether the value is known to be read as JSON has it."""
        return self.kind is not _BY_METHODS or isinstance(self.attribute, Text)


def compile_reader(
    entity: type[Any], fields: tuple[Field, ...], **functions: Callable[..., Any]
) -> Any:
    """Compile the function that reads an item as an entity.

    Args:
        entity: The entity.
        fields: Its attributes that are not rendered from others.
        functions: ``slowly`` reads any item on the careful path; ``decode_key`` reads components
            from an item's keys, or returns None if the primary key has another form; ``unknown``
            returns the attributes that the entity does not declare.
    """
    source = Source("read(item)", dict(_NAMES), of=entity.__name__)
    source.names |= {"entity": entity, "new": entity.__new__, **functions}
    required = [each for each in fields if each.stored and not each.optional]
    layout, primary = entity.layout, entity.primary_key
    rendered = [name for name, _ in primary.rendered_attributes]
    stored_type = layout.entity_type
    source.add("try:")
    if stored_type is None:  # the form of the key tells the type
        source.add("in_keys = decode_key(item)", depth=2)
        source.add("if in_keys is None: return slowly(item)", depth=2)
    else:
        differs = f"item[{stored_type!r}]['S'] != {entity.type_name!r}"
        source.add(f"if {differs}: return slowly(item)", depth=2)
    source.add(
        *(f"item[{name!r}]" for name in rendered),
        f"known = {len(required) + len(rendered) + (stored_type is not None)}",
        f"in_key = {not all(each.stored for each in fields)}",
        "get = item.get",
        "values = {}",
        depth=2,
    )
    for each in fields:
        if not each.stored:
            continue
        read = [f"values[{each.name!r}] = {_expression(source, each, each.kind.read)}"]
        if not each.kind.type and not each.holds_null:  # a NULL is kept, or must not be there
            read.append(f"if values[{each.name!r}] is None: return slowly(item)")
        if each.optional:
            read.append("known += 1")
        absent = ["in_key = True"] if each.in_key else []
        for line in _reading(source, each, read, absent, defaulted=["known -= 1"]):
            source.add(line, depth=2)
    for name in sorted(entity.rendered_names() - {*rendered, stored_type}):
        source.add(f"if {name!r} in item: known += 1", depth=2)
    in_keys = "in_keys" if stored_type is None else "(decode_key(item) or {})"
    source.add(f"if in_key: values = {in_keys} | values", depth=2)
    for each in fields:
        if not (each.stored or each.optional):
            source.add(f"if {each.name!r} not in values: return slowly(item)", depth=2)
    source.add("except UNEXPECTED:", "    return slowly(item)")
    source.add(
        "result = new(entity)",
        "members = result.__dict__",
        "members['attribute_values'] = values",
        "members['_unknown'] = {} if known == len(item) else unknown(item)",
        "return result",
    )
    return source.compiled()


def compile_writer(
    entity: type[Any], fields: tuple[Field, ...], **functions: Callable[..., Any]
) -> Callable[[Any], dict[str, Any]]:
    """Compile the function that writes the attributes of an entity as they are stored.

    Args:
        entity: The entity.
        fields: Its attributes that are not rendered from others.
        functions: ``slowly`` writes any entity on the careful path, or raises an error that names
            the fault; ``copied`` copies the attributes that the entity does not declare.
    """
    source = Source("write(entity)", dict(_NAMES), of=entity.__name__)
    source.names |= functions
    source.add("try:")
    source.add(
        "values = entity.attribute_values",
        "get = values.get",
        "item = copied(entity._unknown) if entity._unknown else {}",
        depth=2,
    )
    for each in fields:
        if not each.stored:
            source.add(f"if get({each.name!r}) is None: return slowly(entity)", depth=2)
            continue
        written = f"item[{each.stored_name!r}] = {_expression(source, each, each.kind.write)}"
        is_expiry = each.stored_name == entity.expiry_name
        value = "entity.expiry" if is_expiry else f"get({each.name!r})"
        if each.optional:
            source.add(f"if (v := {value}) is not None: {written}", depth=2)
            continue
        source.add(f"v = values[{each.name!r}]", depth=2)
        if not each.holds_null:
            source.add("if v is None: return slowly(entity)", depth=2)
        source.add(written, depth=2)
    if entity.layout.entity_type is not None:
        typed = f"item[{entity.layout.entity_type!r}] = {{'S': {entity.type_name!r}}}"
        source.add(typed, depth=2)
    source.add("return item", depth=2)
    source.add("except UNEXPECTED:", "    return slowly(entity)")
    compiled: Callable[[Any], dict[str, Any]] = source.compiled()
    return compiled


def compile_projection(
    entity: type[Any],
    shown: Mapping[str, Field | None],
    constants: Mapping[str, Any],
    hidden: Iterable[Field],
    slowly: Callable[..., Any],
) -> Any:
    """Compile the function that projects an item onto a JSON object.

    The function takes an item and the present time, and returns None if the item has expired.

    Args:
        entity: The entity of the items.
        shown: The attribute behind each name in JSON; None if the value is a constant.
        constants: The constants by name.
        hidden: The attributes that are not shown. They are validated nevertheless, so that an item
            that cannot be read as an entity is not shown either.
        slowly: Projects any item on the careful path.
    """
    source = Source("project(item, now)", dict(_NAMES), of=entity.__name__)
    # Names in JSON need not be names in Python.
    variables = {name: f"shown_{place}" for place, name in enumerate(shown)}
    source.names |= {"slowly": slowly, **{variables[n]: v for n, v in constants.items()}}
    expiry = entity.expiry_name
    source.add("try:")
    source.add("get = item.get", depth=2)
    for each in hidden:
        read = [f"v = {_expression(source, each, each.kind.read)}"]
        if each.kind is _BY_METHODS and not each.optional:
            read.append("if v is None: return slowly(item, now)")
        for line in _reading(source, each, read, []):
            source.add(line, depth=2)
    for name, field in shown.items():
        if field is None or field.stored_name == expiry:
            continue
        value = _expression(source, field, field.kind.project or field.kind.read)
        absent = f"{variables[name]} = {field.kind.absent}"
        if field.in_key:
            absent = "return slowly(item, now)"
        for line in _reading(source, field, [f"{variables[name]} = {value}"], [absent]):
            source.add(line, depth=2)
    # Checked last: an expired item that cannot be read is an error, too.
    source.add(
        f"stored = get({expiry!r})",
        "if stored is None:",
        "    expires = None" if entity.lifetime is None else "    return slowly(item, now)",
        "else:",
        "    expiry, expires = expiries_with_texts[stored['N']]",
        "    if expiry <= now: return None",
        depth=2,
    )
    names = [
        name for name, each in shown.items() if each is not None and each.stored_name == expiry
    ]
    members = ", ".join(
        f"{name!r}: {'expires' if name in names else variables[name]}" for name in shown
    )
    source.add(f"return {{{members}}}", depth=2)
    source.add("except UNEXPECTED:", "    return slowly(item, now)")
    return source.compiled()


class Taken(NamedTuple):
    """What a field of a part takes of an entity."""

    field: Field
    #: The names that lead to the value inside of the attribute; empty for all of it.
    path: Sequence[str]
    #: Whether the value is read from a key, because the index does not hold the attribute.
    from_key: bool
    #: Whether the value may be missing.
    may_lack: bool
    #: What the entity has for the attribute if the item lacks it.
    absent: Any
    #: Tells whether a value from inside of the attribute has the declared type; None for any.
    fits: Callable[[Any], bool] | None = None


def compile_part(
    part: type[Any],
    entity: type[Any],
    taken: Mapping[str, Taken],
    **functions: Callable[..., Any],
) -> Any:
    """Compile the function that reads an item as a part of its entity, a dataclass.

    The function takes an item and the present time, and returns None if the item has expired.

    Args:
        part: The dataclass.
        entity: The entity of the items.
        taken: What each field of the part takes.
        functions: ``slowly`` reads any item on the careful path; ``decoded`` reads the components
            of its keys.
    """
    source = Source("read(item, now)", dict(_NAMES), of=part.__name__)
    source.names |= {"part": part, "new": part.__new__, **functions}
    source.add("try:")
    source.add("get = item.get", depth=2)
    if any(each.from_key for each in taken.values()):
        source.add("in_keys = decoded(item)", depth=2)
    for name, each in taken.items():
        for line in _taking(source, name, each):
            source.add(line, depth=2)
    expiry = entity.expiry_name
    if expiry is not None:
        source.add(
            f"stored = get({expiry!r})",
            "if stored is not None:",
            "    if expiries[stored['N']] <= now: return None",
            *(() if entity.lifetime is None else ("else: return slowly(item, now)",)),
            depth=2,
        )
    plain = "__slots__" not in vars(part) and not hasattr(part, "__post_init__")
    if plain:
        source.add("result = new(part)", "members = result.__dict__", depth=2)
        source.add(*(f"members[{name!r}] = taken_{name}" for name in taken), depth=2)
        source.add("return result", depth=2)
    else:
        values = ", ".join(f"{name}=taken_{name}" for name in taken)
        source.add(f"return part({values})", depth=2)
    source.add("except UNEXPECTED:", "    return slowly(item, now)")
    return source.compiled()


def _taking(source: Source, name: str, each: Taken) -> Iterator[str]:
    """Yield the lines that read the value of a field of a part."""
    of = each.field
    if each.from_key:
        source.names[f"check_{name}"] = getattr(of.attribute, "check", _as_it_is)
        yield f"taken_{name} = check_{name}(in_keys[{of.name!r}])"
        return
    if each.path:
        steps = "".join(f"['M'][{step!r}]" for step in each.path)
        yield f"taken_{name} = wire_to_document(item[{of.stored_name!r}]{steps})"
        if each.fits is not None:
            source.names[f"fits_{name}"] = each.fits
            yield f"if not fits_{name}(taken_{name}): return slowly(item, now)"
        return
    read = [f"taken_{name} = {_expression(source, of, of.kind.read)}"]
    if of.kind is _BY_METHODS and not of.optional:
        read.append(f"if taken_{name} is None: return slowly(item, now)")
    absent = f"taken_{name} = absent_{name}"
    source.names[f"absent_{name}"] = each.absent
    if of.in_key or not isinstance(each.absent, frozenset | NoneType):
        absent = "return slowly(item, now)"
    yield from _reading(source, of, read, [absent])


def _as_it_is(value: Any) -> Any:
    return value


def _expression(source: Source, each: Field, expression: str) -> str:
    """Return an expression with ``own`` replaced by the name of the field's attribute."""
    own = f"own_{each.name}"
    source.names[own] = each.attribute
    return expression.replace("own", own)


def _reading(
    source: Source,
    each: Field,
    read: Sequence[str],
    absent: Sequence[str],
    defaulted: Sequence[str] = (),
) -> Iterator[str]:
    """Yield the lines that assign a stored value to ``v`` and read it, or handle its absence.

    An item that lacks an attribute with a default is read as if it had the default. That it has the
    attribute is assumed, not tested, so that reading it costs nothing more.
    """
    kind = f"[{each.kind.type!r}]" if each.kind.type else ""
    if each.default is not None:
        source.names[f"default_{each.name}"] = each.default
        yield "try:"
        yield f"    v = item[{each.stored_name!r}]{kind}"
        yield "except KeyError:"
        yield f"    if {each.stored_name!r} in item: raise"
        yield f"    v = default_{each.name}{kind}"
        yield from (f"    {line}" for line in defaulted)
        yield from read
        return
    if not each.optional:
        yield f"v = item[{each.stored_name!r}]{kind}"
        yield from read
        return
    yield f"stored = get({each.stored_name!r})"
    yield "if stored is not None:"
    yield f"    v = stored{kind}"
    yield from (f"    {line}" for line in read)
    if absent:
        yield "else:"
        yield from (f"    {line}" for line in absent)

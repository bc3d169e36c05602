"""Generates the functions that render and decode a key, without loops (ADR 0021).

Keys are rendered and decoded for each item that is written and read. So a function is generated
for the templates of a key at its first use; ``Template.render`` and ``Template.decode`` do the same
with loops.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from autoforge.dynamodb.errors import InvalidValueError
from autoforge.dynamodb.schema.cache import BoundedCache
from autoforge.dynamodb.schema.codec import SEPARATOR, Codec
from autoforge.dynamodb.schema.codegen import Source
from autoforge.dynamodb.schema.documents import number_text
from autoforge.dynamodb.schema.key_value import (
    PARTITION_KEY_LIMIT,
    SORT_KEY_LIMIT,
    KeyValue,
    key_of,
    within,
)
from autoforge.dynamodb.schema.template import Component, Template
from autoforge.dynamodb.schema.value_codecs import IdCodec, TimestampCodec, is_canonical
from autoforge.dynamodb.timestamps import timestamp_text

if TYPE_CHECKING:
    from autoforge.dynamodb.schema.keys import Key

#: Expressions that write the values of two codecs; ``Component.encode`` writes all others. What
#: these two read is cached, because the items of a page share ids and times.
_FAST_ENCODINGS: Final[Mapping[type[Codec], str]] = {
    IdCodec: "v if type(v) is str and is_canonical(v) else encode(v)",
    TimestampCodec: "timestamp_text(v) if type(v) is datetime else encode(v)",
}
_FAST_NAMES: Final = {
    "datetime": datetime,
    "is_canonical": is_canonical,
    "timestamp_text": timestamp_text,
}


def compile_renderer(key: Key) -> Callable[[Mapping[str, Any]], KeyValue | None]:
    """Return the function that renders a key from values; see ``Key.render``."""
    source = Source("render(values)", {"KeyValue": KeyValue}, of=str(key))
    _add_rendering(source, key, otherwise="return None")
    source.add("return KeyValue(partition, sort)")
    render: Callable[[Mapping[str, Any]], KeyValue | None] = source.compiled()
    return render


def compile_storing(key: Key) -> Callable[[dict[str, Any], Mapping[str, Any]], bool]:
    """Return the function that renders a key from values into an item; see ``Key.store_in``."""
    source = Source("store_in(item, values)", {}, of=str(key))
    _add_rendering(source, key, otherwise="return False")
    rendered = ("partition", "sort")
    for name, place in key.rendered_attributes:
        source.add(f"item[{name!r}] = {{'S': {rendered[place]}}}")
    source.add("return True")
    store: Callable[[dict[str, Any], Mapping[str, Any]], bool] = source.compiled()
    return store


def compile_decoder(key: Key) -> Callable[[KeyValue], dict[str, Any] | None]:
    """Return the function that decodes a key; see ``Key.decode``."""
    if len(key.partitions) > 1:
        return partial(_decode_any, key)
    source = Source("decode(value)", {}, of=str(key))
    source.add("partition, sort = value")
    decode: Callable[[KeyValue], dict[str, Any] | None] = _compiled_decoder(source, key)
    return decode


def compile_item_decoder(
    key: Key,
) -> Callable[[Mapping[str, Mapping[str, Any]]], dict[str, Any] | None]:
    """Return the function that decodes the key of an item; see ``Key.decode_item``."""
    index = key.index
    if len(key.partitions) > 1:
        return lambda item: _decode_any(key, key_of(item, index))
    source = Source("decode(item)", {"number_text": number_text}, of=str(key))
    stored = {"partition": (index.partition_key, index.partition_type)}
    if index.sort_key is not None:
        stored["sort"] = index.sort_key, index.sort_type
    for text, (name, kind) in stored.items():
        value = f"item[{name!r}][{kind!r}]"
        source.add(f"{text} = {f'number_text({value})' if kind == 'N' else value}")
    decode: Callable[[Mapping[str, Any]], dict[str, Any] | None] = _compiled_decoder(source, key)
    return decode


def _add_rendering(source: Source, key: Key, *, otherwise: str) -> None:
    """Add the statements that make ``partition`` and ``sort`` of ``values``.

    Args:
        source: The function to which they are added.
        key: The key.
        otherwise: The statement for an item that does not belong in the index.
    """
    source.names |= {**_FAST_NAMES, "within": within, "key": str(key)}
    if key.derived:
        source.names["completed"] = key.completed
        source.add("values = completed(values)")
    source.add("get = values.get")
    for name in sorted(key.components):
        source.add(f"v_{name} = get({name!r})")
    for name, wanted in key.where.items():
        source.names[f"wanted_{name}"] = wanted
        source.add(f"if get({name!r}) != wanted_{name}: {otherwise}")
    source.add(f"if not ({_complete(key.sort_template)}): {otherwise}")
    for place, template in enumerate(key.partitions):
        source.add(f"{'elif' if place else 'if'} {_complete(template)}:")
        source.add(f"partition = {_rendering(template, PARTITION_KEY_LIMIT, source)}", depth=2)
    source.add("else:", f"    {otherwise}")
    source.add(f"sort = {_rendering(key.sort_template, SORT_KEY_LIMIT, source)}")


def _rendering(template: Template, limit: int, source: Source) -> str:
    """Return a Python expression that renders a template."""
    text = SEPARATOR.join(
        segment if isinstance(segment, str) else f"{{{_encoding(segment, source)}}}"
        for segment in template.segments
    )
    if not any(part.codec.is_unbounded for part in template.components):
        return f"f{text!r}"
    return f"within(f{text!r}, {limit}, key)"


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


def _compiled_decoder(source: Source, key: Key) -> Any:
    """Compile a function that has the texts ``partition`` and ``sort``."""
    (template,) = key.partitions
    source.names["InvalidValueError"] = InvalidValueError
    source.add("try:")
    _add_decoding(source, "sort", key.sort_template)
    _add_decoding(source, "partition", template)
    for name in sorted(template.whole & key.sort_template.whole):
        source.add(f"if partition_{name} != sort_{name}: return None", depth=2)
    source.add("except InvalidValueError:", "    return None")
    values = {part.name: f"partition_{part.name}" for part in template.components}
    values |= {
        part.name: f"sort_{part.name}"
        for part in key.sort_template.components
        if part.name not in template.whole
    }
    members = ", ".join(f"{name!r}: {value}" for name, value in values.items())
    source.add(f"return {{{members}}}")
    return source.compiled()


def _add_decoding(source: Source, text: str, template: Template) -> None:
    """Add the statements that read the components of a template from a text, into variables."""
    if not template.segments:
        return
    split = f"[{text}]" if template.is_plain else f"{text}.split({SEPARATOR!r})"
    literals = [
        f"parts[{place}] != {segment!r}"
        for place, segment in enumerate(template.segments)
        if isinstance(segment, str)
    ]
    differs = " or ".join([f"len(parts) != {len(template.segments)}", *literals])
    source.add(f"parts = {split}", f"if {differs}: return None", depth=2)
    for place, segment in enumerate(template.segments):
        if not isinstance(segment, Component):
            continue
        decode, part = f"decode_{len(source.names)}", f"parts[{place}]"
        codec = segment.codec
        is_costly = type(codec) in _FAST_ENCODINGS
        source.names[decode] = BoundedCache(codec.decode) if is_costly else codec.decode
        read = f"{decode}[{part}]" if is_costly else f"{decode}({part})"
        source.add(f"{text}_{segment.name} = {read}", depth=2)


def _decode_any(key: Key, value: KeyValue) -> dict[str, Any] | None:
    """Decode a key by the first of its partition templates that could have written it."""
    sort = key.sort_template.decode(value.sort)
    for template in key.partitions:
        partition = template.decode(value.partition)
        if partition is None or sort is None:
            continue
        both = template.whole & key.sort_template.whole
        if all(partition[name] == sort[name] for name in both):
            whole = {name: partition[name] for name in template.whole}
            return partition | sort | whole
    return None

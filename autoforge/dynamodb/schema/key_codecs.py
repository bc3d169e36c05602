"""Choose the codec that writes an attribute, ours or PynamoDB's, in a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute
from pynamodb.constants import NUMBER

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.schema.attribute import EntityAttribute, textual_codec
from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.codec import Codec, PlainCodec
from autoforge.dynamodb.schema.document_attributes import Json
from autoforge.dynamodb.schema.documents import number_text
from autoforge.dynamodb.schema.number_attributes import number_codec
from autoforge.dynamodb.schema.text_attributes import Text
from autoforge.dynamodb.schema.text_codecs import TextCodec
from autoforge.dynamodb.schema.time_attributes import Moment


def component_codec(attribute: Attribute[Any], spec: str, *, last: bool) -> Codec:
    """Return the codec that writes an attribute in a key; the attribute may be PynamoDB's own.

    Raises:
        DeclarationError: if the attribute cannot be a component of a key.
    """
    match attribute:
        case EntityAttribute():
            return attribute.codec(spec, last=last)
        case UnicodeAttribute():
            return textual_codec(attribute, spec, TextCodec(), last=last)
        case NumberAttribute():
            return number_codec(attribute, spec)
    raise DeclarationError(f"{type(attribute).__name__} cannot stand in a key")


def plain_codec(attribute: Attribute[Any]) -> PlainCodec:
    """Return the codec of an attribute that is a key attribute itself."""
    kind = "JSON" if isinstance(attribute, Json) else attribute.attr_type
    check = attribute.check if isinstance(attribute, EntityAttribute) else _as_given

    def write(value: Any) -> str:
        text = str(attribute.serialize(check(value)))
        return number_text(text) if kind == NUMBER else text

    values = tuple(attribute.texts) if isinstance(attribute, Choice) else None
    return PlainCodec(kind, write, attribute.deserialize, values, _beginning(attribute))


def _beginning(attribute: Attribute[Any]) -> Callable[[Any], str] | None:
    """Return the function that writes how several values of an attribute begin, as it is stored."""
    if isinstance(attribute, Text):
        return attribute.check
    if isinstance(attribute, Moment):
        codec = attribute.codec("", last=True)
        return codec.prefix if codec.has_prefixes else None
    return None


def _as_given(value: Any) -> Any:
    return value

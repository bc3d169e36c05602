"""Read the value of an attribute, ours or PynamoDB's, from DynamoDB JSON."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from pynamodb.attributes import Attribute
from pynamodb.constants import BINARY, BINARY_SET, NULL

from autoforge.dynamodb.errors import UnreadableItemError
from autoforge.dynamodb.schema.document_attributes import Json
from autoforge.dynamodb.schema.documents import wire_to_document

#: The errors that reading a malformed value raises, also in PynamoDB's own attributes.
_MALFORMED: Final = (
    UnreadableItemError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ArithmeticError,
)


def wire_to_attribute(attribute: Attribute[Any], wire: Mapping[str, Any]) -> Any:
    """Read an attribute's value from DynamoDB JSON; NULL is read as None.

    Raises:
        UnreadableItemError: if the value does not have the attribute's type, or is malformed.
    """
    if NULL in wire:
        return None
    stored = f"{attribute.attr_name} is stored as {', '.join(wire) or 'nothing'}"
    try:
        if isinstance(attribute, Json):
            return wire_to_document(wire)
        if attribute.attr_type in wire:
            return attribute.deserialize(_bytes(attribute.attr_type, wire[attribute.attr_type]))
    except _MALFORMED as error:
        raise UnreadableItemError(f"{stored}: {error}") from error
    raise UnreadableItemError(f"{stored}, not as {attribute.attr_type}")


def _bytes(kind: str, value: Any) -> Any:
    """Decode binary values for PynamoDB's attributes: DynamoDB JSON has them in base64."""
    if kind == BINARY and isinstance(value, str):
        return b64decode(value)
    if kind == BINARY_SET:
        return [_bytes(BINARY, member) for member in value]
    return value

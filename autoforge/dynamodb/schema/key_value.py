"""KeyValue, the texts of a partition key and a sort key, and how long they may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from autoforge.dynamodb.errors import InvalidValueError
from autoforge.dynamodb.schema.documents import number_text
from autoforge.dynamodb.schema.indexes import Index

#: The most bytes of a partition key and of a sort key (AWS, "Constraints in Amazon DynamoDB").
PARTITION_KEY_LIMIT: Final = 2048
SORT_KEY_LIMIT: Final = 1024
#: The most bytes of a character in UTF-8.
MAX_CHARACTER_BYTES: Final = 4


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


def within(text: str, limit: int, of: object) -> str:
    """Return the text of a key, which is not longer than its limit.

    Args:
        text: The text.
        limit: The most bytes that it may have.
        of: What the key is, for the message.

    Raises:
        InvalidValueError: if it is longer.
    """
    if len(text) * MAX_CHARACTER_BYTES <= limit:
        return text
    size = len(text.encode())
    if size > limit:
        raise InvalidValueError(f"{of} of {size} bytes is over the limit of {limit}")
    return text

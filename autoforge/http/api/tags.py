"""Entity tags: how they are computed, and which a request names (RFC 9110, 8.8.3 and 13.1).

The ETag of an item is a hash of what its GET shows, so it changes with every visible change,
whoever writes it. An item that is deleted and created again gets another ETag, unless it is the
same to the millisecond (ADR 0031).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

#: An entity tag (RFC 9110, 8.8.3), and a list of tags (5.6.1), in which elements may be empty.
_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_LIST: Final = re.compile(rf"[ \t,]*(?:{_TAG.pattern}[ \t]*(?:,[ \t,]*|$))*")


def content_tag(content: bytes) -> str:
    """Return the ETag of the bytes of a response."""
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


def item_tag(shown: Mapping[str, Any]) -> str:
    """Return the ETag of an item as its GET shows it, independent of the order of map members.

    DynamoDB does not keep the order of map members. After a write, the next GET may show another
    order than the client sent, and must have the same ETag.
    """
    try:
        return content_tag(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS))
    except TypeError:  # an integer of over 64 bits; DynamoDB's have up to 38 digits
        return content_tag(json.dumps(shown, sort_keys=True).encode())


def matches(if_match: str, tag: str | None) -> bool:
    """Whether If-Match is true of an item with this ETag; None if there is no item.

    The comparison is strong: a weak tag matches nothing, nor does text that is not a tag.
    """
    if tag is None:
        return False
    return if_match.strip() == "*" or tag in _tags(if_match)


def names(if_none_match: str, tag: str | None) -> bool:
    """Whether If-None-Match names an item with this ETag; None if there is no item.

    The comparison is weak.
    """
    if tag is None:
        return False
    if if_none_match == tag or if_none_match.strip() == "*":
        return True
    return tag.removeprefix("W/") in {each.removeprefix("W/") for each in _tags(if_none_match)}


def _tags(listed: str) -> list[str]:
    """The tags of a list; none if the text is not a list of tags."""
    return _TAG.findall(listed) if _LIST.fullmatch(listed) else []

"""Entity tags: how they are made, and which of them a request names (RFC 9110, 8.8.3 and 13.1).

The tag of an item is made of what its GET shows. So it is another whenever that is, whoever wrote
it, and an item that is deleted and made anew has no tag of its former life, unless it is the same
to the millisecond (ADR 0031).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

#: An entity tag (RFC 9110, 8.8.3), and a list of such (5.6.1), in which elements may be empty.
_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_LIST: Final = re.compile(rf"[ \t,]*(?:{_TAG.pattern}[ \t]*(?:,[ \t,]*|$))*")


def content_tag(content: bytes) -> str:
    """The tag of some content."""
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


def item_tag(shown: Mapping[str, Any]) -> str:
    """The tag of an item as it is shown, whatever the order of members in its documents.

    DynamoDB keeps the members of a map in no order, and a client that writes one and is told its
    tag has another than the next GET may have.
    """
    try:
        return content_tag(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS))
    except TypeError:  # a whole number of over 64 bits; DynamoDB's have up to 38 digits
        return content_tag(json.dumps(shown, sort_keys=True).encode())


def matches(if_match: str, tag: str | None) -> bool:
    """Whether If-Match holds of what has the tag; None if there is nothing.

    Tags are compared strongly: a weak one is no match. What is no tag is none either.
    """
    if tag is None:
        return False
    return if_match.strip() == "*" or tag in _tags(if_match)


def names(if_none_match: str, tag: str | None) -> bool:
    """Whether If-None-Match names what has the tag; None if there is nothing.

    Tags are compared weakly.
    """
    if tag is None:
        return False
    if if_none_match == tag or if_none_match.strip() == "*":
        return True
    return tag.removeprefix("W/") in {each.removeprefix("W/") for each in _tags(if_none_match)}


def _tags(listed: str) -> list[str]:
    """The tags of a list; none if it is no list of tags."""
    return _TAG.findall(listed) if _LIST.fullmatch(listed) else []

"""Makes texts of a repository fit to show: without e-mail addresses, and cut to a length."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

#: ``<…@…>`` as git writes it, with the space before it, and an address in running text. The second
#: matches only from the start of a word: otherwise a long word is tried from each of its letters.
_BRACKETED: Final = re.compile(r"\s?<[^<>\s]*@[^<>]*>")
_BARE: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@(?:[\w-]+\.)+[^\W\d_]{2,}")
#: ``user@host:path``, as ssh and scp write it; the user is optional.
_SCP_LIKE: Final = re.compile(r"(?:[^/@]*@)?(?P<place>[\w.-]+:(?!//|:).+)")


def plain(raw: bytes) -> str:
    """Decode a text, whatever its encoding, and remove its e-mail addresses."""
    text = raw.decode(errors="replace").replace("\0", "")
    return _BARE.sub("…", _BRACKETED.sub("", text))


def cut(text: str, length: int) -> str:
    """Return the text, cut to a length; it then ends in an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def public_remote(remote: str) -> str | None:
    """Return a remote's address without user, password and query; None for a path on a disk."""
    try:
        url = urlsplit(remote)
        _ = url.port  # raises if a password with a slash was read as the port; it would be shown
    except ValueError:
        return None
    if url.scheme and url.netloc and url.scheme != "file":
        return url._replace(netloc=url.netloc.rpartition("@")[2], query="", fragment="").geturl()
    scp = None if "://" in remote else _SCP_LIKE.fullmatch(remote)
    return scp and scp["place"]

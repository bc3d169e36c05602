"""Texts of a repository, made fit to show: no e-mail addresses, and no longer than they may be."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

#: ``<…@…>`` as git writes it, with the space before, or an address in running text. The second
#: starts at the start of a word only, or a long word would be tried from each of its letters.
_BRACKETED: Final = re.compile(r"\s?<[^<>\s]*@[^<>]*>")
_BARE: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@(?:[\w-]+\.)+[^\W\d_]{2,}")
#: ``host:path``, as ssh and scp write it, with the user before.
_SCP_LIKE: Final = re.compile(r"(?:[^/@]*@)?(?P<place>[\w.-]+:(?!//|:).+)")


def plain(raw: bytes) -> str:
    """Read a text, whatever its encoding, and leave the e-mail addresses out."""
    text = raw.decode(errors="replace").replace("\0", "")
    return _BARE.sub("…", _BRACKETED.sub("", text))


def cut(text: str, length: int) -> str:
    """Return the text at no more than a length, with a mark where something is left out."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def public_remote(remote: str) -> str | None:
    """Return a remote's address without user, password and query; None for a path on a disk."""
    try:
        url = urlsplit(remote)
        _ = url.port  # a password with a slash in it would be taken for one, and shown
    except ValueError:
        return None
    if url.scheme and url.netloc and url.scheme != "file":
        return url._replace(netloc=url.netloc.rpartition("@")[2], query="", fragment="").geturl()
    scp = None if "://" in remote else _SCP_LIKE.fullmatch(remote)
    return scp and scp["place"]

"""What pages of other origins may do (WHATWG Fetch, "CORS protocol").

Which origins call at all is checked with all else that a request is checked for
(``request_checks.py``).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from litestar.types import Scope

from autoforge.http.api.responses import header

#: Headers that a script of another origin may read.
EXPOSED: Final = ("ETag", "Location", "Retry-After", "X-Request-Id")

#: Seconds for which a browser need not ask again.
_MAX_AGE: Final = 600

_Headers = list[tuple[bytes, bytes]]


class Cors:
    """Lets pages of some other origins call, and read the headers they need.

    Args:
        origins: The origins.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def origin_of(self, scope: Scope) -> str | None:
        """The origin of the page that sends a request, if it is one of these."""
        if not self._origins:
            return None
        origin = header(scope, b"origin")
        return origin if origin in self._origins else None

    def headers(self, origin: str) -> _Headers:
        """What lets a page of an origin read the answer."""
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", ", ".join(EXPOSED).encode()),
            (b"vary", b"Origin"),
        ]

    def preflight(self, scope: Scope, methods: bytes) -> _Headers:
        """What lets a page send a request to a path with these methods; nothing if none asks."""
        if header(scope, b"access-control-request-method") is None:
            return []
        asked = header(scope, b"access-control-request-headers") or ""
        return [
            (b"access-control-allow-methods", methods),
            (b"access-control-allow-headers", asked.encode("latin-1")),
            (b"access-control-max-age", str(_MAX_AGE).encode()),
        ]

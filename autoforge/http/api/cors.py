"""CORS headers: what pages of other origins may send and read (WHATWG Fetch, "CORS protocol").

``request_checks.py`` refuses the requests of origins that are not allowed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from litestar.types import Scope

from autoforge.http.api.responses import header

#: Response headers that a script of another origin may read.
EXPOSED: Final = ("ETag", "Location", "Retry-After", "X-Request-Id")

#: Seconds for which a browser may cache the answer to a preflight request.
_MAX_AGE: Final = 600

_Headers = list[tuple[bytes, bytes]]


class Cors:
    """Makes the headers that let pages of other origins call the API and read its responses.

    Args:
        origins: The allowed origins.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def origin_of(self, scope: Scope) -> str | None:
        """Return the Origin of a request if it is an allowed one, else None."""
        if not self._origins:
            return None
        origin = header(scope, b"origin")
        return origin if origin in self._origins else None

    def headers(self, origin: str) -> _Headers:
        """Return the headers that let a page of an origin read the response."""
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", ", ".join(EXPOSED).encode()),
            (b"vary", b"Origin"),
        ]

    def preflight(self, scope: Scope, methods: bytes) -> _Headers:
        """Return the headers that allow these methods; none if this is not a preflight request."""
        if header(scope, b"access-control-request-method") is None:
            return []
        asked = header(scope, b"access-control-request-headers") or ""
        return [
            (b"access-control-allow-methods", methods),
            (b"access-control-allow-headers", asked.encode("latin-1")),
            (b"access-control-max-age", str(_MAX_AGE).encode()),
        ]

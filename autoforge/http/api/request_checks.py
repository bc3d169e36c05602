"""Checks of every request, before its handler runs.

Every request passes them, so each check first recognises the ordinary case cheaply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import ParamType
from litestar.exceptions import (
    ClientException,
    HTTPException,
    NotFoundException,
    PermissionDeniedException,
    ValidationException,
)
from litestar.types import HTTPScope

from autoforge.dynamodb.transport.endpoint import is_loopback
from autoforge.http.api.openapi import DOCS
from autoforge.http.api.parameters import text_segments
from autoforge.http.api.responses import header

#: The route by which Litestar would answer unknown pages of the documentation with HTML.
_UNKNOWN_PAGE: Final = f"{DOCS}/{{path}}"

#: Methods that write nothing (RFC 9110, 9.2.1).
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_NULL: Final = "null"

#: The most Host headers remembered as allowed; with ports, clients can send any number of them.
_MOST_KNOWN_HOSTS: Final = 64


class Known(NamedTuple):
    """What is known of a query parameter."""

    #: Whether it takes free text, where ``null`` is an ordinary text.
    is_text: bool
    #: Whether it may be given several times.
    is_list: bool


class Checks:
    """Refuses requests that no route should handle.

    Args:
        allowed_hosts: Host names of this server, in addition to those of loopback; None for any.
        allowed_origins: Other origins whose pages may call the API.
    """

    def __init__(
        self, *, allowed_hosts: Sequence[str] | None, allowed_origins: Sequence[str]
    ) -> None:
        self._hosts = allowed_hosts
        self._origins = allowed_origins
        self._known_hosts: set[str | None] = set()
        #: The query parameters of each operation.
        self._parameters: dict[tuple[str, str], dict[str, Known]] = {}
        self._conditional: frozenset[tuple[str, str]] = frozenset()
        self._lists: frozenset[str] = frozenset()

    def learn(self, document: Mapping[str, Any]) -> None:
        """Read the parameters of each operation from the OpenAPI document."""
        parameters = {
            (method.upper(), path): operation.get("parameters", [])
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        self._parameters = {
            route: {each["name"]: _known(each["schema"]) for each in taken if each["in"] == "query"}
            for route, taken in parameters.items()
        }
        self._conditional = frozenset(
            route
            for route, taken in parameters.items()
            if any(each["name"] == "If-Match" for each in taken)
        )
        self._lists = frozenset(path for method, path in parameters if method == "GET")

    async def require_sound(self, request: Request[Any, Any, Any]) -> None:
        """Check a request. This runs in the event loop and does not block.

        Raises:
            PermissionDeniedException: if the host is not this server, or a page of another site
                sent the request.
            NotFoundException: if routing read another path than the client sent.
            ClientException: if it names several hosts, has an unknown query parameter, null for a
                parameter, or a parameter twice that takes one value.
            HTTPException: 412 if it sends If-Match to a route that cannot evaluate it.
        """
        scope = request.scope
        host = header(scope, b"host")
        if host is not None and "," in host:
            raise ClientException("the request names several hosts; expected one Host header")
        if self._hosts is not None and host not in self._known_hosts:
            self._require_own_host(host or "")
        origin = header(scope, b"origin")
        if origin is not None and origin not in self._origins:
            _require_own_origin(origin, host)
        if scope["path_template"] == _UNKNOWN_PAGE:
            raise NotFoundException
        path: bytes = scope["raw_path"]
        # Routing can misread only a path with an escape or an empty segment.
        if b"%" in path or b"//" in path or not path.isascii():
            _require_read_as_sent(request)
        if scope["query_string"]:
            known = self._parameters.get((request.method, scope["path_template"]))
            if known is not None:
                require_known_parameters(request, known)
        if scope["method"] not in _SAFE:
            self._require_evaluated_precondition(scope)

    def _require_own_host(self, host: str) -> None:
        """Refuse other host names: one of another site may resolve to loopback (DNS rebinding).

        Raises:
            PermissionDeniedException: if the host is not an allowed one.
        """
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            name = ""
        if not is_loopback(name) and name not in (self._hosts or ()):
            raise PermissionDeniedException("requests to this host are not allowed")
        if len(self._known_hosts) < _MOST_KNOWN_HOSTS:
            self._known_hosts.add(host)

    def _require_evaluated_precondition(self, scope: HTTPScope) -> None:
        """Refuse If-Match on a route that does not evaluate it, rather than ignore it.

        A list always exists, so ``*`` is true of it. But no condition can keep a list unchanged
        while one of its items is written, and what no GET shows has no ETag.

        Raises:
            HTTPException: 412 if the route cannot evaluate the If-Match that was sent.
        """
        path: str = scope["path_template"]
        if_match = header(scope, b"if-match")
        if if_match is None or (scope["method"], path) in self._conditional:
            return
        if if_match.strip() != "*" or path not in self._lists:
            raise HTTPException(
                "this route cannot evaluate If-Match: what it writes has no ETag",
                status_code=HTTPStatus.PRECONDITION_FAILED,
            )


def require_known_parameters(
    request: ASGIConnection[Any, Any, Any, Any], known: Mapping[str, Known]
) -> None:
    """Refuse unknown query parameters and null for a filter, which would list everything.

    A parameter that takes one value is refused if it is given twice: Litestar takes the last one.

    Args:
        request: The request.
        known: The query parameters of its route.

    Raises:
        ClientException: if the request has such a parameter.
    """
    given = list(request.query_params.multi_items())
    unknown = {name for name, _ in given} - {*known}
    if unknown:
        raise ClientException(f"unknown query parameters: {', '.join(sorted(unknown))}")
    # Litestar treats null as an absent parameter.
    wrong = [
        _wrong(name, "null is not a value of this parameter")
        for name, value in given
        if value.casefold() == _NULL and not known[name].is_text
    ]
    if len(given) > len(dict(given)):
        times = Counter(name for name, _ in given if not known[name].is_list)
        wrong += [
            _wrong(name, f"given {number} times; this parameter takes one value")
            for name, number in sorted(times.items())
            if number > 1
        ]
    if wrong:
        raise ValidationException("Validation failed", extra=wrong)


def _wrong(name: str, message: str) -> dict[str, Any]:
    return {"key": name, "source": ParamType.QUERY, "message": message}


def _known(schema: Mapping[str, Any]) -> Known:
    """Return what the schema of a parameter says of it."""
    is_text = schema.get("type") == "string" and not {"enum", "format"} & schema.keys()
    return Known(is_text, is_list="array" in _types_in(schema))


def _types_in(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the types of the values that a schema admits."""
    yield schema.get("type")
    for each in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        yield from _types_in(each)


def _require_own_origin(origin: str, host: str | None) -> None:
    """Refuse requests from pages of other sites: the API trusts everybody on its network.

    Raises:
        PermissionDeniedException: if the origin is another site.
    """
    try:
        own = urlsplit(origin).netloc == host
    except ValueError:
        own = False
    if not own:
        raise PermissionDeniedException(f"requests from {origin} are not allowed")


def _require_read_as_sent(request: Request[Any, Any, Any]) -> None:
    """Refuse a path that routing misread; if it ends in free text, its handler does this.

    Raises:
        NotFoundException: if routing read another path than the client sent.
    """
    if not any(path.endswith(":path}") for path in request.route_handler.paths):
        text_segments(request, 0)

"""What every request is checked for before its route is asked.

They are on every request's way, so each tells at once what nearly all requests are like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request
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

#: Where Litestar would answer with a page of its own that there is none.
_UNKNOWN_PAGE: Final = f"{DOCS}/{{path}}"

#: Methods of requests that write nothing.
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_NULL: Final = "null"

#: How many names of this server are remembered as allowed; a client may make up any number.
_REMEMBERED: Final = 64


class Checks:
    """Refuses requests that no route should see.

    Args:
        allowed_hosts: Names the API may be called by besides those of loopback; None for any.
        allowed_origins: Other origins whose pages may call the API.
    """

    def __init__(
        self, *, allowed_hosts: Sequence[str] | None, allowed_origins: Sequence[str]
    ) -> None:
        self._hosts = allowed_hosts
        self._origins = allowed_origins
        self._known_hosts: set[str | None] = set()
        #: The query parameters of each operation, and whether they take any text.
        self._parameters: dict[tuple[str, str], dict[str, bool]] = {}
        self._conditional: frozenset[tuple[str, str]] = frozenset()
        self._lists: frozenset[str] = frozenset()

    def learn(self, document: Mapping[str, Any]) -> None:
        """Take from the OpenAPI document the parameters that each operation has."""
        parameters = {
            (method.upper(), path): operation.get("parameters", [])
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        self._parameters = {
            route: {
                each["name"]: _is_text(each["schema"]) for each in taken if each["in"] == "query"
            }
            for route, taken in parameters.items()
        }
        self._conditional = frozenset(
            route
            for route, taken in parameters.items()
            if any(each["name"] == "If-Match" for each in taken)
        )
        self._lists = frozenset(path for method, path in parameters if method == "GET")

    async def require_sound(self, request: Request[Any, Any, Any]) -> None:
        """Check a request. In the event loop: nothing here waits.

        Raises:
            PermissionDeniedException: if it is made under another name than ours, or by another
                site's page.
            NotFoundException: if routing took its path for another than was sent.
            ClientException: if it has several Host headers, a query parameter that its route has
                not, or null for one.
            HTTPException: 412 if it demands with If-Match what its route cannot hold.
        """
        scope = request.scope
        host = header(scope, b"host")
        if host is not None and "," in host:
            raise ClientException("a request has one Host header, with one name")
        if self._hosts is not None and host not in self._known_hosts:
            self._require_own_host(host or "")
        origin = header(scope, b"origin")
        if origin is not None and origin not in self._origins:
            _require_own_origin(origin, host)
        if scope["path_template"] == _UNKNOWN_PAGE:
            raise NotFoundException
        path: bytes = scope["raw_path"]
        # Without an escape or an empty segment, the path says what routing read.
        if b"%" in path or b"//" in path or not path.isascii():
            _require_read_as_sent(request)
        if scope["query_string"]:
            self._require_known_parameters(request)
        if scope["method"] not in _SAFE:
            self._require_held_precondition(scope)

    def _require_own_host(self, host: str) -> None:
        """Refuse a name that is not ours: another site's may resolve to loopback (DNS rebinding).

        Raises:
            PermissionDeniedException: if it is not.
        """
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            name = ""
        if not is_loopback(name) and name not in (self._hosts or ()):
            raise PermissionDeniedException("requests to this host are not allowed")
        if len(self._known_hosts) < _REMEMBERED:
            self._known_hosts.add(host)

    def _require_held_precondition(self, scope: HTTPScope) -> None:
        """Refuse If-Match where a route does not evaluate it, rather than pass it over.

        A list is there, so ``*`` holds of it. But nothing can keep what a list shows as it was
        while one of its items is written, and what no GET shows has no tag.

        Raises:
            HTTPException: 412 if there is such a demand.
        """
        path: str = scope["path_template"]
        if_match = header(scope, b"if-match")
        if if_match is None or (scope["method"], path) in self._conditional:
            return
        if if_match.strip() != "*" or path not in self._lists:
            raise HTTPException(
                "this route cannot hold If-Match: what it writes has no tag of its own",
                status_code=HTTPStatus.PRECONDITION_FAILED,
            )

    def _require_known_parameters(self, request: Request[Any, Any, Any]) -> None:
        """Refuse a misspelt filter, or null for one, which would answer with everything.

        Raises:
            ClientException: if there is one.
        """
        known = self._parameters.get((request.method, request.scope["path_template"]))
        if known is None:
            return
        given = list(request.query_params.multi_items())
        unknown = {name for name, _ in given} - {*known}
        if unknown:
            raise ClientException(f"unknown query parameters: {', '.join(sorted(unknown))}")
        # Litestar reads null as if the parameter were not there.
        wrong = [
            {"key": name, "source": ParamType.QUERY, "message": "null is no value of it"}
            for name, value in given
            if value.casefold() == _NULL and not known[name]
        ]
        if wrong:
            raise ValidationException("Validation failed", extra=wrong)


def _is_text(schema: Mapping[str, Any]) -> bool:
    """Whether a parameter takes texts of its client's making."""
    return schema.get("type") == "string" and not {"enum", "format"} & schema.keys()


def _require_own_origin(origin: str, host: str | None) -> None:
    """Refuse what a page of another site makes a browser send: the API trusts its network.

    Raises:
        PermissionDeniedException: if the page is another site's.
    """
    try:
        own = urlsplit(origin).netloc == host
    except ValueError:
        own = False
    if not own:
        raise PermissionDeniedException(f"requests from {origin} are not allowed")


def _require_read_as_sent(request: Request[Any, Any, Any]) -> None:
    """Refuse a path that routing read otherwise; where it ends in free text, its handler does.

    Raises:
        NotFoundException: if it did.
    """
    if not any(path.endswith(":path}") for path in request.route_handler.paths):
        text_segments(request, 0)

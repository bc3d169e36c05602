"""Responses: JSON written by pydantic, with an ETag, or 304 if the content is unchanged."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPMethod, HTTPStatus
from typing import Any, Final

from litestar import Litestar, Request, Response
from litestar.background_tasks import BackgroundTask, BackgroundTasks
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send, Serializer, TypeEncodersMap
from pydantic_core import to_json

from autoforge.http.api.schemas import ItemView
from autoforge.http.api.tags import content_tag, names

_JSON: Final = (b"content-type", b"application/json")
_NO_CACHE: Final = (b"cache-control", b"no-cache")
_SUCCESSES: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})


class JsonResponse(Response[Any]):
    """A response written by pydantic.

    A GET that succeeds carries an ETag, computed from the content unless the route sets one. A
    client that polls sends it back, and gets 304 without a body if nothing changed. A write that
    shows an item carries the ETag of the item's GET.
    """

    def render(self, content: Any, media_type: str, enc_hook: Serializer | None = None) -> bytes:
        """Serialise the content."""
        if isinstance(content, bytes | str) or media_type == MediaType.HTML:
            return super().render(content, media_type, enc_hook or str)
        return b"" if content is None else to_json(content, by_alias=True, inf_nan_mode="null")

    def to_asgi_response(
        self,
        app: Litestar | None,
        request: Request[Any, Any, Any],
        *,
        background: BackgroundTask | BackgroundTasks | None = None,
        cookies: Iterable[Cookie] | None = None,
        encoded_headers: Iterable[tuple[bytes, bytes]] | None = None,
        headers: dict[str, str] | None = None,
        is_head_response: bool = False,
        media_type: MediaType | str | None = None,
        status_code: int | None = None,
        type_encoders: TypeEncodersMap | None = None,
    ) -> ASGIResponse:
        """Build the response, or 304 in its place."""
        response = super().to_asgi_response(
            app,
            request,
            background=background,
            cookies=cookies,
            encoded_headers=encoded_headers,
            headers=headers,
            is_head_response=is_head_response,
            media_type=media_type,
            status_code=status_code,
            type_encoders=type_encoders,
        )
        if response.status_code not in _SUCCESSES:
            return response
        if isinstance(self.content, ItemView):
            response.headers.setdefault("etag", self.content.tag())
        if request.method != HTTPMethod.GET:
            return response
        tag = response.headers.get("etag") or content_tag(response.body)
        response.headers["etag"] = tag
        response.headers.setdefault("cache-control", "no-cache")
        if_none_match = header(request.scope, b"if-none-match")
        if if_none_match is not None and names(if_none_match, tag):
            return ASGIResponse(
                status_code=HTTPStatus.NOT_MODIFIED,
                headers={"etag": tag, "cache-control": response.headers["cache-control"]},
            )
        return response


class RenderedResponse(JsonResponse):
    """A response of a GET, whose content is JSON bytes.

    It computes its ETag in the constructor, which runs in the handler's thread, so that the event
    loop only sends.
    """

    def __init__(self, content: bytes, *, etag: str | None = None) -> None:
        super().__init__(content)
        self._etag = content_tag(content) if etag is None else etag

    def to_asgi_response(
        self, app: Litestar | None, request: Request[Any, Any, Any], **given: Any
    ) -> ASGIResponse:
        """Build the response, or 304 in its place."""
        del app, given
        head = [(b"etag", self._etag.encode()), _NO_CACHE]
        if_none_match = header(request.scope, b"if-none-match")
        if if_none_match is not None and names(if_none_match, self._etag):
            return _BytesResponse(HTTPStatus.NOT_MODIFIED, head, b"")
        content: bytes = self.content
        length = (b"content-length", str(len(content)).encode())
        return _BytesResponse(
            HTTPStatus.OK,
            [_JSON, length, *head],
            b"" if request.method == HTTPMethod.HEAD else content,
        )


class _BytesResponse(ASGIResponse):
    """A response whose headers are bytes; Litestar's own encodes them from text."""

    def __init__(self, status: int, head: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status_code = status
        self.body = body
        self._head = head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        del scope, receive
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self._head}
        )
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def header(scope: Scope, name: bytes) -> str | None:
    """Return the value of a header, or None; several lines form one list (RFC 9110, 5.3)."""
    found: bytes | None = None
    for each, value in scope["headers"]:
        if each == name:
            found = value if found is None else found + b", " + value
    return None if found is None else found.decode("latin-1")

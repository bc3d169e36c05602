"""An HTTP server on loopback in front of an embedded engine, for programs that know its access key.

A web page can make a browser send requests to any port of this machine, and the engines accept any
signature. So a request must have this server's address as its host, which it has not after DNS
rebinding, must not come from a page, and must be signed with the access key id of this start.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable
from hmac import compare_digest
from http import HTTPStatus
from threading import Thread
from typing import Any, Final, TypeAlias

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

#: Answers a request, without asking who sent it.
Engine: TypeAlias = Callable[[Request], Response]

#: Where embedded engines are reached.
LOOPBACK: Final = "127.0.0.1"

#: The secret key that belongs to an access key id; nobody verifies it.
_SECRET_KEY: Final = "local"  # noqa: S105

#: Bytes of chance in an access key id.
_CHANCE: Final = 16

#: Seconds within which the server notices that it is to stop.
_POLL: Final = 0.05

#: Seconds that a client may stay silent.
_SILENCE: Final = 60

#: The access key id in the header that signs a request (AWS, "Signature Version 4").
_CREDENTIAL: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/[^,\s]+, *SignedHeaders=[^,\s]+, *Signature=\w+",
    re.ASCII,
)

#: What browsers send with the requests of pages, and no AWS tool sends.
_OF_PAGES: Final = ("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE")

#: The headers of an answer that reach the client; none of those that let in pages.
_ANSWERED: Final = ("content-type", "x-amzn-requestid", "x-amz-crc32")


class Guard:
    """Serves an engine over HTTP, in a thread, and refuses what is not meant for it.

    Args:
        engine: Answers the requests that are let through.
        access_key_id: What requests must be signed with; a random one unless given.

    Attributes:
        endpoint_url: Where the engine is reached.
        credentials: Access key id and secret key that it is reached with.
    """

    def __init__(self, engine: Engine, *, access_key_id: str | None = None) -> None:
        self._engine = engine
        self.credentials = (access_key_id or secrets.token_hex(_CHANCE), _SECRET_KEY)
        self._server = make_server(
            LOOPBACK, 0, self._answer, threaded=True, request_handler=_Handler
        )
        port = self._server.server_port
        self._hosts = {f"{LOOPBACK}:{port}", f"localhost:{port}"}
        self.endpoint_url = f"http://{LOOPBACK}:{port}"
        self._thread = Thread(
            target=self._server.serve_forever, args=(_POLL,), name="dynamodb", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        reason = self._refusal(environ)
        if reason is None:
            answered = self._engine(Request(environ))
            kept = {name: answered.headers[name] for name in _ANSWERED if name in answered.headers}
            answer = Response(answered.get_data(), answered.status, kept)
        else:
            answer = error_response("AccessDeniedException", reason, HTTPStatus.FORBIDDEN)
        return answer(environ, start_response)

    def _refusal(self, environ: dict[str, Any]) -> str | None:
        """Why a request is refused, before anything of its body is read."""
        if environ.get("HTTP_HOST") not in self._hosts:
            return "the Host header does not name this DynamoDB"
        if any(name in environ for name in _OF_PAGES):
            return "requests of web pages are refused"
        signed = _CREDENTIAL.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
        given = signed[1] if signed else ""
        if not compare_digest(given.encode(), self.credentials[0].encode()):
            return "the request is not signed with the access key id of this start"
        return None


class _Handler(WSGIRequestHandler):
    """Logs nothing, as every request would be a line, and ends silent connections."""

    timeout = _SILENCE

    def log(self, *_: Any, **__: Any) -> None:
        pass


def error_response(name: str, reason: str, status: HTTPStatus) -> Response:
    """Refuse a request as DynamoDB does: with an exception's name and a message."""
    said = {"__type": f"com.amazon.coral.service#{name}", "message": reason}
    return Response(json.dumps(said), status, content_type="application/x-amz-json-1.0")

"""An HTTP server on loopback in front of an embedded engine, for programs that know its access key.

A web page can make a browser send requests to any port of this machine, and the engines accept any
signature. So the Guard refuses a request (ADR 0033):

* if its Host header is not this server's address, as after DNS rebinding;
* if a web page sent it;
* if it is not signed with the access key id of this server.
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

#: Answers a request; it does not check who sent it.
Engine: TypeAlias = Callable[[Request], Response]

#: The address of embedded engines.
LOOPBACK: Final = "127.0.0.1"

#: The secret key of every access key id; signatures are not verified.
_SECRET_KEY: Final = "local"  # noqa: S105

#: Random bytes in an access key id.
_RANDOM_BYTES: Final = 16

#: Seconds within which the server notices that it must stop.
_POLL: Final = 0.05

#: Seconds after which an idle connection is closed.
_IDLE: Final = 60

#: The access key id in the header that signs a request (AWS, "Signature Version 4").
_CREDENTIAL: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/[^,\s]+, *SignedHeaders=[^,\s]+, *Signature=\w+",
    re.ASCII,
)

#: Headers that browsers send with the requests of web pages, and AWS tools do not.
_OF_PAGES: Final = ("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE")

#: The response headers that are passed on; CORS headers, which admit web pages, are not.
_PASSED_ON: Final = ("content-type", "x-amzn-requestid", "x-amz-crc32")


class Guard:
    """Serves an engine over HTTP in a thread, and refuses requests of web pages and strangers.

    Args:
        engine: Answers the accepted requests.
        access_key_id: The access key id with which requests must be signed; random unless given.

    Attributes:
        endpoint_url: The URL of the server.
        credentials: The access key id and secret key with which requests must be signed.
    """

    def __init__(self, engine: Engine, *, access_key_id: str | None = None) -> None:
        self._engine = engine
        self.credentials = (access_key_id or secrets.token_hex(_RANDOM_BYTES), _SECRET_KEY)
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
            headers = {
                name: answered.headers[name] for name in _PASSED_ON if name in answered.headers
            }
            answer = Response(answered.get_data(), answered.status, headers)
        else:
            answer = error_response("AccessDeniedException", reason, HTTPStatus.FORBIDDEN)
        return answer(environ, start_response)

    def _refusal(self, environ: dict[str, Any]) -> str | None:
        """Return why a request is refused, or None; its body is not read."""
        if environ.get("HTTP_HOST") not in self._hosts:
            return "the Host header is not the address of this DynamoDB"
        if any(name in environ for name in _OF_PAGES):
            return "the request is from a web page; only programs are served"
        signed = _CREDENTIAL.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
        given = signed[1] if signed else ""
        if not compare_digest(given.encode(), self.credentials[0].encode()):
            return "the request is not signed with the access key id of this DynamoDB"
        return None


class _Handler(WSGIRequestHandler):
    """Closes idle connections, and does not log requests."""

    timeout = _IDLE

    def log(self, *_: Any, **__: Any) -> None:
        pass


def error_response(name: str, reason: str, status: HTTPStatus) -> Response:
    """Return an error response in DynamoDB's form: the name of an exception and a message."""
    body = {"__type": f"com.amazon.coral.service#{name}", "message": reason}
    return Response(json.dumps(body), status, content_type="application/x-amz-json-1.0")

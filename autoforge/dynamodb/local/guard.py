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
from collections.abc import Callable
from email.message import Message
from functools import partial
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Thread
from typing import Any, Final, NamedTuple, TypeAlias

from autoforge.dynamodb.transport.http1 import Answer


class Request(NamedTuple):
    """An accepted request; the names of its headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


#: Answers a request; it does not check who sent it.
Engine: TypeAlias = Callable[[Request], Answer]

#: The address of embedded engines.
LOOPBACK: Final = "127.0.0.1"

#: The secret key of every access key id; signatures are not verified.
_SECRET_KEY: Final = "local"  # noqa: S105

#: Random bytes in an access key id.
_RANDOM_BYTES: Final = 16

#: Seconds within which the server notices that it must stop.
_POLL: Final = 0.05

#: Seconds without data after which a connection is closed.
_IDLE: Final = 60

#: The access key id in the header that signs a request (AWS, "Signature Version 4").
_CREDENTIAL: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/[^,\s]+, *SignedHeaders=[^,\s]+, *Signature=\w+",
    re.ASCII,
)

#: Headers that browsers send with the requests of web pages, and AWS tools do not.
_OF_PAGES: Final = ("Origin", "Sec-Fetch-Site")

#: The most bytes of a refused body that are read and dropped. If a connection is closed with bytes
#: unread, it is reset, and the client may lose the answer.
_DISCARDED: Final = 32 * 1024 * 1024

#: The response headers that are passed on; CORS headers, which admit web pages, are not.
_PASSED_ON: Final[tuple[str, ...]] = ("content-type", "x-amzn-requestid", "x-amz-crc32")


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
        self._server = _Server((LOOPBACK, 0), partial(_Handler, self._answer))
        port = self._server.server_address[1]
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

    def _answer(
        self, method: str, target: str, headers: Message, body: Callable[[], bytes]
    ) -> Answer:
        reason = self._refusal(headers)
        if reason is not None:
            return error_response("AccessDeniedException", reason, HTTPStatus.FORBIDDEN)
        lowered = {name.lower(): value for name, value in headers.items()}
        answer = self._engine(Request(method, target, lowered, body()))
        kept = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
        return answer._replace(headers=kept)

    def _refusal(self, headers: Message) -> str | None:
        """Return why a request is refused, or None; its body is not read."""
        hosts = headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return "the Host header is not the address of this DynamoDB"
        if any(name in headers for name in _OF_PAGES):
            return "the request is from a web page; only programs are served"
        signed = _CREDENTIAL.fullmatch(", ".join(headers.get_all("Authorization", [])))
        given = signed[1] if signed else ""
        if not compare_digest(given.encode(), self.credentials[0].encode()):
            return "the request is not signed with the access key id of this DynamoDB"
        return None


class _Server(ThreadingTCPServer):
    """Serves each connection in a thread.

    Unlike ``http.server.HTTPServer`` it does not look up the host name of this machine.
    """

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a broken connection: the client knows of it."""


class _Handler(BaseHTTPRequestHandler):
    """Answers the only request of a connection; requests are not logged.

    Args:
        answer: Answers a request, given its method, target, headers and a function that reads the
            body.
        arguments: The arguments that the server passes to each handler.
    """

    protocol_version = "HTTP/1.1"
    timeout = _IDLE

    def __init__(self, answer: Callable[..., Answer], *arguments: Any) -> None:
        self._answer = answer
        self._unread = 0
        super().__init__(*arguments)

    def __getattr__(self, name: str) -> Any:
        """Handle all methods in the same way."""
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _handle(self) -> None:
        length = self.headers.get("Content-Length", "0")
        self._unread = int(length) if length.isascii() and length.isdecimal() else 0
        answer = self._answer(self.command, self.path, self.headers, self._body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()
        self.rfile.read(min(self._unread, _DISCARDED))

    def _body(self) -> bytes:
        body = self.rfile.read(self._unread)
        self._unread -= len(body)
        return body

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def error_response(name: str, reason: str, status: HTTPStatus) -> Answer:
    """Return an error response in DynamoDB's form: the name of an exception and a message."""
    body = {"__type": f"com.amazon.coral.service#{name}", "message": reason}
    return Answer(status, {"content-type": "application/x-amz-json-1.0"}, json.dumps(body).encode())

"""An HTTP server on loopback in front of an embedded engine, for programs that know its access key.

A web page can make a browser send requests to any port of this machine, and the engines accept any
signature. So a request must have this server's address as its host, which it has not after DNS
rebinding, must not come from a page, and must be signed with the access key id of this start.
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
    """A request that is let through, as it came, with the names of its headers in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


#: Answers a request, without asking who sent it.
Engine: TypeAlias = Callable[[Request], Answer]

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
_OF_PAGES: Final = ("Origin", "Sec-Fetch-Site")

#: Bytes of a refused request that are read, so that the client sees its answer: a connection that
#: is closed with bytes unread is reset.
_PASSED_OVER: Final = 32 * 1024 * 1024

#: The headers of an answer that reach the client; none of those that let in pages.
_ANSWERED: Final[tuple[str, ...]] = ("content-type", "x-amzn-requestid", "x-amz-crc32")


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
        given = {name.lower(): value for name, value in headers.items()}
        answered = self._engine(Request(method, target, given, body()))
        kept = {name: answered.headers[name] for name in _ANSWERED if name in answered.headers}
        return answered._replace(headers=kept)

    def _refusal(self, headers: Message) -> str | None:
        """Why a request is refused, before anything of its body is read."""
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
    """A thread for each connection; one that breaks is the client's business."""

    # Not http.server's, which looks up the name of the host.
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that broke."""


class _Handler(BaseHTTPRequestHandler):
    """Answers the one request of a connection; logs nothing, as each would be a line.

    Args:
        answer: Answers a request, of which it may read the body.
        arguments: What the server gives to each handler.
    """

    protocol_version = "HTTP/1.1"
    timeout = _SILENCE

    def __init__(self, answer: Callable[..., Answer], *arguments: Any) -> None:
        self._answered = answer
        self._unread = 0
        super().__init__(*arguments)

    def __getattr__(self, name: str) -> Any:
        """Handle every method alike."""
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _handle(self) -> None:
        length = self.headers.get("Content-Length", "0")
        self._unread = int(length) if length.isascii() and length.isdecimal() else 0
        answer = self._answered(self.command, self.path, self.headers, self._body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()
        self.rfile.read(min(self._unread, _PASSED_OVER))

    def _body(self) -> bytes:
        body = self.rfile.read(self._unread)
        self._unread -= len(body)
        return body

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def error_response(name: str, reason: str, status: HTTPStatus) -> Answer:
    """Refuse a request as DynamoDB does: with an exception's name and a message."""
    said = {"__type": f"com.amazon.coral.service#{name}", "message": reason}
    return Answer(status, {"content-type": "application/x-amz-json-1.0"}, json.dumps(said).encode())

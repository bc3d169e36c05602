"""A DynamoDB without AWS: moto inside this process, or dynoxide beside it with its data on disk.

moto is not atomic under threads: two racing conditional writes can both win. So requests reach it
one at a time, over HTTP on a loopback port that other processes may use too.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Final, Self
from urllib.error import URLError
from urllib.request import urlopen

from autoforge.errors import ConfigurationError

_LOOPBACK: Final = "127.0.0.1"

#: Seconds within which the server notices that it is to stop.
_POLL: Final = 0.05

#: moto keeps the tables of each AWS account apart: every embedded DynamoDB is one.
_ACCOUNT_HEADER: Final = "x-moto-account-id"
_ACCOUNTS: Final = count(1)


class EmbeddedDynamoDB:
    """moto in this process: in memory, one request at a time, gone when it is closed."""

    def __init__(self) -> None:
        # moto takes half a second to import; only who embeds it pays.
        from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415

        self._account = f"{next(_ACCOUNTS):012}"

        class Quiet(WSGIRequestHandler):
            """Logs nothing: every request would be a line."""

            def log(self, *_: Any, **__: Any) -> None:
                pass

        self._server = make_server(
            _LOOPBACK, 0, _one_at_a_time(self._account), threaded=True, request_handler=Quiet
        )
        self._thread = Thread(
            target=self._server.serve_forever, args=(_POLL,), name="dynamodb", daemon=True
        )
        self._thread.start()
        self.endpoint_url = f"http://{_LOOPBACK}:{self._server.server_port}"

    def close(self) -> None:
        """Stop serving and forget everything."""
        from moto.dynamodb.models import dynamodb_backends  # noqa: PLC0415 - see __init__

        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        dynamodb_backends.pop(self._account, None)

    def __enter__(self) -> Self:
        """Be usable in a with statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop at the end of the with statement."""
        self.close()


class DynoxideDynamoDB:
    """dynoxide as a child process, its data in one file that survives it.

    Args:
        data: The database file, made if it is not there.
        binary: The program; None to look it up on PATH.

    Raises:
        ConfigurationError: if the program is not there or does not start.
    """

    def __init__(self, data: Path | None, *, binary: Path | None = None) -> None:
        program = binary or shutil.which("dynoxide")
        if program is None:
            raise ConfigurationError(
                "durable data needs the dynoxide program: put it on PATH or name it "
                "(npm install @dynoxide/linux-x64)"
            )
        port = _free_port()
        self.endpoint_url = f"http://{_LOOPBACK}:{port}"
        where = [] if data is None else ["--db-path", str(data)]
        command = [str(program), "--host", _LOOPBACK, "--port", str(port), *where]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a program the operator names
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            raise ConfigurationError(f"cannot run {program}: {error.strerror}") from error
        self._wait()

    def close(self) -> None:
        """Stop the process; what it acknowledged is on disk."""
        self._process.terminate()
        self._process.wait()

    def __enter__(self) -> Self:
        """Be usable in a with statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop at the end of the with statement."""
        self.close()

    def _wait(self) -> None:
        for _ in range(200):
            if self._process.poll() is not None:
                break
            with suppress(URLError, OSError), urlopen(self.endpoint_url, timeout=1):  # noqa: S310 - loopback
                return
            time.sleep(0.025)
        self.close()
        raise ConfigurationError("dynoxide did not start")


def _one_at_a_time(account: str) -> Any:
    """A WSGI application that gives moto one request after another, in an account of its own."""
    from moto.core.request import Request as MotoRequest  # noqa: PLC0415 - see EmbeddedDynamoDB
    from moto.dynamodb.responses import DynamoHandler  # noqa: PLC0415
    from werkzeug.wrappers import Request, Response  # noqa: PLC0415

    turn = Lock()

    @Request.application
    def application(request: Request) -> Response:
        headers = {**request.headers, _ACCOUNT_HEADER: account}
        sent = MotoRequest.from_primitives(request.method, request.url, headers, request.get_data())
        with turn:
            status, answered, body = DynamoHandler.dispatch(sent, sent.raw_url, sent.headers)
        return Response(body, status, answered)

    return application


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])

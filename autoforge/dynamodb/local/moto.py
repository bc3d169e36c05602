"""moto's DynamoDB in this process, in memory.

moto is not atomic under threads: two racing conditional writes can both win. So requests reach it
one at a time, over HTTP on a loopback port that other processes may use too.
"""

from __future__ import annotations

from itertools import count
from threading import Lock
from typing import Final, Self

from autoforge.dynamodb.extras import extra
from autoforge.dynamodb.local.guard import Engine, Guard, Request
from autoforge.dynamodb.transport.http1 import Answer

#: moto keeps the tables of each AWS account apart: every embedded DynamoDB is one.
_ACCOUNT_HEADER: Final = "x-moto-account-id"
_ACCOUNTS: Final = count(1)


class EmbeddedDynamoDB:
    """moto in this process: in memory, one request at a time, gone when it is closed.

    Args:
        access_key_id: What requests must be signed with; a random one unless given.

    Attributes:
        endpoint_url: Where programs reach it.
        direct_url: Where this process reaches it: the same.
        credentials: Access key id and secret key that requests must be signed with.
    """

    def __init__(self, *, access_key_id: str | None = None) -> None:
        self._account = f"{next(_ACCOUNTS):012}"
        self._guard = Guard(_one_at_a_time(self._account), access_key_id=access_key_id)
        self.endpoint_url = self.direct_url = self._guard.endpoint_url
        self.credentials = self._guard.credentials

    def close(self) -> None:
        """Stop serving and forget everything."""
        from moto.dynamodb.models import dynamodb_backends  # noqa: PLC0415 - see _one_at_a_time

        self._guard.close()
        dynamodb_backends.pop(self._account, None)

    def __enter__(self) -> Self:
        """Be usable in a with statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop at the end of the with statement."""
        self.close()


def _one_at_a_time(account: str) -> Engine:
    """An engine that gives moto one request after another, in an account of its own."""
    # moto takes half a second to import; only who embeds it pays.
    with extra("embedded", "EmbeddedDynamoDB"):
        from moto.core.request import Request as MotoRequest  # noqa: PLC0415
        from moto.dynamodb.responses import DynamoHandler  # noqa: PLC0415

    turn = Lock()

    def engine(request: Request) -> Answer:
        headers = {**request.headers, _ACCOUNT_HEADER: account}
        url = f"http://{headers['host']}{request.target}"
        sent = MotoRequest.from_primitives(request.method, url, headers, request.body)
        with turn:
            status, answered, body = DynamoHandler.dispatch(sent, sent.raw_url, sent.headers)
        named = {name.lower(): str(value) for name, value in answered.items()}
        return Answer(status, named, body.encode() if isinstance(body, str) else body)

    return engine

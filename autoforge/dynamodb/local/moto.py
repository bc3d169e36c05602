"""moto's DynamoDB in this process, in memory.

moto is not thread-safe: two concurrent conditional writes can both succeed. So requests are passed
to it one at a time. Other processes can send requests, too, over HTTP on a loopback port.
"""

from __future__ import annotations

from itertools import count
from threading import Lock
from typing import Final, Self

from autoforge.dynamodb.extras import extra
from autoforge.dynamodb.local.guard import Engine, Guard, Request
from autoforge.dynamodb.transport.http1 import Answer

#: moto separates the tables of AWS accounts: every embedded DynamoDB has its own account.
_ACCOUNT_HEADER: Final = "x-moto-account-id"
_ACCOUNTS: Final = count(1)


class EmbeddedDynamoDB:
    """moto in this process, with its data in memory until it is closed.

    Args:
        access_key_id: The access key id with which requests must be signed; random unless given.

    Attributes:
        endpoint_url: The URL for other programs.
        direct_url: The URL for this process, which is the same.
        credentials: The access key id and secret key with which requests must be signed.
        engine: Answers a request without a connection; it checks no credentials.

    Raises:
        MissingExtraError: if moto is not installed: ``pip install 'autoforge[embedded]'``.

    Examples:
        >>> with EmbeddedDynamoDB() as dynamodb:
        ...     store = library.connect(
        ...         region="us-east-1",
        ...         endpoint_url=dynamodb.endpoint_url,
        ...         credentials=dynamodb.credentials,
        ...     )
        ...     store.create_table()
        ...     store.is_ready()
        True
    """

    def __init__(self, *, access_key_id: str | None = None) -> None:
        self._account = f"{next(_ACCOUNTS):012}"
        self.engine = _one_at_a_time(self._account)
        self._guard = Guard(self.engine, access_key_id=access_key_id)
        self.endpoint_url = self.direct_url = self._guard.endpoint_url
        self.credentials = self._guard.credentials

    def close(self) -> None:
        """Stop serving and delete the data; a context does it at its end.

        Examples:
            >>> dynamodb = EmbeddedDynamoDB()
            >>> dynamodb.close()
        """
        from moto.dynamodb.models import dynamodb_backends  # noqa: PLC0415 - see _one_at_a_time

        self._guard.close()
        dynamodb_backends.pop(self._account, None)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving and delete the data."""
        self.close()


def _one_at_a_time(account: str) -> Engine:
    """Return an engine that passes requests to moto one at a time, for one account."""
    # Importing moto takes half a second, so only an embedded DynamoDB does it.
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

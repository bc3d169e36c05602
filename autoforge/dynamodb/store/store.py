"""The Store: runs access patterns and writes on one table. The only module that talks to DynamoDB.

A Store is bound to a table and an endpoint when it is made; a process may have several, and each
is safe under threads.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from autoforge.dynamodb.admin import create, drift
from autoforge.dynamodb.client.client import Client, RetryPolicy
from autoforge.dynamodb.patterns.cursor import Cursors
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.store.writes import Writes
from autoforge.dynamodb.timestamps import IdMint, utc_now
from autoforge.dynamodb.transport.endpoint import local_credentials, require_endpoint
from autoforge.dynamodb.transport.transport import TransportName


@dataclass(frozen=True)
class Store(Writes):
    """Runs patterns and writes on one table.

    Args:
        table_name: The table.
        client: The connection to DynamoDB.
        cursors: Issues and accepts the cursors of pages.
        clock: Tells the time; items past their expiry by it are not returned.
        new_token: Makes the token under which DynamoDB carries a transaction out once.
        repeated: Whether every write may have been made before, by a run that was cut off: what
            shows that it was is success.
        design: All entities of the table, or a function that returns them and is called at each
            write; a write of another entity is refused. With None, every entity is written, and
            nobody checks which keys it may meet.
    """

    @classmethod
    def connect(
        cls,
        design: Design | Callable[[], Design],
        *,
        region: str,
        table_name: str | None = None,
        endpoint_url: str | None = None,
        credentials: tuple[str, str] | None = None,
        cursor_secrets: Sequence[str] = (),
        clock: Callable[[], datetime] = utc_now,
        retries: RetryPolicy | None = None,
        transport: TransportName = "auto",
    ) -> Self:
        """Connect to the table of a design. Nothing is sent before the first call.

        Args:
            design: All entities of the table, or a function that returns them.
            region: The AWS region.
            table_name: The table; the name of the design unless given.
            endpoint_url: A DynamoDB other than AWS's, such as an emulator.
            credentials: Access key id and secret key. Unless given, botocore looks them up, and an
                emulator on this machine gets dummy ones.
            cursor_secrets: Keys that sign cursors, the current one first. Unless given, a new key
                signs them, and cursors end with this process.
            clock: Tells the time.
            retries: How often a request is tried.
            transport: ``botocore`` to send every request through botocore.

        Raises:
            ConfigurationError: if the endpoint is not a URL that a request can be sent to.
        """
        if endpoint_url is not None:
            require_endpoint(endpoint_url)
        if table_name is None:
            table_name = (design() if callable(design) else design).name
        mint = IdMint()
        client = Client(
            region=region,
            endpoint_url=endpoint_url,
            credentials=credentials or local_credentials(endpoint_url),
            sleep=time.sleep,
            retries=retries or RetryPolicy(),
            transport=transport,
        )
        return cls(
            table_name=table_name,
            client=client,
            cursors=Cursors(cursor_secrets or [secrets.token_urlsafe(32)]),
            clock=clock,
            new_token=lambda: mint(clock()),
            design=design,
        )

    def create_table(self) -> None:
        """Create the table with its index, expiry and recovery, unless it is there.

        For a local DynamoDB; in AWS the CloudFormation template does this.

        Raises:
            UnavailableError: if it does not become ready.
            ConfigurationError: if the credentials are missing, not accepted, or do not allow it.
        """
        create.create_table(self.client, self.table_name)

    def is_ready(self) -> bool:
        """Whether the table can be read and written now.

        Raises:
            TableNotFoundError: if there is no such table.
        """
        return create.is_ready(self.client, self.table_name)

    def require_table(self) -> None:
        """Refuse to go on where no table is, or one whose keys or index are others.

        Raises:
            TableNotFoundError: if there is no such table.
            ConfigurationError: if its keys or an index are not those of the models.
        """
        drift.require_shape(self.client, self.table_name)

    def drifts(self) -> tuple[drift.Drift, ...]:
        """Say where the live table is not what the models and the template promise.

        Raises:
            TableNotFoundError: if there is no such table.
            ConfigurationError: if the credentials are missing, not accepted, or not allowed to ask.
        """
        return drift.find_drifts(self.client, self.table_name)

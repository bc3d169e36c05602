"""The Store: runs access patterns and writes on one table.

A Store is bound to one table and one endpoint. A process may have several Stores; each of them is
thread-safe.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self, get_args

from autoforge.dynamodb.admin import create, drift
from autoforge.dynamodb.client.client import Client, RetryPolicy
from autoforge.dynamodb.errors import ConfigurationError, DeclarationError, is_name, shortened
from autoforge.dynamodb.patterns.cursor import Cursors
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.store.writes import Writes
from autoforge.dynamodb.timestamps import IdMint, utc_now
from autoforge.dynamodb.transport.endpoint import local_credentials, require_endpoint
from autoforge.dynamodb.transport.transport import TransportName

if TYPE_CHECKING:
    from autoforge.dynamodb.admin.scan import Admin


class Store(Writes):
    """Runs patterns and writes on one table; the only object that talks to DynamoDB.

    ``Table.connect`` and ``Store.connect`` make one. It is thread-safe. A request is tried again as
    its ``RetryPolicy`` says.

    Args:
        table_name: The table.
        client: The connection to DynamoDB.
        cursors: Issues and accepts the cursors of pages.
        clock: Returns the current time; items whose expiry is past are not returned.
        new_token: Returns a new idempotency token (``ClientRequestToken``) for a transaction.
        design: The design of the table, or a function that returns it and is called at each write.
            A write of an entity outside of it is refused.
        repeated: Whether any write may repeat one of an interrupted run. A write then succeeds if
            the stored item shows that it was applied before.
        pace: The pace of a bulk, as ``paced`` sets it; None without one.
        expired: Whether items past their expiry are returned, as ``with_expired`` sets it.

    Raises:
        TableNotFoundError: from every call, if the table or its index does not exist.
        ConfigurationError: from every call, if credentials are missing, refused, or lack a
            permission.
        UnavailableError: from every call, if DynamoDB cannot answer after all attempts; in
            particular ``ThrottledError`` and ``OutOfTimeError``.
        InvalidValueError: from every call, if a value cannot be stored or cannot stand in a key.

    Examples:
        >>> store.require(BookByIsbn("b1")).title
        'Dynamo'
        >>> with library.embedded() as another_store:
        ...     another_store.save(Put(Book(isbn="b1", title="Persuasion"))).title
        'Persuasion'
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
            ConfigurationError: if the endpoint is not a URL that a request can be sent to, or a
                setting is of a wrong type.
            DeclarationError: if the design is none.

        Examples:
            >>> store = Store.connect(library, region="eu-central-1", table_name="Library-test")
            >>> store.table_name
            'Library-test'
        """
        _require_design(design)
        if endpoint_url is not None:
            require_endpoint(endpoint_url)
        if table_name is None:
            table_name = (design() if callable(design) else design).name
        _require_settings(
            region=region,
            table_name=table_name,
            credentials=credentials,
            clock=clock,
            retries=retries,
            transport=transport,
        )
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

    @property
    def admin(self) -> Admin:
        """What operators do to the table, apart from access patterns: a scan.

        Examples:
            >>> sum(len(page.items) for page in store.admin.scan(segments=2))
            12
        """
        # Imported here, since few programs scan.
        from autoforge.dynamodb.admin.scan import Admin  # noqa: PLC0415

        return Admin(
            self.table_name,
            self.client,
            self._known_design,
            lambda request, pace: self._send(request, self, pace=pace),
        )

    def create_table(self) -> None:
        """Create the table with its indexes, expiry and recovery, unless it exists.

        For a local DynamoDB; in AWS the CloudFormation template does this.

        Raises:
            UnavailableError: if the table does not become ready.
            ConfigurationError: if credentials are missing, refused, or lack a permission.

        Examples:
            >>> store.create_table()
        """
        create.create_table(self.client, self._known_design, self.table_name)

    def is_ready(self) -> bool:
        """Whether the table can be read and written now.

        Raises:
            TableNotFoundError: if there is no such table.

        Examples:
            >>> store.is_ready()
            True
        """
        return create.is_ready(self.client, self.table_name)

    def require_table(self) -> None:
        """Require that the table exists with the keys and the indexes of the design.

        Raises:
            TableNotFoundError: if there is no such table.
            ConfigurationError: if its keys or an index differ from those of the design.

        Examples:
            >>> store.require_table()
        """
        drift.require_shape(self.client, self._known_design, self.table_name)

    def drifts(self) -> tuple[drift.Drift, ...]:
        """List the differences between the live table and what its design and template require.

        Raises:
            TableNotFoundError: if there is no such table.
            ConfigurationError: if credentials are missing, refused, or lack a permission.

        Examples:
            >>> [drift.name for drift in store.drifts()]  # of a table without expiry and recovery
            ['expiry', 'recovery']
        """
        return drift.find_drifts(self.client, self._known_design, self.table_name)


def _require_design(given: object) -> None:
    """Refuse to connect to what is no design, such as an entity.

    Raises:
        DeclarationError: with what was given.
    """
    if isinstance(given, type) or not (isinstance(given, Design) or callable(given)):
        raise DeclarationError(f"{shortened(given)} is not a Table: write Table(name, entities)")


def _require_settings(
    *,
    region: object,
    table_name: object,
    credentials: object,
    clock: object,
    retries: object,
    transport: object,
) -> None:
    """Refuse settings of a wrong type; credentials are never shown.

    Raises:
        ConfigurationError: with the setting.
    """
    names = get_args(TransportName)
    pair = isinstance(credentials, tuple | list) and [*map(is_name, credentials)] == [True, True]
    faults = {
        f"region is {region!r}; expected a text that is not empty": is_name(region),
        f"table_name is {table_name!r}; expected a text that is not empty": is_name(table_name),
        "credentials are no pair of texts, the access key id and the secret key": (
            credentials is None or pair
        ),
        f"clock is {clock!r}; expected a function, such as utc_now": callable(clock),
        f"retries is {shortened(retries)}; expected a RetryPolicy": (
            retries is None or isinstance(retries, RetryPolicy)
        ),
        f"transport is {transport!r}; expected {' or '.join(names)}": transport in names,
    }
    fault = next((said for said, sound in faults.items() if not sound), None)
    if fault is not None:
        raise ConfigurationError(fault)

"""Forge: the object through which an agent loop reads and writes all its data."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import autoforge.forge as resources
from autoforge.access.events.recording import RecordBound
from autoforge.access.requests.once import Lapsed, Once, Outcome, Run
from autoforge.access.requests.patterns import RepeatableRequest
from autoforge.dynamodb.client.client import RetryPolicy
from autoforge.dynamodb.encryption import Cipher, KmsCipher, LocalCipher
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import FollowingMint, IdMint, as_timestamp, utc_now
from autoforge.dynamodb.transport.endpoint import kms_client, require_endpoint
from autoforge.dynamodb.transport.transport import TransportName
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.write import Write
from autoforge.forge.resource import ForgeContext
from autoforge.strength import require_strong

if TYPE_CHECKING:  # imported at run time only by Forge.embedded
    from autoforge.dynamodb.local import DynoxideDynamoDB, EmbeddedDynamoDB

E = TypeVar("E", bound=Entity)
T = TypeVar("T")

#: The region given to a DynamoDB other than AWS's, where the name has no effect.
LOCAL_REGION: Final = "us-east-1"


@cache
def _platform_design() -> Design:
    """The design of the platform's table; imported at the first write, as it loads all entities."""
    from autoforge.models.table import PLATFORM_DESIGN  # noqa: PLC0415

    return PLATFORM_DESIGN


class Forge:
    """The data of an agent platform on one DynamoDB table.

    Each concept is an attribute, imported at its first use.

    Attributes:
        store: The Store, for patterns and writes that have no method here.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[datetime], str],
        cipher: Cipher | None = None,
        record_bound: RecordBound | None = None,
    ) -> None:
        self.store = store
        self._context = ForgeContext(store, clock, new_id, cipher, record_bound or RecordBound())
        self._closing = ExitStack()
        self._engine: DynoxideDynamoDB | EmbeddedDynamoDB | None = None

    @classmethod
    def connect(
        cls,
        *,
        table_name: str,
        region: str,
        endpoint_url: str | None = None,
        credentials: tuple[str, str] | None = None,
        cursor_secrets: Sequence[str] = (),
        kms_key_id: str | None = None,
        kms_endpoint_url: str | None = None,
        encryption_secrets: Sequence[str] = (),
        clock: Callable[[], datetime] = utc_now,
        retries: RetryPolicy | None = None,
        transport: TransportName = "auto",
        record_within: timedelta | None = None,
    ) -> Self:
        """Connect to a table. Nothing is sent before the first call.

        Args:
            table_name: The table, created by the template or ``autoforge table create``.
            region: The AWS region.
            endpoint_url: The endpoint of another DynamoDB than AWS's; None for AWS's.
            credentials: Access key id and secret key; None to resolve them as AWS's tools do.
            cursor_secrets: Keys that sign cursors, the newest first. Without one, cursors are
                valid in this process only.
            kms_key_id: The KMS key for integration credentials.
            kms_endpoint_url: The endpoint of another KMS than AWS's; None for AWS's.
            encryption_secrets: Local keys for integration credentials, the newest first; used
                if there is no KMS key.
            clock: Returns the current time.
            retries: The retry policy of requests; None for the default.
            transport: "botocore" to send every request through botocore; otherwise our own
                transport sends all requests that it supports.
            record_within: How long after an event's creation time attempts to record it may
                begin, at most 30 seconds; None for 5 seconds. All processes that record or poll
                events of the table must use the same value.

        Raises:
            ConfigurationError: if an endpoint is not a valid URL, if a secret is too weak, or if
                ``record_within`` is not above 0 and at most 30 seconds.
        """
        for given in (cursor_secrets, encryption_secrets):
            require_strong(given)
        if kms_endpoint_url is not None:
            require_endpoint(kms_endpoint_url)
        new_id = IdMint()
        store = Store.connect(
            _platform_design,
            table_name=table_name,
            region=region,
            endpoint_url=endpoint_url,
            credentials=credentials,
            cursor_secrets=cursor_secrets,
            clock=clock,
            retries=retries,
            transport=transport,
        )
        cipher = _cipher(kms_key_id, encryption_secrets, region, kms_endpoint_url)
        bound = RecordBound() if record_within is None else RecordBound(record_within)
        return cls(store, clock=clock, new_id=new_id, cipher=cipher, record_bound=bound)

    @classmethod
    def embedded(
        cls,
        *,
        table_name: str | None = None,
        data: Path | None = None,
        dynoxide: Path | None = None,
        cursor_secrets: Sequence[str] = (),
        encryption_secrets: Sequence[str] = (),
        clock: Callable[[], datetime] = utc_now,
        on_lost: Callable[[], object] = lambda: None,
        record_within: timedelta | None = None,
    ) -> Self:
        """Start an embedded DynamoDB and create the table; close the Forge when done.

        Without ``data`` the DynamoDB is moto in this process, in memory, and its data end with the
        process. With ``data`` it is dynoxide in a child process, and the file keeps acknowledged
        writes. The child process is restarted if it ends, and ends with this process.

        Args:
            table_name: The table; None for the default name with ``data``, else for a new name.
            data: The database file; None for a DynamoDB in memory.
            dynoxide: The dynoxide program; None to find it on PATH.
            cursor_secrets: Keys that sign cursors; without one, cursors are valid in this process
                only.
            encryption_secrets: Keys for integration credentials. Without one, a new key is used,
                which is stored next to ``data`` if that is given.
            clock: Returns the current time.
            on_lost: Called in another thread if dynoxide ends and cannot be restarted.
            record_within: How long after an event's creation time attempts to record it may
                begin; None for 5 seconds.

        Raises:
            ConfigurationError: if dynoxide is needed and not found, if other users can read the
                file and that cannot be changed, or if a secret is too weak.
        """
        # Imported here, since only an embedded DynamoDB needs them.
        from autoforge.dynamodb.local import DynoxideDynamoDB, EmbeddedDynamoDB  # noqa: PLC0415
        from autoforge.models.table import PLATFORM_DESIGN  # noqa: PLC0415

        name = table_name or (
            PLATFORM_DESIGN.name if data else f"{PLATFORM_DESIGN.name}-{IdMint()(clock())}"
        )
        engine = (
            EmbeddedDynamoDB()
            if data is None
            else DynoxideDynamoDB(data, binary=dynoxide, on_lost=on_lost)
        )
        try:
            forge = cls.connect(
                table_name=name,
                region=LOCAL_REGION,
                endpoint_url=engine.direct_url,
                credentials=engine.credentials,
                cursor_secrets=cursor_secrets,
                encryption_secrets=encryption_secrets or [_own_secret(data)],
                clock=clock,
                record_within=record_within,
            )
            forge.store.create_table()
        except BaseException:
            engine.close()
            raise
        forge._engine = engine  # noqa: SLF001 - a private attribute of the same class
        forge.on_close(engine.close)
        return forge

    @property
    def record_bound(self) -> RecordBound:
        """How long after its creation time an event may be recorded."""
        return self._context.record_bound

    @cached_property
    def projects(self) -> resources.Projects:
        """The projects that agents work on."""
        return resources.Projects(self._context)

    @cached_property
    def artefacts(self) -> resources.Artefacts:
        """The documents of projects, with versions."""
        return resources.Artefacts(self._context)

    @cached_property
    def events(self) -> resources.Events:
        """The events of the last 30 days."""
        return resources.Events(self._context)

    @cached_property
    def escalations(self) -> resources.Escalations:
        """Questions that a person must answer."""
        return resources.Escalations(self._context)

    @cached_property
    def actions(self) -> resources.Actions:
        """The actions that agents executed or proposed in the last 90 days."""
        return resources.Actions(self._context)

    @cached_property
    def checkpoints(self) -> resources.Checkpoints:
        """How far agents have read integrations."""
        return resources.Checkpoints(self._context)

    @cached_property
    def integrations(self) -> resources.Integrations:
        """The encrypted configuration of integrations."""
        return resources.Integrations(self._context)

    @cached_property
    def agent_config(self) -> resources.AgentSettings:
        """The agent's settings."""
        return resources.AgentSettings(self._context)

    @cached_property
    def features(self) -> resources.Features:
        """The features that agents claim and work on."""
        return resources.Features(self._context)

    @cached_property
    def users(self) -> resources.Users:
        """The people who log in."""
        return resources.Users(self._context)

    @cached_property
    def agents(self) -> resources.Agents:
        """The agents that work on projects."""
        return resources.Agents(self._context)

    @cached_property
    def runs(self) -> resources.Runs:
        """The runs of agents on features."""
        return resources.Runs(self._context)

    @cached_property
    def tickets(self) -> resources.Tickets:
        """Copies of Linear issues, as of the latest sync."""
        return resources.Tickets(self._context)

    @property
    def endpoint_url(self) -> str | None:
        """The endpoint for other programs that use the same DynamoDB; None for AWS."""
        return self._engine.endpoint_url if self._engine else self.store.client.endpoint_url

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables for AWS's tools to use the embedded DynamoDB; else empty."""
        if self._engine is None:
            return {}
        access_key_id, secret_key = self._engine.credentials
        return {
            "AWS_ENDPOINT_URL_DYNAMODB": self._engine.endpoint_url,
            "AWS_ACCESS_KEY_ID": access_key_id,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_DEFAULT_REGION": LOCAL_REGION,
        }

    def each(self, query: Query[E]) -> Iterator[E]:
        """Yield every item of a query; pages are read as they are needed."""
        return self.store.each(query)

    def transaction(self, *writes: Write[Any]) -> None:
        """Apply several writes in one transaction: all or none.

        Raises:
            InvalidTransactionError: if DynamoDB cannot accept them in one transaction.
            AutoforgeError: by meaning, for the first write that was refused.
        """
        self.store.transact(Transaction(writes))

    def once(
        self,
        request: RepeatableRequest,
        make: Callable[[Forge], tuple[T, Outcome]],
        lapsed: Lapsed = lambda _: False,
    ) -> tuple[T | None, Outcome]:
        """Run a request once, even if the caller repeats it within a day.

        After an interruption the request is run again with the same time and the same ids. So
        ``make`` must mint all its ids with the Forge that it is given, and must make one change
        or an idempotent creation.

        Args:
            request: Identifies the request.
            make: Runs the request with a Forge, and returns its result and its outcome.
            lapsed: Whether an interrupted run can no longer be completed and it is safe to start
                again with a new time and new ids.

        Returns:
            The result and the outcome; or None and the outcome of an earlier call.

        Raises:
            RequestReusedError: if the request id was used with other content.
            RequestRunningError: if another call of the request is still running.
            AutoforgeError: the errors of ``make``; the request can then be repeated.
        """
        now = as_timestamp(self._context.clock())
        # A separate mint, since the request's further ids count on from its first id.
        once = Once(request, now, first_id=IdMint()(now), runner=self.store.new_token())
        return once.make(self.store, lambda run: make(self._as_of(run)), lapsed)

    def _as_of(self, run: Run) -> Forge:
        """A Forge with the time and the ids of a run."""
        return Forge(
            replace(self.store, repeated=run.again),
            clock=lambda: run.moment,
            new_id=FollowingMint(run.first_id),
            cipher=self._context.cipher,
            record_bound=self._context.record_bound,
        )

    def on_close(self, callback: Callable[[], object]) -> None:
        """Register a callback that is called when this Forge is closed."""
        self._closing.callback(callback)

    def warm(self) -> None:
        """Resolve credentials and open a connection, so that the first call need not wait for them.

        Raises:
            UnavailableError: if DynamoDB cannot be reached.
        """
        self.store.client.warm()

    def close(self) -> None:
        """Close the connections, and stop the embedded DynamoDB if there is one."""
        self.store.client.close()
        self._closing.close()

    def __enter__(self) -> Self:
        """Return this Forge, for a with statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close at the end of the with statement."""
        self.close()


def _cipher(
    kms_key_id: str | None, encryption_secrets: Sequence[str], region: str, endpoint_url: str | None
) -> Cipher | None:
    if kms_key_id:
        return KmsCipher(kms_client(region, endpoint_url), kms_key_id)
    return LocalCipher(encryption_secrets) if encryption_secrets else None


def _own_secret(data: Path | None) -> str:
    """A new key, or the key stored next to a database file, readable by its owner only."""
    if data is None:
        return secrets.token_urlsafe(32)
    from autoforge.dynamodb.local.files import private_text  # noqa: PLC0415 - see embedded

    return private_text(data.with_name(f"{data.name}.key"), new=secrets.token_urlsafe(32))

"""Forge: everything an agent loop does with its data, found by autocompletion."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import autoforge.forge as kinds
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
from autoforge.dynamodb.writes.write import Transaction, Write
from autoforge.forge.resource import ForgeContext
from autoforge.strength import require_strong

if TYPE_CHECKING:  # only who embeds a DynamoDB imports what starts one
    from autoforge.dynamodb.local import DynoxideDynamoDB, EmbeddedDynamoDB

E = TypeVar("E", bound=Entity)
T = TypeVar("T")

#: The region of a DynamoDB that is not AWS's, where a name is needed and means nothing.
LOCAL_REGION: Final = "us-east-1"


@cache
def _platform_table() -> Design:
    """The platform's table; imported at the first write, since it declares every entity."""
    from autoforge.models.table import PLATFORM_TABLE  # noqa: PLC0415

    return PLATFORM_TABLE


class Forge:
    """The data of an agent platform on one DynamoDB table.

    Each kind of thing is an attribute, imported when it is first asked for.

    Attributes:
        store: Runs patterns and writes that have no method here.
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
        self._tools = ForgeContext(store, clock, new_id, cipher, record_bound or RecordBound())
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
            table_name: The table; the template or ``autoforge table create`` made it.
            region: AWS region.
            endpoint_url: Another DynamoDB than AWS's.
            credentials: Access key id and secret key; looked up as AWS's tools do unless given.
            cursor_secrets: Keys that sign cursors, the newest first. Without one, cursors are
                good in this process only.
            kms_key_id: KMS key for integration credentials.
            kms_endpoint_url: Another KMS than AWS's.
            encryption_secrets: Local keys for integration credentials, the newest first; used
                where there is no KMS key.
            clock: Tells the time.
            retries: How often a request is tried.
            transport: "botocore" to send every request through botocore; otherwise only what
                our own way to DynamoDB cannot carry goes there.
            record_within: How long after its moment attempts to record an event may begin, at
                most 30 seconds; 5 unless given. The same for all that record or poll events.

        Raises:
            ConfigurationError: if an endpoint is no URL that a request can be sent to, if a secret
                is too weak, or if events are to be recorded within a time that polls cannot keep.
        """
        for given in (cursor_secrets, encryption_secrets):
            require_strong(given)
        for url in (endpoint_url, kms_endpoint_url):
            if url is not None:
                require_endpoint(url)
        new_id = IdMint()
        store = Store.connect(
            _platform_table,
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
        """Start a DynamoDB of our own, with the table in it; close it when done.

        Without ``data`` it is moto inside this process, in memory and gone with it. With ``data``
        it is dynoxide in a process beside this one, and the file keeps what was acknowledged. That
        process is started again if it ends, and ends with this one.

        Args:
            table_name: The table; a new one of its own unless given.
            data: The database file.
            dynoxide: The dynoxide program; looked up on PATH unless given.
            cursor_secrets: Keys that sign cursors; made for this run unless given.
            encryption_secrets: Keys for integration credentials; made for this run, or kept
                beside ``data``, unless given.
            clock: Tells the time.
            on_lost: Called in another thread if dynoxide ends and does not start again.
            record_within: How long after its moment attempts to record an event may begin.

        Raises:
            ConfigurationError: if dynoxide is needed and not there, if others can read the file
                and that cannot be changed, or if a secret is too weak.
        """
        # Only who embeds a DynamoDB pays for what starts one.
        from autoforge.dynamodb.local import DynoxideDynamoDB, EmbeddedDynamoDB  # noqa: PLC0415
        from autoforge.models.table import PLATFORM_TABLE  # noqa: PLC0415

        name = table_name or (
            PLATFORM_TABLE.name if data else f"{PLATFORM_TABLE.name}-{IdMint()(clock())}"
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
        forge._engine = engine  # noqa: SLF001 - it is a Forge's own
        forge.on_close(engine.close)
        return forge

    @property
    def record_bound(self) -> RecordBound:
        """How long after its moment an event is recorded."""
        return self._tools.record_bound

    @cached_property
    def projects(self) -> kinds.Projects:
        """The projects agents work on."""
        return kinds.Projects(self._tools)

    @cached_property
    def artefacts(self) -> kinds.Artefacts:
        """Their documents, with versions."""
        return kinds.Artefacts(self._tools)

    @cached_property
    def events(self) -> kinds.Events:
        """What happened, for 30 days."""
        return kinds.Events(self._tools)

    @cached_property
    def escalations(self) -> kinds.Escalations:
        """Questions that wait for a person."""
        return kinds.Escalations(self._tools)

    @cached_property
    def actions(self) -> kinds.Actions:
        """What agents did or mean to do, for 90 days."""
        return kinds.Actions(self._tools)

    @cached_property
    def checkpoints(self) -> kinds.Checkpoints:
        """How far agents have come."""
        return kinds.Checkpoints(self._tools)

    @cached_property
    def integrations(self) -> kinds.Integrations:
        """Configuration of integrations, encrypted."""
        return kinds.Integrations(self._tools)

    @cached_property
    def agent_config(self) -> kinds.AgentSettings:
        """The agent's settings."""
        return kinds.AgentSettings(self._tools)

    @cached_property
    def features(self) -> kinds.Features:
        """What agents build, and claim one at a time."""
        return kinds.Features(self._tools)

    @cached_property
    def users(self) -> kinds.Users:
        """People who log in."""
        return kinds.Users(self._tools)

    @cached_property
    def agents(self) -> kinds.Agents:
        """Who works on projects."""
        return kinds.Agents(self._tools)

    @cached_property
    def runs(self) -> kinds.Runs:
        """What agents did on features."""
        return kinds.Runs(self._tools)

    @cached_property
    def tickets(self) -> kinds.Tickets:
        """Linear's issues, as of the latest sync."""
        return kinds.Tickets(self._tools)

    @property
    def endpoint_url(self) -> str | None:
        """Where other programs reach the DynamoDB; None for AWS."""
        return self._engine.endpoint_url if self._engine else self.store.client.endpoint_url

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead AWS's tools to the embedded DynamoDB; none for any other."""
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
        """Return every item that answers a query, reading page after page as they are taken."""
        return self.store.each(query)

    def transaction(self, *writes: Write[Any]) -> None:
        """Make several writes, all or none.

        Raises:
            InvalidTransactionError: if DynamoDB could never accept them together.
            AutoforgeError: by meaning, for the first write that was refused.
        """
        self.store.transact(Transaction(writes))

    def once(
        self,
        request: RepeatableRequest,
        make: Callable[[Forge], tuple[T, Outcome]],
        lapsed: Lapsed = lambda _: False,
    ) -> tuple[T | None, Outcome]:
        """Do something under an id of the caller's; done again within a day, it is done once.

        What is done is repeated at the same moment and with the same ids where it was cut off, so
        it must mint all its ids by the Forge that it is given, and make one change, or create.

        Args:
            request: What it is known by.
            make: Does it with a Forge, and returns what it made and what it came to.
            lapsed: Whether it is too late to finish what was cut off, and safe to begin anew.

        Returns:
            What was made and came of it; or None, and what came of it before.

        Raises:
            RequestReusedError: if the id was used with other content.
            RequestRunningError: if it is being done.
            AutoforgeError: as ``make`` does; it may be tried again then.
        """
        now = as_timestamp(self._tools.clock())
        # A mint of its own: no other goes on from its first id.
        once = Once(request, now, first_id=IdMint()(now), runner=self.store.new_token())
        return once.make(self.store, lambda run: make(self._as_of(run)), lapsed)

    def _as_of(self, run: Run) -> Forge:
        """This Forge at the moment of a run, with the ids that it mints."""
        return Forge(
            replace(self.store, repeated=run.again),
            clock=lambda: run.moment,
            new_id=FollowingMint(run.first_id),
            cipher=self._tools.cipher,
            record_bound=self._tools.record_bound,
        )

    def on_close(self, callback: Callable[[], object]) -> None:
        """Have something done when this Forge is closed."""
        self._closing.callback(callback)

    def warm(self) -> None:
        """Resolve credentials and open a connection now, so that no call has to wait for them.

        Raises:
            UnavailableError: if DynamoDB cannot be reached.
        """
        self.store.client.warm()

    def close(self) -> None:
        """Close the connections, and stop the embedded DynamoDB, if there is one."""
        self.store.client.close()
        self._closing.close()

    def __enter__(self) -> Self:
        """Be usable in a with statement."""
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
    """A key for this run, or the one kept beside a database file, readable by its owner only."""
    if data is None:
        return secrets.token_urlsafe(32)
    from autoforge.dynamodb.local.files import private_text  # noqa: PLC0415 - see embedded

    return private_text(data.with_name(f"{data.name}.key"), new=secrets.token_urlsafe(32))

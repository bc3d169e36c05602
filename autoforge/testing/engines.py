"""The DynamoDB engines that laws and tests run on, and tables on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any, Final, Literal, TypeAlias

from autoforge.dynamodb.admin.create import table_definition
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.errors import UnavailableError
from autoforge.dynamodb.local import DynoxideDynamoDB, EmbeddedDynamoDB
from autoforge.dynamodb.local.guard import Request as HttpRequest
from autoforge.dynamodb.patterns.cursor import Cursors
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.table import LOCAL_REGION
from autoforge.dynamodb.timestamps import IdMint
from autoforge.dynamodb.transport import responses
from autoforge.dynamodb.transport.http1 import Answer as HttpAnswer
from autoforge.dynamodb.transport.transport import Transport, encode
from autoforge.testing.clock import Clock, Waits
from autoforge.testing.recording import WrappedTransport

#: The region of the tables is in the credential of a request.
_HEADERS: Final = {
    "host": "localhost",
    "content-type": "application/x-amz-json-1.0",
    "authorization": f"AWS4-HMAC-SHA256 Credential=laws/20260204/{LOCAL_REGION}/dynamodb/request",
}

EngineName: TypeAlias = Literal["moto", "dynoxide"]

_numbers: Final = count(1)
_CURSOR_SECRET: Final = "the key that signs the cursors of tests"  # noqa: S105 - of tests only
#: How often a new table is asked whether it is ready; an engine reports CREATING once at most.
_PROBES: Final = 10


@dataclass(frozen=True)
class Engine:
    """A running engine, as ``running`` yields it.

    Attributes:
        name: ``moto`` or ``dynoxide``.
        endpoint_url: Where it listens.
        credentials: The access key id and secret key; None for those of the environment.
        transport: Sends requests without a connection, which takes less time; None for HTTP.

    Examples:
        >>> from autoforge.testing import running
        >>> with running("moto") as engine:
        ...     engine.name, engine.counts_units
        ('moto', False)
    """

    name: str
    endpoint_url: str
    credentials: tuple[str, str] | None = None
    transport: Transport | None = None
    _shared: dict[Design, SharedTable] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def shared_table(self, design: Design) -> SharedTable:
        """Return the table that all laws of a design share; it is created at the first call.

        Args:
            design: The design of the table.

        Examples:
            >>> from autoforge.testing import running
            >>> with running("moto") as engine:
            ...     engine.shared_table(library) is engine.shared_table(library)
            True
        """
        if design not in self._shared:
            clock = Clock()
            self._shared[design] = SharedTable(self, _created(self, design, clock), clock)
        return self._shared[design]

    def close(self) -> None:
        """Close the connections to the shared tables, which end with the engine.

        Examples:
            >>> from autoforge.testing import Engine
            >>> Engine("dynoxide", "http://127.0.0.1:8000").close()
        """
        while self._shared:
            _, table = self._shared.popitem()
            table.close()

    @property
    def counts_units(self) -> bool:
        """Whether the engine counts the capacity that requests consume, as DynamoDB does.

        Examples:
            >>> from autoforge.testing import Engine
            >>> Engine("dynoxide", "http://127.0.0.1:8000").counts_units
            True
        """
        return self.name != "moto"

    @property
    def counts_whole_items(self) -> bool:
        """Whether it counts the whole item of a GetItem that asks for some attributes only."""
        return self.name not in {"moto", "dynoxide"}

    @property
    def minds_case(self) -> bool:
        """Whether ``begins_with`` of a key condition tells lower case from upper case."""
        return self.name != "dynoxide"  # it uses SQLite's LIKE


@dataclass
class SharedTable:
    """A table that the laws of a design share, so that it is created once.

    Attributes:
        engine: The engine that it is on.
        store: The Store on it.
        clock: The clock of the Store.
        stored: The keys of what the last example stored, which the next one deletes.
    """

    engine: Engine
    store: Store
    clock: Clock
    stored: list[dict[str, Any]] = field(default_factory=list)
    _others: list[Store] = field(default_factory=list)

    def callers(self, number: int) -> Sequence[Store]:
        """Return Stores on the table for so many callers, each with a client of its own."""
        while len(self._others) < number:
            self._others.append(replace(self.store, client=_client_of(self.engine)))
        return self._others[:number]

    def close(self) -> None:
        """Close the connections to the table."""
        for store in (self.store, *self._others):
            store.client.close()


@dataclass(frozen=True)
class InProcess(WrappedTransport):
    """A transport to an engine in this process, without connections and signatures."""

    engine: Callable[[HttpRequest], HttpAnswer]

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Pass a request to the engine."""
        headers = {**_HEADERS, "x-amz-target": f"DynamoDB_20120810.{operation}"}
        answer = self.engine(HttpRequest("POST", "/", headers, encode(parameters)))
        content = responses.content(answer, _HEADERS["host"])
        if content is None:
            raise responses.client_error(operation, answer)
        return content


@contextmanager
def running(name: EngineName) -> Iterator[Engine]:
    """Run an engine for the block: moto in this process, or dynoxide as a child process.

    Args:
        name: ``moto`` or ``dynoxide``.

    Raises:
        ConfigurationError: if dynoxide is not on PATH.
        MissingExtraError: if moto is not installed.

    Examples:
        >>> from autoforge.testing import Clock, running, table_on
        >>> with running("moto") as engine, table_on(engine, library, Clock()) as store:
        ...     store.put_all([Book(isbn="b1", title="Emma")])
        1
    """
    if name == "moto":
        with EmbeddedDynamoDB() as moto:
            transport = InProcess(moto.engine)
            with closing(Engine(name, moto.direct_url, moto.credentials, transport)) as engine:
                yield engine
    else:
        with (
            DynoxideDynamoDB(None) as dynoxide,
            closing(Engine(name, dynoxide.direct_url, dynoxide.credentials)) as engine,
        ):
            yield engine


@contextmanager
def table_on(engine: Engine, design: Design, clock: Callable[[], datetime]) -> Iterator[Store]:
    """Create the table of a design on an engine, and delete it at the end of the block.

    The Store waits no real time between attempts.

    Args:
        engine: The engine.
        design: The table.
        clock: Tells the Store the time.

    Raises:
        UnavailableError: if the table does not become ready.

    Examples:
        >>> from autoforge.testing import Clock, running, table_on
        >>> with running("moto") as engine, table_on(engine, library, Clock()) as store:
        ...     store.get(BookByIsbn("b1"))
    """
    store = _created(engine, design, clock)
    try:
        yield store
    finally:
        store.client.send(Request("DeleteTable", {"TableName": store.table_name}))
        store.client.close()


def _created(engine: Engine, design: Design, clock: Callable[[], datetime]) -> Store:
    """Create the table of a design, and return the Store on it."""
    mint = IdMint()
    client = _client_of(engine)
    store = Store(
        table_name=f"{design.name}-{next(_numbers)}",
        client=client,
        cursors=Cursors([_CURSOR_SECRET]),
        clock=clock,
        new_token=lambda: mint(clock()),
        design=design,
    )
    client.send(table_definition(design, store.table_name))
    if not any(store.is_ready() for _ in range(_PROBES)):
        raise UnavailableError(f"the table {store.table_name} does not become ready")
    return store


def _client_of(engine: Engine) -> Client:
    """Return another client of an engine, which waits no real time between attempts."""
    waits = Waits()
    client = Client(
        region=LOCAL_REGION,
        endpoint_url=engine.endpoint_url,
        credentials=engine.credentials,
        sleep=waits.sleep,
        timer=waits.timer,
    )
    if engine.transport is not None:
        client.active_transport = engine.transport
    return client

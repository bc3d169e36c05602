"""The API over an engine, at a moment that a test sets.

The tests here run on one engine, unless they are marked ``every_engine``: those ask every route of
each engine.
"""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from autoforge.dynamodb.client.client import Client, RetryPolicy
from tests.http.serving import World, populated, serving
from tests.servers import Engine
from tests.stores import Clock, client_of, forge_of, fresh, store_of

Api = TestClient[Litestar]

#: What the clock shows when a test begins is no one else's business: it is set for each.
_clock = Clock()


@pytest.fixture
def clock() -> Clock:
    """The clock of the API, which shows noon until it is set."""
    _clock.now = Clock().now
    return _clock


@pytest.fixture(scope="module")
def module_api(client: Client, table_name: str) -> Iterator[Api]:
    """The API over the table of the tests of one file."""
    with serving(forge_of(store_of(client, table_name, _clock))) as api:
        yield api


@pytest.fixture
def api(module_api: Api, clock: Clock) -> Api:
    """The API over the table of the file, at noon; tests keep apart by fresh ids."""
    return module_api


@pytest.fixture
def fresh_api(client: Client, clock: Clock) -> Iterator[Api]:
    """The API over a table that nothing was stored in, for lists over all projects."""
    with serving(forge_of(fresh(client, clock))) as api:
        yield api


@pytest.fixture(scope="session")
def detached() -> Iterator[Api]:
    """The API where nothing listens on DynamoDB's port: it can only answer by itself."""
    nowhere = client_of(Engine("none", "http://127.0.0.1:9"), retries=RetryPolicy(attempts=2))
    with serving(forge_of(store_of(nowhere, "detached", Clock()))) as api:
        yield api


@pytest.fixture(scope="session")
def world(client: Client) -> Iterator[World]:
    """The API over a table with something for every route to show; only read it."""
    with serving(forge_of(fresh(client, Clock()))) as api:
        yield populated(api)

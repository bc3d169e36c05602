"""The API over an engine, at a time that a test sets.

The tests in this folder run on one engine. Tests marked ``every_engine`` run on all of them.
"""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from autoforge.dynamodb.client.client import Client, RetryPolicy
from autoforge.testing.clock import Clock
from tests.http.serving import World, populated, serving
from tests.servers import Engine
from tests.stores import client_of, forge_of, fresh, store_of

Api = TestClient[Litestar]

#: One clock for all tests; the fixture ``clock`` resets it for each of them.
_clock = Clock()


@pytest.fixture
def clock() -> Clock:
    """The clock of the API, which shows noon until a test sets it."""
    _clock.now = Clock().now
    return _clock


@pytest.fixture(scope="module")
def module_api(client: Client, table_name: str) -> Iterator[Api]:
    """The API over the table of one test file."""
    with serving(forge_of(store_of(client, table_name, _clock))) as api:
        yield api


@pytest.fixture
def api(module_api: Api, clock: Clock) -> Api:
    """The API over the table of the test file, at noon; tests use different ids."""
    return module_api


@pytest.fixture
def fresh_api(client: Client, clock: Clock) -> Iterator[Api]:
    """The API over an empty table, for lists of all projects."""
    with serving(forge_of(fresh(client, clock))) as api:
        yield api


@pytest.fixture(scope="session")
def detached() -> Iterator[Api]:
    """The API without a DynamoDB: no engine listens on the port."""
    nowhere = client_of(Engine("none", "http://127.0.0.1:9"), retries=RetryPolicy(attempts=2))
    with serving(forge_of(store_of(nowhere, "detached", Clock()))) as api:
        yield api


@pytest.fixture(scope="session")
def world(client: Client) -> Iterator[World]:
    """The API over a table that holds something for every route; tests must only read it."""
    with serving(forge_of(fresh(client, Clock()))) as api:
        yield populated(api)

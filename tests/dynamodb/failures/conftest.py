"""A client of the engine for each transport."""

from __future__ import annotations

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.transport.transport import TransportName
from tests.servers import Engine
from tests.stores import client_of


@pytest.fixture(scope="module", params=["auto", "botocore"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """Each transport in turn."""
    way: TransportName = request.param
    return way


@pytest.fixture(scope="module")
def client(engine: Engine, transport: TransportName) -> Client:
    """A client of the engine for each transport."""
    return client_of(engine, transport=transport)

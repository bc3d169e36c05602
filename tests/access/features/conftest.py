"""A process that prepares features, and one that claims them."""

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.forge import Forge
from tests.access.worlds import World
from tests.servers import Engine
from tests.stores import client_of


@pytest.fixture
def forge(world: World) -> Forge:
    """A process."""
    return world.process()


@pytest.fixture(scope="module")
def sure(engine: Engine) -> Client:
    """A connection whose claims always try the first candidate."""
    return client_of(engine, random=lambda: 0.0)


@pytest.fixture
def agent(sure: Client, world: World) -> Forge:
    """Another process; no other process uses its connection."""
    return world.process(sure)

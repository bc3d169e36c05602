"""A table that holds every entity the cases of the patterns find."""

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from tests.access.cases import THERE
from tests.stores import fresh


@pytest.fixture(scope="module")
def full(client: Client) -> Store:
    """A Store on a table with every entity the cases find; tests must only read it."""
    store = fresh(client)
    store.put_all(THERE.entities)
    return store

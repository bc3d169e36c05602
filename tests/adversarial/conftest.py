"""How much the adversarial tests do, and a table that can be reset."""

import pytest

from autoforge.dynamodb.client.client import Client
from tests.adversarial import effort as asked
from tests.adversarial.effort import Effort
from tests.adversarial.interleaving import Board


@pytest.fixture(scope="session")
def effort() -> Effort:
    """How long to continue, and which share of the enumerated cases to try."""
    return asked.effort()


@pytest.fixture
def board(client: Client) -> Board:
    """An empty table on the engine."""
    return Board.on(client)

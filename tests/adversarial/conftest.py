"""What the adversarial tests share: how much to do, and tables that are put back as they were."""

import pytest

from autoforge.dynamodb.client.client import Client
from tests.adversarial import effort as asked
from tests.adversarial.effort import Effort
from tests.adversarial.interleaving import Board


@pytest.fixture(scope="session")
def effort() -> Effort:
    """How long to go on, and how much of what is enumerated to try."""
    return asked.effort()


@pytest.fixture
def board(client: Client) -> Board:
    """A table of its own on the engine, with nothing in it."""
    return Board.on(client)

"""A repository to fill, and a table to load it into."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from autoforge import Forge
from autoforge.dynamodb.local import EmbeddedDynamoDB
from tests.demo.repositories import Repository, fill
from tests.demo.tables import a_forge


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository without commits."""
    return Repository.new(tmp_path / "portal")


@pytest.fixture
def portal(repository: Repository) -> Repository:
    """A repository with one example of everything that is loaded."""
    fill(repository)
    return repository


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedDynamoDB]:
    """An embedded DynamoDB that holds the tables of all tests."""
    with EmbeddedDynamoDB() as embedded:
        yield embedded


@pytest.fixture
def forge(embedded: EmbeddedDynamoDB) -> Forge:
    """A Forge on a new table, at noon."""
    return a_forge(embedded)

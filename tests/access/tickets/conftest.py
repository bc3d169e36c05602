"""A project to sync issues into."""

from __future__ import annotations

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from tests.factories import a_project


@pytest.fixture
def project_id(store: Store) -> str:
    """The id of a project that exists."""
    return str(store.save(Put(a_project())).id)

"""Local engines take the same tables, and a local index of one."""

from __future__ import annotations

import pytest

from autoforge.dynamodb.client.client import Client
from tests.cloudformation.cases import CASES, Case
from tests.designs.devices import DEVICES, State, StatesByLevel
from tests.factories import NOON
from tests.stores import store_of


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_local_engine_creates_the_table_without_drift_and_every_role_can_use_it(
    client: Client, case: Case
) -> None:
    store = store_of(client, f"local-{case.table.name}", lambda: NOON, case.table)
    store.create_table()

    assert store.drifts() == ()
    case.populate(store)
    for act in case.roles.values():
        act(store)


def test_a_local_index_sorts_numbers_as_numbers_and_is_read_consistently(client: Client) -> None:
    store = store_of(client, "local-levels", lambda: NOON, DEVICES)
    store.create_table()
    store.put_all(
        State(device="d", state=f"s{number}", date=NOON, level=level)
        for number, level in enumerate([100, 9, -1, 10])
    )

    page = store.page(StatesByLevel("d"), limit=10, consistent=True)

    assert [each.level for each in page.items] == [-1, 9, 10, 100]

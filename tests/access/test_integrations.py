"""The configuration of an integration can be saved again, and its health is recorded."""

from __future__ import annotations

import pytest

from autoforge.access.integrations import (
    IntegrationConfigOf,
    report_health,
    save_integration_config,
)
from autoforge.dynamodb.store.store import Store
from autoforge.errors import (
    ItemNotFoundError,
)
from autoforge.models import (
    IntegrationConfig,
    IntegrationStatus,
)
from tests.dynamodb.written import LATER
from tests.factories import (
    NOON,
    new_id,
)


def test_saving_an_integration_again_keeps_its_id_and_its_creation(store: Store) -> None:
    name = f"jira-{new_id()}"
    first_id = new_id()

    store.save(
        save_integration_config(
            name, "YQ==", status=IntegrationStatus.ACTIVE, new_id=first_id, at=NOON
        )
    )
    healthy = store.save(report_health(name, IntegrationStatus.ERROR, at=LATER))
    again = store.save(
        save_integration_config(
            name, "Yg==", status=IntegrationStatus.INACTIVE, new_id=new_id(), at=LATER
        )
    )

    assert (healthy.status, healthy.last_health_check) == (IntegrationStatus.ERROR, LATER)
    assert again == store.get(IntegrationConfigOf(name))
    assert again == IntegrationConfig(
        id=first_id,
        integration=name,
        config_encrypted="Yg==",
        status=IntegrationStatus.INACTIVE,
        last_health_check=LATER,
        created_at=NOON,
        updated_at=LATER,
    )


def test_the_health_of_an_integration_that_is_not_there_is_not_noted(store: Store) -> None:
    name = f"jira-{new_id()}"

    with pytest.raises(ItemNotFoundError):
        store.save(report_health(name, IntegrationStatus.ERROR, at=NOON))

    assert store.get(IntegrationConfigOf(name)) is None

"""Checkpoints that go forward, and configuration that is set again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from autoforge.access.agent_config import AgentConfigOf, set_agent_config
from autoforge.access.checkpoints import CheckpointOf, advance_checkpoint, set_checkpoint
from autoforge.access.integrations import (
    IntegrationConfigOf,
    report_health,
    save_integration_config,
)
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.errors import (
    ConditionFailedError,
    ItemNotFoundError,
)
from autoforge.models import (
    AgentConfig,
    IntegrationConfig,
    IntegrationStatus,
)
from tests.access.written import LATER
from tests.factories import (
    NOON,
    a_checkpoint,
    new_id,
)
from tests.stores import fresh
from tests.strategies import json_values


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-02-04T10:00:00Z", "2026-02-04T10:00:00.001Z"),
        ("2026-02-04T10:00:00.000Z", "2026-02-04T10:00:01Z"),
        ("2026-02-04T10:00:00+02:00", "2026-02-04T09:00:00Z"),
        ("2026-02-04T10:00:00-01:00", "2026-02-04T13:01:00+02:00"),
        ("9", "10"),
        ("99", "100000000000000000000"),
        ("a", "b"),
        ("page-1", "page-10"),
    ],
)
def test_a_checkpoint_advances_and_never_goes_back(store: Store, before: str, after: str) -> None:
    where = new_id(), "jira#cloud", "last%sync"

    store.save(advance_checkpoint(*where, before, at=NOON))
    again = store.save(advance_checkpoint(*where, before, at=NOON))
    forward = store.save(advance_checkpoint(*where, after, at=LATER))
    with pytest.raises(ConditionFailedError, match="is not behind") as caught:
        store.save(advance_checkpoint(*where, before, at=LATER))

    assert (again.checkpoint_value, forward.checkpoint_value) == (before, after)
    assert caught.value.item == forward == store.get(CheckpointOf(*where))


def test_the_same_moment_in_another_form_is_no_step_back(store: Store) -> None:
    where = new_id(), "jira", "last_sync"
    store.save(advance_checkpoint(*where, "2026-02-04T10:00:00.000Z", at=NOON))

    same = store.save(advance_checkpoint(*where, "2026-02-04T12:00:00+02:00", at=LATER))

    assert same.checkpoint_value == "2026-02-04T12:00:00+02:00"


def test_a_checkpoint_of_another_program_advances_too(store: Store) -> None:
    """It has a value and no position beside it."""
    checkpoint = a_checkpoint(checkpoint_value="2026-02-04T10:15:00Z")
    where = checkpoint.project_id, checkpoint.integration, checkpoint.checkpoint_key
    store.put_all([checkpoint])

    with pytest.raises(ConditionFailedError):
        store.save(advance_checkpoint(*where, "2026-02-04T10:14:00Z", at=LATER))
    forward = store.save(advance_checkpoint(*where, "2026-02-04T10:16:00Z", at=LATER))

    assert forward.checkpoint_value == "2026-02-04T10:16:00Z"


def test_a_checkpoint_is_set_as_given_forward_or_back(store: Store) -> None:
    where = new_id(), "jira", "last_sync"

    store.save(set_checkpoint(*where, "10", at=NOON))
    back = store.save(set_checkpoint(*where, "9", at=LATER))

    assert back == store.get(CheckpointOf(*where))
    assert back == a_checkpoint(
        project_id=where[0],
        checkpoint_value="9",
        position="9".zfill(40),
        created_at=NOON,
        updated_at=LATER,
    )


@given(value=json_values(), other=json_values())
def test_a_setting_is_set_to_any_value_again_and_again(
    client: Client, value: Any, other: Any
) -> None:
    store = fresh(client)

    for each in (value, other):
        setting = store.save(set_agent_config("a#b", each, at=LATER))

        expected = AgentConfig(config_key="a#b", value=each, created_at=LATER, updated_at=LATER)
        assert setting == store.get(AgentConfigOf("a#b")) == expected


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

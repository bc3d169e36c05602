"""Claims that respect the most features that a project allows in progress at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.errors import ItemNotFoundError, LimitReachedError
from autoforge.forge import Forge
from tests.access.worlds import PROJECT, World, create, interrupted


def test_claims_that_respect_the_limit_never_exceed_it(
    world: World, forge: Forge, agent: Forge
) -> None:
    forge.projects.update(PROJECT, max_concurrency=2)
    create(forge, "a", "b", "c", "d")
    limited = agent.features

    first = limited.claim_next(PROJECT, "ann", respect_limit=True)
    second = limited.claim(PROJECT, "b", "bob", 10, respect_limit=True)
    with pytest.raises(LimitReachedError, match="2 features of project p are in progress"):
        limited.claim_next(PROJECT, "cid", respect_limit=True)
    with pytest.raises(LimitReachedError):
        limited.claim(PROJECT, "c", "cid", respect_limit=True)
    assert first is not None
    limited.pass_(PROJECT, "a", version=first.version)
    third = limited.claim_next(PROJECT, "cid", respect_limit=True)
    world.clock.now += timedelta(seconds=10)
    over = limited.claim_next(PROJECT, "dan", respect_limit=True)

    assert third is not None
    assert over is not None
    assert (second.id, third.id, over.id) == ("b", "c", "b")
    with pytest.raises(LimitReachedError):
        limited.claim_next(PROJECT, "cid", respect_limit=True)


def test_a_slot_that_another_takes_in_between_is_counted(
    forge: Forge, sure: Client, agent: Forge
) -> None:
    forge.projects.update(PROJECT, max_concurrency=1)
    create(forge, "a", "b", "c")

    def take() -> None:
        forge.features.claim(PROJECT, "c", "bob", respect_limit=True)

    with interrupted(sure, "TransactWriteItems", take), pytest.raises(LimitReachedError):
        agent.features.claim_next(PROJECT, "ann", respect_limit=True)

    assert forge.features.stats(PROJECT).in_progress == 1


def test_what_was_claimed_without_the_limit_counts_too(forge: Forge) -> None:
    forge.projects.update(PROJECT, max_concurrency=1)
    create(forge, "a", "b")
    forge.features.claim_next(PROJECT, "ann")

    with pytest.raises(LimitReachedError):
        forge.features.claim_next(PROJECT, "bob", respect_limit=True)

    assert forge.features.claim_next(PROJECT, "bob") is not None


def test_a_limit_of_a_project_that_is_gone_is_said_to_be_gone(world: World, forge: Forge) -> None:
    create(forge, "a")
    key = {"PK": {"S": f"PROJECT#{PROJECT}"}, "SK": {"S": "METADATA"}}
    world.store.client.botocore.delete_item(TableName=world.store.table_name, Key=key)

    with pytest.raises(ItemNotFoundError, match="no Project"):
        forge.features.claim_next(PROJECT, "ann", respect_limit=True)

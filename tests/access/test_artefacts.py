"""Versions of artefacts: each replaced version is kept once."""

from __future__ import annotations

import pytest

from autoforge.access.artefacts import revert_artefact, update_artefact
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import (
    ConditionFailedError,
)
from tests.dynamodb.written import LATER, stored_item
from tests.factories import (
    NOON,
    an_artefact,
)


def test_updating_an_artefact_keeps_what_it_replaces_and_counts(store: Store) -> None:
    artefact = store.save(Put(an_artefact(content={"v": 1})))
    identity = artefact.project_id, artefact.type

    second = store.save(update_artefact(*identity, {"v": 2}, expected_version=1, at=LATER))
    third = store.save(update_artefact(*identity, {"v": 3}, expected_version=None, at=LATER))

    assert (second.content, second.previous_version, second.version) == ({"v": 2}, {"v": 1}, 2)
    assert (third.content, third.previous_version, third.version) == ({"v": 3}, {"v": 2}, 3)
    assert (third.created_at, third.updated_at, third.id) == (NOON, LATER, artefact.id)


def test_reverting_an_artefact_swaps_its_two_contents_and_counts_on(store: Store) -> None:
    artefact = store.save(Put(an_artefact(content={"v": 1})))
    identity = artefact.project_id, artefact.type
    store.save(update_artefact(*identity, {"v": 2}, expected_version=1, at=NOON))

    once = store.save(revert_artefact(*identity, expected_version=2, at=LATER))
    twice = store.save(revert_artefact(*identity, expected_version=None, at=LATER))

    assert (once.content, once.previous_version, once.version) == ({"v": 1}, {"v": 2}, 3)
    assert (twice.content, twice.previous_version, twice.version) == ({"v": 2}, {"v": 1}, 4)


def test_an_artefact_without_a_version_before_it_cannot_be_reverted(store: Store) -> None:
    artefact = store.save(Put(an_artefact()))
    identity = artefact.project_id, artefact.type

    with pytest.raises(
        ConditionFailedError, match="has no previous version; only an artefact that"
    ) as caught:
        store.save(revert_artefact(*identity, expected_version=1, at=LATER))

    assert type(caught.value) is ConditionFailedError
    assert stored_item(store, artefact) == artefact.to_item()

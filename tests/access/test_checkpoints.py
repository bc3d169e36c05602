"""Checkpoints advance, and never move back."""

from __future__ import annotations

import re

import pytest

from autoforge.access.checkpoints import CheckpointOf, advance_checkpoint, set_checkpoint
from autoforge.dynamodb.store.store import Store
from autoforge.errors import (
    ConditionFailedError,
)
from tests.dynamodb.written import LATER
from tests.factories import (
    NOON,
    a_checkpoint,
    new_id,
)


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
    refused = f"is at {re.escape(after)}, which is past {re.escape(before)}$"
    with pytest.raises(ConditionFailedError, match=refused) as caught:
        store.save(advance_checkpoint(*where, before, at=LATER))

    assert (again.checkpoint_value, forward.checkpoint_value) == (before, after)
    assert caught.value.item == forward == store.get(CheckpointOf(*where))


def test_the_same_moment_in_another_form_is_no_step_back(store: Store) -> None:
    where = new_id(), "jira", "last_sync"
    store.save(advance_checkpoint(*where, "2026-02-04T10:00:00.000Z", at=NOON))

    same = store.save(advance_checkpoint(*where, "2026-02-04T12:00:00+02:00", at=LATER))

    assert same.checkpoint_value == "2026-02-04T12:00:00+02:00"


def test_a_checkpoint_of_another_program_advances_too(store: Store) -> None:
    """Such a checkpoint has a value and no position."""
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

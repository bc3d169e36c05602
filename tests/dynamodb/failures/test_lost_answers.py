"""A write whose answer was lost is applied once, and reported with its real outcome."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

import pytest
from botocore.exceptions import (
    ClientError,
    ReadTimeoutError,
)

from autoforge.access.actions import ActionById, execute_action
from autoforge.access.artefacts import ArtefactOfProject, revert_artefact, update_artefact
from autoforge.access.escalations import decide_escalation
from autoforge.access.events.patterns import EventsOfProject, record_event
from autoforge.access.projects.patterns import ProjectById
from autoforge.dynamodb.client.client import RetryPolicy
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import (
    ConditionFailedError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    ThrottledError,
    TransactionConflictError,
    VersionConflictError,
)
from autoforge.models import Artefact, ArtefactType, Project
from autoforge.testing.faults import Break, Lose, Refuse, injected
from tests.factories import (
    NOON,
    a_project,
    an_action,
    an_artefact,
    an_escalation,
    an_event,
    new_id,
)

_ATTEMPTS: Final = RetryPolicy().attempts
_THROTTLED: Final = Refuse("ProvisionedThroughputExceededException")


_LATER: Final = NOON + timedelta(minutes=1)


def test_a_put_whose_answer_was_lost_is_reported_as_made(store: Store) -> None:
    # DynamoDB returns the numbers in another notation.
    project = a_project(
        config={"small": 1e-7, "whole": 2.0, "large": 1e30, "nested": [{"a": 1.50}]}
    )

    with injected(store.client, [Lose()]) as attempts:
        saved = store.save(Put(project))

    assert saved == project
    assert attempts.operations == ["PutItem", "PutItem"]


def test_an_answer_is_still_known_to_be_lost_when_the_next_attempt_was_throttled(
    store: Store,
) -> None:
    project = a_project()

    with injected(store.client, [Lose(), _THROTTLED]):
        assert store.save(Put(project)) == project


def test_a_put_that_meets_another_item_after_a_lost_answer_is_refused(store: Store) -> None:
    mine = a_project()
    rival = a_project(id=mine.id, name="Another")
    store.save(Put(rival))

    with (
        injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]),
        pytest.raises(ItemExistsError) as caught,
    ):
        store.save(Put(mine))

    assert caught.value.item == rival


def test_a_second_put_of_an_equal_item_is_refused_when_no_answer_was_lost(store: Store) -> None:
    project = a_project()
    store.save(Put(project))

    with injected(store.client, [_THROTTLED]), pytest.raises(ItemExistsError):
        store.save(Put(project))


@pytest.mark.parametrize("expected_version", [1, None])
def test_an_update_whose_answer_was_lost_is_made_once(
    store: Store, expected_version: int | None
) -> None:
    artefact = _stored(store)
    write = update_artefact(
        artefact.project_id,
        artefact.type,
        {"new": 1e-7},
        expected_version=expected_version,
        at=_LATER,
    )

    with injected(store.client, [Lose()]):
        saved = store.save(write)

    assert saved == _artefact(store, artefact)
    assert (saved.version, saved.content, saved.previous_version, saved.updated_at) == (
        2,
        {"new": 1e-7},
        artefact.content,
        _LATER,
    )


def test_an_update_that_adds_is_made_once_though_nothing_counts_it(store: Store) -> None:
    project = a_project(max_concurrency=3)
    store.save(Put(project))
    write = Update(Project, {"id": project.id}, _LATER, [Project.max_concurrency.add(1)])

    with injected(store.client, [Lose()]):
        saved = store.save(write)

    assert saved.max_concurrency == 4
    assert store.require(ProjectById(project.id), consistent=True) == saved


@pytest.mark.parametrize("expected_version", [2, None])
def test_a_revert_whose_answer_was_lost_is_made_once(
    store: Store, expected_version: int | None
) -> None:
    artefact = _stored(store)
    identity = artefact.project_id, artefact.type
    store.save(update_artefact(*identity, {"new": True}, expected_version=1, at=NOON))

    with injected(store.client, [Lose()]):
        saved = store.save(revert_artefact(*identity, expected_version=expected_version, at=_LATER))

    assert saved == _artefact(store, artefact)
    assert (saved.version, saved.content, saved.previous_version) == (
        3,
        artefact.content,
        {"new": True},
    )


def test_an_update_that_was_not_made_is_made_when_its_fate_is_known(store: Store) -> None:
    artefact = _stored(store)
    write = update_artefact(
        artefact.project_id, artefact.type, {"new": True}, expected_version=None, at=_LATER
    )

    with injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]) as attempts:
        saved = store.save(write)

    assert attempts.operations == ["UpdateItem", "GetItem", "UpdateItem"]
    assert (saved.version, saved.previous_version) == (2, artefact.content)


def test_an_update_whose_fate_is_unknown_and_whose_item_is_gone_finds_none(store: Store) -> None:
    write = update_artefact(
        new_id(), ArtefactType.RAID_LOG, {"new": True}, expected_version=None, at=_LATER
    )

    with (
        injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]),
        pytest.raises(ItemNotFoundError),
    ):
        store.save(write)


def test_a_rivals_update_after_a_lost_answer_is_a_version_conflict(store: Store) -> None:
    artefact = _stored(store)
    identity = artefact.project_id, artefact.type
    store.save(update_artefact(*identity, {"rival": True}, expected_version=1, at=NOON))
    write = update_artefact(*identity, {"mine": True}, expected_version=1, at=_LATER)

    with (
        injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]),
        pytest.raises(VersionConflictError) as caught,
    ):
        store.save(write)

    assert caught.value.item == _artefact(store, artefact)


def test_an_answer_lost_while_the_version_went_further_is_a_version_conflict(store: Store) -> None:
    """Another write stored the same content with the same timestamp, but in a later version."""
    artefact = _stored(store)
    identity = artefact.project_id, artefact.type
    store.save(update_artefact(*identity, {"same": True}, expected_version=1, at=_LATER))
    store.save(update_artefact(*identity, {"same": True}, expected_version=2, at=_LATER))
    write = update_artefact(*identity, {"same": True}, expected_version=1, at=_LATER)

    with (
        injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]),
        pytest.raises(VersionConflictError),
    ):
        store.save(write)


def test_a_decision_whose_answer_was_lost_is_reported_as_made(store: Store) -> None:
    escalation = an_escalation()
    store.save(Put(escalation))

    with injected(store.client, [Lose()]):
        decided = store.save(
            decide_escalation(escalation.project_id, escalation.id, decision="yes", at=_LATER)
        )

    assert (decided.user_decision, decided.decided_at) == ("yes", _LATER)


def test_a_state_that_another_caller_reached_is_not_taken_for_ones_own(store: Store) -> None:
    action = an_action()
    store.save(Put(action))
    store.save(execute_action(action.project_id, action.id, at=NOON))

    with (
        injected(store.client, [Break(ReadTimeoutError(endpoint_url="made up"))]),
        pytest.raises(ConditionFailedError),
    ):
        store.save(execute_action(action.project_id, action.id, at=_LATER))

    executed = store.require(ActionById(action.project_id, action.id))
    assert executed.executed_at == NOON


def test_a_delete_whose_answer_was_lost_is_reported_as_made(store: Store) -> None:
    project = a_project()
    store.save(Put(project))

    with injected(store.client, [Lose()]) as attempts:
        store.write(Delete(Project, {"id": project.id}))

    assert attempts.operations == ["DeleteItem", "DeleteItem"]
    assert store.get(ProjectById(project.id)) is None


def test_a_transaction_whose_answer_was_lost_is_made_once(store: Store) -> None:
    event = an_event()

    with injected(store.client, [Lose()]) as attempts:
        store.transact(record_event(event))

    assert len({json.loads(body)["ClientRequestToken"] for body in attempts.bodies}) == 1
    assert store.page(EventsOfProject(event.project_id or ""), limit=9).items == (event,)


def test_an_update_in_a_transaction_whose_answer_was_lost_is_made_once(store: Store) -> None:
    artefact = _stored(store)
    write = update_artefact(
        artefact.project_id, artefact.type, {"new": 1}, expected_version=None, at=_LATER
    )

    with injected(store.client, [Lose()]):
        store.transact(Transaction((write,)))

    assert _artefact(store, artefact).version == 2


def test_a_conflicting_transaction_is_sent_again_under_the_same_token(store: Store) -> None:
    event = an_event()
    reasons = [{"Code": "None"}, {"Code": "TransactionConflict", "Message": "made up"}]
    conflict = Refuse("TransactionCanceledException", more={"CancellationReasons": reasons})

    with injected(store.client, [conflict, conflict, conflict]) as attempts:
        store.transact(record_event(event))

    tokens = [json.loads(body)["ClientRequestToken"] for body in attempts.bodies]
    assert (len(tokens), len(set(tokens))) == (4, 1)
    assert store.page(EventsOfProject(event.project_id or ""), limit=9).items == (event,)


def test_two_transactions_have_two_tokens(store: Store) -> None:
    with injected(store.client, []) as attempts:
        store.transact(record_event(an_event()))
        store.transact(record_event(an_event()))

    assert len({json.loads(body)["ClientRequestToken"] for body in attempts.bodies}) == 2


def test_a_transaction_that_never_stops_conflicting_is_given_up(store: Store) -> None:
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    conflict = Refuse("TransactionCanceledException", more={"CancellationReasons": reasons})

    with (
        injected(store.client, lambda *_: conflict) as attempts,
        pytest.raises(TransactionConflictError),
    ):
        store.transact(record_event(an_event()))

    assert len(attempts.operations) == _ATTEMPTS


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        ({"Code": "ProvisionedThroughputExceeded"}, ThrottledError),
        ({"Code": "ValidationError", "Message": "made up"}, InvalidValueError),
        ({"Code": "SomethingUnheardOf"}, ClientError),
    ],
    ids=str,
)
def test_a_cancelled_transaction_says_why(
    store: Store, reason: dict[str, str], meaning: type[Exception]
) -> None:
    more = {"CancellationReasons": [{"Code": "None"}, reason]}
    cancelled = Refuse("TransactionCanceledException", more=more)

    with injected(store.client, lambda *_: cancelled), pytest.raises(meaning):
        store.transact(record_event(an_event()))


def test_a_token_used_for_another_transaction_is_an_invalid_value(store: Store) -> None:
    with (
        injected(store.client, [Refuse("IdempotentParameterMismatchException")]),
        pytest.raises(InvalidValueError),
    ):
        store.transact(record_event(an_event()))


def _stored(store: Store) -> Artefact:
    return store.save(Put(an_artefact()))


def _artefact(store: Store, artefact: Artefact) -> Artefact:
    return store.require(ArtefactOfProject(artefact.project_id, artefact.type), consistent=True)

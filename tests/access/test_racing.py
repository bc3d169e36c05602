"""Of callers at the same time one wins, and the others receive an error that says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, Final

import pytest

from autoforge.access.actions import (
    ActionById,
    approve_action,
    cancel_action,
    execute_action,
)
from autoforge.access.artefacts import ArtefactOfProject, update_artefact
from autoforge.access.escalations import (
    EscalationById,
    decide_escalation,
)
from autoforge.access.events.patterns import (
    EventById,
    record_event,
)
from autoforge.access.projects.patterns import (
    ProjectById,
)
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import (
    AutoforgeError,
    ConditionFailedError,
    ItemExistsError,
    VersionConflictError,
)
from autoforge.models import (
    AgentAction,
    Event,
)
from tests.dynamodb.written import LATER
from tests.factories import (
    NOON,
    a_project,
    an_action,
    an_artefact,
    an_escalation,
    an_event,
    new_id,
)

_THREADS: Final = 8


def _race(store: Store, writes: Sequence[Write[Any]]) -> list[Any]:
    """Make all writes at the same time; return the result or error of each."""
    barrier = Barrier(len(writes))

    def run(write: Write[Any]) -> Any:
        barrier.wait()
        try:
            return store.write(write)
        except AutoforgeError as error:
            return error

    with ThreadPoolExecutor(len(writes)) as pool:
        return list(pool.map(run, writes))


def _winner(outcomes: Sequence[Any], losing: type[AutoforgeError]) -> Any:
    """Return the result of the winner; each loser's error must hold the item it wrote."""
    (winner,) = [each for each in outcomes if not isinstance(each, AutoforgeError)]
    lost = [each for each in outcomes if each is not winner]
    assert [type(each) for each in lost] == [losing] * (_THREADS - 1)
    assert all(each.item == winner for each in lost)
    return winner


@pytest.mark.parametrize("attempt", range(3))
def test_of_racing_decisions_one_is_made(store: Store, attempt: int) -> None:
    escalation = store.save(Put(an_escalation()))

    outcomes = _race(
        store,
        [
            decide_escalation(
                escalation.project_id, escalation.id, decision=f"option {n}", at=LATER
            )
            for n in range(_THREADS)
        ],
    )

    assert _winner(outcomes, ConditionFailedError) == store.get(
        EscalationById(escalation.project_id, escalation.id)
    )


@pytest.mark.parametrize("move", [approve_action, execute_action, cancel_action])
def test_of_racing_moves_of_an_action_one_is_made(
    store: Store, move: Callable[..., Update[AgentAction]]
) -> None:
    action = store.save(Put(an_action(held_until=NOON - timedelta(minutes=5))))

    outcomes = _race(
        store,
        [move(action.project_id, action.id, at=NOON + n * MILLISECOND) for n in range(_THREADS)],
    )

    assert _winner(outcomes, ConditionFailedError) == store.get(
        ActionById(action.project_id, action.id)
    )


@pytest.mark.parametrize("attempt", range(3))
def test_of_racing_creations_one_is_made(store: Store, attempt: int) -> None:
    project_id = new_id()

    outcomes = _race(
        store, [Put(a_project(id=project_id, name=f"name {n}")) for n in range(_THREADS)]
    )

    assert _winner(outcomes, ItemExistsError) == store.get(ProjectById(project_id))


@pytest.mark.parametrize("attempt", range(3))
def test_of_racing_updates_of_one_version_one_is_made(store: Store, attempt: int) -> None:
    artefact = store.save(Put(an_artefact()))

    outcomes = _race(
        store,
        [
            update_artefact(
                artefact.project_id, artefact.type, {"n": n}, expected_version=1, at=LATER
            )
            for n in range(_THREADS)
        ],
    )

    winner = _winner(outcomes, VersionConflictError)
    assert winner == store.get(ArtefactOfProject(artefact.project_id, artefact.type))
    assert (winner.version, winner.previous_version) == (2, artefact.content)


def test_of_racing_updates_without_a_version_all_are_made_one_after_another(
    store: Store,
) -> None:
    artefact = store.save(Put(an_artefact()))

    outcomes = _race(
        store,
        [
            update_artefact(
                artefact.project_id, artefact.type, {"n": n}, expected_version=None, at=LATER
            )
            for n in range(_THREADS)
        ],
    )

    assert sorted(each.version for each in outcomes) == list(range(2, _THREADS + 2))
    assert len({str(each.previous_version) for each in outcomes}) == _THREADS


def test_of_events_recorded_at_once_under_one_id_one_is_stored(store: Store) -> None:
    event = an_event()
    barrier = Barrier(_THREADS)

    def record(number: int) -> bool:
        values = {**event.attribute_values, "summary": f"number {number}"}
        barrier.wait()
        try:
            store.transact(record_event(Event(**values)))
        except ItemExistsError:
            return False
        return True

    with ThreadPoolExecutor(_THREADS) as pool:
        won = list(pool.map(record, range(_THREADS)))

    assert won.count(True) == 1
    stored = store.require(EventById(event.project_id, event.id))
    assert stored.summary == f"number {won.index(True)}"

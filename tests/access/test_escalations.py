"""Escalations are closed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    decide_escalation,
    expire_escalation,
    supersede_escalation,
)
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.write import Write
from autoforge.errors import (
    ConditionFailedError,
    InvalidValueError,
)
from autoforge.forge import Forge
from autoforge.models import (
    Escalation,
    EscalationStatus,
)
from tests.dynamodb.written import LATER
from tests.factories import (
    an_escalation,
)
from tests.stores import fresh


def test_a_decision_closes_an_escalation_and_moves_it_in_the_index(store: Store) -> None:
    store = fresh(store.client)
    escalation = store.save(Put(an_escalation()))

    decided = store.save(
        decide_escalation(
            escalation.project_id,
            escalation.id,
            decision="Option A",
            notes="Risky",
            decided_by="ann",
            at=LATER,
        )
    )

    assert decided.attribute_values == {
        **escalation.attribute_values,
        "status": EscalationStatus.DECIDED,
        "user_decision": "Option A",
        "user_notes": "Risky",
        "decided_by": "ann",
        "decided_at": LATER,
        "updated_at": LATER,
    }
    assert store.page(EscalationsByStatus(EscalationStatus.PENDING), limit=9).items == ()
    assert store.page(EscalationsByStatus(EscalationStatus.DECIDED), limit=9).items == (decided,)


@pytest.mark.parametrize(
    ("options", "decision", "is_one"),
    [
        (None, "anything", True),
        ([], "anything", True),
        (["Now", "Later"], "Now", True),
        (["Now", "Later"], "now", False),
        ([{"id": "a", "label": "Defer"}, {"id": "b", "label": "Accept"}], "b", True),
        ([{"id": "a", "label": "Defer"}, {"id": "b", "label": "Accept"}], "Defer", True),
        ([{"id": "a", "label": "Defer"}, {"id": "b", "label": "Accept"}], "label", False),
        ([{"id": 1}, {"id": 2}], "2", True),
        ([{"id": 1}, {"id": 2}], "3", False),
        ([1, 2], "2", True),
        ([1, 2], "3", False),
        ([{"weeks": 2}], '{"weeks": 2}', True),
        (["Now", {"label": "Later"}, []], "", False),
    ],
)
def test_a_decision_is_one_of_the_options_if_there_are_any(
    forge: Forge, options: list[Any] | None, decision: str, *, is_one: bool
) -> None:
    project_id = forge.projects.create("Portal").id
    asked = forge.escalations.create(project_id, "When?", options=options)

    if is_one:
        assert forge.escalations.decide(project_id, asked.id, decision).user_decision == decision
        return
    with pytest.raises(InvalidValueError, match=r"^userDecision is .*; the options are: "):
        forge.escalations.decide(project_id, asked.id, decision)
    assert forge.escalations.get(project_id, asked.id, consistent=True) == asked


def test_who_decides_second_learns_of_the_first_whatever_the_options_are(forge: Forge) -> None:
    project_id = forge.projects.create("Portal").id
    asked = forge.escalations.create(project_id, "When?", options=["Now", "Later"])
    forge.escalations.decide(project_id, asked.id, "Now", decided_by="Ann")

    with pytest.raises(ConditionFailedError) as caught:
        forge.escalations.decide(project_id, asked.id, "never")

    assert isinstance(caught.value.item, Escalation)
    assert caught.value.item.decided_by == "Ann"


_CLOSINGS: Final[dict[EscalationStatus, Callable[[Escalation], Write[Escalation]]]] = {
    EscalationStatus.DECIDED: lambda it: decide_escalation(
        it.project_id, it.id, decision="no", at=LATER
    ),
    EscalationStatus.EXPIRED: lambda it: expire_escalation(it.project_id, it.id, at=LATER),
    EscalationStatus.SUPERSEDED: lambda it: supersede_escalation(it.project_id, it.id, at=LATER),
}


@pytest.mark.parametrize("first", _CLOSINGS)
@pytest.mark.parametrize("second", _CLOSINGS)
def test_an_escalation_is_closed_once_and_the_second_learns_how(
    store: Store, first: EscalationStatus, second: EscalationStatus
) -> None:
    escalation = store.save(Put(an_escalation()))
    closed = store.write(_CLOSINGS[first](escalation))

    refused = f"is {first}; only a pending escalation can be {second}$"
    with pytest.raises(ConditionFailedError, match=refused) as caught:
        store.write(_CLOSINGS[second](escalation))

    assert caught.value.item == closed
    assert closed is not None
    assert closed.status == first
    assert store.get(EscalationById(escalation.project_id, escalation.id)) == closed

"""A request that pauses for longer than its lease is overtaken, and still takes effect once.

Another process sends the same request under the same idempotency key, between any two requests
of the first. The first then continues as if nothing had happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from autoforge.access.events.recording import NOT_RECORDED, has_lapsed
from autoforge.access.requests.once import LEASE, Outcome, Run
from autoforge.access.requests.patterns import RepeatableRequest
from autoforge.dynamodb.client.client import Client
from autoforge.forge import Forge, NewFeature
from tests.adversarial.interleaving import Board, Way, crossings, meet, outcome
from tests.adversarial.laws import require_finished
from tests.adversarial.writes import prepare
from tests.factories import NOON

_REQUEST: Final = RepeatableRequest.of("a key", ("test",), None, "p")

#: The calls that mint ids.
MINTING: Final[dict[str, Callable[[Forge], object]]] = {
    "project": lambda forge: forge.projects.create("Another", owner_id="ann"),
    "escalation": lambda forge: forge.escalations.create("p", "Scope?"),
    "action": lambda forge: forge.actions.create("p", "send", "Send it"),
    "agent": lambda forge: forge.agents.create("p", "Tester"),
    "features": lambda forge: forge.features.create_many(
        "p", [NewFeature(name="m", linear_issue_id="L-9"), NewFeature(name="n", dependencies=[0])]
    ),
    "run": lambda forge: forge.runs.start("p", "coder", "c"),
    "event": lambda forge: forge.events.record("p", "begun", "Begun"),
    "event of no project": lambda forge: forge.events.record(None, "begun", "Begun"),
}


@pytest.fixture(scope="module")
def prepared(client: Client) -> Board:
    """A table with an entity of every kind."""
    return Board.on(client, prepare)


#: The project of the event that a call records.
_RECORDED: Final = {"event": "p", "event of no project": None}


def _kinds(board: Board) -> Counter[str]:
    """Count the items of each entity, without items that only reserve an id."""
    return Counter(
        item["EntityType"]["S"]
        for item in board.items().values()
        if item.get("eventType") != {"S": NOT_RECORDED}
    )


@pytest.mark.parametrize("kind", MINTING)
def test_a_request_that_is_overtaken_mints_once(prepared: Board, kind: str) -> None:
    def make(forge: Forge) -> object:
        def lapsed(run: Run) -> bool:
            return kind in _RECORDED and has_lapsed(
                forge.store, _RECORDED[kind], run.first_id, run.moment, forge.record_bound
            )

        return forge.once(
            _REQUEST, lambda within: (MINTING[kind](within), Outcome(201, ("made",))), lapsed
        )

    def overtake(forge: Forge) -> object:
        prepared.clock.now += LEASE
        return make(forge)

    prepared.put_back()
    outcome(make, prepared.process())
    expected = _kinds(prepared)

    for crossing in crossings(prepared, make):
        if crossing.way is Way.KILLED:
            continue
        prepared.clock.now = NOON
        meeting = meet(prepared, make, overtake, crossing)

        assert _kinds(prepared) == expected, meeting
        require_finished(prepared.store, prepared.clock.now)

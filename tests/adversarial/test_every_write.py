"""Any write between the requests of another leaves a consistent table, and no write is lost.

Every write meets every other that affects the same things: between any two of its requests, after
each of its writes with the answer lost, and after each of its writes with its process killed.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from autoforge.access.operations import WORK
from autoforge.dynamodb.client.client import Client
from autoforge.errors import IncompleteBatchError, UnavailableError
from autoforge.models import Feature
from tests.adversarial.effort import Effort
from tests.adversarial.interleaving import (
    Board,
    Meeting,
    Refused,
    Way,
    crossings,
    meet,
    outcome,
)
from tests.adversarial.laws import require_finished, require_safe
from tests.adversarial.serial import Serial, image
from tests.adversarial.writes import CHOSEN, WRITES, Write, prepare, related

#: Within the suite, one case in this many is tried.
_SHARE: Final = 64
#: Without deletions: they act on earlier reads, and ``test_deletion.py`` tests what they leave.
_MET: Final = [write for write in WRITES if not write.step.name.endswith(".delete")]


@pytest.fixture(scope="module")
def prepared(client: Client) -> Board:
    """A table with an entity of every kind."""
    return Board.on(client, prepare)


def test_every_method_that_writes_is_among_the_writes() -> None:
    """Except ``once``, which wraps another write; ``test_overtaken_requests.py`` tests it."""
    assert {write.step.name for write in WRITES} == {work.name for work in WORK} - {"once"}


def test_the_table_is_lawful_before(prepared: Board) -> None:
    prepared.put_back()

    require_finished(prepared.store, prepared.clock.now)


@pytest.mark.parametrize("first", _MET, ids=str)
def test_writes_that_meet_leave_what_they_leave_one_after_the_other(
    prepared: Board, effort: Effort, first: Write
) -> None:
    others = [each for each in related(first) if each in _MET]
    cases = [*product(crossings(prepared, first), others)]
    serials = {other: Serial(prepared, first, other, CHOSEN) for other in others}

    for crossing, other in effort.share(cases, of=_SHARE):
        meeting = meet(prepared, first, other, crossing)
        _require_lawful(meeting)
        if first.is_claim and other.is_claim:
            _require_claimed_once(meeting)
        way = crossing.way
        repeated = way is Way.KILLED or (way is Way.UNANSWERED and first.whatever)
        _require_serial(meeting, serials[other], repeated=repeated)


def _require_lawful(meeting: Meeting) -> None:
    """Check what must hold for every table; repair first if a process was killed."""
    board = meeting.board
    for came in (meeting.first, meeting.second, meeting.again):
        if isinstance(came, Refused):
            assert not isinstance(came.error, UnavailableError | IncompleteBatchError), meeting
    if meeting.crossing.way is Way.KILLED:
        require_safe(board.store, board.clock.now)
        outcome(lambda forge: forge.features.repair("p"), board.process())
    require_finished(board.store, board.clock.now)


def _require_claimed_once(meeting: Meeting) -> None:
    """Check that no two callers received the same feature under the same claim token."""
    told = [each for each in (meeting.first, meeting.second) if isinstance(each, Feature)]
    assert len({(each.id, each.claim_version) for each in told}) == len(told), meeting


def _require_serial(meeting: Meeting, serial: Serial, *, repeated: bool) -> None:
    """Check that the writes left the same state as one after the other."""
    left = image(meeting.board, CHOSEN)
    if not serial.explains(left, repeated=repeated):
        pytest.fail(f"{meeting}: {serial.nearest(left, repeated=repeated)}")

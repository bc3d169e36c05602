"""Two writes of features that interrupt each other leave a consistent graph."""

from __future__ import annotations

from typing import Final

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.forge import Forge, NewFeature
from autoforge.models import FeatureStatus
from tests.adversarial.effort import Effort
from tests.adversarial.interleaving import Board, Operation, Refused, Way, crossings, meet
from tests.adversarial.laws import require_finished
from tests.adversarial.serial import Serial, image
from tests.adversarial.weaving import weave, weaves, woven
from tests.adversarial.writes import CHOSEN, WRITES, Write, prepare

#: Within the suite, one case in this many is tried.
_SHARE: Final = 2000
_OF_FEATURES: Final = [write for write in WRITES if "features" in write.touches]


def _passing(forge: Forge) -> None:
    """Create feature x and a passing feature that it may depend on later."""
    forge.projects.create("Portal", id="p")
    forge.features.create_many("p", [NewFeature(name=each, id=each) for each in ("x", "e")])
    forge.features.pass_("p", "e", force=True)


def _add(forge: Forge) -> object:
    return forge.features.add_dependency("p", "x", "e")


def _create(forge: Forge) -> object:
    return forge.features.create("p", "y", id="y", dependencies=["e"])


def _reopen(forge: Forge) -> object:
    return forge.features.reopen("p", "e")


def _fail(forge: Forge) -> object:
    return forge.features.fail("p", "e")


_DEPENDING: Final = pytest.mark.parametrize("depend", [_add, _create])
_REGRESSING: Final = pytest.mark.parametrize("regress", [_reopen, _fail])


@_DEPENDING
@_REGRESSING
def test_who_begins_to_depend_on_what_is_about_to_stop_passing_waits_for_it(
    board: Board, depend: Operation, regress: Operation
) -> None:
    board.prepare(_passing)

    for first, second in ((depend, regress), (regress, depend)):
        for each in woven(board, first, second):
            there = require_finished(board.store, board.clock.now)
            (features,) = there.features()
            assert FeatureStatus.PASSING not in {f.status for f in features.features.values()}
            assert not isinstance(each.first, Refused), each
            assert not isinstance(each.second, Refused), each


@_DEPENDING
@_REGRESSING
def test_a_regression_that_was_cut_off_stops_nobody_from_depending_on_it(
    board: Board, depend: Operation, regress: Operation
) -> None:
    board.prepare(_passing)

    for crossing in crossings(board, regress):
        if crossing.way is Way.KILLED:
            meeting = meet(board, regress, depend, crossing)
            assert not isinstance(meeting.second, Refused), meeting
            require_finished(board.store, board.clock.now)


@pytest.fixture(scope="module")
def prepared(client: Client) -> Board:
    """A table with an entity of every kind."""
    return Board.on(client, prepare)


@pytest.mark.parametrize("first", _OF_FEATURES, ids=str)
def test_writes_of_features_that_interrupt_each_other_leave_what_they_leave_one_after_the_other(
    prepared: Board, effort: Effort, first: Write
) -> None:
    cases = [(other, where) for other in _OF_FEATURES for where in weaves(prepared, first, other)]
    for other, where in effort.share(cases, of=_SHARE):
        each = weave(prepared, first, other, where)
        there = require_finished(prepared.store, prepared.clock.now)
        assert there.projects
        left = image(prepared, CHOSEN)
        serial = Serial(prepared, first, other, CHOSEN)
        if not serial.explains(left, repeated=False):
            pytest.fail(f"{each}: {serial.nearest(left, repeated=False)}")

"""A request that takes effect once, even if a second run overtakes the first in a process."""

from __future__ import annotations

from typing import Final, Never

import pytest

from autoforge.access.requests.once import LEASE, Outcome
from autoforge.access.requests.patterns import RepeatableRequest
from autoforge.errors import InvalidValueError, RequestRunningError
from autoforge.forge import Forge
from autoforge.testing.clock import Clock
from tests.factories import new_id

_MADE: Final = Outcome(201, ("made",), "/made")


def _request() -> RepeatableRequest:
    return RepeatableRequest.of(new_id(), ("test",), None, None)


def _nothing(_: Forge) -> tuple[None, Outcome]:
    return None, _MADE


def _never(_: Forge) -> Never:
    raise AssertionError("it was made already")


def test_a_run_that_was_overtaken_and_refused_leaves_what_the_other_came_to(
    forge: Forge, clock: Clock
) -> None:
    request = _request()

    def refused(_: Forge) -> Never:
        clock.now += LEASE
        forge.once(request, _nothing)
        raise InvalidValueError("made up")

    with pytest.raises(InvalidValueError, match="made up"):
        forge.once(request, refused)

    assert forge.once(request, _never) == (None, _MADE)


def test_a_run_that_was_overtaken_and_ends_leaves_what_the_other_came_to(
    forge: Forge, clock: Clock
) -> None:
    request = _request()

    def late(_: Forge) -> tuple[None, Outcome]:
        clock.now += LEASE
        forge.once(request, _nothing)
        return None, Outcome(200, ("late",))

    forge.once(request, late)

    assert forge.once(request, _never) == (None, _MADE)


def test_a_run_that_was_overtaken_and_refused_leaves_the_other_to_be_taken_over(
    forge: Forge, clock: Clock
) -> None:
    request = _request()

    def cut_off(_: Forge) -> Never:
        raise KeyboardInterrupt

    def refused(_: Forge) -> Never:
        clock.now += LEASE
        with pytest.raises(KeyboardInterrupt):
            forge.once(request, cut_off)
        raise InvalidValueError("made up")

    with pytest.raises(InvalidValueError, match="made up"):
        forge.once(request, refused)

    with pytest.raises(RequestRunningError):
        forge.once(request, _never)


@pytest.mark.parametrize("lapsed", [False, True])
def test_a_run_that_begins_anew_takes_nothing_that_is_there_for_its_own(
    forge: Forge, clock: Clock, *, lapsed: bool
) -> None:
    request = _request()
    runs: list[Forge] = []

    def cut_off(within: Forge) -> Never:
        runs.append(within)
        raise KeyboardInterrupt

    def taken_over(within: Forge) -> tuple[None, Outcome]:
        runs.append(within)
        return None, _MADE

    with pytest.raises(KeyboardInterrupt):
        forge.once(request, cut_off)
    clock.now += LEASE
    forge.once(request, taken_over, lambda _: lapsed)

    assert [each.store.repeated for each in runs] == [False, not lapsed]
    moments = {each.projects.create("Portal").created_at for each in runs}
    assert len(moments) == 1 + lapsed

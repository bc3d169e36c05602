"""Timestamps that callers give and that order items may lie in the past, not in the future."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.access.clocks import CLOCK_SKEW, require_not_ahead
from autoforge.access.tickets.patterns import LinearIssue
from autoforge.access.tickets.sync import SyncTickets
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.errors import InvalidValueError
from autoforge.forge import Forge
from autoforge.testing.clock import Clock
from tests.factories import NOON, a_project, new_id
from tests.stores import raw_items

pytestmark = pytest.mark.one_engine

#: A call that stores an item ordered by a timestamp, with that timestamp.
Path = Callable[[Forge, str, datetime], object]

_DOOMSDAY: Final = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)


def _issue(as_of: datetime) -> LinearIssue:
    return LinearIssue(f"LIN-{new_id()}", "https://l/1", "Passkeys", "Todo", as_of=as_of)


def _sync(forge: Forge, project_id: str, at: datetime) -> object:
    return forge.tickets.sync(
        project_id, f"LIN-{new_id()}", linear_issue_url="u", title="t", status="s", as_of=at
    )


def _sync_all(forge: Forge, project_id: str, at: datetime) -> object:
    counts = forge.tickets.sync_all(project_id, [_issue(at)])
    for refused in counts.refused:
        raise InvalidValueError(refused.reason)
    return counts


PATHS: Final[dict[str, Path]] = {
    "an event's createdAt": lambda forge, project_id, at: forge.events.record(
        project_id, "signal", "s", created_at=at
    ),
    "an event's id": lambda forge, project_id, at: forge.events.record(
        project_id, "signal", "s", id=new_id(at)
    ),
    "the createdAt of an event of no project": lambda forge, _, at: forge.events.record(
        None, "signal", "s", created_at=at
    ),
    "an action's id": lambda forge, project_id, at: forge.actions.create(
        project_id, "update", "d", id=new_id(at)
    ),
    "a ticket's asOf": _sync,
    "a ticket's asOf among many": _sync_all,
    "an advancing checkpoint": lambda forge, project_id, at: forge.checkpoints.advance(
        project_id, "jira", new_id(), at.isoformat()
    ),
}
each_path: Final = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)


@pytest.fixture
def project_id(store: Store) -> str:
    """The id of a project that exists."""
    project = a_project(id=new_id())
    store.put_all([project])
    return str(project.id)


@each_path
@pytest.mark.parametrize("ahead", [CLOCK_SKEW + MILLISECOND, timedelta(days=1), _DOOMSDAY - NOON])
def test_a_moment_ahead_of_all_clocks_is_refused_and_nothing_is_stored(
    forge: Forge, store: Store, project_id: str, path: Path, ahead: timedelta
) -> None:
    before = len(raw_items(store))

    with pytest.raises(InvalidValueError, match="ahead of the present"):
        path(forge, project_id, NOON + ahead)

    assert len(raw_items(store)) == before


@each_path
@pytest.mark.parametrize("ahead", [CLOCK_SKEW, timedelta(), timedelta(days=-10_000)])
def test_a_moment_of_the_past_or_of_a_clock_that_is_fast_is_taken(
    forge: Forge, store: Store, project_id: str, path: Path, ahead: timedelta
) -> None:
    before = len(raw_items(store))

    path(forge, project_id, NOON + ahead)

    assert len(raw_items(store)) > before


@given(ahead=st.timedeltas(timedelta(days=-700_000), timedelta(days=2_900_000)))
def test_a_moment_is_refused_exactly_if_it_is_further_ahead_than_clocks_differ(
    ahead: timedelta,
) -> None:
    moment = NOON + ahead
    in_milliseconds = ahead // MILLISECOND * MILLISECOND

    if in_milliseconds > CLOCK_SKEW:
        with pytest.raises(InvalidValueError, match=r"^createdAt is .* at most 2 seconds"):
            require_not_ahead("createdAt", moment, NOON)
    else:
        require_not_ahead("createdAt", moment, NOON)


def test_a_long_sync_takes_what_linear_changed_after_it_began(
    store: Store, clock: Clock, project_id: str
) -> None:
    clock.now = NOON + timedelta(minutes=10)
    sync = SyncTickets(project_id, [_issue(clock.now)], NOON, new_id)

    assert sync.run(store).created == 1


def test_setting_a_checkpoint_takes_any_moment(forge: Forge, project_id: str) -> None:
    """Setting overrides a checkpoint that was advanced too far, and may move it back."""
    forge.checkpoints.set(project_id, "calendar", "until", _DOOMSDAY.isoformat())
    forge.checkpoints.set(project_id, "calendar", "until", NOON.isoformat())

    advanced = forge.checkpoints.advance(
        project_id, "calendar", "until", (NOON + CLOCK_SKEW).isoformat()
    )

    assert advanced.position == "2026-02-04T12:00:02.000Z"


def test_an_action_may_be_held_for_as_long_as_one_likes(forge: Forge, project_id: str) -> None:
    """The end of a hold affects only its action; approving and cancelling end the hold sooner."""
    action = forge.actions.create(project_id, "update", "d", held_until=_DOOMSDAY)

    assert forge.actions.approve(project_id, action.id).held_until is None

"""Each poller receives every acknowledged event once, despite delays, loss and clock skew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from autoforge.access.clocks import CLOCK_SKEW
from autoforge.access.events.polling import MEMORY, POLL_LIMIT
from autoforge.access.events.recording import RecordBound
from autoforge.errors import UnavailableError
from tests.access.events.simulated_feed import (
    PROJECT,
    Engine,
    PollerTransport,
    Time,
    WriterTransport,
    delays,
    moments,
    simulated_forge,
)
from tests.factories import NOON

_BOUND: Final = RecordBound()


@dataclass
class Recorded:
    """When each event was acknowledged, and which events were created in the past."""

    acknowledged: dict[str, datetime]
    backfilled: set[str]


def _offset(random: Random) -> timedelta:
    """Draw how far a clock is ahead; two clocks never differ by more than ``CLOCK_SKEW``."""
    return CLOCK_SKEW * (random.random() - 0.5)


def _write(engine: Engine, random: Random, *, events: int, pause: float, faults: float) -> Recorded:
    """Record events in a separate process, one after another."""
    time, own = Time(), Engine()
    wire = WriterTransport(own, time, random, faults, delays(random.choice([0.015, 1.5])))
    forge = simulated_forge(wire, time, _offset(random), random)
    recorded = Recorded({}, set())
    for wait in moments(random, events, pause):
        time.pass_(wait)
        begun = forge.store.clock()
        # Most get the time of recording; a few bring their own, before or after the present.
        seconds = random.choice([None, None, None, None, 2.0, 0.0, -0.5, -5.0, -5.1, -60.0])
        at = None if seconds is None else begun + timedelta(seconds=seconds)
        try:
            event = forge.events.record(PROJECT, "signal", "s", created_at=at)
        except UnavailableError:
            continue
        recorded.acknowledged[event.id] = time.now
        # Taken after the call, as the access layer checks the time after it has read the project.
        if at is not None and forge.store.clock() - at > _BOUND.sending:
            recorded.backfilled.add(event.id)
    engine.take(own)
    return recorded


class Poller:
    """A poller of a feed; any of several servers, whose clocks differ, answers each poll."""

    def __init__(self, engine: Engine, random: Random, *, begin_after: float, feed: bool) -> None:
        self.time = Time()
        self.time.pass_(begin_after)
        self._random = random
        self._feed = feed
        wire = PollerTransport(engine, self.time, random, delays(0.5))
        self._servers = [
            simulated_forge(wire, self.time, _offset(random), random) for _ in range(2)
        ]
        self.delivered: list[str] = []
        self.begun = self.time.now
        began = self._poll(random.randint(1, POLL_LIMIT))
        self.first = [event.id for event in began.items]
        self.read = self.time.now
        self._cursor = began.cursor

    def _poll(self, limit: int, after: str | None = None) -> Any:
        forge = self._random.choice(self._servers)
        if self._feed:
            return forge.events.poll_feed(after=after, limit=limit)
        return forge.events.poll(PROJECT, after=after, limit=limit)

    def poll(self, limit: int) -> int:
        """Poll once; return the number of events delivered."""
        polled = self._poll(limit, self._cursor)
        ids = [event.id for event in polled.items]
        assert ids == sorted(ids)
        assert len(ids) <= limit
        assert len(polled.cursor) < 2048
        self.delivered += ids
        self._cursor = polled.cursor
        return len(ids)

    def go_on_until_all_is_told(self) -> None:
        """Poll once no event can appear any longer, until nothing is left."""
        self.time.now = max(self.time.now, NOON + timedelta(hours=1))
        while self.poll(POLL_LIMIT):
            pass


def _poll_all(engine: Engine, random: Random) -> Poller:
    poller = Poller(
        engine, random, begin_after=random.choice([0.0, 0.3, 4.0]), feed=random.random() < 0.5
    )
    for wait in moments(random, random.randint(0, 40), random.choice([0.05, 1.0, 20.0])):
        poller.time.pass_(wait)
        poller.poll(random.choice([1, 3, 25, POLL_LIMIT]))
    poller.go_on_until_all_is_told()
    return poller


# A failure is reported with its seed; shrinking would draw another simulation.
@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    random=st.randoms(use_true_random=False),
    writers=st.integers(1, 6),
    events=st.integers(1, 60),
    pause=st.sampled_from([0.002, 0.1, 3.0]),
    faults=st.sampled_from([0.0, 0.02, 0.15]),
)
def test_every_acknowledged_event_is_delivered_once_to_every_poller(
    random: Random, writers: int, events: int, pause: float, faults: float
) -> None:
    engine = Engine()
    acknowledged: dict[str, datetime] = {}
    outside: set[str] = set()
    for _ in range(writers):
        recorded = _write(engine, random, events=events, pause=pause, faults=faults)
        acknowledged |= recorded.acknowledged
        outside |= recorded.backfilled
    committed = _commits(engine)
    assert committed.keys() >= acknowledged.keys()

    for _ in range(3):
        poller = _poll_all(engine, random)

        assert len(set(poller.delivered)) == len(poller.delivered)
        assert not set(poller.delivered) & set(poller.first)
        assert committed.keys() >= set(poller.delivered)
        owed = {each for each in acknowledged.keys() - outside if committed[each] > poller.read}
        assert owed <= set(poller.delivered)
        early = [each for each in poller.delivered if committed[each] < poller.begun]
        # Earlier events are delivered only if there were more than a cursor remembers.
        assert not early or sum(at < poller.read for at in committed.values()) > MEMORY


def _commits(engine: Engine) -> dict[str, datetime]:
    """Return when each event first existed."""
    there: dict[str, datetime] = {}
    for at, _, items in engine.commits:
        there.setdefault(items[0]["id"]["S"], at)
    return there

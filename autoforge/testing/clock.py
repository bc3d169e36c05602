"""A clock that tests set, and waits that take no time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Final

#: The time that a clock shows until a test sets it.
NOON: Final = datetime(2026, 2, 4, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that shows the same time until a test sets another; calling it returns the time.

    Attributes:
        now: The time that it shows; ``NOON``, 2026-02-04 12:00 UTC, unless given.

    Examples:
        >>> from autoforge.testing import NOON, Clock
        >>> clock = Clock()
        >>> clock.now = NOON + timedelta(days=1)
        >>> clock()
        datetime.datetime(2026, 2, 5, 12, 0, tzinfo=datetime.timezone.utc)
    """

    now: datetime = NOON

    def __call__(self) -> datetime:
        """Return the time that the clock shows."""
        return self.now


@dataclass
class Waits:
    """A sleep and a timer that take no real time: sleeping advances the timer. Thread-safe."""

    seconds: float = 0.0
    _passing: Lock = field(default_factory=Lock, repr=False)

    def sleep(self, seconds: float) -> None:
        """Advance the timer by some seconds."""
        with self._passing:
            self.seconds += seconds

    def timer(self) -> float:
        """Return the seconds slept so far."""
        return self.seconds

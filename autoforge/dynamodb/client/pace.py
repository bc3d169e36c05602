"""Pace: how the requests of one call that sends many go on while DynamoDB refuses for throughput.

A request alone is tried a few times. A bulk that stopped so soon would never be stored on a table
smaller than it: each of its requests waits instead and is sent again, as long as the bulk advances.
So it ends by itself if nothing was accepted for a while, or at a time limit (ADR 0034).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

#: Seconds.
Timer = Callable[[], float]


@dataclass
class Pace:
    """What the requests of one bulk have in common; safe under threads.

    Args:
        timer: Tells seconds from any beginning; never goes back.
        patience: Seconds that the bulk goes on without advancing.
        limit: Seconds that it may take in all; None for as long as it advances.
    """

    timer: Timer
    patience: float
    limit: float | None = None
    _begun: float = field(init=False, repr=False)
    _advanced: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Begin."""
        self._begun = self._advanced = self.timer()

    def advance(self) -> None:
        """Note that DynamoDB accepted something."""
        self._advanced = self.timer()

    def allows(self, wait: float) -> bool:
        """Whether to send again after so many seconds, by what the bulk advanced until now."""
        return self.timer() - self._advanced <= self.patience and not self._is_over(wait)

    def is_over(self) -> bool:
        """Whether the time limit is reached, so that nothing more is to be sent."""
        return self._is_over(0)

    def _is_over(self, wait: float) -> bool:
        return self.limit is not None and self.timer() + wait - self._begun >= self.limit

"""Pace: how long the requests of a bulk, one call that sends many, are retried when throttled.

A single request is sent a few times. A bulk that gave up so soon could never be stored in a table
with little capacity. So each of its requests waits and is sent again as long as the bulk advances.
The bulk ends when nothing was accepted for a while, or at a time limit (ADR 0034).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

#: Returns seconds since an arbitrary start.
Timer = Callable[[], float]


@dataclass
class Pace:
    """The progress of one bulk, shared by its requests; thread-safe.

    Args:
        timer: Returns seconds since an arbitrary start; never goes back.
        patience: Seconds that the bulk continues without advancing.
        limit: Seconds that the bulk may take in all; None for as long as it advances.
    """

    timer: Timer
    patience: float
    limit: float | None = None
    _begun: float = field(init=False, repr=False)
    _advanced: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Start the time of the bulk."""
        self._begun = self._advanced = self.timer()

    def advance(self) -> None:
        """Note that DynamoDB accepted something."""
        self._advanced = self.timer()

    def allows(self, wait: float) -> bool:
        """Whether a request may be sent again after a wait of so many seconds."""
        return self.timer() - self._advanced <= self.patience and not self._is_over(wait)

    def is_over(self) -> bool:
        """Whether the time limit is reached, so that no request may be sent."""
        return self._is_over(0)

    def _is_over(self, wait: float) -> bool:
        return self.limit is not None and self.timer() + wait - self._begun >= self.limit

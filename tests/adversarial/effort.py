"""How much the adversarial tests do: a bounded share within the suite, or everything.

The environment variable ``ADVERSARIAL_SECONDS``, which ``make adversarial`` sets, decides. Without
it, a test that draws or races continues for two seconds, and a test that enumerates tries a fixed
share of its cases. With it, the former continues for that many seconds, and the latter tries
every case.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, TypeVar

T = TypeVar("T")

#: Seconds that a test that draws or races continues without ``ADVERSARIAL_SECONDS``.
_SHORT: Final = 2.0


@dataclass(frozen=True)
class Effort:
    """How long to continue, and which share of the enumerated cases to try.

    Attributes:
        seconds: How long a test that draws or races continues.
        whole: Whether a test that enumerates tries every case.
    """

    seconds: float
    whole: bool

    def rounds(self) -> Iterator[int]:
        """Yield 0, 1, 2, … until the time is over; at least 0."""
        end = time.monotonic() + self.seconds
        for number in count():
            if number and time.monotonic() >= end:
                return
            yield number

    def share(self, cases: Sequence[T], *, of: int) -> Sequence[T]:
        """Return every case, or one of every ``of``: always the same ones, spread over all."""
        return cases if self.whole else cases[::of]


def effort() -> Effort:
    """Return the effort that the environment asks for."""
    seconds = os.environ.get("ADVERSARIAL_SECONDS")
    return Effort(_SHORT, whole=False) if seconds is None else Effort(float(seconds), whole=True)

"""How much the adversarial tests do: a bounded share beside the other tests, or all of it.

``ADVERSARIAL_SECONDS`` decides, which ``make adversarial`` sets. Without it a test that draws or
races goes on for a few seconds, and one that enumerates tries a fixed share of its cases. With it,
the former goes on for that many seconds, and the latter tries every case.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, TypeVar

T = TypeVar("T")

#: Seconds that a test which draws or races goes on for, unless it is said.
_SHORT: Final = 2.0


@dataclass(frozen=True)
class Effort:
    """How long to go on, and how much of what is enumerated to try.

    Attributes:
        seconds: How long a test that draws or races goes on.
        whole: Whether a test that enumerates tries every case.
    """

    seconds: float
    whole: bool

    def rounds(self) -> Iterator[int]:
        """Count rounds from 0 until the time is over; there is one at least."""
        end = time.monotonic() + self.seconds
        for number in count():
            if number and time.monotonic() >= end:
                return
            yield number

    def share(self, cases: Sequence[T], *, of: int) -> Sequence[T]:
        """Every case, or one of so many: always the same ones, spread over all."""
        return cases if self.whole else cases[::of]


def effort() -> Effort:
    """What the environment asks for."""
    seconds = os.environ.get("ADVERSARIAL_SECONDS")
    return Effort(_SHORT, whole=False) if seconds is None else Effort(float(seconds), whole=True)

"""Clocks: how far those of different machines may differ, and moments that no clock explains.

A moment from outside orders what is stored: the newest event comes first, the newest state of a
ticket wins. One that lies ahead of all clocks would stay first until its time comes, so it is
refused. A moment of the past is always welcome.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text
from autoforge.errors import InvalidValueError

#: The most that the clocks of two machines may differ. Guarantees that compare moments of two
#: machines hold up to this; NTP keeps clocks within some ten milliseconds.
CLOCK_SKEW: Final = timedelta(seconds=2)


def require_not_ahead(name: str, moment: datetime | None, now: datetime) -> None:
    """Refuse a moment that is further ahead than clocks may differ.

    Args:
        name: What the caller knows the moment as.
        moment: The moment; None is none.
        now: The moment by our clock.

    Raises:
        InvalidValueError: naming the moment, if it is ahead by more than ``CLOCK_SKEW``.
    """
    if moment is not None and as_timestamp(moment) - as_timestamp(now) > CLOCK_SKEW:
        raise InvalidValueError(
            f"{name} is {timestamp_text(moment)}, ahead of the present ({timestamp_text(now)}): "
            f"at most {CLOCK_SKEW.seconds} seconds ahead is accepted"
        )

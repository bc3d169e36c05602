"""The clock skew that is allowed between machines, and the check of timestamps from callers.

A caller's timestamp orders stored items: the newest event comes first, the newest state of a
ticket wins. A timestamp in the future would stay first until that time, so it is refused. A
timestamp in the past is accepted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text
from autoforge.errors import InvalidValueError

#: The most that the clocks of two machines may differ. Guarantees that compare timestamps of two
#: machines hold up to this skew; NTP keeps clocks within tens of milliseconds.
CLOCK_SKEW: Final = timedelta(seconds=2)


def require_not_ahead(name: str, moment: datetime | None, now: datetime) -> None:
    """Refuse a timestamp that is further ahead of our clock than ``CLOCK_SKEW``.

    Args:
        name: The name of the timestamp in the error.
        moment: The timestamp; None is accepted.
        now: The current time by our clock.

    Raises:
        InvalidValueError: naming the timestamp, if it is ahead by more than ``CLOCK_SKEW``.
    """
    if moment is not None and as_timestamp(moment) - as_timestamp(now) > CLOCK_SKEW:
        raise InvalidValueError(
            f"{name} is {timestamp_text(moment)}, ahead of the present ({timestamp_text(now)}); "
            f"it may be at most {CLOCK_SKEW.seconds} seconds ahead"
        )

"""A bounded cache of values that are computed from texts.

The items of a page share ids and timestamps, and a client that polls reads the same items again.
Looking a value up takes a tenth of the time of parsing it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

#: The largest number of cached texts; bounded because callers choose the texts.
MOST: Final = 8192


class BoundedCache(dict[str, T]):
    """A mapping from texts to the results of a function, which it calls for a missing text.

    It is safe to use from several threads.

    Args:
        make: Computes the value of a text. Callers share the value and must not change it. If
            ``make`` raises, nothing is cached.
    """

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> T:
        value = self._make(text)
        if len(self) >= MOST:
            self.clear()  # tracking which texts were used last would cost more than it saves
        self[text] = value
        return value

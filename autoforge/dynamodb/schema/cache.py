"""A bounded cache of values by the text that they are made of.

The items of a page share ids and moments, and a client that polls reads the same items each time.
Looking a value up costs a tenth of parsing it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

#: How many texts are remembered; bounded, as texts come from anywhere and processes live long.
MOST: Final = 8192


class Remembered(dict[str, T]):
    """What a function makes of texts, as a mapping that makes what it lacks. Safe under threads.

    Args:
        make: Makes the value, which nobody may change; what it raises is not remembered.
    """

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> T:
        value = self._make(text)
        if len(self) >= MOST:
            self.clear()  # to find out which were asked for lately would cost more than it saves
        self[text] = value
        return value

"""Proves that a law is broken, and returns what it says."""

from __future__ import annotations

from typing import Any, Final

import pytest

from autoforge.dynamodb import Table
from autoforge.testing import Engine
from autoforge.testing.laws import laws_in

#: Fewer than a user's default: the smallest example of all matters to few tests.
STEPS: Final = 40


def broken_law(
    engine: Engine, law: str, table: Table, *, examples: int, steps: int = STEPS, **given: Any
) -> str:
    """Return the message of a law that a table breaks; fail if it holds."""
    laws = {str(each): each for each in laws_in(table, **given)}
    assert law in laws, f"{law} is none of {', '.join(laws)}"
    with pytest.raises(pytest.fail.Exception) as caught:
        laws[law].prove(engine, examples, steps=steps)
    return str(caught.value)

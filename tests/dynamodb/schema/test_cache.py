"""Values made from texts are cached, in a cache of bounded size."""

from __future__ import annotations

import pytest

from autoforge.dynamodb.schema.cache import MOST, BoundedCache


def test_a_text_is_made_something_of_once() -> None:
    asked: list[str] = []

    def make(text: str) -> str:
        asked.append(text)
        return text.upper()

    remembered = BoundedCache(make)

    assert [remembered["a"], remembered["a"], remembered["b"]] == ["A", "A", "B"]
    assert asked == ["a", "b"]


def test_what_cannot_be_made_is_not_remembered() -> None:
    remembered = BoundedCache(int)

    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            remembered["x"]
    assert not remembered


def test_no_more_is_remembered_than_the_most() -> None:
    remembered = BoundedCache(str)

    for number in range(3 * MOST):
        assert remembered[str(number)] == str(number)
        assert len(remembered) <= MOST

"""Checkpoint values compare as numbers, as timestamps or as texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb.timestamps import timestamp_text
from autoforge.models.checkpoints import position_of
from tests import strategies


@given(st.lists(st.integers(0, 10**40 - 1)))
def test_whole_numbers_go_forward_by_size(values: list[int]) -> None:
    assert sorted(position_of(str(value)) for value in values) == [
        position_of(str(value)) for value in sorted(values)
    ]


@given(st.lists(strategies.moments()))
def test_moments_go_forward_in_time_whatever_their_form(values: list[object]) -> None:
    for value in values:
        text = timestamp_text(value)  # type: ignore[arg-type]
        assert position_of(text) == text
        assert position_of(text.replace(".000Z", "+00:00").lower()) == text


@pytest.mark.parametrize(
    ("value", "position"),
    [
        ("2026-02-04T11:30:00+01:00", "2026-02-04T10:30:00.000Z"),
        ("2026-02-04T11:30+0100", "2026-02-04T10:30:00.000Z"),
        ("2026-02-04T11:30:00", "2026-02-04T11:30:00"),
        ("2026-02-04", "2026-02-04"),
        ("2026-02-30T11:30Z", "2026-02-30T11:30Z"),
        ("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59-01:00"),
        ("007", f"{'0' * 37}007"),
        ("9" * 41, "9" * 41),
        ("-5", "-5"),
        ("1.5", "1.5"),
        ("٣", "٣"),
        ("", ""),
        ("page-token==", "page-token=="),
    ],
)
def test_what_is_neither_a_moment_with_a_zone_nor_a_whole_number_stays_text(
    value: str, position: str
) -> None:
    assert position_of(value) == position

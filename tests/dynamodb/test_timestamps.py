"""Timestamps: the forms that are read, and the one that is written."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ulid import ULID

from autoforge.dynamodb import timestamps as moments
from autoforge.dynamodb.timestamps import (
    IdMint,
    as_timestamp,
    is_ulid,
    timestamp_of,
    timestamp_text,
)
from autoforge.errors import InvalidValueError
from tests import strategies
from tests.factories import NOON


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-04T10:30:00.000Z",
        "2026-02-04T10:30:00Z",
        "2026-02-04T10:30Z",
        "2026-02-04t10:30:00z",
        "2026-02-04 10:30:00+00:00",
        "2026-02-04T11:30:00+01:00",
        "2026-02-04T21:30:00+11:00",
        "20260204T103000Z",
        "2026-W06-3T10:30:00Z",
        "2026-02-04T10:30:00.000999Z",
        "2026-02-04T10:30:00",
    ],
)
def test_every_iso_8601_form_reads_as_the_same_moment(text: str) -> None:
    assert as_timestamp(text) == datetime(2026, 2, 4, 10, 30, tzinfo=UTC)


def test_a_date_alone_is_its_midnight() -> None:
    assert as_timestamp("2026-02-04") == datetime(2026, 2, 4, tzinfo=UTC)


def test_a_moment_without_a_zone_is_taken_as_utc_wherever_the_machine_is() -> None:
    naive = datetime(2026, 2, 4, 10, 30)  # noqa: DTZ001 - a naive timestamp is under test

    assert as_timestamp(naive) == datetime(2026, 2, 4, 10, 30, tzinfo=UTC)


def test_a_moment_is_held_in_utc_and_cut_to_milliseconds() -> None:
    eastern = timezone(timedelta(hours=-5))

    moment = as_timestamp(datetime(2026, 2, 4, 10, 30, 0, 123999, tzinfo=eastern))

    assert (moment, moment.tzinfo) == (datetime(2026, 2, 4, 15, 30, 0, 123000, UTC), UTC)


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "2026-02-30", "2026-13-01", "0000-01-01", "٢٠٢٦-02-04", "\ud800", 7, None],
)
def test_what_is_no_moment_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValueError, match=r"is not an ISO 8601 timestamp"):
        as_timestamp(value)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_moment_outside_the_years_1_to_9999_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match=r"is not an ISO 8601 timestamp"):
        as_timestamp(text)


def test_a_long_text_is_cut_in_the_message_that_refuses_it() -> None:
    with pytest.raises(InvalidValueError) as caught:
        as_timestamp("x" * 10_000)

    assert str(caught.value) == f"'{'x' * 76}... is not an ISO 8601 timestamp"


@given(strategies.moments())
def test_a_moment_is_written_at_one_width_and_reads_back(moment: datetime) -> None:
    text = timestamp_text(moment)

    assert (len(text), as_timestamp(text)) == (24, moment)


@given(st.lists(strategies.moments()))
def test_written_moments_sort_as_the_moments_do(some: list[datetime]) -> None:
    assert sorted(map(timestamp_text, some)) == list(map(timestamp_text, sorted(some)))


@given(strategies.ulid_moments())
def test_an_id_tells_the_moment_it_was_minted_from(moment: datetime) -> None:
    ulid = IdMint()(moment)

    assert is_ulid(ulid)
    assert timestamp_of(ulid) == moment


@given(st.lists(strategies.ulid_moments(), min_size=2, max_size=20))
def test_ids_sort_by_their_moments_and_then_in_the_order_they_were_minted(
    some: list[datetime],
) -> None:
    mint = IdMint()

    minted = [(moment, place, mint(moment)) for place, moment in enumerate(some)]

    assert [ulid for *_, ulid in sorted(minted)] == sorted(ulid for *_, ulid in minted)
    assert len({ulid for *_, ulid in minted}) == len(some)


def test_two_mints_do_not_mint_alike() -> None:
    assert IdMint()(NOON) != IdMint()(NOON)


def test_a_mint_forgets_the_millisecond_it_used_longest_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moments, "_REMEMBERED", 2)
    mint = IdMint()
    first = mint(NOON)
    mint(NOON + timedelta(hours=1))

    second = mint(NOON)
    mint(NOON + timedelta(hours=2))
    third = mint(NOON)

    assert [
        _after_time(later) - _after_time(earlier)
        for earlier, later in pairwise([first, second, third])
    ] == [1, 1]
    assert mint._latest.keys() == {_milliseconds(NOON + timedelta(hours=2)), _milliseconds(NOON)}


def test_counting_on_from_the_largest_start_never_reaches_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(secrets, "randbits", lambda bits: 2**bits - 1)
    mint = IdMint()

    minted = [mint(NOON) for _ in range(3)]

    assert (minted, [timestamp_of(ulid) for ulid in minted]) == (sorted(minted), [NOON] * 3)


def test_an_id_of_a_moment_before_1970_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"1969-12-31T23:59:59.999Z is before 1970"):
        IdMint()(datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01HRWXYZ123456",
        "01KGM8C3G0CXZR34GWQD3DP72",
        "01KGM8C3G0CXZR34GWQD3DP72NN",
        "01kgm8c3g0cxzr34gwqd3dp72n",
        "01KGM8C3G0CXZR34GWQD3DP72U",
        "81KGM8C3G0CXZR34GWQD3DP72N",
        "01KGM8C3G0CXZR34GWQD3DP72N\n",
    ],
)
def test_only_26_characters_of_crockfords_alphabet_in_upper_case_are_a_ulid(text: str) -> None:
    assert not is_ulid(text)
    with pytest.raises(InvalidValueError, match=r"is not a ULID"):
        timestamp_of(text)


def test_a_ulid_of_a_time_past_the_year_9999_tells_no_moment() -> None:
    with pytest.raises(InvalidValueError, match=r"past the year 9999"):
        timestamp_of("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")


def _after_time(ulid: str) -> int:
    return int.from_bytes(ULID.from_str(ulid).bytes[6:])


def _milliseconds(moment: datetime) -> int:
    return ULID.from_datetime(moment).milliseconds

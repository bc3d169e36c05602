"""Times in the form of a table that exists already."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb import Moment
from autoforge.dynamodb.schema.time_form import TimeForm
from autoforge.errors import DeclarationError, InvalidValueError

FORMS = ["%Y-%m-%dT%H:%M:%S", "%Y%m%d", "%Y", "%Y-%m-%d %H:%M:%S.%f+00:00", "at %Y/%m"]
#: A unit that every form shows, so that later times have later texts.
TIMES = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31))  # noqa: DTZ001 - the strategy adds UTC
FIRST_DAY, LAST_DAY = date(1, 1, 2), date(9999, 12, 30)
times = TIMES.map(lambda time: time.replace(tzinfo=UTC))


@pytest.mark.parametrize("form", FORMS)
@given(time=times)
def test_a_time_is_read_back_as_far_as_its_form_shows_it(form: str, time: datetime) -> None:
    codec = TimeForm(form)

    shown = codec.shown(time)

    assert shown == time if "%f" in form else shown <= time
    assert codec.encode(shown) == codec.encode(time)
    assert codec.decode(codec.encode(time)) == shown


@pytest.mark.parametrize("form", FORMS)
@given(one=times, other=times)
def test_texts_of_a_form_sort_as_their_times_do(form: str, one: datetime, other: datetime) -> None:
    codec = TimeForm(form)
    shown = (codec.shown(one), codec.shown(other))
    texts = (codec.encode(one), codec.encode(other))

    assert (texts[0] < texts[1]) == (shown[0] < shown[1])
    assert len(texts[0]) == len(texts[1])


@pytest.mark.parametrize("form", [form for form in FORMS if "%d" in form])
@given(time=times, days=st.integers(-1, 1))
def test_exactly_the_texts_of_a_day_begin_with_its_date(
    form: str, time: datetime, days: int
) -> None:
    codec = TimeForm(form)
    other = min(max(time.date(), FIRST_DAY), LAST_DAY) + timedelta(days)

    assert codec.encode(time).startswith(codec.prefix(other)) == (time.date() == other)


def test_a_form_without_a_date_has_no_beginnings() -> None:
    assert not TimeForm("%Y").has_prefixes
    with pytest.raises(InvalidValueError, match="is not a date"):
        TimeForm(FORMS[0]).prefix(datetime(2026, 2, 4, tzinfo=UTC))


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m", "%Y%Y", "%Y-%j", "%y", "today", "%Y#%m", ""])
def test_a_form_that_would_not_sort_as_times_do_is_refused(form: str) -> None:
    with pytest.raises(DeclarationError, match=f"^the form '{form}' "):
        Moment(form=form)


@pytest.mark.parametrize(
    "text", ["2026-02-04", "2026-13-04T12:00:00", "2026-02-30T12:00:00", "2026-02-04T12:00:00Z", ""]
)
def test_a_text_in_another_form_is_no_time(text: str) -> None:
    with pytest.raises(InvalidValueError, match="is not a time"):
        TimeForm(FORMS[0]).decode(text)

"""Times in the form of a table that exists already."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb import Moment
from autoforge.dynamodb.schema.time_form import TimeForm
from autoforge.errors import DeclarationError, InvalidValueError

FORMS = ["%Y-%m-%dT%H:%M:%S", "%Y%m%d", "%Y", "%Y-%m-%d %H:%M:%S.%f+00:00", "at %Y/%m"]
#: A unit that every form shows, so that later times have later texts.
TIMES = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31))  # noqa: DTZ001 - the strategy adds UTC
times = TIMES.map(lambda time: time.replace(tzinfo=UTC))


@pytest.mark.parametrize("form", FORMS)
@given(time=times)
def test_a_time_is_read_back_as_far_as_its_form_shows_it(form: str, time: datetime) -> None:
    codec = TimeForm(form)

    shown = codec.shown(time)

    assert shown <= time
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


@pytest.mark.parametrize("form", [each for each in FORMS if "%d" in each])
@given(time=times, day=st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_exactly_the_times_of_a_day_begin_with_its_date(
    form: str, time: datetime, day: date
) -> None:
    codec = TimeForm(form)

    for each in (day, time.date()):
        assert codec.encode(time).startswith(codec.prefix(each)) == (time.date() == each)


@pytest.mark.parametrize("form", [each for each in FORMS if "%d" not in each])
def test_a_form_without_days_has_no_times_that_begin_with_a_date(form: str) -> None:
    codec = TimeForm(form)

    assert not codec.has_prefixes
    with pytest.raises(InvalidValueError, match="is not the beginning of a value"):
        codec.prefix(date(2026, 2, 4))


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

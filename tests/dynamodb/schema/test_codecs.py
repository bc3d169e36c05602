"""Values in keys are written unambiguously and sort as the values do."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb.schema.codec import SEPARATOR, Codec
from autoforge.dynamodb.schema.text_codecs import EnumCodec, RawCodec, RawEnumCodec, TextCodec
from autoforge.dynamodb.schema.value_codecs import DateCodec, IdCodec, NumberCodec, TimestampCodec
from autoforge.errors import DeclarationError, InvalidValueError
from tests import strategies

INNER, LAST = TextCodec(last=False), TextCodec()
STATUS = EnumCodec(("active", "paused", "2026-02-04", "00042"))

RAW_STATUS = EnumCodec(("to do", "50 %", "active", "a$")).unencoded(last=True)

#: Each codec with the values it can write, in canonical form.
WRITABLE: list[tuple[Codec, st.SearchStrategy[Any]]] = [
    (INNER, strategies.key_texts()),
    (LAST, strategies.key_texts()),
    (IdCodec(), strategies.ids()),
    (STATUS, st.sampled_from(STATUS.values)),
    (NumberCodec(5), st.integers(0, 99_999)),
    (TimestampCodec(), strategies.moments()),
    (DateCodec(), st.dates()),
    (RawCodec(), strategies.raw_texts()),
    (RawCodec(last=False), strategies.raw_texts()),
    (RAW_STATUS, st.sampled_from(["to do", "50 %", "active", "a$"])),
]

each_codec = pytest.mark.parametrize(
    ("codec", "values"),
    WRITABLE,
    ids=[
        "inner", "last", "id", "enum", "number", "moment", "date", "raw", "inner raw", "raw enum",
    ],
)  # fmt: skip


@each_codec
@given(st.data())
def test_what_is_written_reads_back(
    codec: Codec, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value = data.draw(values)

    assert codec.decode(codec.encode(value)) == value


@each_codec
@given(st.data())
def test_what_is_written_is_not_empty_and_has_no_separator(
    codec: Codec, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    text = codec.encode(data.draw(values))

    assert text
    assert SEPARATOR not in text


@each_codec
@given(st.data())
def test_written_values_sort_as_the_values_do(
    codec: Codec, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    some = data.draw(st.lists(values))

    # DynamoDB compares keys as UTF-8 bytes.
    written = sorted(codec.encode(value).encode() for value in some)

    assert written == [codec.encode(value).encode() for value in sorted(some)]


@given(st.lists(st.tuples(strategies.key_texts(), strategies.key_texts())))
def test_pairs_of_texts_sort_by_the_first_and_then_the_second(some: list[tuple[str, str]]) -> None:
    written = sorted(SEPARATOR.join((INNER.encode(a), LAST.encode(b))).encode() for a, b in some)

    assert written == [
        SEPARATOR.join((INNER.encode(a), LAST.encode(b))).encode() for a, b in sorted(some)
    ]


@given(strategies.texts())
def test_a_text_codec_reads_only_what_it_would_write(text: str) -> None:
    for codec in (INNER, LAST):
        assert not codec.admits(text) or codec.encode(codec.decode(text)) == text


@pytest.mark.parametrize(
    ("text", "inner", "last"),
    [
        ("jira", "jira", "jira"),
        ("jira cloud", "jira%20cloud", "jira cloud"),
        ("a#b$c%d&e", "a%23b%24c%25d&e", "a%23b%24c%25d&e"),
        ('\0\n!"', "%00%0A%21%22", '\0\n!"'),
        ("é€\U0001f600", "é€\U0001f600", "é€\U0001f600"),
        ("%23", "%2523", "%2523"),
    ],
)
def test_text_is_percent_encoded_only_where_uniqueness_or_order_would_break(
    text: str, inner: str, last: str
) -> None:
    assert (INNER.encode(text), LAST.encode(text)) == (inner, last)


@pytest.mark.parametrize("text", ["", "a#b", "a$b", "%", "a%2", "%41", "%c3%a9", "%FF", "a%20b"])
def test_text_that_no_text_is_written_as_is_not_read(text: str) -> None:
    with pytest.raises(InvalidValueError, match=r"is not a text as written in a key"):
        LAST.decode(text)


def test_a_first_text_is_not_read_from_what_only_a_last_text_is_written_as() -> None:
    assert (INNER.admits("jira cloud"), LAST.admits("jira cloud")) == (False, True)


@pytest.mark.parametrize(
    ("given_id", "canonical"),
    [
        ("550E8400-E29B-41D4-A716-446655440000", "550e8400-e29b-41d4-a716-446655440000"),
        (UUID("550E8400-E29B-41D4-A716-446655440000"), "550e8400-e29b-41d4-a716-446655440000"),
        ("01kgm8c3g0cxzr34gwqd3dp72n", "01KGM8C3G0CXZR34GWQD3DP72N"),
        ("Escalation-uuid_1", "Escalation-uuid_1"),
        ("a" * 64, "a" * 64),
    ],
)
def test_an_id_is_written_in_one_case(given_id: Any, canonical: str) -> None:
    assert IdCodec().encode(given_id) == canonical


@pytest.mark.parametrize(
    ("codec", "value", "message"),
    [
        (LAST, "", "'' is not a text with at least one character"),
        (LAST, None, "None is not a text with at least one character"),
        (LAST, "\ud800", r"'\ud800' cannot be written in UTF-8"),
        (IdCodec(), "", "'' is not an id"),
        (IdCodec(), "a" * 65, "is not an id"),
        (IdCodec(), "a#b", "'a#b' is not an id"),
        (IdCodec(), "a b", "'a b' is not an id"),
        (IdCodec(), "é", "'é' is not an id"),
        (IdCodec(), "a\n", r"'a\n' is not an id"),
        (IdCodec(), 7, "7 is not an id"),
        (STATUS, "activ", "'activ' is not one of active, paused, 2026-02-04, 00042"),
        (STATUS, None, "None is not one of active"),
        (NumberCodec(3), -1, "-1 is not a whole number from 0 to 999"),
        (NumberCodec(3), 1000, "1000 is not a whole number from 0 to 999"),
        (NumberCodec(3), 1.0, "1.0 is not a whole number from 0 to 999"),
        (NumberCodec(3), True, "True is not a whole number from 0 to 999"),
        (NumberCodec(3), "1", "'1' is not a whole number from 0 to 999"),
        (TimestampCodec(), "noon", "'noon' is not an ISO 8601 timestamp"),
        (DateCodec(), "noon", "'noon' is not an ISO 8601 timestamp"),
        (RawCodec(), "a#b", "'a#b' contains #, which separates the values of a key"),
        (RawCodec(), "", "'' is not a text with at least one character"),
        (RawCodec(), 7, "7 is not a text with at least one character"),
        (RawCodec(), "\ud800", r"'\ud800' cannot be written in UTF-8"),
        (RAW_STATUS, "done", "'done' is not one of to do, 50 %, active, a$"),
    ],
)
def test_a_value_that_cannot_stand_in_a_key_is_refused(
    codec: Codec, value: Any, message: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        codec.encode(value)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        (IdCodec(), "a b"),
        (STATUS, "held"),
        (NumberCodec(3), "12"),
        (NumberCodec(3), "0012"),
        (NumberCodec(3), "1.5"),
        (NumberCodec(3), "٣٤٥"),
        (TimestampCodec(), "2026-02-04"),
        (TimestampCodec(), "20260204T103000Z"),
        (TimestampCodec(), "2026-02-30T10:30:00.000Z"),
        (DateCodec(), "2026-02-30"),
        (DateCodec(), "2026-02-04T10:30:00.000Z"),
        (DateCodec(), "20260204"),
    ],
)
def test_text_of_another_form_is_not_read(codec: Codec, text: str) -> None:
    assert not codec.admits(text)


def test_a_moment_that_others_wrote_at_another_width_is_read() -> None:
    assert TimestampCodec().decode("2026-02-04T10:30:00Z") == datetime(
        2026, 2, 4, 10, 30, tzinfo=UTC
    )


def test_the_date_of_a_moment_is_its_utc_date() -> None:
    assert DateCodec().encode("2026-02-04T00:30:00+01:00") == "2026-02-03"
    assert DateCodec().encode(datetime(2026, 2, 4, 23, 59, tzinfo=UTC)) == "2026-02-04"
    assert DateCodec().encode(date(2026, 2, 4)) == "2026-02-04"


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (IdCodec(), IdCodec(), True),
        (IdCodec(), NumberCodec(3), True),
        (IdCodec(), DateCodec(), True),
        (IdCodec(), TimestampCodec(), False),
        (LAST, TimestampCodec(), True),
        (LAST, INNER, True),
        (TimestampCodec(), DateCodec(), False),
        (TimestampCodec(), NumberCodec(3), False),
        (DateCodec(), NumberCodec(8), False),
        (STATUS, IdCodec(), True),
        (STATUS, DateCodec(), True),
        (STATUS, NumberCodec(5), True),
        (STATUS, NumberCodec(4), False),
        (STATUS, TimestampCodec(), False),
        (STATUS, EnumCodec(("paused", "held")), True),
        (STATUS, EnumCodec(("held",)), False),
        (RawCodec(), IdCodec(), True),
        (RawCodec(), LAST, True),
        (RawCodec(), TimestampCodec(), True),
        (RawCodec(), NumberCodec(3), True),
        (RawCodec(), RawCodec(last=False), True),
        (RawCodec(), STATUS, True),
        (RAW_STATUS, STATUS, True),
        (RAW_STATUS, LAST, True),
        (RAW_STATUS, NumberCodec(5), False),
        (RAW_STATUS, EnumCodec(("held",)), False),
    ],
)
def test_two_codecs_overlap_when_they_could_write_one_text(
    one: Codec, other: Codec, *, overlap: bool
) -> None:
    assert (one.overlaps(other), other.overlaps(one)) == (overlap, overlap)


@given(st.data())
def test_codecs_that_do_not_overlap_never_write_one_text(data: st.DataObject) -> None:
    (one, mine), (other, theirs) = data.draw(st.tuples(*[st.sampled_from(WRITABLE)] * 2))

    text = one.encode(data.draw(mine))

    assert one.overlaps(other) or not other.admits(text)
    assert one.overlaps(other) or text != other.encode(data.draw(theirs))


@given(strategies.raw_texts())
def test_a_raw_text_is_written_as_it_is(text: str) -> None:
    assert RawCodec().encode(text) == RawCodec(last=False).encode(text) == text


def test_only_texts_can_be_written_as_they_are() -> None:
    with pytest.raises(DeclarationError, match=r"^only a text can be written as 'raw' in a key$"):
        NumberCodec(3).unencoded(last=True)
    with pytest.raises(DeclarationError, match=r"^'a#b' cannot stand in a key as it is$"):
        EnumCodec(("a", "a#b")).unencoded(last=True)
    assert isinstance(RAW_STATUS, RawEnumCodec)

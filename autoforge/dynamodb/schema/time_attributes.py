"""Moment and Expiry, the attributes whose values are times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Unpack, overload

from pynamodb.constants import NUMBER

from autoforge.dynamodb.errors import naming
from autoforge.dynamodb.schema.attribute import N, Options, Ordered, without_spec
from autoforge.dynamodb.schema.codec import Codec
from autoforge.dynamodb.schema.documents import wire_to_number
from autoforge.dynamodb.schema.time_form import TimeForm
from autoforge.dynamodb.schema.value_codecs import DateCodec, TimestampCodec
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(Ordered[datetime, N]):
    """A time in UTC to the millisecond, stored as ISO 8601 text of fixed width.

    Texts of fixed width sort as the times do, so it may be a component of a sort key. A time
    without a zone is taken as UTC.

    Args:
        form: Another form, for a table that exists already: ``%Y-%m-%dT%H:%M:%S``. Units that it
            does not show are dropped. See ``TimeForm``.
        options: ``default`` and the other options of an attribute.

    Raises:
        DeclarationError: if texts in the form would not sort as the times do.

    Examples:
        >>> loan = Loan(isbn="b1", id="l3", member="ann", due_at="2026-03-01T10:00:00.1234+01:00")
        >>> loan.due_at
        datetime.datetime(2026, 3, 1, 9, 0, 0, 123000, tzinfo=datetime.timezone.utc)
        >>> loan.to_item()["dueAt"]
        {'S': '2026-03-01T09:00:00.123Z'}
    """

    @overload
    def __init__(
        self: Moment[None],
        *,
        default: None,
        form: str | None = None,
        **options: Unpack[Options[datetime]],
    ) -> None: ...

    @overload
    def __init__(
        self: Moment,
        *,
        default: datetime = ...,
        form: str | None = None,
        **options: Unpack[Options[datetime]],
    ) -> None: ...

    def __init__(self, *, form: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.form = None if form is None else TimeForm(form)

    def check(self, value: Any) -> datetime:
        """Return the time, given a ``datetime`` or ISO 8601 text of any precision."""
        with naming(self.attr_name):
            return as_timestamp(value) if self.form is None else self.form.shown(value)

    def serialize(self, value: Any) -> str:
        """Write the time as text of fixed width."""
        time = self.check(value)
        return timestamp_text(time) if self.form is None else self.form.text(time)

    def deserialize(self, value: Any) -> datetime:
        """Read a time; one with a form of its own is read in that form only."""
        return self.check(value) if self.form is None else self.form.decode(value)

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of the time, or with ``:date`` that of its UTC date."""
        del last
        own = self.form or TimestampCodec()
        return DateCodec() if spec == "date" else without_spec(self, spec, own)


class Expiry(Ordered[datetime, N]):
    """The time from which DynamoDB may delete the item, in whole Unix seconds.

    Every entity has it as ``expires_at``. DynamoDB deletes an expired item within about two days
    (AWS, "Time to Live"); a Store reads it as missing at once.

    Examples:
        >>> book = Book(isbn="b3", title="Emma", expires_at=NOON)
        >>> book.to_item()["TTL"]
        {'N': '1770206400'}
        >>> book.is_live(NOON)
        False
    """

    attr_type = NUMBER

    @overload
    def __init__(
        self: Expiry[None], *, default: None, **options: Unpack[Options[datetime]]
    ) -> None: ...

    @overload
    def __init__(
        self: Expiry, *, default: datetime = ..., **options: Unpack[Options[datetime]]
    ) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def check(self, value: Any) -> datetime:
        """Return the time, rounded down to a whole second."""
        with naming(self.attr_name):
            return as_timestamp(value).replace(microsecond=0)

    def serialize(self, value: Any) -> str:
        """Write the time in whole Unix seconds."""
        return str((self.check(value) - _EPOCH) // timedelta(seconds=1))

    def deserialize(self, value: str) -> datetime:
        """Read Unix seconds; a fraction is dropped."""
        return read_expiry(value)


def read_expiry(text: str) -> datetime:
    """Read Unix seconds; a fraction is dropped.

    Raises:
        UnreadableItemError: if the text is not a number.
        OverflowError: if the time is outside the years 1 to 9999.
    """
    return _EPOCH + timedelta(seconds=int(wire_to_number(text)))

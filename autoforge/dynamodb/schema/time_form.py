"""TimeForm: how a table that exists already writes times, such as ``2020-04-24T14:40:00``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from datetime import time as time_of_day
from functools import cached_property
from typing import Any, Final

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened
from autoforge.dynamodb.schema.codec import SEPARATOR, Codec
from autoforge.dynamodb.schema.value_codecs import require_date
from autoforge.dynamodb.timestamps import as_utc

#: The directives of ``strftime`` that a form may have, in the order in which they must stand: the
#: attribute of ``datetime`` and the number of digits.
_DIRECTIVES: Final = {
    "%Y": ("year", 4),
    "%m": ("month", 2),
    "%d": ("day", 2),
    "%H": ("hour", 2),
    "%M": ("minute", 2),
    "%S": ("second", 2),
    "%f": ("microsecond", 6),
}
_DIRECTIVE: Final = re.compile(r"%.?")


class TimeForm(Codec):
    """A form of fixed width in which a time in UTC is written, sorted as the times are.

    Args:
        form: The form, as ``strftime`` takes it: ``%Y``, ``%m``, ``%d``, ``%H``, ``%M``, ``%S`` and
            ``%f``, each once, the larger unit first, and text between them. Smaller units than the
            form has are dropped.

    Raises:
        DeclarationError: if the form has another directive, or texts of it would not sort as times.
    """

    fixed_width = True

    def __init__(self, form: str) -> None:
        self.form = form
        given, wanted = self._directives, list(_DIRECTIVES)
        if not given or given != wanted[: len(given)]:
            raise DeclarationError(
                f"the form {self.form!r} is not of fixed width, sorted as times are: expected "
                f"{', '.join(wanted)} or the first of them, in this order"
            )
        if SEPARATOR in self.form:
            raise DeclarationError(f"the form {self.form!r} contains the separator {SEPARATOR}")

    def encode(self, value: Any) -> str:
        """Write a time."""
        return self.text(as_utc(value))

    @property
    def has_prefixes(self) -> bool:
        """Whether the form has a date, with which all times of a UTC day begin."""
        return "%d" in self.form

    def prefix(self, value: Any) -> str:
        """Write the beginning of all times of a UTC day, given its date."""
        days, _, _ = self.form.partition("%H")
        return _written(days, datetime.combine(require_date(value), time_of_day(), UTC))

    def decode(self, text: str) -> datetime:
        """Read a time back.

        Raises:
            InvalidValueError: if the text is not a time in this form.
        """
        found = self._pattern.fullmatch(text)
        try:
            if found is not None:
                units = {name: int(digits) for name, digits in found.groupdict().items()}
                return datetime(**{"month": 1, "day": 1, **units}, tzinfo=UTC)
        except ValueError as error:
            raise InvalidValueError(f"{shortened(text)} is not a time: {error}") from error
        raise InvalidValueError(f"{shortened(text)} is not a time in the form {self.form}")

    def text(self, time: datetime) -> str:
        """Write a time that is in UTC."""
        return _written(self.form, time)

    def shown(self, value: Any) -> datetime:
        """Return a time without the units that the form does not show."""
        return self.decode(self.encode(value))

    @property
    def _directives(self) -> list[str]:
        return _DIRECTIVE.findall(self.form)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        texts = [re.escape(text) for text in _DIRECTIVE.split(self.form)]
        groups = [
            f"(?P<{name}>[0-9]{{{digits}}})"
            for name, digits in (_DIRECTIVES[each] for each in self._directives)
        ]
        return re.compile("".join(a + b for a, b in zip(texts, [*groups, ""], strict=True)))


def _written(form: str, time: datetime) -> str:
    """Write a time in UTC in a form."""
    return _DIRECTIVE.sub(
        lambda match: f"{getattr(time, _DIRECTIVES[match[0]][0]):0{_DIRECTIVES[match[0]][1]}}",
        form,
    )

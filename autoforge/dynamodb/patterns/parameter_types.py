"""Whether the values of a parameter can stand in a key, as far as its annotation tells."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

from autoforge.dynamodb.errors import InvalidValueError
from autoforge.dynamodb.schema.template import Component

#: A value of each type that tells whether a component holds such values. A text tells nothing: ids,
#: times and members of enumerations are texts, too.
_SAMPLES: Final[Mapping[type[Any], Any]] = {
    bool: True,
    bytes: b"a",
    date: date(2026, 1, 1),
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
    float: 1.0,
    int: 1,
}


def unfit(hint: Any, component: Component) -> str:
    """Return the type of a parameter if no value of it can stand for a component; else nothing.

    Args:
        hint: The annotation, evaluated.
        component: The component.
    """
    members = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    kinds = [each for each in members if each is not NoneType]
    if not all(isinstance(each, type) and each in _SAMPLES for each in kinds):
        return ""
    for kind in kinds:
        with suppress(InvalidValueError):
            component.encode(_SAMPLES[kind])
            return ""
    return " | ".join(each.__name__ for each in kinds)

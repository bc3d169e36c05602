"""Placeholders for the parameters of a pattern, to describe it without values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin
from uuid import UUID

from autoforge.dynamodb.schema.template import Label

#: Values of types that a label cannot stand for.
_VALUES: Final[Mapping[type[Any], Callable[[], Any]]] = {
    bool: lambda: True,
    int: lambda: 1,
    float: lambda: 1.0,
    Decimal: lambda: Decimal(1),
    datetime: lambda: datetime(2026, 1, 1, tzinfo=UTC),
    date: lambda: date(2026, 1, 1),
    UUID: lambda: UUID(int=0),
}


def is_required(parameter: Field[Any]) -> bool:
    """Whether a parameter has no default."""
    return parameter.default is MISSING and parameter.default_factory is MISSING


def placeholder(name: str, hint: Any) -> Any:
    """Return a value of a type: a label if it is a text, else any one."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return placeholder(name, next(each for each in arguments if each is not NoneType))
    if origin is Literal:
        return arguments[0]
    if origin is tuple:
        return tuple(placeholder(name, each) for each in arguments if each is not Ellipsis)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    return _VALUES.get(hint, lambda: Label(name))()

"""Reads what the body of a pattern class declares, before ``@dataclass`` has processed it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import cache, cached_property
from inspect import getattr_static
from types import FunctionType, NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin

from autoforge.dynamodb.schema.annotations import annotations_of
from autoforge.dynamodb.schema.template import Label

#: Annotations in a dataclass that do not declare a field.
_NO_FIELD: Final = ("ClassVar", "InitVar", "KW_ONLY")
_COMPUTED: Final = (property, cached_property)
_CODE: Final = (*_COMPUTED, FunctionType, classmethod, staticmethod)


def parameters_in(cls: type[Any]) -> frozenset[str]:
    """Return the parameters that the body of a pattern class declares."""
    return frozenset(
        name
        for name, hint in annotations_of(cls).items()
        if not any(word in str(hint) for word in _NO_FIELD)
    )


def all_parameters_in(cls: type[Any]) -> frozenset[str]:
    """Return the parameters that a pattern class declares or inherits."""
    return frozenset[str]().union(*map(parameters_in, cls.__mro__))


@cache
def members_of(classes: tuple[type[Any], ...]) -> frozenset[str]:
    """Return the public names that classes assign or annotate; they are the same for ever."""
    return frozenset(
        name
        for cls in classes
        for name in (*vars(cls), *annotations_of(cls))
        if not name.startswith("_")
    )


def admits_none(hint: Any) -> bool:
    """Whether a type admits None, or leaves that open as ``Any`` does."""
    hint = getattr(hint, "__value__", hint)  # an alias by a type statement
    if hint in {Any, object, None, NoneType} or isinstance(hint, TypeVar):
        return True
    return get_origin(hint) in {Union, UnionType, Literal} and any(map(admits_none, get_args(hint)))


def code_of(cls: type[Any], toolkit: Collection[type[Any]]) -> Mapping[str, Any]:
    """Return the properties and methods of a class, without those of the toolkit's classes."""
    return {
        name: member
        for base in reversed(cls.__mro__)
        if base not in toolkit
        for name, member in vars(base).items()
        if isinstance(member, _CODE) and not name.startswith("__")
    }


def read_by(cls: type[Any], code: Mapping[str, Any]) -> set[str]:
    """Return the parameters that properties of a pattern class read.

    Each property runs once, with labels for the values, until it returns or raises.
    """
    probe = _Probe(cls)
    for name, member in code.items():
        if isinstance(member, _COMPUTED):
            with suppress(Exception):  # a property may raise any error on a label
                getattr(probe, name)
    return probe.read


class _Probe:
    """Replaces a pattern while its properties run, and records which parameters they read."""

    def __init__(self, cls: type[Any]) -> None:
        self.read: set[str] = set()
        self._cls = cls
        self._parameters = all_parameters_in(cls)

    def __getattr__(self, name: str) -> Any:
        if name in self._parameters:
            self.read.add(name)
            return Label(name)
        member = getattr_static(self._cls, name)
        return member.__get__(self, self._cls) if hasattr(type(member), "__get__") else member

"""The types of values inside of documents: which values a declared type admits.

A document holds JSON, whoever wrote it, so a field of a Projection that is declared as ``int`` may
meet a text. The tests here are built once for each field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    NotRequired,
    Required,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

#: Tells whether a type admits a value.
Test: TypeAlias = Callable[[Any], bool]

#: The types of the values that a document is read as.
_JSON: Final = (bool, int, float, str, list, dict)


def test_of(hint: Any) -> Test | None:  # noqa: PLR0911 - one for each kind of type
    """Return the test of a type; None if it admits any value, or is not known here."""
    hint = getattr(hint, "__supertype__", getattr(hint, "__value__", hint))  # NewType, type alias
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return _any_of(arguments)
    if origin is Literal:
        return lambda value: any(value == e and type(value) is type(e) for e in arguments)
    if hint in {None, NoneType}:
        return lambda value: value is None
    if hint is Any or isinstance(hint, TypeVar):
        return None
    if is_typeddict(hint):
        return _typed_dict(hint)
    kind = origin or hint
    if not isinstance(kind, type) or kind is object:
        return None
    members = test_of(arguments[-1]) if arguments else None
    if issubclass(list, kind):
        return lambda value: isinstance(value, list) and _all(members, value)
    if issubclass(dict, kind):
        return lambda value: isinstance(value, dict) and _all(members, value.values())
    return _plain(kind)


def is_of_json(hint: Any) -> bool:
    """Whether a type admits a JSON value other than null, or that cannot be told."""
    hint = getattr(hint, "__supertype__", getattr(hint, "__value__", hint))
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return any(is_of_json(each) for each in arguments if each is not NoneType)
    if origin is Literal or is_typeddict(hint):
        return True
    kind = origin or hint
    return (
        kind is Any or not isinstance(kind, type) or any(issubclass(each, kind) for each in _JSON)
    )


def _plain(kind: type[Any]) -> Test | None:
    """Return the test of a class; a whole number is a float, and True is no number."""
    if kind in {int, float}:
        kinds = (int, float) if kind is float else (int,)
        return lambda value: isinstance(value, kinds) and not isinstance(value, bool)
    return (lambda value: isinstance(value, kind)) if kind in _JSON else None


def _any_of(hints: Sequence[Any]) -> Test | None:
    tests = [test_of(each) for each in hints]
    if None in tests:
        return None
    return lambda value: any(test(value) for test in tests if test is not None)


def members_of(typed_dict: Any) -> Mapping[str, tuple[Any, bool]]:
    """Return the members of a TypedDict: the type of each, and whether it must be there.

    ``__required_keys__`` does not know ``NotRequired`` in annotations that are texts.
    """
    found = {}
    for name, hint in get_type_hints(typed_dict, include_extras=True).items():
        marker = get_origin(hint)
        must = name in typed_dict.__required_keys__ or marker is Required
        own = get_args(hint)[0] if marker in {Required, NotRequired} else hint
        found[name] = own, must and marker is not NotRequired
    return found


def _typed_dict(hint: Any) -> Test:
    try:
        members = members_of(hint)
    except (NameError, TypeError):  # a type local to a function
        return lambda value: isinstance(value, dict)
    tests = {name: test for name, (own, _) in members.items() if (test := test_of(own))}
    required = {name for name, (_, must) in members.items() if must}

    def fits(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and required <= value.keys()
            and all(tests[name](value[name]) for name in tests.keys() & value.keys())
        )

    return fits


def _all(test: Test | None, members: Any) -> bool:
    return test is None or all(map(test, members))

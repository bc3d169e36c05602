"""The JSON object that the route of a pattern answers with."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, is_typeddict

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.http.api.json_types import json_of, object_of, one_of
from autoforge.http.api.projection import JsonObject

#: The form of an answer: an object, a list (the member ``items``), or a value (``answer``).
Form: TypeAlias = Literal["object", "list", "value"]


def answer_of(pattern: type[Pattern[Any]]) -> tuple[Any, Form]:
    """Return the type of the object that a pattern's route answers with, and its form.

    Raises:
        DeclarationError: if the pattern is of a kind that has no route, or answers with a type
            whose JSON is not known.
    """
    name, module = pattern.__name__, pattern.__module__
    if issubclass(pattern, Query | Fetch):
        item: Any = one_of(pattern.answered())
        return _page(name, module, list[item]), "list"
    if issubclass(pattern, Get):
        return json_of(pattern.answered()[0]), "object"
    if not issubclass(pattern, Composite):
        raise DeclarationError(f"{name} is of a kind that has no route: leave it out of patterns")
    try:
        answer = json_of(_argument(pattern))
    except DeclarationError as error:
        raise DeclarationError(f"{name}: {error}") from error
    if get_origin(answer) in {Union, UnionType}:
        # None is answered with 404.
        answer = Union[tuple(each for each in get_args(answer) if each is not NoneType)]  # noqa: UP007
    if get_origin(answer) is list:
        return _page(name, module, answer), "list"
    plain = get_args(answer)[0] if get_origin(answer) is Annotated else answer
    if get_origin(plain) is dict or is_typeddict(plain):
        return answer, "object"
    return object_of(f"{name}Answer", module, {"answer": answer}), "value"


def in_form(form: Form, answer: Any) -> JsonObject:
    """Return the object of an answer in JSON."""
    if form == "list":
        return {"items": answer, "nextCursor": None}
    return {"answer": answer} if form == "value" else answer


def _page(name: str, module: str, items: Any) -> Any:
    return object_of(f"{name}Page", module, {"items": items, "nextCursor": str | None})


def _argument(pattern: type[Composite[Any]]) -> Any:
    """Return the type argument of a composite, the type of its answer."""
    for base in pattern.__mro__:
        for each in getattr(base, "__orig_bases__", ()):
            origin = get_origin(each)
            if isinstance(origin, type) and issubclass(origin, Composite):
                return get_args(each)[0]
    raise DeclarationError(f"{pattern.__name__} does not say what it answers with")

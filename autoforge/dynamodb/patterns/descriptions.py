"""What a parameter of a pattern means, in words: its own, or those of the attribute behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from autoforge.dynamodb.patterns.keyed import Keyed
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.attribute import description_of


def description_of_parameter(pattern: type[Pattern[Any]], name: str) -> str:
    """Return the description of a parameter; empty without one.

    A text in the annotation describes the parameter, as in ``Annotated[str, "The day."]``; any
    other has the description of the attribute that it is compared with, or has the name of.

    Args:
        pattern: The pattern.
        name: The parameter, by its name in Python.
    """
    hint = get_type_hints(pattern, include_extras=True).get(name)
    return next(_texts_in(hint), "") or next(_of_attributes(pattern, name), "")


def _texts_in(hint: Any) -> Iterator[str]:
    """Yield the texts in an annotation."""
    if get_origin(hint) is Annotated:
        yield from (each for each in hint.__metadata__ if isinstance(each, str))
    else:
        yield from (text for each in get_args(hint) for text in _texts_in(each))


def _of_attributes(pattern: type[Pattern[Any]], name: str) -> Iterator[str]:
    """Yield the descriptions of the attributes that a parameter is about."""
    behind = _component(pattern, name) or name
    for entity in pattern.entities:
        attribute = entity.get_attributes().get(behind)
        if attribute is not None and description_of(attribute):
            yield description_of(attribute)


def _component(pattern: type[Pattern[Any]], name: str) -> str | None:
    """Return the component of the key that a parameter gives or bounds; None if it does neither."""
    if not issubclass(pattern, Keyed):
        return None
    for component in pattern.key.components:
        if pattern.renames.get(component, component) == name:
            return component
    bounds = pattern.range if issubclass(pattern, Query) else None
    if bounds is None:
        return None
    ends = {bounds.at_least, bounds.below, bounds.at_most, bounds.begins_with, *bounds.above}
    return bounds.component if name in ends else None

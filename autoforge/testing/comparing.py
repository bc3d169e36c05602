"""Compares what came with what should have come, whatever a pattern answers with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

from autoforge.dynamodb.patterns.declared import admits_none
from autoforge.dynamodb.patterns.projection import entity_of, hints_of, is_projection
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.writes.alike import alike
from autoforge.testing.drawn import Drawn, shown
from autoforge.testing.report import Broken, item_in_words

#: What is compared of an answer: its class, and its attributes or fields with their values.
Seen: TypeAlias = tuple[type[Any], Mapping[str, Any]]

#: Answers in their order; those whose order is not defined are together.
Groups: TypeAlias = Sequence[Sequence[Seen]]


def seen(answer: Any) -> Seen:
    """Return what is compared of an entity, or of a part of one, that came."""
    if isinstance(answer, Entity):
        return type(answer), shown(answer)
    return type(answer), {each.name: getattr(answer, each.name) for each in fields(answer)}


def due(drawn: Drawn, answers: Iterable[type[Any]]) -> Seen:
    """Return what should come of a stored item: all of it, or the part that is declared.

    Args:
        drawn: The item.
        answers: The entities that a pattern answers with, or the parts of them.

    Raises:
        Broken: if the item lacks a value that its part cannot be without.
    """
    parts: list[Any] = [each for each in answers if entity_of(each) is drawn.entity]
    answer: Any = next(iter(parts), drawn.entity)
    if not is_projection(answer):
        return drawn.entity, drawn.shown
    hints = hints_of(answer)
    values = {}
    for name, (attribute, *path) in answer.takes.items():
        values[name] = drawn.read(attribute, path)
        if path and values[name] is None and not admits_none(hints.get(name, Any)):
            raise Broken(
                f"an item lacks {'.'.join((attribute, *path))}, and {answer.__name__} needs it: "
                f"let the type of {name} admit None, or give laws_of a strategy for "
                f"{drawn.entity.__name__}.{attribute}",
                more={"item": [item_in_words(drawn.entity, drawn.made.attribute_values)]},
            )
    return answer, values


def answered(drawn: Drawn, answers: Iterable[type[Any]]) -> Any:
    """Return an item as a pattern is given it: the entity, or the declared part."""
    answer, values = due(drawn, answers)
    return answer(**values) if is_projection(answer) else drawn.made


def require_equal(
    found: Sequence[Any], wanted: Groups, words: Sequence[str], *, limit: int | None = None
) -> None:
    """Require that items came in the order of the groups.

    Args:
        found: What came.
        wanted: What should have come; the order within a group is free.
        words: What is selected, in words.
        limit: How many of them should have come; None for all.

    Raises:
        Broken: if others came.
    """
    came = [*map(seen, found)]
    most = sum(map(len, wanted))
    number = most if limit is None else min(limit, most)
    place = 0
    right = len(came) == number
    for group in wanted:
        if any(each not in group for each in came[place : place + len(group)]):
            right = False
        place += len(group)
    expected = [each for group in wanted for each in group]
    if right and (limit is not None or not _repeated(came, expected)):
        return
    raise Broken(
        _difference(came, expected[:number]),
        came=[item_in_words(*each) for each in came],
        wanted=[item_in_words(*each) for each in expected[:number]],
        more={"selects": words} if words else None,
    )


def _repeated(came: Sequence[Seen], expected: Sequence[Seen]) -> bool:
    """Whether one of two different items came twice."""
    return any(came.count(each) != expected.count(each) for each in came)


def _difference(came: Sequence[Seen], expected: Sequence[Seen]) -> str:
    missing = _without(expected, came)
    more = _without(came, expected)
    if not missing and not more:
        return "the items came in another order"
    said = []
    if missing:
        said.append(f"{_number(missing)} did not come: {item_in_words(*missing[0])}")
    if more:
        said.append(f"{_number(more)} came that should not: {item_in_words(*more[0])}")
    return "; ".join(said)


def _without(some: Sequence[Seen], others: Sequence[Seen]) -> list[Seen]:
    left = list(others)
    found = []
    for each in some:
        if each in left:
            left.remove(each)
        else:
            found.append(each)
    return found


def _number(items: Sequence[Seen]) -> str:
    return "an item" if len(items) == 1 else f"{len(items)} items"


def differing(stored: Item, wanted: Item) -> list[str]:
    """Return the names of the attributes that two stored items do not both have, with one value."""
    return [
        name
        for name in sorted({*stored, *wanted})
        if name not in stored or name not in wanted or not alike(stored[name], wanted[name])
    ]


def are_alike(one: Sequence[Item], other: Sequence[Item]) -> bool:
    """Whether two tables have the same items, in the same order."""
    return len(one) == len(other) and not any(map(differing, one, other))

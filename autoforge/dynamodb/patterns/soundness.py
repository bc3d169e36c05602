"""Checks access patterns against the design of the table that they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.schema.design import Design


def faults_of(design: Design, patterns: Iterable[type[Pattern[Any]]]) -> Iterator[str]:
    """Yield what is wrong with patterns of a table, in words that name what to change.

    A pattern may only answer with entities of the table, may only read indexes of the table, and
    its key condition must not cover keys of an entity that it does not answer with. Its filter must
    not have key attributes.
    """
    for pattern in patterns:
        foreign = [each for each in pattern.entities if not design.admits(each)]
        if foreign:
            names = " and ".join(each.__name__ for each in foreign)
            are = "is not an entity" if len(foreign) == 1 else "are not entities"
            yield f"{pattern.__name__} answers with {names}, which {are} of the table"
            continue
        fault = pattern.fault_of_filter()
        if fault:
            yield f"{pattern.__name__}: {fault}"
        left_out = pattern.left_out()
        for entity in left_out:
            if not design.admits(entity):
                yield (
                    f"{pattern.__name__} leaves out {entity.__name__}, which is not an entity of "
                    "the table"
                )
        for entity in design.stored:
            if entity in pattern.entities:
                continue
            reached = [key for key in entity.keys.values() if pattern.reaches(key)]
            if entity in left_out and not reached:
                yield (
                    f"{pattern.__name__} leaves out {entity.__name__}, which is not in the range "
                    "that it reads"
                )
            if reached and entity not in left_out:
                yield (
                    f"{pattern.__name__} reads items under {reached[0]}, which it does not answer "
                    f"with: add {entity.__name__} to its entities or to leaves_out, or read a "
                    "narrower range"
                )

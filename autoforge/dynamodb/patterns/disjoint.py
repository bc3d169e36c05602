"""Checks that no query reads items of an entity that it does not answer with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.schema.design import Design


def require_disjoint(design: Design, patterns: Iterable[type[Pattern[Any]]]) -> None:
    """Check that the key condition of no pattern covers keys of an entity outside its answers.

    Raises:
        DeclarationError: with each pattern that does, and the key of the entity.
    """
    faults = [
        f"{pattern.__name__} reads items under {key}, which it does not answer with"
        for pattern in patterns
        for entity in design.entities
        if entity not in pattern.entities
        for key in entity.keys.values()
        if pattern.reaches(key)
    ]
    if faults:
        raise DeclarationError("; ".join(faults))

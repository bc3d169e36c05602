"""The check that no query reads into the range of an entity it does not answer with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.schema.design import Design


def require_disjoint(design: Design, patterns: Iterable[type[Pattern[Any]]]) -> None:
    """Refuse a query whose prefix reaches into the range of an entity it does not answer with.

    Raises:
        DeclarationError: naming every such pattern and entity.
    """
    faults = [
        f"{pattern.__name__} reaches {key}"
        for pattern in patterns
        for entity in design.entities
        if entity not in pattern.entities
        for key in entity.keys.values()
        if pattern.reaches(key)
    ]
    if faults:
        raise DeclarationError("; ".join(faults))

"""Writes of drawn items: updates that are accepted, and writes in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.testing.drawn import Drawn
from autoforge.testing.law import words_of
from autoforge.testing.report import called

#: The attribute with the time of the last change, which every update sets.
UPDATED = "updated_at"


def informed(drawn: Drawn, write: Update[Any]) -> Update[Any] | None:
    """Return an update that is accepted: with what it says that it must know of the item.

    None if the entity refuses any update of the attribute, in words.
    """
    try:
        write.parameters()
    except DeclarationError:
        names = {n for key in drawn.entity.keys.values() for n in key.sources}
        names -= {*write.key, *write.values, UPDATED}
        try:
            known = {name: drawn.values[name] for name in names}
            write = replace(write, expected={**write.before, **known})
            write.parameters()
        except DeclarationError:
            return None
    return write


def write_in_words(write: Write[Any]) -> str:
    """Return a write as a message has it."""
    match write:
        case Put():
            replaces = ", replace=True" if write.replace else ""
            return f"Put({words_of(Drawn(write.entity, write.item))}{replaces})"
        case Update():
            given = {"expected": dict(write.before)} if write.before else {}
            arguments = {**write.key, "changes": dict(write.values), **given}
            return called(f"Update of {write.entity.__name__}", arguments)
    key = getattr(write, "key", {})
    return called(f"{type(write).__name__} of {write.entity.__name__}", key)


def immortal(entity: type[Entity]) -> dict[str, Any]:
    """Return the values with which an item never expires."""
    return {"expires_at": None} if "expires_at" in entity.get_attributes() else {}

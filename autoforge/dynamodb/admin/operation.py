"""Work: what a method that writes asks and changes, declared."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.schema.entity import Entity


@dataclass(frozen=True)
class Operation:
    """What one method that writes asks and changes.

    Attributes:
        name: The method, as its caller names it: ``loans.extend``.
        asks: The patterns it asks, first or on the way; also what a Store looks at before it
            makes a change again whose answer was lost, or one that expects something.
        sweeps: Entities whose whole partition it reads, whatever the items there are.
        puts: Entities of which it stores new items.
        updates: Entities of which it changes items, or makes one by changing it.
        checks: Entities of which it demands something in a transaction.
        deletes: Entities of which it deletes items, on a condition.
        batches: Entities of which it stores or deletes items in batches, without conditions.
    """

    name: str
    asks: tuple[type[Pattern[Any]], ...] = ()
    scans_partition: tuple[type[Entity], ...] = ()
    puts: tuple[type[Entity], ...] = ()
    updates: tuple[type[Entity], ...] = ()
    checks: tuple[type[Entity], ...] = ()
    deletes: tuple[type[Entity], ...] = ()
    batches: tuple[type[Entity], ...] = ()

    def with_more(self, name: str, **more: Any) -> Operation:
        """The work of this name that asks and changes all of this, and more."""
        parts = [each.name for each in fields(self) if each.name != "name"]
        joined = {
            each: dict.fromkeys((*getattr(self, each), *more.get(each, ()))) for each in parts
        }
        return Operation(name, **{each: tuple(joined[each]) for each in parts})

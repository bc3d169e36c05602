"""Operation: declares what a method that writes reads and changes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.schema.entity import Entity


@dataclass(frozen=True)
class Operation:
    """What one method that writes reads and changes, for the policy of a program that calls it.

    Attributes:
        name: The method, as its caller names it: ``loans.extend``.
        asks: The patterns it runs at any point. They include what a Store reads before it repeats a
            write whose answer was lost, or applies a write with an expectation.
        scans_partition: Entities whose whole partition it reads, whatever the types of the items.
        scans: Entities whose whole table it scans, such as an export of an operator.
        puts: Entities whose items it creates.
        updates: Entities whose items it changes, or creates by an update.
        checks: Entities whose items it checks in a transaction (``ConditionCheck``).
        deletes: Entities whose items it deletes, on a condition.
        batches: Entities whose items it stores or deletes in batches, without conditions.

    Examples:
        >>> lend = Operation("loans.lend", asks=(BookByIsbn,), puts=(Loan,), updates=(Book,))
        >>> sorted({permission.action for permission in permissions_of(lend)})
        ['GetItem', 'PutItem', 'UpdateItem']
    """

    name: str
    asks: tuple[type[Pattern[Any]], ...] = ()
    scans_partition: tuple[type[Entity], ...] = ()
    scans: tuple[type[Entity], ...] = ()
    puts: tuple[type[Entity], ...] = ()
    updates: tuple[type[Entity], ...] = ()
    checks: tuple[type[Entity], ...] = ()
    deletes: tuple[type[Entity], ...] = ()
    batches: tuple[type[Entity], ...] = ()

    def with_more(self, name: str, **more: Any) -> Operation:
        """Return an operation with another name that reads and changes all of this, and more.

        Args:
            name: The other method.
            more: Further patterns and entities, by the attributes of an operation.

        Examples:
            >>> lend = Operation("loans.lend", puts=(Loan,))
            >>> lend.with_more("loans.lend_noted", updates=(Book,)).puts
            (<class 'docs.examples.library.Loan'>,)
        """
        parts = [each.name for each in fields(self) if each.name != "name"]
        joined = {
            each: dict.fromkeys((*getattr(self, each), *more.get(each, ()))) for each in parts
        }
        return Operation(name, **{each: tuple(joined[each]) for each in parts})

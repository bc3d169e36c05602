"""Operation: declares what a method that writes reads and changes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from autoforge.dynamodb.errors import DeclarationError, shortened
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.schema.design import is_class_of
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.settings import as_tuple


@dataclass(frozen=True)
class Operation:
    """What one method that writes reads and changes, for the policy of a program that calls it.

    It declares patterns and writes. ``permissions_of`` derives the further requests of a Store: for
    look-up items of unique values, for TransactionMarks, to delete an expired item, and to read an
    item after a lost response.

    Attributes:
        name: The method, as its caller names it: ``loans.extend``.
        asks: The patterns that it runs, including those for reads before a write with ``expected``
            or before another attempt.
        scans_partition: Entities whose whole partitions it reads, with items of any type.
        scans: Entities whose table it scans, such as an export of an operator.
        puts: Entities whose items it creates by a ``Put``.
        replaces: Entities whose items it stores over existing ones: by a ``Put`` with ``replace``
            or with a condition.
        updates: Entities whose items it changes by an ``Update``, or, if they never expire, creates
            by an ``Update`` with ``initial``.
        upserts: Entities that may expire, and whose items it changes or creates by an ``Update``
            with ``initial``.
        checks: Entities whose items it checks in a transaction (``ConditionCheck``).
        deletes: Entities whose items it deletes by a ``Delete``.
        batches: Entities whose items it stores or deletes in batches, without conditions.
        transacts: Whether it sends a ``Transaction``; True is implied by ``checks``.

    Raises:
        DeclarationError: if a member is not the class of a pattern or an entity.

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
    replaces: tuple[type[Entity], ...] = ()
    updates: tuple[type[Entity], ...] = ()
    upserts: tuple[type[Entity], ...] = ()
    checks: tuple[type[Entity], ...] = ()
    deletes: tuple[type[Entity], ...] = ()
    batches: tuple[type[Entity], ...] = ()
    transacts: bool = False

    def __post_init__(self) -> None:
        """Check that patterns and entities are given, and each as the class itself."""
        for each in fields(self):
            if each.name in {"name", "transacts"}:
                continue
            members = as_tuple(f"operation {self.name}", each.name, getattr(self, each.name))
            object.__setattr__(self, each.name, members)
            wanted: type[Any] = Pattern if each.name == "asks" else Entity
            strange = [member for member in members if not is_class_of(member, wanted)]
            if strange:
                raise DeclarationError(
                    f"operation {self.name}: {each.name}: {shortened(strange[0])} is not the class "
                    f"of {'a pattern' if wanted is Pattern else 'an entity'}"
                )

    def with_more(self, name: str, *, transacts: bool = False, **more: Any) -> Operation:
        """Return an operation with another name and everything of this one, and more.

        Args:
            name: The other method.
            transacts: Whether the other method sends a ``Transaction``.
            more: Further patterns and entities, by the attributes of an operation.

        Examples:
            >>> lend = Operation("loans.lend", puts=(Loan,))
            >>> lend.with_more("loans.lend_noted", updates=(Book,)).puts
            (<class 'docs.examples.library.Loan'>,)
        """
        parts = [each.name for each in fields(self) if each.name not in {"name", "transacts"}]
        joined = {
            each: dict.fromkeys((*getattr(self, each), *more.get(each, ()))) for each in parts
        }
        return Operation(
            name,
            **{each: tuple(joined[each]) for each in parts},
            transacts=self.transacts or transacts,
        )

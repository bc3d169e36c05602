"""SortRange, the range of sort keys that parameters of a query bound."""

from __future__ import annotations

from dataclasses import dataclass

from autoforge.dynamodb.errors import DeclarationError, shortened


@dataclass(frozen=True)
class SortRange:
    """The range of sort keys that parameters of a query bound; each parameter may be None.

    None leaves the range open at that end.

    Attributes:
        component: The bounded component: the first one that the query does not fix.
        at_least: The parameter with the lower bound, which is in the range.
        below: The parameter with the upper bound, which is not in the range.
        at_most: The parameter with the upper bound, which is in the range; instead of ``below``.
        above: Parameters for the bounded component and the components after it, in order; the range
            begins after all sort keys that have these values.
        begins_with: The parameter with the beginning of the component, instead of bounds: that of a
            text, or the ``date`` of a time for all times of that UTC day.

    Raises:
        DeclarationError: if there is no bound, or a name is no text; when the query is declared, if
            the parameters do not give one range.

    Examples:
        >>> from datetime import date
        >>> @dataclass(frozen=True)
        ... class LoansDueOn(Query[Loan]):
        ...     '''Which loans are due on this day?'''
        ...
        ...     key = Loan.due
        ...     range = SortRange("due_at", begins_with="day")
        ...
        ...     day: date
        >>> [loan.id for loan in store.each(LoansDueOn(date(2026, 2, 11)))]
        ['l2']
    """

    component: str
    at_least: str | None = None
    below: str | None = None
    at_most: str | None = None
    above: tuple[str, ...] = ()
    begins_with: str | None = None

    def __post_init__(self) -> None:
        """Check that the range has a bound, and that names are given."""
        above: object = self.above
        if not isinstance(above, tuple):
            raise DeclarationError(f"above is {shortened(above)}, not a tuple: write above=(…,)")
        for name in (self.component, *self.parameters):
            if not isinstance(name, str):
                raise DeclarationError(
                    f"a SortRange has {shortened(name)}, which is no name: give the names of the "
                    "component and of the parameters that bound it"
                )
        if not self.parameters:
            raise DeclarationError(
                f"a SortRange over {self.component} has no bound: name a parameter for it, such "
                'as at_least="since"'
            )
        twice = next((name for name in self.parameters if self.parameters.count(name) > 1), None)
        if twice is not None and self.begins_with is None:
            raise DeclarationError(f"{twice} bounds {self.component} twice: name two parameters")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters.

        Examples:
            >>> SortRange("due_at", at_most="by").parameters
            ('by',)
        """
        names = (self.at_least, self.below, self.at_most, *self.above, self.begins_with)
        return tuple(name for name in names if name is not None)

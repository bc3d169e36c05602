"""laws_of: the laws of a design, as one parametrised pytest test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autoforge.dynamodb.extras import extra
from autoforge.dynamodb.table import Table, require_table
from autoforge.testing.engines import Engine

with extra("testing", "laws_of"):
    import hypothesis as _hypothesis  # noqa: F401 - the modules below need it
    import pytest

from autoforge.testing.entity_laws import laws_of_entities
from autoforge.testing.expiring_laws import laws_of_expiry
from autoforge.testing.law import Law
from autoforge.testing.lost_laws import laws_of_lost_answers
from autoforge.testing.pattern_laws import laws_of_patterns
from autoforge.testing.plugin import NOT_PROVED
from autoforge.testing.race_laws import laws_of_races
from autoforge.testing.refusal_laws import laws_of_refusals
from autoforge.testing.selection import Selects
from autoforge.testing.unique_laws import laws_of_uniques
from autoforge.testing.values import Values


def laws_of(
    table: Table,
    *,
    strategies: Mapping[Any, Any] | None = None,
    selects: Mapping[type[Any], Selects] | None = None,
    examples: int = 50,
) -> Callable[..., None]:
    """Return a pytest test that proves the laws of a table's design, one test id for each.

    Assign it to a name that pytest collects::

        test_laws = laws_of(library)

    Args:
        table: The table.
        strategies: Hypothesis strategies for what cannot be drawn otherwise: by a class of
            attributes, or by the name of an attribute such as ``"Book.isbn"``, of its values; by an
            entity, of whole entities; by a pattern, of the pattern with its parameters.
        selects: For a pattern, a function that is given the pattern with its parameters and an
            item, and says whether it selects the item: what you mean, independently of the
            declaration. For a Lookup or a Hydrate the item is a look-up item or a reference.
        examples: How many examples a law is proven on; some laws take a share or a multiple.

    Raises:
        DeclarationError: if values of an attribute or a parameter cannot be drawn; it says what to
            give. No entity and no pattern is left out.

    Examples:
        >>> from autoforge.testing import laws_of
        >>> small = Table("Small", entities=(Book,), patterns=(BookByIsbn,))
        >>> test_laws = laws_of(small, examples=20)
    """
    require_table(table)
    laws = laws_in(table, strategies=strategies, selects=selects)

    @pytest.mark.parametrize("law", laws, ids=str)
    def test_law(
        law: Law, autoforge_engine: Engine, record_property: Callable[[str, object], None]
    ) -> None:
        for limit in law.not_proved(autoforge_engine):
            record_property(NOT_PROVED, f"{law.subject}: {limit}")
        law.prove(autoforge_engine, examples)

    return test_law


def laws_in(
    table: Table,
    *,
    strategies: Mapping[Any, Any] | None = None,
    selects: Mapping[type[Any], Selects] | None = None,
) -> list[Law]:
    """Return the laws that apply to a table's design; see ``laws_of``."""
    values = Values(table, strategies or {})
    values.require_all()
    return [
        *laws_of_entities(table, values),
        *laws_of_uniques(table, values),
        *laws_of_expiry(table, values),
        *laws_of_refusals(table, values),
        *laws_of_lost_answers(table, values),
        *laws_of_races(table, values),
        *laws_of_patterns(table, values, selects or {}),
    ]

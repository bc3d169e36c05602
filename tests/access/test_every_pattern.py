"""Every pattern of the catalogue returns exactly what a comprehension over all items does.

On every engine it does so among fixed items that differ little from what it asks for; among drawn
items, on one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import Field, replace
from datetime import date, datetime
from itertools import groupby
from types import UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from autoforge.access.catalogue import CATALOGUE
from autoforge.dynamodb import Entity
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate
from autoforge.dynamodb.store.store import Store
from tests.access.cases import THERE, every_asked
from tests.access.populations import Population, identity, moments, populations, values_of
from tests.access.proofs import PROOFS, proof_of
from tests.stores import fresh

#: The strategy for parameters that have no attribute, by type.
_OF_TYPE: Final[dict[type[Any], SearchStrategy[Any]]] = {
    datetime: moments,
    date: moments.map(datetime.date),
    int: st.integers(1, 4),
}
_GETS: Final = [each for each in CATALOGUE if issubclass(each, Get)]
_QUERIES: Final = [each for each in CATALOGUE if issubclass(each, Query)]
_OTHERS: Final = [each for each in CATALOGUE if issubclass(each, Fetch | Composite)]


def test_every_pattern_of_the_catalogue_has_a_proof() -> None:
    for kind in CATALOGUE:
        proof_of(kind)
    assert {*PROOFS} == {*CATALOGUE}
    assert {*_GETS, *_QUERIES, *_OTHERS} == {*CATALOGUE}


@pytest.mark.parametrize("kind", CATALOGUE)
def test_among_near_misses_a_pattern_finds_exactly_what_it_asks_for(
    full: Store, kind: type[Any]
) -> None:
    proof = proof_of(kind)
    for asked in every_asked(kind):
        expected = proof.answer(asked, THERE)
        if isinstance(asked, Query):
            found: Any = list(full.page(asked, limit=100).items)
            expected = expected[::-1] if proof.newest_first else expected
        elif isinstance(asked, Get):
            found = full.get(asked)
        else:
            found = full.fetch(asked) if isinstance(asked, Fetch) else full.answer(asked)

        assert found == expected, asked


@pytest.mark.one_engine
@pytest.mark.parametrize("kind", _GETS)
@given(data=st.data())
def test_a_get_finds_exactly_the_one_or_none(
    client: Client, kind: type[Get[Any]], data: DataObject
) -> None:
    store, there = _populated(client, kind, data)

    for _ in range(3):
        asked = _asked(kind, there, data)

        assert store.get(asked, consistent=data.draw(st.booleans())) == proof_of(kind).answer(
            asked, there
        )


@pytest.mark.one_engine
@pytest.mark.parametrize("kind", _QUERIES)
@given(data=st.data())
def test_a_querys_pages_joined_are_exactly_what_a_comprehension_says(
    client: Client, kind: type[Query[Any]], data: DataObject
) -> None:
    store, there = _populated(client, kind, data)
    asked = replace(
        _asked(kind, there, data), order=data.draw(st.sampled_from([None, "asc", "desc"]))
    )
    limit = data.draw(st.integers(1, 4), label="limit")
    consistent = kind.key.index.name is None and data.draw(st.booleans(), label="consistent")
    proof = proof_of(kind)
    expected = proof.answer(asked, there)
    if asked.order == "desc" or (asked.order is None and proof.newest_first):
        expected.reverse()

    pages: list[Page[Any]] = []
    cursor = None
    while not pages or cursor:
        page = store.page(asked, limit=limit, cursor=cursor, consistent=consistent)
        pages.append(page)
        cursor = page.cursor

    answered = [each for page in pages for each in page.items]
    assert _ties_sorted(answered) == _ties_sorted(expected)
    assert [len(page.items) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert len(pages[-1].items) <= limit
    # A reference to a missing item may follow.
    assert pages[-1].items or len(pages) == 1 or issubclass(kind, Hydrate)


@pytest.mark.one_engine
@pytest.mark.parametrize("kind", _OTHERS)
@given(data=st.data())
def test_what_takes_several_items_joins_them_as_a_comprehension_does(
    client: Client, kind: type[Any], data: DataObject
) -> None:
    store, there = _populated(client, kind, data)
    ask = store.fetch if issubclass(kind, Fetch) else store.answer

    for _ in range(2):
        asked = _asked(kind, there, data)

        assert ask(asked, consistent=data.draw(st.booleans())) == proof_of(kind).answer(
            asked, there
        )


def _ties_sorted(entities: Sequence[Any]) -> list[Any]:
    """Sort entities with the same index key: DynamoDB promises no order among them."""
    ties = groupby(entities, key=lambda each: getattr(each, "id", None) or identity(each))
    return [each for _, tied in ties for each in sorted(tied, key=lambda it: str(identity(it)))]


def _populated(
    client: Client, kind: type[Pattern[Any]], data: DataObject
) -> tuple[Store, Population]:
    there = data.draw(populations(*_kinds(kind)), label="population")
    store = fresh(client)
    there.put_into(store)
    return store, there


def _kinds(kind: type[Pattern[Any]]) -> tuple[type[Entity], ...]:
    """Return the entity types that most of the population is drawn from."""
    return (*kind.entities, *proof_of(kind).beside)


def _asked(kind: type[Pattern[Any]], there: Population, data: DataObject) -> Any:
    """Return the pattern with parameters that one entity has, or with drawn ones."""
    hints = get_type_hints(kind)
    one = data.draw(st.sampled_from([None, *there.of(*_kinds(kind))]), label="asked for")
    values = {
        each.name: data.draw(_parameter(kind, each, hints[each.name], one), label=each.name)
        for each in kind.parameters()
        if each.name != "order"
    }
    since, until = values.get("since"), values.get("until")
    if since is not None and until is not None and since > until:
        values |= {"since": until, "until": since}
    return kind(**values)


def _parameter(
    kind: type[Pattern[Any]], parameter: Field[Any], hint: Any, one: Entity | None
) -> SearchStrategy[Any]:
    """Return the strategy for a parameter: the value of one entity, or of its attribute."""
    # In ``str | None`` the type comes first, and the parameter may be omitted.
    type_, *more = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if type_ in _OF_TYPE:
        drawn = _OF_TYPE[type_]
    elif get_origin(type_) is tuple:
        drawn = st.lists(_attribute(kind, parameter.name[:-1], one), max_size=5).map(tuple)
    else:
        drawn = _attribute(kind, parameter.name, one)
    return drawn | st.none() if more else drawn


def _attribute(kind: type[Pattern[Any]], name: str, one: Entity | None) -> SearchStrategy[Any]:
    """Return the strategy for an attribute, or for the id if no entity has the attribute."""
    kinds = _kinds(kind)
    owner = next((each for each in kinds if name in each.get_attributes()), None)
    of, attribute = (kinds[0], "id") if owner is None else (owner, name)
    value = getattr(one, attribute) if isinstance(one, of) else None
    return values_of(of, attribute) if value is None else st.just(value)

"""Patterns that read as if they said something, and would say nothing or something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import new_class
from typing import Any, ClassVar

import pytest

from autoforge.dynamodb import (
    GSI,
    ByUnique,
    Composite,
    Entity,
    Fetch,
    Get,
    Id,
    Integer,
    Key,
    Moment,
    Query,
    SortRange,
    Text,
    Unique,
)
from autoforge.errors import DeclarationError


class Tram(Entity):
    """A tram and when it was built."""

    id: Id = Id()
    line: Integer = Integer()
    name: Text = Text()
    built_at: Moment = Moment()

    key = Key("TRAM#{id}", "TRAM")
    of_day = Key("BUILT#{built_at:date}", "{built_at}#{id}", index=GSI("ByDay"))
    of_line = Key("LINE#{line:3}", "{built_at}", index=GSI("ByLine"))
    by_name = Unique("NAME#{name}")


def _pattern(kind: Any, parameters: Mapping[str, Any] | None = None, **members: Any) -> Any:
    """Declare a pattern of a kind."""
    own = {"__doc__": "Which?", "__annotations__": dict(parameters or {}), **members}
    return dataclass(frozen=True)(new_class("Which", (kind,), {}, lambda body: body.update(own)))


def _trams(**members: Any) -> Any:
    """Declare a query of the trams on a line."""
    return _pattern(Query[Tram], {"line": int}, **{"key": Tram.of_line, **members})


def _ranged(component: Any, **bounds: Any) -> Any:
    return SortRange(component, **bounds)


def _of_day(parameters: Mapping[str, Any], **members: Any) -> Any:
    """Declare a query of the trams that were built on a day."""
    named = {"key": Tram.of_day, "renames": {"built_at": "day"}}
    return _pattern(Query[Tram], parameters, **named, **members)


@pytest.mark.parametrize(
    ("declare", "error"),
    [
        (
            lambda: _trams(newest_frist=True),
            r"^nothing uses Which\.newest_frist; did you mean 'new",
        ),
        (lambda: _trams(leaves_uot=()), r"did you mean 'leaves_out'\? \(annotate it as a ClassVar"),
        (lambda: _trams(fetch_rest=True), r"did you mean 'fetches_rest'\?"),
        (lambda: _trams(rename={}), r"did you mean 'renames'\?"),
        (lambda: _trams(filterr=_ranged), r"'filter'\? \(give it another name if it is a method"),
        (
            lambda: _trams(filter=Tram.line.above(3)),
            r"Query itself needs this name: write a method",
        ),
        (
            lambda: _trams(order="desc"),
            r"order is 'desc', .*: newest_first = True reads the larges",
        ),
        (lambda: _trams(descending=True), r"descending is True, .*: newest_first = True reads"),
        (lambda: _trams(key=None, kye=Tram.key), r"no key: kye is one, and its name must be key$"),
        (lambda: _trams(key="key"), r"no key: write key = Tram\.key, a Key of the .*, not 'key'$"),
        (
            lambda: _trams(renames=("line",)),
            r"renames is \('line',\), not a mapping from component",
        ),
        (lambda: _trams(renames={"line": 3}), r"renames has 3, which is no name of a parameter$"),
        (lambda: _trams(fixed=("line",)), r"fixed is \('line',\), not a mapping"),
        (lambda: _trams(fixed={"line": "x"}), r"^Which: fixed: line: 'x' is not"),
        (lambda: _trams(leaves_out=Tram), r"leaves_out is the class Tram, not a tuple: write"),
        (lambda: _trams(leaves_out=("Tram",)), r"leaves_out: 'Tram' is not an entity: name the"),
        (lambda: _trams(range="built_at"), r"range is 'built_at', not a SortRange: write range = "),
        (lambda: _trams(moving=3), r"moving is 3, not the name of a parameter$"),
        (lambda: _ranged("built_at"), r"^a SortRange over built_at has no bound: name a parameter"),
        (lambda: _ranged("built_at", above="since"), r"^above is 'since', not a tuple: write ab."),
        (
            lambda: _ranged("built_at", below=3),
            r"^a SortRange has 3, which is no name: give the na",
        ),
        (
            lambda: _ranged("built_at", at_least="a", below="a"),
            r"^a bounds built_at twice: name tw",
        ),
        (
            lambda: _pattern(Get[Tram], {"id": int}, key=Tram.key),
            r"id is of type int, and no such v",
        ),
        (
            lambda: _of_day({"day": date}),
            r"day is of type date, and no .* sort key: .* by a range$",
        ),
        (lambda: _pattern(Fetch[Tram], primarykeys=_trams), r"did you mean 'primary_keys'\?"),
        (lambda: _pattern(Composite[int], part=_trams), r"did you mean 'parts'\?"),
        (lambda: _pattern(ByUnique[Tram], unique="by_name"), r"a Unique of the entity, not 'by_na"),
    ],
)
def test_a_pattern_that_would_not_do_what_it_says_is_refused(
    declare: Callable[[], object], error: str
) -> None:
    with pytest.raises(DeclarationError, match=error):
        declare()


def test_a_day_is_a_date_where_a_range_bounds_the_time() -> None:
    parameters = {"day": date, "since": datetime | None}
    of_day = _of_day(parameters, range=SortRange("built_at", at_least="since"))

    condition = of_day(date(2026, 2, 4), None).condition(datetime(2026, 2, 4))  # noqa: DTZ001

    assert str(condition) == "ByDayPK = BUILT#2026-02-04"


def test_constants_and_methods_of_ones_own_are_left_alone() -> None:
    @dataclass(frozen=True)
    class OnLine(Query[Tram]):
        """Which trams are on this line?"""

        key = Tram.of_line
        PAGE = 25
        title = "Trams"
        ranges: ClassVar[int] = 3

        line: int

        def newest(self) -> int:
            return self.ranges * self.PAGE

    assert OnLine(1).newest() == 75

"""The laws of access patterns: answers, cursors, expiry, requests and units."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from botocore.exceptions import ClientError
from hypothesis import strategies as st

from autoforge.dynamodb.capacity import fetch_units, get_units, query_units
from autoforge.dynamodb.errors import AutoforgeError, InvalidCursorError
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.table import Table
from autoforge.testing.answers import WHOLE, Kind, kind_of, require_equal
from autoforge.testing.law import Bench, Law
from autoforge.testing.population import Population, Populations, shown
from autoforge.testing.questions import Question, Questions
from autoforge.testing.recording import Watched, watching
from autoforge.testing.report import Broken, item_in_words
from autoforge.testing.selection import Selects
from autoforge.testing.values import Values

Check: TypeAlias = Callable[[Bench], None]

_UNITS: Mapping[str, Callable[[Sequence[int]], float]] = {
    "GetItem": lambda sizes: get_units(sum(sizes)),
    "Query": query_units,
    "BatchGetItem": fetch_units,
}
#: How often other parameters are drawn, until they differ.
_TRIES = 3
_OPERATION = re.compile(r"[A-Z][A-Za-z]+")


def laws_of_patterns(
    table: Table, values: Values, selects: Mapping[type[Pattern[Any]], Selects]
) -> Iterator[Law]:
    """Yield the laws of each access pattern of a table that apply to it."""
    for pattern in table.patterns:
        judged = _Judged(table, values, selects, pattern)
        judged.questions.require_all()
        yield from judged.laws()


@dataclass(frozen=True)
class _Judged:
    """A pattern, and what its laws need."""

    table: Table
    values: Values
    selects: Mapping[type[Pattern[Any]], Selects]
    pattern: type[Pattern[Any]]

    @property
    def kind(self) -> Kind[Any]:
        """How it is asked, and what it must answer."""
        return kind_of(self.pattern, self.selects)

    @property
    def questions(self) -> Questions:
        """Draws its parameters."""
        return Questions(self.values, self.pattern, self.kind.entities)

    def laws(self) -> Iterator[Law]:
        """Yield the laws."""
        paged = self.kind.paged
        yield self._law(
            "pages equal brute force" if paged else "the answer equals brute force",
            self._equals_brute_force,
            must_find=True,
        )
        if paged:
            yield self._law(
                "cursors resume, and others are refused", self._cursors_resume, share=0.4
            )
        if self.table.layout.expiry is not None:
            never = "expired items never come"
            yield self._law(
                f"{never}, and pages stay full" if paged else never, self._expired, share=0.4
            )
        yield self._law("sends the requests it declares", self._requests, share=0.3)
        yield self._law(
            "consumes the units that item sizes predict", self._units, share=0.3, needs_units=True
        )

    def _law(self, claim: str, check: Check, **more: Any) -> Law:
        return Law(self.table, self.pattern.__name__, claim, check, **more)

    # Each law draws a population and a question.

    def _draw(self, bench: Bench, **how: bool) -> tuple[Population, Question]:
        population = self._population(bench, **how)
        bench.put(population)
        return population, self._question(bench, population)

    def _population(self, bench: Bench, **how: bool) -> Population:
        populations = Populations(self.values, bench.clock.now, small=bench.small)
        kind = self.kind
        return populations.population(
            bench.draw,
            kind.selected,
            kind.keys,
            more=lambda like: kind.more(bench.draw, populations, like),
            **how,
        )

    def _question(self, bench: Bench, population: Population) -> Question:
        question = self.questions.draw(bench.draw, population.items)
        bench.note(question.asked)
        return question

    def _equals_brute_force(self, bench: Bench) -> None:
        population, question = self._draw(bench)
        found = self._compare(bench, population, question.asked)
        bench.count(like=question.like, found=found)

    def _compare(self, bench: Bench, population: Population, asked: Any) -> int:
        """Compare the whole answer with brute force, in pages and in both directions."""
        if not isinstance(asked, Query):
            return self.kind.compare(bench.store, population, asked)
        limit = bench.draw(st.integers(1, 4))
        bench.note(asked, limit)
        found = [each for page in self._pages(bench, asked, limit) for each in page]
        self._require(found, population, asked)
        back = replace(asked, order="asc" if asked.descending else "desc")
        bench.note(back, WHOLE)
        self._require(bench.store.page(back, limit=WHOLE).items, population, back)
        return len(found)

    def _require(self, found: Sequence[Entity], population: Population, asked: Any) -> None:
        kind = self.kind
        words = kind.words(population, asked)
        require_equal(found, kind.wanted(population, asked), kind.index(asked), words)

    def _pages(self, bench: Bench, asked: Query[Any], limit: int) -> Iterator[tuple[Entity, ...]]:
        """Yield the pages of a query, each of which must be full unless it is the last."""
        cursor, pages = None, 0
        while True:
            page = bench.store.page(asked, limit=limit, cursor=cursor)
            yield page.items
            pages += 1
            if page.cursor is not None and (len(page.items) != limit or pages > WHOLE):
                raise Broken(f"page {pages} has {len(page.items)} of {limit} items, and a cursor")
            if page.cursor is None:
                return
            cursor = page.cursor

    def _cursors_resume(self, bench: Bench) -> None:
        population, question = self._draw(bench)
        asked: Any = question.asked
        limit = 1  # most pages, and so most cursors
        bench.note(asked, limit)
        first = bench.store.page(asked, limit=limit)
        if first.cursor is None:
            return
        following = bench.store.page(asked, limit=limit, cursor=first.cursor)
        again = bench.store.page(asked, limit=limit, cursor=first.cursor)
        self._require_same(again.items, following.items, "a cursor gave another page again")
        for other, why in self._others(bench, population, asked):
            self._require_refused(bench, other, first.cursor, why)
        altered = ("b" if first.cursor[0] != "b" else "c") + first.cursor[1:]
        self._require_refused(bench, asked, altered, "that was altered")
        if not self._references(asked):
            last = next(
                each
                for each in population.items
                if shown(first.items[-1]) == each.shown_by(asked.index)
            )
            bench.store.delete_all([last.key])
            bench.scene.written = [f"Delete {last.key.partition} / {last.key.sort}, the last item"]
            later = bench.store.page(asked, limit=limit, cursor=first.cursor)
            self._require_same(
                later.items, following.items, "a cursor lost its place when its item was deleted"
            )

    def _references(self, asked: Query[Any]) -> bool:
        return self.kind.index(asked) != asked.index

    @staticmethod
    def _require_same(came: Sequence[Entity], wanted: Sequence[Entity], why: str) -> None:
        if list(map(shown, came)) != list(map(shown, wanted)):
            raise Broken(
                why,
                came=[item_in_words(type(each), shown(each)) for each in came],
                wanted=[item_in_words(type(each), shown(each)) for each in wanted],
            )

    def _others(
        self, bench: Bench, population: Population, asked: Query[Any]
    ) -> Iterator[tuple[Query[Any], str]]:
        """Yield queries to which the cursor does not belong, and why not."""
        yield replace(asked, order="asc" if asked.descending else "desc"), "of the other order"
        names = [f.name for f in asked.parameters() if f.name != "order"]
        for _ in range(_TRIES if names else 0):
            other: Any = self.questions.draw(bench.draw, ()).asked
            if any(getattr(other, name) != getattr(asked, name) for name in names):
                yield other, "of other parameters"
                break
        for pattern in self.table.patterns:
            if pattern is not self.pattern and issubclass(pattern, Query):
                kind = kind_of(pattern, self.selects)
                questions = Questions(self.values, pattern, kind.entities)
                foreign: Any = questions.draw(bench.draw, population.items).asked
                yield foreign, "of another pattern"
                return

    @staticmethod
    def _require_refused(bench: Bench, asked: Query[Any], cursor: str, why: str) -> None:
        with watching(bench.store) as watched:
            try:
                bench.store.page(asked, limit=1, cursor=cursor)
                came = "a page"
            except InvalidCursorError:
                if not watched.sent:
                    return
                came = "InvalidCursorError, after a request was sent"
            except (AutoforgeError, ClientError) as error:
                came = f"{type(error).__name__}: {error}"
        bench.note(asked, 1)
        wanted = "InvalidCursorError, before a request is sent"
        raise Broken(f"a cursor {why} was not refused", came=[came], wanted=[wanted])

    def _expired(self, bench: Bench) -> None:
        population, question = self._draw(bench, expired=True)
        self._compare(bench, population, question.asked)

    def _requests(self, bench: Bench) -> None:
        population, question = self._draw(bench, alone=True)
        watched = self._watched(bench, question.asked)
        reads = self.kind.reads(population, question.asked)
        declared, sent = self.pattern.requests, watched.operations
        wanted = [operation for operation, _ in reads]
        if sorted(sent) != sorted(wanted):
            raise Broken(
                "it sent other requests than patterns of its kind do",
                came=[", ".join(sent)],
                wanted=[", ".join(wanted)],
            )
        if len(sent) < self.kind.most(question.asked):
            return  # something was missing, and so the request for what it points to
        if len(sent) != declared:
            raise Broken(
                f"it declares requests = {declared}, and sent {len(sent)}",
                came=[", ".join(sent)],
                wanted=[f"{declared} of them"],
            )
        if {*_OPERATION.findall(self.pattern.operation)} != {*sent}:
            raise Broken(
                f"it declares operation = {self.pattern.operation!r}, and sent other ones",
                came=[", ".join(sent)],
                wanted=[self.pattern.operation],
            )

    def _units(self, bench: Bench) -> None:
        populations = Populations(self.values, bench.clock.now, small=bench.small)
        population = populations.padded(bench.draw, self._population(bench, alone=True))
        bench.put(population)
        question = self._question(bench, population)
        watched = self._watched(bench, question.asked)
        reads = self.kind.reads(population, question.asked)
        predicted = sum(_UNITS[operation](sizes) for operation, sizes in reads)
        if watched.units != predicted:
            raise Broken(
                f"it consumed {watched.units:g} units, and the sizes of its items predict "
                f"{predicted:g}",
                came=[f"{watched.units:g} units: {', '.join(watched.operations)}"],
                wanted=[
                    f"{predicted:g} units: "
                    + ", ".join(f"{operation} of {[*sizes]} bytes" for operation, sizes in reads)
                ],
            )

    def _watched(self, bench: Bench, asked: Any) -> Watched:
        """Ask the pattern once, and return what was sent."""
        store = bench.store  # created before it is watched
        with watching(store) as watched:
            if isinstance(asked, Composite):
                store.answer(asked)
            else:
                self.kind.ask(store, asked)
        return watched

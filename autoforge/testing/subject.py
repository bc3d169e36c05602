"""Subject: a pattern that is judged, the tables and questions that are drawn for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from hypothesis import reject

from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.keyed import Keyed
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate
from autoforge.dynamodb.table import Table
from autoforge.testing.answers import Kind
from autoforge.testing.kinds import kind_of
from autoforge.testing.law import Bench
from autoforge.testing.population import Population, Populations
from autoforge.testing.questions import Question, Questions
from autoforge.testing.recording import Watched, watching
from autoforge.testing.selection import Selects
from autoforge.testing.values import Values

#: How often other parameters are drawn, until they are of use.
TRIES: Final = 3


@dataclass(frozen=True)
class Subject:
    """A pattern, and what its laws need.

    Attributes:
        table: The table.
        values: Draws the values of its attributes.
        selects: Says which items patterns select, instead of their declarations.
        pattern: The pattern.
    """

    table: Table
    values: Values
    selects: Mapping[type[Pattern[Any]], Selects]
    pattern: type[Pattern[Any]]

    @cached_property
    def kind(self) -> Kind[Any]:
        """How it is asked, and what it must answer."""
        return kind_of(self.pattern, self.selects)

    @cached_property
    def questions(self) -> Questions:
        """Draws its parameters."""
        return Questions(self.values, self.pattern, self.kind.entities)

    def of(self, pattern: type[Pattern[Any]]) -> Subject:
        """Return another pattern of the same table."""
        return Subject(self.table, self.values, self.selects, pattern)

    def drawn(self, bench: Bench, **how: bool) -> tuple[Population, Question]:
        """Draw a table and a question, and store the items."""
        population = self.population(bench, **how)
        bench.put(population)
        return population, self.question(bench, population)

    def several(self, bench: Bench) -> tuple[Population, Any]:
        """Draw a table and a question that mostly has several answers."""
        population, question = self.drawn(bench)
        for _ in range(TRIES):
            if sum(map(len, self.kind.wanted(population, question.asked))) > 1:
                break
            question = self.question(bench, population)
        return population, question.asked

    def population(self, bench: Bench, **how: bool) -> Population:
        """Draw the items of a table."""
        populations = Populations(self.values, bench.clock.now, small=bench.small)
        return populations.population(
            bench.draw,
            self.kind.selected,
            self.kind.indexes,
            fixed=self.pattern.fixed if issubclass(self.pattern, Keyed) else {},
            strangers=self.kind.tells_types,
            more=lambda like: self.kind.more(bench.draw, populations, like),
            **how,
        )

    def padded(self, bench: Bench) -> Population:
        """Draw the items of a table, of any size; a range has others in it, too."""
        populations = Populations(self.values, bench.clock.now, small=bench.small)
        ranged = issubclass(self.pattern, Query) and not issubclass(self.pattern, Hydrate)
        return populations.padded(bench.draw, self.population(bench, alone=not ranged))

    def question(self, bench: Bench, population: Population) -> Question:
        """Draw the pattern with its parameters."""
        question = self.questions.draw(bench.draw, population.items)
        if not self.kind.is_judged(bench.engine, population, question.asked):
            reject()
        bench.note(question.asked)
        return question

    def watched(self, bench: Bench, asked: Any, *, consistent: bool = False) -> Watched:
        """Ask the pattern once, and return what was sent."""
        with self.watching(bench) as watched:
            if isinstance(asked, Composite):
                bench.store.answer(asked, consistent=consistent)
            else:
                self.kind.ask(bench.store, asked, consistent=consistent)
        return watched

    @contextmanager
    def watching(self, bench: Bench) -> Iterator[Watched]:
        """Record what is sent in the block; the table exists before."""
        store = bench.store
        with watching(store) as watched:
            yield watched

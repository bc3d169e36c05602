"""The laws of what a pattern answers: pages, cursors and expiry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import strategies as st

from autoforge.dynamodb.errors import AutoforgeError, InvalidCursorError
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate
from autoforge.dynamodb.table import Table
from autoforge.testing.answers import WHOLE
from autoforge.testing.change_laws import laws_of_changes
from autoforge.testing.comparing import due, require_equal, seen
from autoforge.testing.fault_laws import laws_of_faults
from autoforge.testing.law import Bench, Law
from autoforge.testing.population import Population
from autoforge.testing.recording import watching
from autoforge.testing.report import Broken, item_in_words
from autoforge.testing.request_laws import RequestLaws
from autoforge.testing.selection import Selects
from autoforge.testing.subject import TRIES, Subject
from autoforge.testing.values import Values


def laws_of_patterns(
    table: Table, values: Values, selects: Mapping[type[Pattern[Any]], Selects]
) -> Iterator[Law]:
    """Yield the laws of each access pattern of a table that apply to it."""
    for pattern in table.patterns:
        subject = Subject(table, values, selects, pattern)
        subject.questions.require_all()
        yield from _AnswerLaws(subject).laws()
        yield from laws_of_changes(subject)
        yield from laws_of_faults(subject)
        yield from RequestLaws(subject).laws()


@dataclass(frozen=True)
class _AnswerLaws:
    """The laws of what a pattern answers."""

    subject: Subject

    def laws(self) -> Iterator[Law]:
        """Yield the laws."""
        paged = self.subject.kind.paged
        yield self._law(
            "pages equal brute force" if paged else "the answer equals brute force",
            self._equals_brute_force,
            must_find=True,
            limits=self.subject.kind.limits,
        )
        if paged:
            yield self._law(
                "cursors resume, and others are refused", self._cursors_resume, share=0.4
            )
        if any(each.expiry_name is not None for each in self.subject.kind.entities):
            never = "expired items never come"
            yield self._law(
                f"{never}, and pages stay full" if paged else never, self._expired, share=0.4
            )

    def _law(self, claim: str, check: Callable[[Bench], None], **more: Any) -> Law:
        return Law(self.subject.table, self.subject.pattern.__name__, claim, check, **more)

    def _equals_brute_force(self, bench: Bench) -> None:
        population, question = self.subject.drawn(bench)
        found = self._compare(bench, population, question.asked)
        bench.count(like=question.like, found=found)

    def _compare(self, bench: Bench, population: Population, asked: Any) -> int:
        """Compare the whole answer with brute force, in pages and in both directions."""
        if not isinstance(asked, Query):
            return self.subject.kind.compare(bench.store, population, asked)
        limit = bench.draw(st.integers(1, 4))
        bench.note(asked, limit)
        found = [each for page in self._pages(bench, asked, limit) for each in page]
        self._require(found, population, asked)
        back = replace(asked, order="asc" if asked.descending else "desc")
        bench.note(back, WHOLE)
        self._require(bench.store.page(back, limit=WHOLE).items, population, back)
        return len(found)

    def _require(self, found: Sequence[Any], population: Population, asked: Any) -> None:
        kind = self.subject.kind
        require_equal(found, kind.due(population, asked), kind.words(population, asked))

    def _pages(self, bench: Bench, asked: Query[Any], limit: int) -> Iterator[tuple[Any, ...]]:
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
        population, asked = self.subject.several(bench)
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
        alike = [
            each
            for each in population.all_of(*asked.entities)
            if seen(first.items[-1]) == due(each, asked.answers)
        ]
        if not isinstance(asked, Hydrate) and len(alike) == 1:
            (last,) = alike
            bench.delete(last.item)
            bench.scene.written = [f"Delete {last.key.partition} / {last.key.sort}, the last item"]
            later = bench.store.page(asked, limit=limit, cursor=first.cursor)
            self._require_same(
                later.items, following.items, "a cursor lost its place when its item was deleted"
            )

    @staticmethod
    def _require_same(came: Sequence[Any], wanted: Sequence[Any], why: str) -> None:
        if [*map(seen, came)] != [*map(seen, wanted)]:
            raise Broken(
                why,
                came=[item_in_words(*seen(each)) for each in came],
                wanted=[item_in_words(*seen(each)) for each in wanted],
            )

    def _others(
        self, bench: Bench, population: Population, asked: Query[Any]
    ) -> Iterator[tuple[Query[Any], str]]:
        """Yield queries to which the cursor does not belong, and why not."""
        yield replace(asked, order="asc" if asked.descending else "desc"), "of the other order"
        names = [f.name for f in asked.parameters() if f.name != "order"]
        for _ in range(TRIES if names else 0):
            other: Any = self.subject.questions.draw(bench.draw, ()).asked
            if any(getattr(other, name) != getattr(asked, name) for name in names):
                yield other, "of other parameters"
                break
        for pattern in self.subject.table.patterns:
            if pattern is not self.subject.pattern and issubclass(pattern, Query):
                questions = self.subject.of(pattern).questions
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
        population, question = self.subject.drawn(bench, expired=True)
        self._compare(bench, population, question.asked)

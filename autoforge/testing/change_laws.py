"""The law of pages between which items are stored and deleted, as other callers do.

What is stored all the time comes once, whatever happens to its neighbours: the last item of a page
may be deleted, one may be stored between two pages, and others may have the same index key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import strategies as st

from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate
from autoforge.testing.answers import WHOLE, flat
from autoforge.testing.comparing import Seen, due, seen
from autoforge.testing.drawn import Drawn
from autoforge.testing.law import Bench, Law, words_of
from autoforge.testing.population import Population
from autoforge.testing.report import Broken, item_in_words
from autoforge.testing.subject import Subject

#: How many of the items are stored only between pages, at most.
_LATER: Final = 3


def laws_of_changes(subject: Subject) -> Iterator[Law]:
    """Yield the law, if the pattern reads pages of items themselves."""
    pattern = subject.pattern
    if subject.kind.paged and not issubclass(pattern, Hydrate):
        claim = "changes between pages skip and repeat no other item"
        check = _Changes(subject).check
        yield Law(subject.table, pattern.__name__, claim, check, share=0.4)


@dataclass(frozen=True)
class _Changes:
    """A pattern, and what its law needs."""

    subject: Subject

    def check(self, bench: Bench) -> None:
        """Read pages, and store or delete an item after each of them."""
        population, asked = self.subject.several(bench)
        found = flat(self.subject.kind.wanted(population, asked))
        later = bench.draw(st.lists(st.sampled_from(found), max_size=_LATER)) if found else []
        there = [each for each in population.items if each not in later]
        bench.put(Population(tuple(there), population.now))
        reading = _Reading(self.subject, bench, asked, population, there, [*dict.fromkeys(later)])
        limit = bench.draw(st.integers(1, 2))
        cursor = None
        bench.note(asked, limit)
        for number in range(1, WHOLE):
            page = bench.store.page(asked, limit=limit, cursor=cursor)
            reading.came.append([*map(seen, page.items)])
            words = ", ".join(item_in_words(*each) for each in reading.came[-1]) or "nothing"
            bench.scene.written.append(f"page {number}: {words}")
            cursor = page.cursor
            if cursor is None:
                break
            reading.change()
        reading.require()


@dataclass
class _Reading:
    """Pages that are read, and the items that may come, must come or must not.

    Attributes:
        subject: The pattern.
        bench: The table.
        asked: The pattern with its parameters.
        population: All items that are ever stored.
        there: The items that are stored now.
        later: The items that may still be stored.
        came: The pages.
    """

    subject: Subject
    bench: Bench
    asked: Query[Any]
    population: Population
    there: list[Drawn]
    later: list[Drawn]
    came: list[list[Seen]] = field(default_factory=list)
    #: How often each item must come at least, and at most.
    _bounds: dict[Drawn, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Number the items that the pattern selects, in its order; some may share a number."""
        groups = self.subject.kind.wanted(self.population, self.asked)
        self.places = {each: place for place, group in enumerate(groups) for each in group}
        self._bounds = {each: (int(each in self.there),) * 2 for each in self.places}

    def change(self) -> None:
        """Delete an item, or store one, mostly beside what came last."""
        draw = self.bench.draw
        near = [each for each in self.there if each in self.places]
        last = [each for each in near if self._due(each) in self.came[-1]]
        kinds = [*([last] if last else []), *([near] if near else []), *([self.later] * 2)]
        some = draw(st.sampled_from([each for each in kinds if each] or [self.there]))
        if not some or draw(st.integers(0, 4)) == 4:  # noqa: PLR2004 - one in five
            return
        chosen = draw(st.sampled_from(some))
        if chosen in self.later:
            self.later.remove(chosen)
            self.there.append(chosen)
            self.bench.add(chosen.item)
            self._bound(chosen, before=(0, 0), after=(1, 1))
            said = "store"
        else:
            self.there.remove(chosen)
            self.bench.delete(chosen.item)
            self._bound(chosen, before=(1, 1), after=(0, 0))
            said = "delete"
        self.bench.scene.written.append(f"{said} {words_of(chosen)}")

    def _bound(self, drawn: Drawn, before: tuple[int, int], after: tuple[int, int]) -> None:
        """Say how often an item comes that changes now: by its place before or after the last."""
        if drawn not in self.places:
            return
        last = [page for page in self.came if page]
        ends = [p for each, p in self.places.items() if last and self._due(each) == last[-1][-1]]
        place = self.places[drawn]
        if not ends or place > max(ends):
            self._bounds[drawn] = after
        elif place < min(ends):
            self._bounds[drawn] = before
        else:  # it has the index key of the last item, or may be that
            self._bounds[drawn] = (0, 1)

    def require(self) -> None:
        """Require that each item came as often as it must and may, and in order.

        Raises:
            Broken: if one did not.
        """
        came = [each for page in self.came for each in page]
        for each in self.places:
            wanted = self._due(each)
            alike = [self._bounds[other] for other in self.places if self._due(other) == wanted]
            least, most = (sum(bounds) for bounds in zip(*alike, strict=True))
            times = came.count(wanted)
            if not least <= times <= most:
                name = item_in_words(*wanted)
                why = "was skipped" if times < least else "came too often, or too late"
                raise Broken(
                    f"{name} {why}",
                    came=[_times(times)],
                    wanted=[_times(least) if least == most else f"{least} to {most} times"],
                )
        self._require_order(came)

    def _require_order(self, came: Sequence[Seen]) -> None:
        place = 0
        for each in came:
            places = [p for drawn, p in self.places.items() if self._due(drawn) == each]
            following = [p for p in places if p >= place]
            if not following:
                why = "came too late" if places else "came, and is not selected"
                raise Broken(f"{item_in_words(*each)} {why}")
            place = min(following)

    def _due(self, drawn: Drawn) -> Seen:
        return due(drawn, self.asked.answers)


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")

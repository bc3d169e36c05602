"""The kinds of patterns that the laws know; a further kind is one class, registered here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import ByUnique, Hydrate, Lookup
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.store.store import Store
from autoforge.testing.answers import WHOLE, Kind, OfFetch, OfGet, OfQuery, Ordered, Read
from autoforge.testing.comparing import require_equal
from autoforge.testing.drawn import Drawn
from autoforge.testing.engines import Engine
from autoforge.testing.population import Draw, Population, Populations
from autoforge.testing.references import OfHydrate, OfLookup, OfUnique
from autoforge.testing.report import Broken, in_words
from autoforge.testing.selection import Selects


class OfComposite(Kind[Composite[Any]]):
    """A Composite joins the answers of its parts, each of which is that of its own kind."""

    @property
    def selected(self) -> tuple[type[Entity], ...]:
        """The entities of the items that the parts select."""
        return tuple(dict.fromkeys(each for kind in self._kinds for each in kind.selected))

    @property
    def indexes(self) -> tuple[Index, ...]:
        """Where the parts read ranges."""
        return tuple(index for kind in self._kinds for index in kind.indexes)

    @property
    def tells_types(self) -> bool:
        """Whether what all parts read holds the type of an item."""
        return all(kind.tells_types for kind in self._kinds)

    @cached_property
    def _kinds(self) -> Sequence[Kind[Any]]:
        parts = self.pattern._labelled().parts()  # noqa: SLF001 - of the toolkit
        return [kind_of(type(part.pattern), self.selects) for part in parts]

    def wanted(self, there: Population, asked: Composite[Any]) -> Ordered:
        """Return the items of all parts."""
        return [group for kind, part in self._parts(asked) for group in kind.wanted(there, part)]

    def ask(
        self, store: Store, asked: Composite[Any], *, consistent: bool = False
    ) -> Sequence[Any]:
        """Ask all parts, and return their items."""
        answers = store.answers(asked, consistent=consistent)
        joined = zip(asked.parts(), answers, strict=True)
        return [each for part, answer in joined if not part.count for each in answer]

    def compare(
        self, store: Store, there: Population, asked: Composite[Any], *, consistent: bool = False
    ) -> int:
        """Compare the answer of each part, and the joined one with the join of these."""
        answers = store.answers(asked, consistent=consistent)
        parts = asked.parts()
        total = 0
        for part, (kind, pattern), answer in zip(parts, self._parts(asked), answers, strict=True):
            words = [f"part {type(pattern).__name__}", *kind.words(there, pattern)]
            if part.count:
                wanted = kind.counted(there, pattern)
                if list(answer) != [wanted]:
                    raise Broken(
                        f"the part {type(pattern).__name__} counts {in_words(answer)}",
                        came=[in_words(answer)],
                        wanted=[in_words((wanted,)), *words],
                    )
                total += wanted
            else:
                limit = part.limit if isinstance(pattern, Query) else WHOLE
                require_equal(answer, kind.due(there, pattern), words, limit=limit)
                total += len(answer)
        joined, again = store.answer(asked, consistent=consistent), asked.combine(answers)
        if joined != again:
            raise Broken(
                "the answer is not what combine makes of the answers of the parts",
                came=[in_words(joined)],
                wanted=[in_words(again)],
            )
        return total

    def reads(self, there: Population, asked: Composite[Any]) -> list[Read]:
        """Return the requests of all parts."""
        found: list[Read] = []
        for part, (kind, pattern) in zip(asked.parts(), self._parts(asked), strict=True):
            if part.count:
                sizes = [each.size_in(pattern.index) for each in kind.in_range(there, pattern)]
                found.append(Read("Query", sizes, (), pattern.index))
                continue
            for read in kind.reads(there, pattern):
                limited = read.operation == "Query" and len(read.sizes) > part.limit
                found.append(replace(read, sizes=read.sizes[: part.limit]) if limited else read)
        return found

    def consistent_reads(self, there: Population, asked: Composite[Any]) -> list[bool]:
        """Return for each request whether its part may be read strongly consistently."""
        return [
            kind.may_be_consistent()
            for part, (kind, pattern) in zip(asked.parts(), self._parts(asked), strict=True)
            for _ in ([()] if part.count else kind.reads(there, pattern))
        ]

    def most(self, asked: Composite[Any]) -> int:
        """Return the requests of all parts; a part that only counts takes one."""
        parts = zip(asked.parts(), self._parts(asked), strict=True)
        return sum(1 if part.count else kind.most(own) for part, (kind, own) in parts)

    def is_judged(self, engine: Engine, there: Population, asked: Composite[Any]) -> bool:
        """Whether all parts are judged."""
        return all(kind.is_judged(engine, there, part) for kind, part in self._parts(asked))

    def limits(self, engine: Engine) -> Iterator[str]:
        """Yield what is not proved of the parts, and that their answers are joined as is meant."""
        yield from (limit for kind in self._kinds for limit in kind.limits(engine))
        yield "that combine makes of the answers what is meant: it is compared with itself"

    def more(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw what the items of the parts point to."""
        return [each for kind in self._kinds for each in kind.more(draw, populations, like)]

    def _parts(self, asked: Composite[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield the kind of each part, and its pattern."""
        for part in asked.parts():
            yield kind_of(type(part.pattern), self.selects), part.pattern


#: The kinds, the most special first.
KINDS: Final[tuple[tuple[type[Pattern[Any]], type[Kind[Any]]], ...]] = (
    (ByUnique, OfUnique),
    (Lookup, OfLookup),
    (Hydrate, OfHydrate),
    (Get, OfGet),
    (Query, OfQuery),
    (Fetch, OfFetch),
    (Composite, OfComposite),
)


def kind_of(
    pattern: type[Pattern[Any]], selects: Mapping[type[Pattern[Any]], Selects]
) -> Kind[Any]:
    """Return the kind of a pattern.

    Raises:
        DeclarationError: if the laws do not know its kind.
    """
    for kind, judge in KINDS:
        if issubclass(pattern, kind):
            return judge(pattern, selects)
    known = ", ".join(kind.__name__ for kind, _ in KINDS)
    raise DeclarationError(
        f"{pattern.__name__} is of a kind whose laws are not known: they know {known}"
    )

"""The laws of what a pattern sends: requests and units, counts, consistency, and snapshots."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from autoforge.dynamodb.capacity import fetch_units, get_units, query_units
from autoforge.dynamodb.errors import InvalidValueError
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.projection import entity_of, is_projection
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Lookup
from autoforge.dynamodb.patterns.snapshot import Snapshot
from autoforge.dynamodb.schema.attribute import is_stored
from autoforge.testing.answers import Read, flat
from autoforge.testing.comparing import require_equal
from autoforge.testing.engines import Engine
from autoforge.testing.law import Bench, Law
from autoforge.testing.population import Population
from autoforge.testing.questions import Question
from autoforge.testing.recording import Watched
from autoforge.testing.report import Broken
from autoforge.testing.subject import Subject

_UNITS: Final[Mapping[str, Callable[..., float]]] = {
    "GetItem": lambda sizes, consistent: get_units(sum(sizes), consistent=consistent),
    "Query": query_units,
    "BatchGetItem": fetch_units,
}
_OPERATION: Final = re.compile(r"[A-Z][A-Za-z]+")
#: A read in a transaction takes twice the units of a strongly consistent one.
_IN_TRANSACTION: Final = 2


@dataclass(frozen=True)
class RequestLaws:
    """The laws of what a pattern sends."""

    subject: Subject

    def laws(self) -> Iterator[Law]:
        """Yield those that apply to the pattern."""
        pattern = self.subject.pattern
        yield self._law("sends the requests it declares", self.sends_requests)
        yield self._law(
            "consumes the units that item sizes predict",
            self.consumes_units,
            unjudged=self._uncounted,
        )
        if issubclass(pattern, Query):
            yield self._law("counts what it selects", self.counts, must_find=True)
        yield self._law("reads strongly consistently only if asked to", self.reads_consistently)
        if issubclass(pattern, Get) and not issubclass(pattern, Lookup):
            yield self._law("a snapshot has the same items", self.has_snapshots, must_find=True)

    def _law(self, claim: str, check: Callable[[Bench], None], **more: Any) -> Law:
        subject = self.subject
        return Law(subject.table, subject.pattern.__name__, claim, check, share=0.3, **more)

    def _uncounted(self, engine: Engine) -> str:
        """Return why the engine cannot judge units; empty if it can."""
        if not engine.counts_units:
            return f"{engine.name} does not count units as DynamoDB does"
        if _gets_in_part(self.subject.pattern) and not engine.counts_whole_items:
            return f"{engine.name} counts only what a GetItem returns, and DynamoDB the whole item"
        return ""

    def sends_requests(self, bench: Bench) -> None:
        """Compare the requests with those of the kind, and with those that are declared."""
        population, question = self.subject.drawn(bench, alone=True)
        watched = self.subject.watched(bench, question.asked)
        reads = self.subject.kind.reads(population, question.asked)
        declared, sent = self.subject.pattern.requests, watched.operations
        wanted = [each.operation for each in reads]
        if sorted(sent) != sorted(wanted):
            raise Broken(
                "it sent other requests than patterns of its kind do",
                came=[", ".join(sent)],
                wanted=[", ".join(wanted)],
            )
        if sent == wanted:
            self._require_projected(watched, reads)
        if isinstance(question.asked, Query):
            self._require_first_page(bench, population, question.asked)
        if len(sent) < self.subject.kind.most(question.asked):
            return  # something was missing, and so the request for what it points to
        if len(sent) != declared:
            raise Broken(
                f"it declares requests = {declared}, and sent {len(sent)}",
                came=[", ".join(sent)],
                wanted=[f"{declared} of them"],
            )
        operation = self.subject.pattern.operation
        if {*_OPERATION.findall(operation)} != {*sent}:
            raise Broken(
                f"it declares operation = {operation!r}, and sent other ones",
                came=[", ".join(sent)],
                wanted=[operation],
            )

    def _require_first_page(self, bench: Bench, population: Population, asked: Any) -> None:
        """Require that a page takes no more requests than declared, if nothing is left out."""
        kind: Any = self.subject.kind
        found = flat(kind.wanted(population, asked))
        if not found or len(found) < len(kind.in_range(population, asked)):
            return
        limit = bench.draw(st.integers(1, len(found)))
        bench.note(asked, limit)
        with self.subject.watching(bench) as watched:
            bench.store.page(asked, limit=limit)
        declared = self.subject.pattern.requests
        if len(watched.sent) > declared:
            raise Broken(
                f"it declares requests = {declared}, and sent {len(watched.sent)} for a page",
                came=[", ".join(watched.operations)],
                wanted=[f"{declared} of them, since a page reads one item more than it has"],
            )

    def _require_projected(self, watched: Watched, reads: Sequence[Read]) -> None:
        """Require that a request asks for nothing but the declared parts and what reads need."""
        for (operation, parameters), read in zip(watched.sent, reads, strict=True):
            asked = _projected(operation, parameters)
            if not read.projects:
                if asked is not None and read.answers:
                    raise Broken(
                        f"a {operation} asks for some attributes only, and whole items are "
                        "answered",
                        came=sorted(asked),
                    )
                continue
            allowed = _needed(read)
            more = {"all attributes"} if asked is None else asked - allowed
            if more:
                parts = " and ".join(each.__name__ for each in read.answers)
                raise Broken(
                    f"a {operation} asks for more attributes than {parts} takes: "
                    f"{', '.join(sorted(more))}",
                    came=["all attributes"] if asked is None else sorted(asked),
                    wanted=[f"some of {', '.join(sorted(allowed))}"],
                )

    def consumes_units(self, bench: Bench) -> None:
        """Compare the units with the sizes of what is read, filtered or left out or not."""
        subject = self.subject
        population = subject.padded(bench)
        bench.put(population)
        asked = subject.question(bench, population).asked
        consistent = subject.kind.may_be_consistent() and bench.draw(st.booleans())
        bench.note(asked, consistent=consistent)
        watched = subject.watched(bench, asked, consistent=consistent)
        reads = subject.kind.reads(population, asked)
        strongly = subject.kind.consistent_reads(population, asked)
        self._require_units(
            watched,
            sum(
                _UNITS[each.operation](each.sizes, consistent=consistent and how)
                for each, how in zip(reads, strongly, strict=True)
            ),
            [f"{each.operation} of {[*each.sizes]} bytes" for each in reads],
        )

    @staticmethod
    def _require_units(watched: Watched, predicted: float, reads: Sequence[str]) -> None:
        if watched.units != predicted:
            raise Broken(
                f"it consumed {watched.units:g} units, and the sizes of what it reads predict "
                f"{predicted:g}",
                came=[f"{watched.units:g} units: {', '.join(watched.operations)}"],
                wanted=[f"{predicted:g} units: {', '.join(reads)}"],
            )

    def counts(self, bench: Bench) -> None:
        """Compare the count with what is in the range, in one request that reads all of it."""
        subject = self.subject
        population, question = subject.drawn(bench, expired=True)
        asked: Any = question.asked
        bench.note_count(asked)
        kind: Any = subject.kind
        with subject.watching(bench) as watched:
            came = bench.store.count(asked)
        wanted = kind.counted(population, asked)
        bench.count(like=question.like, found=wanted)
        if came != wanted:
            raise Broken(
                f"it counts {came} items, and {wanted} are in the range",
                came=[f"{came}"],
                wanted=[f"{wanted}"],
                more={"counts": kind.words(population, asked)},
            )
        if watched.operations != ["Query"]:
            raise Broken(
                "a count is one Query", came=[", ".join(watched.operations)], wanted=["Query"]
            )
        if bench.engine.counts_units:
            sizes = [each.size_in(asked.index) for each in kind.in_range(population, asked)]
            self._require_units(watched, query_units(sizes), [f"Query of {sizes} bytes"])

    def reads_consistently(self, bench: Bench) -> None:
        """Ask strongly consistently: the same answer, or a refusal if it reads a global index."""
        subject = self.subject
        population, question = subject.drawn(bench)
        asked: Any = question.asked
        self._require_consistency(subject.watched(bench, asked), asked_to=False)
        bench.note(asked, consistent=True)
        with subject.watching(bench) as watched:
            try:
                subject.kind.compare(bench.store, population, asked, consistent=True)
                refused = False
            except InvalidValueError:
                refused = True
        if subject.kind.may_be_consistent():
            if refused:
                raise Broken("a strongly consistent read was refused, and it reads no global index")
            self._require_consistency(watched, asked_to=True)
        elif not refused or watched.sent:
            raise Broken(
                "a strongly consistent read of a global index was not refused",
                came=[", ".join(watched.operations) or "no request"],
                wanted=["InvalidValueError, before a request is sent"],
            )

    def _require_consistency(self, watched: Watched, *, asked_to: bool) -> None:
        """Require that requests are strongly consistent if they should be, and can be."""
        weak = {index.name for index in self.subject.table.global_indexes}
        came = [_is_consistent(*each) for each in watched.sent]
        wanted = [asked_to and each.get("IndexName") not in weak for _, each in watched.sent]
        if came != wanted:
            raise Broken(
                "it reads with another consistency than it was asked to",
                came=map(_consistency, watched.operations, came),
                wanted=map(_consistency, watched.operations, wanted),
            )

    def has_snapshots(self, bench: Bench) -> None:
        """Read the item with those of other Gets in one transaction: the same items."""
        subject = self.subject
        population, question = subject.drawn(bench, expired=True)
        asked = [(subject, question), *self._beside(bench, population)]
        gets: list[Any] = [each.asked for _, each in asked]
        bench.note_snapshot(Snapshot(tuple(gets)))
        with subject.watching(bench) as watched:
            came = bench.store.snapshot(*gets)
        for (of, each), found in zip(asked, came, strict=True):
            bench.count(like=each.like, found=found is not None)
            require_equal(
                [] if found is None else [found],
                of.kind.due(population, each.asked),
                of.kind.words(population, each.asked),
            )
        if watched.operations != ["TransactGetItems"]:
            raise Broken(
                "a snapshot is one transaction",
                came=[", ".join(watched.operations)],
                wanted=["TransactGetItems"],
            )
        in_part = any(_gets_in_part(type(each)) for each in gets)
        if bench.engine.counts_units and (bench.engine.counts_whole_items or not in_part):
            stored = {each.key: each.size_in(subject.table.primary) for each in population.items}
            sizes = [stored.get(key, 0) for key in {each.primary_key() for each in gets}]
            self._require_units(
                watched,
                _IN_TRANSACTION * fetch_units(sizes, consistent=True),
                [f"TransactGetItems of {sizes} bytes"],
            )

    def _beside(self, bench: Bench, population: Population) -> Iterator[tuple[Subject, Question]]:
        """Draw other Gets of the table, and perhaps another one of the same pattern."""
        others = [
            each
            for each in self.subject.table.patterns
            if issubclass(each, Get) and not issubclass(each, Lookup)
        ]
        for pattern in bench.draw(st.lists(st.sampled_from(others), max_size=2)):
            subject = self.subject.of(pattern)
            yield subject, subject.questions.draw(bench.draw, population.items)


def _gets_in_part(pattern: type[Pattern[Any]]) -> bool:
    """Whether a pattern, or a part of it, gets some attributes of an item only."""
    if issubclass(pattern, Composite):
        return any(_gets_in_part(type(each.pattern)) for each in pattern._labelled().parts())  # noqa: SLF001 - of the toolkit
    return issubclass(pattern, Get) and any(map(is_projection, pattern.answers))


def _is_consistent(operation: str, parameters: Mapping[str, Any]) -> bool:
    if operation == "BatchGetItem":
        ((_, parameters),) = parameters["RequestItems"].items()
    return bool(parameters.get("ConsistentRead"))


def _consistency(operation: str, consistent: bool) -> str:
    return f"{operation}, {'strongly' if consistent else 'eventually'} consistent"


def _projected(operation: str, parameters: Mapping[str, Any]) -> set[str] | None:
    """Return the attributes that a request asks for; None for all."""
    if operation == "BatchGetItem":
        ((_, parameters),) = parameters["RequestItems"].items()
    expression = parameters.get("ProjectionExpression")
    if expression is None:
        return None
    names = parameters.get("ExpressionAttributeNames", {})
    paths = [path.strip().split(".")[0] for path in expression.split(",")]
    return {names.get(each, each) for each in paths}


def _needed(read: Read) -> set[str]:
    """Return the attributes that parts take, the keys, and what type and expiry follow from."""
    needed: set[str] = set()
    for answer in read.answers:
        entity = entity_of(answer)
        known = entity.get_attributes()
        taken = [known[name] for name, *_ in answer.takes.values()]
        needed |= {each.attr_name for each in taken if is_stored(each)}
        needed |= {*entity.layout.primary.attributes, *read.index.attributes}
        needed |= {*entity.layout.always_projected}
        if entity.lifetime is not None:
            needed.add(known["created_at"].attr_name)
        if not all(map(is_stored, taken)):
            needed |= {name for key in entity.keys.values() for name in key.index.attributes}
    return needed

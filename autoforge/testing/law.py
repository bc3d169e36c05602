"""Law: a claim about one entity or one pattern of a design, proven on drawn examples."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, HypothesisException

from autoforge.dynamodb.patterns.explain import explain
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.patterns.snapshot import Snapshot
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.store.store import Store
from autoforge.testing.clock import NOON, Clock
from autoforge.testing.drawn import Drawn
from autoforge.testing.engines import Engine, SharedTable
from autoforge.testing.population import Draw, Population
from autoforge.testing.report import Broken, Scene, called, in_words, item_in_words, message

#: The most items that a batch writes.
_BATCH: Final = 25
#: How many questions must have been asked before "never found anything" is a finding.
_ENOUGH: Final = 10

#: How many examples are tried after one that breaks a law, and which share of them may be in vain.
_STEPS: Final = 250
_FRUITLESS: Final = 0.36

_NEVER_FOUND: Final = """\
check the properties and methods that compute its key; if they are right,
give laws_of a strategy: strategies={{{0}: st.builds({0}, ...)}}"""


@dataclass
class Bench:
    """A table on an engine, on which a law is proven, and what happened on it last."""

    engine: Engine
    design: Design
    draw: Draw = field(init=False)
    scene: Scene = field(init=False)
    #: Whether examples are few items, to show what breaks a law.
    small: bool = False
    #: How many questions were asked, and how many of them found any item.
    asked: int = 0
    answered: int = 0
    last_miss: str = ""
    #: Says which requests what was asked last sends.
    _words: Callable[[], Sequence[str]] = tuple

    @cached_property
    def _table(self) -> SharedTable:
        return self.engine.shared_table(self.design)

    @property
    def store(self) -> Store:
        """The Store on the table."""
        return self._table.store

    @property
    def clock(self) -> Clock:
        """The clock of the Store."""
        return self._table.clock

    def callers(self, number: int) -> Sequence[Store]:
        """Return Stores on the table for so many callers."""
        return self._table.callers(number)

    def begin(self, draw: Draw) -> None:
        """Begin another example; what the last one stored is deleted by ``put`` or ``empty``."""
        self.draw, self._words = draw, tuple
        self.clock.now = NOON
        self.scene = Scene(self.engine.name, self.clock.now)

    def put(self, population: Population) -> None:
        """Store the items of a population as they are, and nothing else."""
        self.scene.items = [words_of(each, population) for each in population.items]
        self._replace_all({str(each.key): each.item for each in population.items}.values())

    def empty(self) -> None:
        """Delete what the last example stored."""
        self._replace_all(())

    def store_only(self, items: Collection[Item]) -> None:
        """Store items as they are, and nothing else of what is remembered."""
        self._replace_all(items)

    def add(self, item: Item) -> None:
        """Store one more item as it is, as another program does."""
        self.remember([item])
        parameters = {"TableName": self.store.table_name, "Item": item}
        self.store.client.send(Request("PutItem", parameters))

    def delete(self, item: Item) -> None:
        """Delete an item without the Store, which would look after its unique values."""
        key = {name: item[name] for name in self.design.primary.attributes}
        parameters = {"TableName": self.store.table_name, "Key": key}
        self.store.client.send(Request("DeleteItem", parameters))

    def forget(self) -> None:
        """Delete nothing of what was remembered, because others have deleted or replaced it."""
        self._table.stored = []

    def remember(self, items: Iterable[Item]) -> None:
        """Delete items after the example that the example stored itself."""
        names, stored = self.design.primary.attributes, self._table.stored
        for item in items:
            key = {name: item[name] for name in names}
            if key not in stored:  # a batch with an item twice is refused
                stored.append(key)

    def _replace_all(self, items: Collection[Item]) -> None:
        gone = [
            k for place, k in enumerate(self._table.stored) if k not in self._table.stored[:place]
        ]
        self._table.stored = []
        self.remember(items)
        kept = self._table.stored
        writes: list[dict[str, Any]] = [
            *({"DeleteRequest": {"Key": key}} for key in gone if key not in kept),
            *({"PutRequest": {"Item": item}} for item in items),
        ]
        for start in range(0, len(writes), _BATCH):
            self._write(writes[start : start + _BATCH])

    def items(self) -> list[Item]:
        """Return all stored items."""
        answer = self.store.client.send(Request("Scan", {"TableName": self.store.table_name}))
        found: list[Item] = answer["Items"]
        return found

    def note(
        self, asked: Pattern[Any], limit: int | None = None, *, consistent: bool = False
    ) -> None:
        """Note the pattern that is asked next, and its requests."""
        page = "" if limit is None else f", in pages of {limit}"
        how = ", strongly consistently" if consistent else ""
        self.scene.asked = f"{_asked(asked)}{page}{how}"
        self._explained(asked, limit=limit or 100, consistent=consistent)

    def note_snapshot(self, snapshot: Snapshot) -> None:
        """Note the snapshot that is read next."""
        self.scene.asked = f"a snapshot of {', '.join(map(_asked, snapshot.gets))}"
        self._explained(snapshot)

    def note_count(self, asked: Query[Any]) -> None:
        """Note the query that is counted next."""
        self.scene.asked = f"the count of {_asked(asked)}"
        words = partial(asked.in_words, self.clock.now, limit=0, consistent=False, count=True)
        self._words = lambda: [words()]

    def note_sent(self, lines: Sequence[str]) -> None:
        """Note requests that were sent, in words."""
        self._words = lambda: lines

    def _explained(self, asked: Pattern[Any] | Snapshot, **how: Any) -> None:
        table, now = self.design.name, self.clock.now
        self._words = lambda: explain(asked, table_name=table, now=now, **how).words

    def say_requests(self) -> None:
        """Say which requests what was asked last sends; only a broken law needs that."""
        try:
            self.scene.requests = [*self._words()]
        except Exception as error:  # noqa: BLE001 - the request itself is what fails then
            self.scene.requests = [f"none: {type(error).__name__}: {error}"]

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Turn an error of the code under test into a finding."""
        try:
            yield
        except (Broken, HypothesisException, pytest.skip.Exception):
            raise
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}, in {frame.name}"
            raise Broken(
                f"{type(error).__name__} was raised", came=[f"{error} ({where})"]
            ) from error

    def count(self, *, like: Drawn | None, found: int) -> None:
        """Count a question, and whether it found anything."""
        self.asked += 1
        self.answered += found > 0
        if like is not None and not found:
            self.last_miss = f"{self.scene.asked}, with the values of {words_of(like)}"

    def _write(self, members: list[dict[str, Any]]) -> None:
        wanted = {self.store.table_name: members}
        while wanted:
            request = Request("BatchWriteItem", {"RequestItems": wanted})
            wanted = self.store.client.send(request).get("UnprocessedItems") or {}


class _EnoughError(BaseException):
    """Ends the search for a smaller example; not an Exception, which Hypothesis would catch."""


@dataclass
class _Search:
    """Keeps the message of the smallest example that breaks a law, and ends the search for it.

    Hypothesis would search for minutes, since each example takes requests.
    """

    law: str
    steps: int
    smallest: str = ""
    _size: tuple[int, int] | None = None
    _steps: int = 0
    _since: int = 0

    def found(self, scene: Scene, broken: Broken) -> None:
        """Keep the message of an example if it is the smallest."""
        text = message(self.law, scene, broken)
        size = len(scene.items) + len(scene.written), len(text)
        if self._size is None or size < self._size:
            self._size, self.smallest, self._since = size, text, 0

    def step(self) -> None:
        """Count an example that was tried after the first that breaks the law.

        Raises:
            _EnoughError: if the search takes too long, or does not get on.
        """
        if self._size is not None:
            self._steps += 1
            self._since += 1
            if self._since > _FRUITLESS * self.steps or self._steps > self.steps:
                raise _EnoughError


@dataclass(frozen=True)
class Law:
    """A claim about one entity or one pattern of a design.

    Attributes:
        design: The design.
        subject: The name of the entity or the pattern.
        claim: What is claimed.
        check: Draws an example and raises Broken if the claim is false.
        share: The share of the examples that the law takes.
        must_find: Whether one of the questions at least must find something.
        limits: Says what it does not prove on an engine.
        steps: How many examples are tried, at most, to find a smaller one.
        unjudged: Says why it cannot be judged on an engine; empty if it can.
    """

    design: Design
    subject: str
    claim: str
    check: Callable[[Bench], None]
    share: float = 1.0
    must_find: bool = False
    limits: Callable[[Engine], Iterable[str]] = lambda _: ()
    steps: int = _STEPS
    unjudged: Callable[[Engine], str] = lambda _: ""

    def __str__(self) -> str:
        """Return the subject and the claim, as test ids have them."""
        return f"{self.subject}: {self.claim}"

    def not_proved(self, engine: Engine) -> Iterator[str]:
        """Yield what is not proved of the subject, on an engine."""
        yield from dict.fromkeys(self.limits(engine))
        why = self.unjudged(engine)
        if why:
            yield f"{self.claim}: {why}"

    def prove(self, engine: Engine, examples: int, *, steps: int = _STEPS) -> None:
        """Prove the law on drawn examples; fail the test with the smallest that breaks it.

        Args:
            engine: Where the table is.
            examples: How many examples a law with a whole share takes.
            steps: How many examples are tried to find a smaller one.
        """
        steps = min(steps, self.steps)
        why = self.unjudged(engine)
        if why:
            pytest.skip(f"not judged: {why}")
        bench = Bench(engine, self.design)
        found = self._search(bench, _Search(str(self), steps), examples, Phase.generate)
        if not found.smallest:
            self._require_found(bench, found)
        else:
            bench.small = True
            phases = Phase.generate, Phase.shrink
            shown = self._search(bench, _Search(str(self), steps), examples, *phases)
            if not shown.smallest:
                bench.small = False
                shown = self._search(bench, _Search(str(self), steps), examples, *phases)
            found = shown if shown.smallest else found
        if found.smallest:
            pytest.fail(found.smallest, pytrace=False)

    def _search(self, bench: Bench, search: _Search, examples: int, *phases: Phase) -> _Search:
        """Search for an example that breaks the law and, with Phase.shrink, for a smaller one."""

        def example(data: st.DataObject) -> None:
            bench.begin(data.draw)
            try:
                with bench.judging():
                    self.check(bench)
            except Broken as broken:
                bench.say_requests()
                search.found(bench.scene, broken)
                search.step()
                raise
            search.step()

        # The digest of the function, which seeds the examples, depends on its name.
        example.__name__ = re.sub(r"\W+", "_", f"law_of_{self.design.name}_{self}")
        with suppress(_EnoughError, Broken):
            try:
                self._settings(examples, *phases)(given(st.data())(example))()
            except Flaky:  # Hypothesis may notice that the search was ended
                if not search.smallest:
                    raise
        return search

    def _settings(self, examples: int, *phases: Phase) -> settings:
        """Return settings with which the examples are always the same, whatever the profile.

        A time limit for an example would fail on a slow machine.
        """
        return settings(
            max_examples=max(1, round(examples * self.share)),
            phases=phases,
            derandomize=True,
            database=None,
            deadline=None,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )

    def _require_found(self, bench: Bench, search: _Search) -> None:
        """Note a finding if no question found anything: the law would hold of anything then."""
        if self.must_find and bench.asked >= _ENOUGH and not bench.answered:
            why = f"it never found anything, in {bench.asked} tables with items of its entities"
            search.found(
                Scene(bench.engine.name, bench.clock.now),
                Broken(
                    why,
                    more={
                        "the last of them": [bench.last_miss or "no item is in its index"],
                        "what to do": _NEVER_FOUND.format(self.subject).splitlines(),
                    },
                ),
            )


def _asked(pattern: Pattern[Any]) -> str:
    return called(
        type(pattern).__name__, {f.name: getattr(pattern, f.name) for f in pattern.parameters()}
    )


def words_of(drawn: Drawn, population: Population | None = None) -> str:
    """Return an item in words, with what is special about it."""
    values = {**drawn.made.attribute_values, **dict.fromkeys(drawn.extra, ...)}
    marks = []
    if drawn.is_stranger:
        marks.append(f"of another program: its type is {drawn.stored_type!r}")
    if population is not None and not drawn.is_live(population.now):
        marks.append(f"expired at {in_words(drawn.expiry)}")
    words = item_in_words(drawn.entity, values)
    return f"{words}{''.join(f' ({each})' for each in marks)}"

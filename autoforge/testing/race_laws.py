"""The laws of races: callers who write at the same time leave what some order of them leaves.

The requests of the callers are interleaved by schedules (``turns.py``). What is stored afterwards,
and whether each caller was refused, must then be the same as if the callers had called one after
another, in some order. So no update is lost, and no key and no unique value is left as it was for
an item that another caller has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, permutations, product
from typing import Final, TypeAlias

from hypothesis import strategies as st

from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.testing.calls import Call, Calls, stored, stored_in_words
from autoforge.testing.comparing import are_alike, differing
from autoforge.testing.law import Bench, Law, words_of
from autoforge.testing.population import with_look_up_items
from autoforge.testing.recording import watching
from autoforge.testing.report import Broken, in_words
from autoforge.testing.turns import interleaved
from autoforge.testing.values import Values

#: More requests than a call sends.
_REQUESTS: Final = 50
#: How many pairs of calls meet in an example.
_PAIRS: Final = 5
#: How many examples are tried to find a smaller one: each takes many requests.
_STEPS: Final = 60
#: The DynamoDB operations that change nothing.
_READS: Final = {"BatchGetItem", "GetItem", "Query"}

#: What the callers came to: what is stored then, and for each "done" or the name of its error.
Outcome: TypeAlias = tuple[list[Item], list[str]]


def laws_of_races(design: Design, values: Values) -> Iterator[Law]:
    """Yield the law of races of each entity of a design."""
    claim = "callers who write at once leave what some order of them leaves"
    for entity in design.entities:
        check = _Races(design, values, entity).check
        yield Law(design, entity.__name__, claim, check, share=0.08, steps=_STEPS)


@dataclass(frozen=True)
class _Races:
    """An entity, and what its law needs."""

    design: Design
    values: Values
    entity: type[Entity]

    def check(self, bench: Bench) -> None:
        """Let callers interrupt each other at every place, and compare with each order of them."""
        race = Calls(self.values, self.entity, bench)
        start = [each.item for each in with_look_up_items([race.one])]
        bench.scene.items = [words_of(race.one)]
        try:
            for calls in self._meetings(bench, race.all()):
                said = [f"caller {number}: {each.words}" for number, each in enumerate(calls, 1)]
                bench.scene.written = said
                orders = _Orders(self, bench, calls, start)
                for schedule in orders.schedules():
                    came = orders.at_once(schedule)
                    self._require_keys(came)
                    orders.require_one(came)
        finally:
            bench.forget()
            bench.remember(bench.items())

    def _require_keys(self, came: Outcome) -> None:
        """Require that each item has the keys that its attributes make."""
        for item in came[0]:
            for entity in self.design.entities:
                if not entity.recognises(item):
                    continue
                wanted = entity.from_item(item).to_item()
                wrong = differing(item, wanted)
                if wrong:
                    raise Broken(
                        f"the key attribute {wrong[0]} is stale",
                        came=[f"{name} = {in_words(item.get(name))}" for name in wrong],
                        wanted=[f"{name} = {in_words(wanted.get(name))}" for name in wrong],
                    )

    def _meetings(self, bench: Bench, calls: Sequence[Call]) -> Iterator[Sequence[Call]]:
        """Yield calls that meet: some of all pairs, and three of them."""
        pairs = [*combinations_with_replacement(calls, 2)]
        chosen = bench.draw(st.randoms(use_true_random=False))
        chosen.shuffle(pairs)
        yield from pairs[: 1 if bench.small else _PAIRS]
        if not bench.small:
            yield chosen.choices(calls, k=3)


@dataclass
class _Orders:
    """The calls of one example, and what they come to at once and in each order."""

    races: _Races
    bench: Bench
    calls: Sequence[Call]
    start: Sequence[Item]
    #: The outcomes of the orders that were tried.
    _known: dict[tuple[int, ...], Outcome] = field(default_factory=dict)
    #: The operations that each call sends in the first order.
    _sent: list[list[str]] = field(default_factory=list)

    def schedules(self) -> Iterator[list[int]]:
        """Yield whose requests come in which order: each caller interrupts another one.

        One sends some requests before its last write, another one some or all, a third one all,
        then the first the rest. So each overlap of two calls is tried that could matter.
        """
        self._in_order(tuple(range(len(self.calls))))
        two = len(self.calls) == 2  # noqa: PLR2004 - of which either may be the first
        for one, other, *rest in [(0, 1), (1, 0)] if two else [(0, 1, 2)]:
            for some, more in product(self._places(one), [*self._places(other), _REQUESTS]):
                yield [one] * some + [other] * more + rest * _REQUESTS + [one] * _REQUESTS

    def _places(self, number: int) -> range:
        """Return after how many of its requests a call can be interrupted before its last write."""
        writes = [n for n, each in enumerate(self._sent[number]) if each not in _READS]
        return range(1, max(writes, default=0) + 1)

    def at_once(self, schedule: Sequence[int]) -> Outcome:
        """Return the outcome if the requests are sent in the order of a schedule."""
        self.bench.store_only(self.start)
        stores = self.bench.callers(len(self.calls))
        came, sent = interleaved(stores, [each.outcome for each in self.calls], schedule)
        self.bench.note_sent([f"caller {caller + 1}: {operation}" for caller, operation in sent])
        return stored(self.bench), [*map(str, came)]

    def require_one(self, came: Outcome) -> None:
        """Require that the calls one after another have the same outcome, in some order."""
        others: dict[tuple[str, ...], list[str]] = {}
        for order in permutations(range(len(self.calls))):
            outcome = self._in_order(order)
            if outcome[1] == came[1] and are_alike(outcome[0], came[0]):
                return
            order_in_words = " then ".join(f"caller {number + 1}" for number in order)
            others.setdefault(tuple(self._words(outcome)), []).append(order_in_words)
        raise Broken(
            "no order of the callers leaves what they left",
            came=self._words(came),
            more={", or ".join(orders): words for words, orders in others.items()},
        )

    def _in_order(self, order: tuple[int, ...]) -> Outcome:
        if order not in self._known:
            self.bench.store_only(self.start)
            said = dict.fromkeys(order, "")
            for number in order:
                with watching(self.bench.store) as watched:
                    said[number] = self.calls[number].outcome(self.bench.store)
                if not self._known:
                    self._sent.append(watched.operations)
            came = [said[number] for number in range(len(self.calls))]
            self._known[order] = stored(self.bench), came
        return self._known[order]

    def _words(self, outcome: Outcome) -> list[str]:
        items, said = outcome
        named = [f"caller {number}: {each}" for number, each in enumerate(said, 1)]
        return [*named, *stored_in_words(self.races.design, items)]

"""The laws of races: callers who write at the same time leave what some order of them leaves.

The requests of the callers are interleaved as is drawn (``turns.py``). What is stored afterwards,
and whether each caller was refused, must then be the same as if the callers had called one after
another, in some order. So no update is lost, and no key and no unique value is left as it was for
an item that another caller has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations_with_replacement, permutations, product
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from autoforge.dynamodb.errors import (
    AutoforgeError,
    ConditionFailedError,
    DeclarationError,
    InvalidValueError,
    ItemNotFoundError,
)
from autoforge.dynamodb.schema.attribute import is_stored
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.key_value import key_of, shown_key
from autoforge.dynamodb.schema.number_attributes import Integer, Number
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.testing.comparing import are_alike, differing
from autoforge.testing.drawn import Drawn
from autoforge.testing.law import Bench, Law, words_of
from autoforge.testing.population import Populations, with_look_up_items
from autoforge.testing.recording import watching
from autoforge.testing.report import Broken, called, in_words
from autoforge.testing.turns import interleaved
from autoforge.testing.values import Values
from autoforge.testing.writing import UPDATED, immortal, informed, write_in_words

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

_DONE: Final = "done"


def laws_of_races(design: Design, values: Values) -> Iterator[Law]:
    """Yield the law of races of each entity of a design."""
    claim = "callers who write at once leave what some order of them leaves"
    for entity in design.entities:
        check = _Races(design, values, entity).check
        yield Law(design, entity.__name__, claim, check, share=0.08, steps=_STEPS)


@dataclass(frozen=True)
class Call:
    """What a caller does.

    Attributes:
        words: It in words.
        make: Does it on a Store.
    """

    words: str
    make: Callable[[Store], object]

    def outcome(self, store: Store) -> str:
        """Return "done", or the name of the error."""
        try:
            self.make(store)
        except AutoforgeError as error:
            return type(error).__name__
        return _DONE


@dataclass(frozen=True)
class _Races:
    """An entity, and what its law needs."""

    design: Design
    values: Values
    entity: type[Entity]

    def check(self, bench: Bench) -> None:
        """Let callers interrupt each other at every place, and compare with each order of them."""
        race = _Race(self, bench)
        start = [each.item for each in with_look_up_items([race.one])]
        bench.scene.items = [words_of(race.one)]
        try:
            for calls in race.meetings():
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

    def stored(self, bench: Bench) -> list[Item]:
        """Return what is stored, in the order of the keys, without marks of transactions."""
        mark, primary = self.design.mark, self.design.primary
        there = bench.items()
        bench.forget()
        bench.remember(there)
        items = [each for each in there if mark is None or not mark.recognises(each)]
        return sorted(items, key=lambda item: key_of(item, primary))

    def words(self, outcome: Outcome) -> list[str]:
        """Return the outcome of calls in words."""
        items, said = outcome
        return [
            *(f"caller {number}: {each}" for number, each in enumerate(said, 1)),
            *(map(self._item_words, items) if items else ["no item"]),
        ]

    def _item_words(self, item: Item) -> str:
        for each in self.design.unique_items:
            if each.recognises(item):
                at = shown_key(key_of(item, self.design.primary))
                return f"look-up item {at!r} of {shown_key(each.from_item(item).owner)!r}"
        for entity in self.design.entities:
            if entity.recognises(item):
                return words_of(Drawn(entity, entity.from_item(item)))
        return in_words(item)


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
        return self.races.stored(self.bench), [*map(str, came)]

    def require_one(self, came: Outcome) -> None:
        """Require that the calls one after another have the same outcome, in some order."""
        others: dict[tuple[str, ...], list[str]] = {}
        for order in permutations(range(len(self.calls))):
            outcome = self._in_order(order)
            if outcome[1] == came[1] and are_alike(outcome[0], came[0]):
                return
            order_in_words = " then ".join(f"caller {number + 1}" for number in order)
            others.setdefault(tuple(self.races.words(outcome)), []).append(order_in_words)
        raise Broken(
            "no order of the callers leaves what they left",
            came=self.races.words(came),
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
            self._known[order] = self.races.stored(self.bench), came
        return self._known[order]


@dataclass
class _Race:
    """One example: the items that callers meet, and what they do."""

    races: _Races
    bench: Bench

    def __post_init__(self) -> None:
        """Draw an item, other values for it, and another item that wants its unique values."""
        self.populations = Populations(self.races.values, self.bench.clock.now)
        self.one = self._drawn({})
        own = self._key(self.one)
        self.versions = [self.one, self._drawn(own), self._drawn(own)]
        self.rival = self._drawn(self._unique_values(self.one))

    @property
    def entity(self) -> type[Entity]:
        """The entity of the items."""
        return self.races.entity

    def meetings(self) -> Iterator[Sequence[Call]]:
        """Yield calls that meet: some of all pairs, and three of them."""
        calls = [each for each in self._calls() if each is not None]
        pairs = [*combinations_with_replacement(calls, 2)]
        chosen = self.bench.draw(st.randoms(use_true_random=False))
        chosen.shuffle(pairs)
        yield from pairs[: 1 if self.bench.small else _PAIRS]
        if not self.bench.small:
            yield chosen.choices(calls, k=3)

    def _calls(self) -> Iterator[Call | None]:
        """Yield what a caller may do; None for what the entity refuses."""
        key, others = self._key(self.one), self.versions[1:]
        gone = Delete(self.entity, key)
        yield _writing(gone)
        yield _writing(Put(others[0].made, replace=True))
        for name in self._name():
            yield self._edit(name)
            if not self.entity.uniques:
                yield self._updating({name: others[0].made.attribute_values.get(name)})
        for name in self._numbers()[:1]:
            yield self._add(name)
        if self.entity.uniques:
            yield from (self._updating(self._unique_values(each)) for each in others)
            if self.rival.identity != self.one.identity:
                taken = Put(self.rival.made)
                yield _writing(taken)
                yield _together(gone, taken)

    def _edit(self, name: str) -> Call:
        """Read an item, and set an attribute to what follows from its value if it still has it."""
        values = self._values_of(name)
        words = (
            f"read {words_of(self.one)} and change {name} to what follows it in "
            f"{', '.join(map(in_words, values))}"
        )
        return Call(words, partial(self._edited, name, values))

    def _edited(self, name: str, values: Sequence[Any], store: Store) -> None:
        def attempt() -> None:
            stored = store.item_at(self.one.key)
            if stored is None:
                raise ItemNotFoundError(self.entity.type_name, self._key(self.one))
            found = Drawn(self.entity, self.entity.from_item(stored))
            old = found.made.attribute_values.get(name)
            new = values[(values.index(old) + 1) % len(values) if old in values else 0]
            write = self._update(found, {name: new}, {name: old})
            if write is not None:
                try:
                    store.write(write)
                except (ConditionFailedError, ItemNotFoundError) as error:
                    raise StaleReadError from error

        store.retry_on_conflict(shown_key(self.one.key), attempt)

    def _add(self, name: str) -> Call | None:
        """Let DynamoDB add 1 to a number."""
        attribute: Any = self.entity.get_attributes()[name]
        now = self.bench.clock.now
        try:
            write = Update(self.entity, self._key(self.one), now, [attribute.add(1)])
            write.parameters()
        except (DeclarationError, InvalidValueError):  # a key is made of it
            return None
        words = called(f"Update of {self.entity.__name__}", self._key(self.one))
        return Call(f"{words}: add 1 to {name}", lambda store: store.write(write))

    # What they need.

    def _updating(self, changes: Mapping[str, Any]) -> Call | None:
        write = self._update(self.one, changes) if changes else None
        return None if write is None else _writing(write)

    def _update(
        self, drawn: Drawn, changes: Mapping[str, Any], expected: Mapping[str, Any] | None = None
    ) -> Update[Any] | None:
        """Return an update that is accepted; None if the entity refuses it."""
        now = self.bench.clock.now
        try:
            write = Update(self.entity, self._key(drawn), now, changes, expected or {})
        except (DeclarationError, InvalidValueError):
            return None
        return informed(drawn, write)

    def _key(self, drawn: Drawn) -> dict[str, Any]:
        return {name: drawn.values[name] for name in self.entity.primary_key.components}

    def _unique_values(self, drawn: Drawn) -> dict[str, Any]:
        """Return the attributes that make unique values, without those of the primary key."""
        names = {name for each in self.entity.uniques for name in each.sources}
        names &= {*self._settable()}
        return {name: drawn.made.attribute_values.get(name) for name in sorted(names)}

    def _name(self) -> list[str]:
        """Draw an attribute that the callers change; none if the versions differ in nothing."""
        names = [each for each in self._settable() if len(self._values_of(each)) > 1]
        return [self.bench.draw(st.sampled_from(names))] if names else []

    def _settable(self) -> list[str]:
        """Return the attributes that an update may set without ending the life of the item."""
        attributes = self.entity.get_attributes()
        fixed = {"expires_at", "created_at", UPDATED, "version", self.entity.deletion_mark}
        fixed |= self.entity.primary_key.components
        return sorted(n for n, each in attributes.items() if n not in fixed and is_stored(each))

    def _numbers(self) -> list[str]:
        attributes, unique = self.entity.get_attributes(), self._unique_values(self.one)
        kinds = {Integer, Number}
        return [n for n in self._settable() if n not in unique and type(attributes[n]) in kinds]

    def _values_of(self, name: str) -> list[Any]:
        """Return the different values of an attribute, as an entity holds them."""
        values: list[Any] = []
        for value in (each.made.attribute_values.get(name) for each in self.versions):
            if value not in values:
                values.append(value)
        return values

    def _drawn(self, over: Mapping[str, Any]) -> Drawn:
        """Draw an item that never expires; the first one again if the entity refuses values."""
        values = self.bench.draw(self.races.values.of_entity(self.entity))
        try:
            return self.populations.made(self.entity, {**values, **over, **immortal(self.entity)})
        except DeclarationError:
            if not over:
                raise
            return self.one


def _writing(write: Write[Any]) -> Call:
    return Call(write_in_words(write), lambda store: store.write(write))


def _together(*writes: Write[Any]) -> Call:
    words = " and ".join(map(write_in_words, writes))
    return Call(f"{words} in one transaction", lambda store: store.transact(Transaction(writes)))

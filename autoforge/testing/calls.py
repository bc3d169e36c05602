"""What callers may do to the items of an entity, for the laws of races and of lost answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

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
from autoforge.testing.drawn import Drawn
from autoforge.testing.law import Bench, words_of
from autoforge.testing.population import Populations
from autoforge.testing.report import called, in_words
from autoforge.testing.values import Values
from autoforge.testing.writing import UPDATED, immortal, informed, write_in_words

#: The outcome of a call that was not refused.
DONE: Final = "done"


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
        return DONE


@dataclass
class Calls:
    """The items of an example, and what callers may do to them.

    Attributes:
        values: Draws the values of attributes.
        entity: The entity of the items.
        bench: The table.
    """

    values: Values
    entity: type[Entity]
    bench: Bench

    def __post_init__(self) -> None:
        """Draw an item, other values for it, and another item that wants its unique values."""
        self.populations = Populations(self.values, self.bench.clock.now)
        self.one = self._drawn({})
        own = self.key_of(self.one)
        self.versions = [self.one, self._drawn(own), self._drawn(own)]
        self.rival = self._drawn(self._unique_values(self.one))

    def all(self) -> list[Call]:
        """Return what a caller may do, without what the entity refuses."""
        return [each for each in self._calls() if each is not None]

    def creation(self) -> Call:
        """Return the creation of an item."""
        return _writing(Put(self._drawn({}).made))

    def _calls(self) -> Iterator[Call | None]:
        key, others = self.key_of(self.one), self.versions[1:]
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
                raise ItemNotFoundError(self.entity.type_name, self.key_of(self.one))
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
            write = Update(self.entity, self.key_of(self.one), now, [attribute.add(1)])
            write.parameters()
        except (DeclarationError, InvalidValueError):  # a key is made of it
            return None
        words = called(f"Update of {self.entity.__name__}", self.key_of(self.one))
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
            write = Update(self.entity, self.key_of(drawn), now, changes, expected or {})
        except (DeclarationError, InvalidValueError):
            return None
        return informed(drawn, write)

    def key_of(self, drawn: Drawn) -> dict[str, Any]:
        """Return the components of the primary key of an item."""
        return {name: drawn.values[name] for name in self.entity.primary_key.components}

    def _unique_values(self, drawn: Drawn) -> dict[str, Any]:
        """Return the attributes that make unique values, without those of the primary key."""
        names = {name for each in self.entity.uniques for name in each.sources}
        names &= {*self._settable()}
        return {name: drawn.made.attribute_values.get(name) for name in sorted(names)}

    def differences(self, one: Drawn, other: Drawn) -> dict[str, Any]:
        """Return the attributes that differ in two versions, with the values of the second.

        Without those that make unique values.
        """
        mine, theirs = one.made.attribute_values, other.made.attribute_values
        names = {*self._settable()} - {*self._unique_values(one)}
        return {n: theirs.get(n) for n in sorted(names) if mine.get(n) != theirs.get(n)}

    @property
    def may_expire(self) -> bool:
        """Whether an item may be given an expiry."""
        return "expires_at" in self.entity.get_attributes()

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
        values = self.bench.draw(self.values.of_entity(self.entity))
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


def stored(bench: Bench) -> list[Item]:
    """Return what is stored, in the order of the keys, without marks of transactions."""
    mark, primary = bench.design.mark, bench.design.primary
    there = bench.items()
    bench.forget()
    bench.remember(there)
    items = [each for each in there if mark is None or not mark.recognises(each)]
    return sorted(items, key=lambda item: key_of(item, primary))


def stored_in_words(design: Design, items: Sequence[Item]) -> list[str]:
    """Return what is stored in words."""
    return [_in_words(design, each) for each in items] or ["no item"]


def _in_words(design: Design, item: Item) -> str:
    for each in design.unique_items:
        if each.recognises(item):
            at = shown_key(key_of(item, design.primary))
            return f"look-up item {at!r} of {shown_key(each.from_item(item).owner)!r}"
    for entity in design.entities:
        if entity.recognises(item):
            return words_of(Drawn(entity, entity.from_item(item)))
    return in_words(item)

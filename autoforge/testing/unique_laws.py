"""The laws of unique values: one item at most has a value, whatever is written in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import new_class
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from autoforge.dynamodb.errors import (
    AutoforgeError,
    DeclarationError,
    ItemExistsError,
    ItemNotFoundError,
    NotUniqueError,
)
from autoforge.dynamodb.patterns.references import ByUnique
from autoforge.dynamodb.schema.attribute import is_stored
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.key_value import key_of, shown_key
from autoforge.dynamodb.schema.unique import Unique
from autoforge.dynamodb.table import Table
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.testing.comparing import require_equal
from autoforge.testing.drawn import Drawn
from autoforge.testing.law import Bench, Law, words_of
from autoforge.testing.population import Populations
from autoforge.testing.report import Broken, in_words
from autoforge.testing.values import Values
from autoforge.testing.writing import immortal, informed, write_in_words

#: How many writes follow each other, at most; and how many items and values they are about.
_WRITES: Final = 6
_ITEMS: Final = 3

#: The items that should be stored, by their identity.
Stored: TypeAlias = dict[tuple[Any, ...], Drawn]


def laws_of_uniques(design: Design, values: Values) -> Iterator[Law]:
    """Yield the law of each unique value of a design."""
    for entity in design.entities:
        for unique in entity.uniques:
            judged = JudgedUnique(design, values, entity, unique)
            claim = f"no two items have one {unique.name}, and it finds the one that has it"
            name = entity.__name__
            yield Law(design, name, claim, judged.is_unique, share=0.6, must_find=True)


@dataclass(frozen=True)
class _Step:
    """Writes that are sent together, and what should be stored after them.

    Attributes:
        writes: The writes.
        after: What should be stored then; None if they must be refused.
        errors: The errors of which one must be raised if they are refused.
    """

    writes: Sequence[Write[Any]]
    after: Stored | None
    errors: tuple[type[AutoforgeError], ...] = (AutoforgeError,)


@dataclass(frozen=True)
class JudgedUnique:
    """A unique value, and what its law needs."""

    design: Design
    values: Values
    entity: type[Entity]
    unique: Unique

    def is_unique(self, bench: Bench) -> None:
        """Write items in a drawn order, and compare what is stored after each write."""
        bench.empty()
        try:
            self._write_all(UniqueCase(self, bench))
        finally:
            bench.remember(bench.items())

    def _write_all(self, case: UniqueCase) -> None:
        for step in case.steps():
            if step is not None:
                self._send(case, step)
                case.require_stored()
                for drawn in case.people:
                    self.require_found(case, drawn, case.stored.values())

    def _send(self, case: UniqueCase, step: _Step) -> None:
        """Send writes, which must be applied or refused, and then have changed nothing."""
        bench, before = case.bench, case.raw()
        words = " and ".join(map(write_in_words, step.writes))
        together = " in one transaction" if len(step.writes) > 1 else ""
        refused = "" if step.after is not None else ", which must be refused"
        bench.scene.written.append(f"{words}{together}{refused}")
        try:
            if len(step.writes) == 1:
                bench.store.write(step.writes[0])
            else:
                bench.store.transact(Transaction(tuple(step.writes)))
        except step.errors as error:
            if step.after is not None:
                raise Broken(
                    "a write was refused", came=[f"{type(error).__name__}: {error}"]
                ) from None
            if case.raw() != before:
                raise Broken(
                    "a refused write changed what is stored",
                    came=map(in_words, case.raw()),
                    wanted=map(in_words, before),
                ) from None
            return
        if step.after is None:
            raise Broken(
                f"a value of {self.unique.name} was given twice",
                came=["no error"],
                wanted=[" or ".join(each.__name__ for each in step.errors)],
            )
        case.stored = step.after

    def require_found(self, case: UniqueCase, drawn: Drawn, stored: Iterable[Drawn]) -> None:
        """Require that the value of an item finds exactly the stored item that has it now."""
        value = drawn.unique_values.get(self.unique)
        if value is None:
            return
        own = (each for each in stored if each.entity is self.entity)
        holders = [each for each in own if each.unique_values.get(self.unique) == value]
        asked = self.asked(drawn)
        case.bench.note(asked)
        found = case.bench.store.get(asked)
        case.bench.count(like=drawn, found=found is not None)
        require_equal(
            [] if found is None else [found], [[(each.entity, each.shown) for each in holders]], []
        )

    def asked(self, drawn: Drawn) -> Any:
        """Return the pattern that finds the item with the same value."""
        names = self.unique.key.components
        return self.pattern(**{_parameter(self.pattern, n): drawn.values[n] for n in names})

    @cached_property
    def pattern(self) -> type[Any]:
        """The pattern of the table that finds items by the value; a new one if there is none."""
        names = self.unique.key.components
        declared = self.design.patterns if isinstance(self.design, Table) else ()
        for each in declared:
            own = issubclass(each, ByUnique) and each.unique is self.unique
            if own and {f.name for f in each.parameters()} == {_parameter(each, n) for n in names}:
                return each
        body = {
            "__module__": __name__,
            "__annotations__": dict.fromkeys(sorted(names), Any),
            "unique": self.unique,
        }
        bases: Any = (ByUnique[self.entity],)  # type: ignore[name-defined]  # a value
        name = f"{self.entity.__name__}By{self.unique.name.title().replace('_', '')}"
        return dataclass(frozen=True)(new_class(name, bases, {}, lambda own: own.update(body)))


@dataclass
class UniqueCase:
    """One example: items that share few values, and what should be stored of them.

    Attributes:
        judged: The unique value.
        bench: The table.
        stored: The items that should be stored, by their identity.
    """

    judged: JudgedUnique
    bench: Bench
    stored: Stored = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Draw the items that writes are about."""
        self.populations = Populations(self.judged.values, self.bench.clock.now)
        self.values = [self._value() for _ in range(2)]
        self.people = [self._person() for _ in range(_ITEMS)]

    @property
    def entities(self) -> list[type[Entity]]:
        """The entities that share the value: those with the same template."""
        shared = self.judged.unique.template
        own = self.judged.entity
        others = [e for e in self.judged.design.entities if e is not own]
        return [own, *(e for e in others if any(u.template == shared for u in e.uniques))]

    def steps(self) -> Iterator[_Step | None]:
        """Draw the writes: an item first, then mostly writes that have something to change."""
        yield self._put(self.people[0])
        kinds = (self._put, self._change, self._replace, self._both, self._touch, self._delete)
        for _ in range(self.bench.draw(st.integers(1, _WRITES))):
            write: Callable[[Drawn], _Step | None] = self.bench.draw(st.sampled_from(kinds))
            there = write in {self._change, self._touch, self._delete}
            fit = [each for each in self.people if (each.identity in self.stored) == there]
            odd = self.bench.draw(st.integers(0, 5)) == 5  # noqa: PLR2004 - one in six
            yield write(
                self.bench.draw(st.sampled_from(self.people if odd else fit or self.people))
            )

    def require_stored(self) -> None:
        """Require that the items are stored, each with exactly its look-up items."""
        raw = {key_of(each, self.judged.design.primary): each for each in self.raw()}
        wanted = sorted(
            f"{unique.template} of {shown_key(each.key)}"
            for each in self.stored.values()
            for unique in each.unique_values
        )
        self.bench.scene.items = [words_of(each) for each in self.stored.values()]
        for each in self.stored.values():
            if raw.pop(each.key, None) is None:
                raise Broken(f"an item is not stored: {words_of(each)}")
        found = sorted(map(self._owner, raw.values()))
        if found != wanted:
            raise Broken("the look-up items are not those of the items", came=found, wanted=wanted)

    def raw(self) -> list[Item]:
        """Return what is stored, in the order of the keys, without marks of transactions."""
        mark, primary = self.judged.design.mark, self.judged.design.primary
        items = [i for i in self.bench.items() if mark is None or not mark.recognises(i)]
        return sorted(items, key=lambda item: key_of(item, primary))

    def _owner(self, item: Item) -> str:
        for each in self.judged.design.unique_items:
            if each.recognises(item):
                owner = shown_key(each.from_item(item).owner)
                return f"{each.primary_key.partition} of {owner}"
        return f"another item: {in_words(item)}"

    # The writes.

    def _put(self, person: Drawn) -> _Step:
        if person.identity in self.stored:
            return _Step([Put(person.made)], None, (ItemExistsError,))
        return self._stored_as([Put(person.made)], person)

    def _replace(self, person: Drawn) -> _Step:
        return self._stored_as([Put(person.made, replace=True)], person)

    def _both(self, person: Drawn) -> _Step | None:
        other = self.bench.draw(st.sampled_from(self.people))
        taken = {person.identity, other.identity} & self.stored.keys()
        if taken or other.identity == person.identity:
            return None
        step = self._stored_as([Put(person.made), Put(other.made)], person, other)
        return step if step.after is not None else _Step(step.writes, None)

    def _delete(self, person: Drawn) -> _Step:
        key = {name: person.values[name] for name in person.entity.primary_key.components}
        rest = {i: each for i, each in self.stored.items() if i != person.identity}
        gone = person.identity not in self.stored
        return _Step([Delete(person.entity, key)], None if gone else rest, (ItemNotFoundError,))

    def _change(self, person: Drawn) -> _Step | None:
        """Give an item another value, or none."""
        value = self.bench.draw(st.sampled_from(self.values))
        return self._updated(person, self.as_values(person.entity, value))

    def _touch(self, person: Drawn) -> _Step | None:
        """Change what is no part of the value."""
        attributes = person.entity.get_attributes()
        names = {*attributes} - {n for each in person.entity.uniques for n in each.sources}
        names = {name for name in names if is_stored(attributes[name])}
        names -= {"expires_at", "created_at", "updated_at", *person.entity.primary_key.components}
        if not names:
            return None
        name = self.bench.draw(st.sampled_from(sorted(names)))
        return self._updated(person, {name: self._person(person.entity).values[name]})

    def _updated(self, person: Drawn, values: Mapping[str, Any]) -> _Step | None:
        stored = self.stored.get(person.identity, person)
        now = self.bench.clock.now
        components = person.entity.primary_key.components
        changes = {name: value for name, value in values.items() if name not in components}
        attributes = person.entity.get_attributes()
        if not changes or not all(is_stored(attributes[name]) for name in changes):
            return None
        key = {name: person.values[name] for name in components}
        write = informed(stored, Update(person.entity, key, now, changes=changes))
        if write is None:
            return None
        if person.identity not in self.stored:
            return _Step([write], None, (ItemNotFoundError, NotUniqueError))
        stamp = {"updated_at": now} if "updated_at" in person.entity.get_attributes() else {}
        after = {**stored.made.attribute_values, **changes, **stamp}
        try:
            return self._stored_as([write], self.populations.made(person.entity, after))
        except DeclarationError:  # values that the entity refuses together
            return None

    def _stored_as(self, writes: Sequence[Write[Any]], *people: Drawn) -> _Step:
        """Return writes that leave items, unless one of their values is taken."""
        after = {**self.stored, **{each.identity: each for each in people}}
        claims = [value for each in after.values() for value in each.unique_values.values()]
        if len({*claims}) < len(claims):
            return _Step(writes, None, (NotUniqueError,))
        return _Step(writes, after)

    # What they are about.

    def _value(self) -> tuple[Any, ...]:
        drawn = self.bench.draw(self.judged.values.of_entity(self.judged.entity))
        return tuple(drawn[part.name] for part in self._parts(self.judged.entity))

    def _person(self, entity: type[Entity] | None = None) -> Drawn:
        """Draw an item that has one of the values, or a value of its own."""
        entity = entity or self.bench.draw(st.sampled_from(self.entities))
        of_its_own = self.bench.draw(st.integers(0, 3)) == 3  # noqa: PLR2004 - one in four
        return self.person(
            entity, None if of_its_own else self.bench.draw(st.sampled_from(self.values))
        )

    def person(self, entity: type[Entity], value: tuple[Any, ...] | None, **over: Any) -> Drawn:
        """Draw an item that has a value; it never expires unless ``over`` says when."""
        values = self.bench.draw(self.judged.values.of_entity(entity))
        if value is not None and entity not in self.judged.values.given:
            values |= self.as_values(entity, value)
        return self.populations.made(entity, {**values, **immortal(entity), **over})

    def as_values(self, entity: type[Entity], value: tuple[Any, ...]) -> dict[str, Any]:
        """Return a value by the names of the attributes of an entity."""
        names = [part.name for part in self._parts(entity)]
        own = entity.get_attributes()
        return {n: v for n, v in zip(names, value, strict=True) if n in own}

    def _parts(self, entity: type[Entity]) -> Sequence[Any]:
        template = self.judged.unique.template
        unique = next(each for each in entity.uniques if each.template == template)
        return unique.key.partitions[0].components


def _parameter(pattern: type[Any], component: str) -> str:
    renamed: str = pattern.renames.get(component, component)
    return renamed

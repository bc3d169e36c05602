"""The law of unique values of items that expire: the value is free as soon as its item has expired.

DynamoDB deletes an expired item up to two days later, and its look-up item before or after it (AWS,
"Time to Live"). Until then both are in the way of the next item that wants the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st

from autoforge.dynamodb.errors import ItemExistsError, ItemNotFoundError
from autoforge.dynamodb.schema.attribute import is_stored
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.key_value import key_of, shown_key
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.testing.drawn import Drawn
from autoforge.testing.law import Bench, Law, words_of
from autoforge.testing.report import Broken
from autoforge.testing.unique_laws import JudgedUnique, UniqueCase
from autoforge.testing.values import Values
from autoforge.testing.writing import informed, write_in_words

#: How many steps follow the expiry in an example that is easy to read.
_FEW = 3


def laws_of_expiry(design: Design, values: Values) -> Iterator[Law]:
    """Yield the law of each unique value, if the items of the design can expire."""
    for entity in design.entities if design.layout.expiry is not None else ():
        for unique in entity.uniques:
            claim = f"the {unique.name} of an expired item is free for another one"
            check = partial(_check, JudgedUnique(design, values, entity, unique))
            yield Law(design, entity.__name__, claim, check, share=0.4)


def _check(judged: JudgedUnique, bench: Bench) -> None:
    """Let the item with a value expire while others want it; compare after each step."""
    bench.empty()
    try:
        case = _Case(judged, bench)
        for step in case.happenings():
            step()
            case.require_sound()
    finally:
        bench.remember(bench.items())


@dataclass
class _Case(UniqueCase):
    """One example: an item that expires, and one that wants its value."""

    def __post_init__(self) -> None:
        """Draw the two items, which have one value."""
        super().__post_init__()
        entity, (value, _) = self.judged.entity, self.values
        now = self.bench.clock.now
        later = self.bench.draw(st.sampled_from([None, now + timedelta(hours=3)]))
        self.holder = self.person(entity, value, expires_at=now + timedelta(hours=1))
        self.heir = self.person(entity, value, expires_at=later)
        self.people = [self.holder, self.heir, self.people[0]]

    def happenings(self) -> Iterator[Callable[[], None]]:
        """Draw what happens: everything in some order after the item has expired."""
        put = partial(self._store, self.heir)
        yield partial(self._store, self.holder)
        yield from self.bench.draw(st.sampled_from([[], [put], [self._renew]]))
        yield self._wait
        kinds = [put, self._remove, self._give, self._sweep, self._sweep, self._wait]
        later = self.bench.draw(st.permutations(kinds))
        yield from later[:_FEW] if self.bench.small else later

    # What happens.

    def _store(self, person: Drawn) -> None:
        """Store an item in place of one that has expired."""
        now, live = self.bench.clock.now, self._live()
        if person.is_live(now):
            others = [each for each in live if each.identity == person.identity]
            refused = bool(others) or _share(person, live)
            self._apply(Put(person.made, expired_by=now), refused=refused)

    def _renew(self) -> None:
        """Let the item expire later."""
        entity, now = self.holder.entity, self.bench.clock.now
        key = {name: self.holder.values[name] for name in entity.primary_key.components}
        write = Update(entity, key, now, changes={"expires_at": now + timedelta(hours=2)})
        known = informed(self.holder, write)
        if known is not None:
            self._apply(known, refused=False)

    def _remove(self) -> None:
        """Delete the item that has expired."""
        names = self.holder.entity.primary_key.components
        key = {name: self.holder.values[name] for name in names}
        self._apply(Delete(self.holder.entity, key, missing_ok=True), refused=False)

    def _give(self) -> None:
        """Give an item a value."""
        live = self._live()
        person = self.bench.draw(st.sampled_from([*live, self.holder]))
        entity, value = person.entity, self.bench.draw(st.sampled_from(self.values))
        fixed = entity.primary_key.components
        changes = {n: v for n, v in self.as_values(entity, value).items() if n not in fixed}
        attributes = entity.get_attributes()
        if not changes or not all(is_stored(attributes[name]) for name in changes):
            return
        key = {name: person.values[name] for name in fixed}
        write = informed(person, Update(entity, key, self.bench.clock.now, changes=changes))
        if write is not None:
            after = Drawn(entity, entity(**{**person.made.attribute_values, **changes}))
            others = [each for each in live if each.identity != person.identity]
            is_live = len(others) < len(live)
            self._apply(write, refused=not is_live or _share(after, others))

    def _wait(self) -> None:
        """Wait until an item has expired."""
        self.bench.clock.now += timedelta(hours=1)
        self.bench.scene.now = self.bench.clock.now
        self.bench.scene.written.append("wait an hour")

    def _sweep(self) -> None:
        """Delete an item or a look-up item that has expired, as DynamoDB does later."""
        expired = [item for item in self.raw() if self._has_expired(item)]
        if expired:
            item = self.bench.draw(st.sampled_from(expired))
            self.bench.delete(item)
            key = shown_key(key_of(item, self.judged.design.primary))
            said = f"DynamoDB deletes what has expired at {key!r}"
            self.bench.scene.written.append(said)

    def _apply(self, write: Write[Any], *, refused: bool) -> None:
        must = ", which must be refused" if refused else ""
        self.bench.scene.written.append(f"{write_in_words(write)}{must}")
        try:
            self.bench.store.write(write)
        except (ItemExistsError, ItemNotFoundError) as error:
            if not refused:
                came = [f"{type(error).__name__}: {error}"]
                why = "a write was refused, and no live item has the value"
                raise Broken(why, came=came) from None
            return
        if refused:
            raise Broken(f"a value of {self.judged.unique.name} was given twice", came=["no error"])

    # What must hold.

    def require_sound(self) -> None:
        """Require that each live item has its values alone, and is found by them."""
        live = self._live()
        self.bench.scene.items = [*map(words_of, live)] or ["none is live"]
        for place, each in enumerate(live):
            if _share(each, live[:place]):
                raise Broken("two live items have one value", came=map(words_of, live))
        for each in [*self.people, *live]:
            if each.entity is self.judged.entity:
                self.judged.require_found(self, each, live)

    def _live(self) -> list[Drawn]:
        """Return the items that are stored and have not expired."""
        entities = self.judged.design.entities
        found = [
            Drawn(entity, entity.from_item(item))
            for item in self.raw()
            for entity in entities
            if entity.recognises(item)
        ]
        return [each for each in found if each.is_live(self.bench.clock.now)]

    def _has_expired(self, item: Item) -> bool:
        design = self.judged.design
        entities = (*design.entities, *design.unique_items)
        entity = next(each for each in entities if each.recognises(item))
        return not entity.from_item(item).is_live(self.bench.clock.now)


def _share(one: Drawn, others: Iterable[Drawn]) -> bool:
    """Whether an item has a unique value that another one has."""
    own = {*one.unique_values.values()}
    return any(own & {*each.unique_values.values()} for each in others)

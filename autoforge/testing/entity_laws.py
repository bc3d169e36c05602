"""The laws of entities: what is stored reads back, under keys of its own, after every write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from hypothesis import strategies as st

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError
from autoforge.dynamodb.schema.attribute import is_stored
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.schema.key_value import shown_key
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.testing.comparing import differing
from autoforge.testing.drawn import Drawn, shown
from autoforge.testing.faults import Unprocessed, injected
from autoforge.testing.law import Bench, Law, words_of
from autoforge.testing.population import UNKNOWN, Populations
from autoforge.testing.report import Broken, called, in_words, item_in_words
from autoforge.testing.values import Values
from autoforge.testing.writing import UPDATED, informed, write_in_words

#: How many updates of an item follow each other.
_UPDATES: Final = 3


def laws_of_entities(design: Design, values: Values) -> Iterator[Law]:
    """Yield the laws of each entity of a design."""
    for entity in design.entities:
        judged = _Judged(design, values, entity)
        name = entity.__name__
        yield Law(design, name, "reads back as it was written", judged.reads_back)
        yield Law(design, name, "no other item has its key", judged.has_its_own_key, share=2)
        yield Law(design, name, "every write leaves the keys of the item", judged.writes, share=0.4)


@dataclass(frozen=True)
class _Judged:
    """An entity, and what its laws need."""

    design: Design
    values: Values
    entity: type[Entity]

    def reads_back(self, bench: Bench) -> None:
        """Write an item and read it: values, keys and unknown attributes are the same."""
        drawn = self._item(bench, live=False)
        drawn = Drawn(self.entity, drawn.made, UNKNOWN)
        bench.scene.items = [words_of(drawn)]
        again = self.entity.from_item(drawn.item)
        wanted = drawn.shown
        if shown(again) != wanted:
            raise Broken(
                "an item reads back with other values",
                came=[item_in_words(self.entity, shown(again))],
                wanted=[item_in_words(self.entity, wanted)],
            )
        _require_item(again.to_item(), drawn, "an item that is read and written back changes")

    def has_its_own_key(self, bench: Bench) -> None:
        """Compare the keys of two items, and decode one."""
        one = self._item(bench)
        other = self._another(bench, one)
        bench.scene.items = [words_of(one), words_of(other)]
        if one.identity != other.identity and one.key == other.key:
            raise Broken(
                f"two items share the primary key {shown_key(one.key)!r}",
                came=[shown_key(each.key) for each in (one, other)],
                wanted=["two keys"],
            )
        key = self.entity.primary_key
        decoded = key.decode(one.key)
        wanted = {name: one.values.get(name) for name in (decoded or key.components)}
        if decoded != wanted:
            came = "no components" if decoded is None else called("", decoded)
            raise Broken(
                f"the key {shown_key(one.key)!r} does not decode to the values it was made of",
                came=[came],
                wanted=[called("", wanted)],
            )

    def _another(self, bench: Bench, one: Drawn) -> Drawn:
        """Draw another item: a sibling in one component of the key, or of any entity."""
        populations = Populations(self.values, bench.clock.now)
        if self.entity in self.values.given or bench.draw(st.integers(0, 2)) == 2:  # noqa: PLR2004 - one in three
            return populations.item(bench.draw, bench.draw(st.sampled_from(self.design.entities)))
        other = bench.draw(self.values.of_entity(self.entity))
        components = sorted(self.entity.primary_key.components)
        names = bench.draw(st.sets(st.sampled_from(components))) if components else set()
        values = {n: other[n] if n in names else v for n, v in one.made.attribute_values.items()}
        return populations.made(self.entity, values)

    # Writes.

    def writes(self, bench: Bench) -> None:
        """Create an item, update, read and write it back, and delete it, on drawn paths."""
        bench.empty()
        try:
            self._write_all(bench)
        finally:
            bench.remember(bench.items())

    def _write_all(self, bench: Bench) -> None:
        drawn = self._item(bench)
        self._send(bench, ("put", *self._batch, "transaction"), Put(drawn.made), drawn)
        self._require_stored(bench, drawn)
        for _ in range(1 if bench.small else _UPDATES):
            drawn = self._updated(bench, drawn)
            self._require_stored(bench, drawn)
        drawn = Drawn(self.entity, drawn.made, UNKNOWN)
        self._require_stored(bench, self._written_back(bench, drawn))
        key = {name: drawn.values[name] for name in self._components}
        self._send(bench, ("delete", *self._batch, "transaction"), Delete(self.entity, key), drawn)
        if bench.store.item_at(drawn.key) is not None:
            raise Broken("a deleted item is still stored")

    @property
    def _batch(self) -> tuple[str, ...]:
        """The path in batches, which an entity with a unique value has not."""
        return () if self.entity.uniques else ("batch",)

    @property
    def _components(self) -> frozenset[str]:
        return self.entity.primary_key.components

    def _send(self, bench: Bench, paths: tuple[str, ...], write: Write[Any], drawn: Drawn) -> None:
        """Send a write on a drawn path, and note it."""
        path = bench.draw(st.sampled_from(paths))
        bench.scene.written.append(f"{write_in_words(write)} by {path}")
        match path:
            case "batch":
                faults = [Unprocessed()] if bench.draw(st.booleans()) else []
                with injected(bench.store, faults):
                    if isinstance(write, Put):
                        bench.store.put_all([write.item])
                    else:
                        bench.store.delete_all([drawn.key])
            case "transaction":
                bench.store.transact(Transaction((write,)))
            case _:
                bench.store.write(write)

    def _updated(self, bench: Bench, drawn: Drawn) -> Drawn:
        """Update one attribute, and return the item as it must be then."""
        names = sorted(self._settable)
        fed = [each for each in names if each in self._feeding]
        name = bench.draw(st.sampled_from([*names, *fed, *fed]))
        value = bench.draw(self._values_of(name))
        key = {each: drawn.values[each] for each in self._components}
        now = bench.clock.now
        if name in self._components or not is_stored(self.entity.get_attributes()[name]):
            self._require_fixed(bench, Update, key, {name: value})
            return drawn
        version = drawn.made.attribute_values.get("version")
        counts = isinstance(version, int) and name != "version" and bench.draw(st.booleans())
        changes = {name: value}
        try:
            update = Update(self.entity, key, now, changes=changes, increments_version=counts)
        except DeclarationError:  # an index key is made of the version
            update = Update(self.entity, key, now, changes=changes, expected_version=version)
        write = informed(drawn, update)
        if write is None:
            return drawn
        stamp: dict[str, Any] = {UPDATED: now} if UPDATED in self.entity.get_attributes() else {}
        stamp |= {"version": version + 1} if isinstance(version, int) and counts else {}
        changed = {**drawn.made.attribute_values, name: value, **stamp}
        try:
            after = Populations(self.values, now).made(self.entity, changed, live=False)
        except DeclarationError:  # values that the entity refuses together
            return drawn
        self._send(bench, ("update", "transaction"), write, drawn)
        return after

    @cached_property
    def _feeding(self) -> set[str]:
        """The attributes that decide about keys in indexes, which are most easily left stale."""
        return {n for key in self.entity.keys.values() for n in (*key.sources, *key.where)}

    @property
    def _settable(self) -> set[str]:
        """The attributes that an update may set without ending the life of the item."""
        ends = {"expires_at", UPDATED, *({"created_at"} if self.entity.lifetime else ())}
        return {*self.entity.get_attributes()} - ends - {self.entity.deletion_mark}

    def _values_of(self, name: str) -> st.SearchStrategy[Any]:
        if self.entity in self.values.given:
            return self.values.of_entity(self.entity).map(lambda values: values.get(name))
        return self.values.of(self.entity, name)

    def _require_fixed(
        self,
        bench: Bench,
        update: Callable[..., Update[Any]],
        key: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> None:
        """Require that an update of what stands in the primary key, or only in keys, is refused."""
        try:
            update(self.entity, key, bench.clock.now, changes=values)
        except (InvalidValueError, DeclarationError):
            return
        raise Broken(
            f"an Update that changes {min(values)}, of the primary key or only in keys, was not "
            "refused"
        )

    def _written_back(self, bench: Bench, drawn: Drawn) -> Drawn:
        """Store the item with an unknown attribute, then read it and write it back."""
        bench.add(drawn.item)
        stored = bench.store.item_at(drawn.key) or {}
        bench.scene.written.append("read it with an unknown attribute, and write it back")
        again = self.entity.from_item(stored)
        if self.entity.uniques:
            bench.store.write(Put(again, replace=True))
        else:
            bench.store.put_all([again])
        return drawn

    def _require_stored(self, bench: Bench, drawn: Drawn) -> None:
        """Require that an item is stored with its values, and in the indexes it belongs in."""
        stored = bench.store.item_at(drawn.key)
        bench.scene.items = [words_of(drawn)]
        if stored is None:
            raise Broken("the item is not stored")
        _require_item(stored, drawn, "the stored item is not the one that was written")
        for key in self.entity.keys.values():
            inside = key.own <= stored.keys()
            if key.own and inside != drawn.is_in(key):
                raise Broken(
                    f"the item is {'' if inside else 'not '}in {key.index.shown}, by {key}",
                    came=[", ".join(sorted(key.own & stored.keys())) or "no key attributes"],
                    wanted=[", ".join(sorted(key.own)) if drawn.is_in(key) else "none of them"],
                )

    def _item(self, bench: Bench, *, live: bool = True) -> Drawn:
        populations = Populations(self.values, bench.clock.now)
        return populations.made(
            self.entity, bench.draw(self.values.of_entity(self.entity)), live=live
        )


def _require_item(stored: Item, drawn: Drawn, why: str) -> None:
    """Require that an item is stored as it must be, attribute by attribute."""
    wanted = drawn.item
    names = differing(stored, wanted)
    if not names:
        return
    keys = {name for key in drawn.entity.keys.values() for name in key.index.attributes}
    stale = [name for name in names if name in keys]
    raise Broken(
        f"the key attribute {stale[0]} is stale" if stale else why,
        came=[f"{name} = {in_words(stored.get(name))}" for name in names],
        wanted=[f"{name} = {in_words(wanted.get(name))}" for name in names],
    )

"""The law of refusals: a write that must be refused changes nothing, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from autoforge.dynamodb.errors import (
    AutoforgeError,
    ConditionFailedError,
    DeclarationError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    VersionConflictError,
)
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Write
from autoforge.testing.calls import Calls, stored, stored_in_words
from autoforge.testing.comparing import are_alike
from autoforge.testing.drawn import Drawn
from autoforge.testing.law import Bench, Law, words_of
from autoforge.testing.population import with_look_up_items
from autoforge.testing.report import Broken
from autoforge.testing.values import Values
from autoforge.testing.writing import informed, write_in_words


def laws_of_refusals(design: Design, values: Values) -> Iterator[Law]:
    """Yield the law of each entity of a design."""
    claim = "a write that must be refused changes nothing"
    for entity in design.entities:
        check = _Refusals(design, values, entity).check
        yield Law(design, entity.__name__, claim, check, share=0.12)


@dataclass(frozen=True)
class _Refusals:
    """An entity, and what its law needs."""

    design: Design
    values: Values
    entity: type[Entity]

    def check(self, bench: Bench) -> None:
        """Make each write that the state of the item forbids."""
        drawn = Calls(self.values, self.entity, bench)
        try:
            for there, write, error in self._forbidden(bench, drawn):
                items = [] if there is None else with_look_up_items([there])
                bench.scene.items = ["none"] if there is None else [words_of(there)]
                bench.scene.written = [f"{write_in_words(write)}, which must be refused"]
                bench.forget()
                bench.remember(bench.items())
                bench.store_only([each.item for each in items])
                self._require_refused(bench, write, error)
        finally:
            bench.forget()
            bench.remember(bench.items())

    def _forbidden(
        self, bench: Bench, drawn: Calls
    ) -> Iterator[tuple[Drawn | None, Write[Any], type[AutoforgeError]]]:
        """Yield what is stored, a write that it forbids, and the error."""
        one, other = drawn.one, drawn.versions[1]
        key = drawn.key_of(one)
        yield one, Put(other.made), ItemExistsError
        yield None, Delete(self.entity, key), ItemNotFoundError
        for name, value in drawn.differences(one, other).items():
            yield from self._forbidden_updates(bench, drawn, {name: value})
        if self.entity.layout.expiry is not None and drawn.may_expire:
            yield one, Put(other.made, expired_by=bench.clock.now), ItemExistsError

    def _forbidden_updates(
        self, bench: Bench, drawn: Calls, changes: dict[str, Any]
    ) -> Iterator[tuple[Drawn | None, Write[Any], type[AutoforgeError]]]:
        one, key = drawn.one, drawn.key_of(drawn.one)
        update = self._update(one, key, bench, changes)
        if update is None:
            return
        yield None, update, ItemNotFoundError
        yield one, replace(update, expected={**update.before, **changes}), ConditionFailedError
        version = one.made.attribute_values.get("version")
        if isinstance(version, int):
            wrong = self._update(one, key, bench, changes, expected_version=version + 1)
            if wrong is not None:
                yield one, wrong, VersionConflictError
        if self.entity.layout.expiry is not None and drawn.may_expire:
            gone = {"expires_at": bench.clock.now - timedelta(hours=1)}
            expired = self.entity(**{**one.made.attribute_values, **gone})
            yield Drawn(self.entity, expired), update, ItemNotFoundError

    def _update(
        self, one: Drawn, key: dict[str, Any], bench: Bench, changes: dict[str, Any], **more: Any
    ) -> Update[Any] | None:
        try:
            return informed(one, Update(self.entity, key, bench.clock.now, changes, **more))
        except (DeclarationError, InvalidValueError):
            return None

    def _require_refused(
        self, bench: Bench, write: Write[Any], error: type[AutoforgeError]
    ) -> None:
        before = stored(bench)
        try:
            bench.store.write(write)
            came = "no error"
        except AutoforgeError as refusal:
            came = f"{type(refusal).__name__}: {refusal}"
            if not isinstance(refusal, error):
                raise Broken(
                    "a write was refused for another reason", came=[came], wanted=[error.__name__]
                ) from refusal
        after = stored(bench)
        if came == "no error":
            raise Broken(
                "a write was not refused",
                came=[came, *stored_in_words(self.design, after)],
                wanted=[error.__name__],
            )
        if not are_alike(before, after):
            raise Broken(
                "a refused write changed what is stored",
                came=stored_in_words(self.design, after),
                wanted=stored_in_words(self.design, before),
            )

"""Update, the write that changes some attributes of an item, and the keys made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, reduce
from typing import Any, Final, Self, TypeVar

from pynamodb.constants import NUMBER
from pynamodb.expressions.condition import And, Condition, Or
from pynamodb.expressions.operand import Path, Value
from pynamodb.expressions.update import Action

from autoforge.dynamodb.errors import (
    AutoforgeError,
    ConditionFailedError,
    DeclarationError,
    InvalidValueError,
    ItemNotFoundError,
    VersionConflictError,
    shortened,
)
from autoforge.dynamodb.patterns.request import Placeholders, Request, wire_key
from autoforge.dynamodb.schema.attribute import default_to_wire
from autoforge.dynamodb.schema.changes import UNKNOWN, Change, Need
from autoforge.dynamodb.schema.conditions import Equality
from autoforge.dynamodb.schema.entity import Entity, unstored_attributes
from autoforge.dynamodb.schema.item_size import item_size, require_size
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.time_attributes import read_expiry
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.dynamodb.writes.alike import alike
from autoforge.dynamodb.writes.conditions import (
    CREATION,
    is_expired,
    is_live,
    is_of,
    require_condition,
)
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.false_condition import changed_since_read, condition_error
from autoforge.dynamodb.writes.identity import described, identity, primary_key, require_components
from autoforge.dynamodb.writes.index_keys import plain_keys, rendered, require_plain_keys
from autoforge.dynamodb.writes.soundness import (
    EXPIRES,
    UPDATED,
    VERSION,
    require_attributes,
    require_copies,
    require_countable,
    require_creation,
    require_fixed_key,
    require_known_results,
    require_mark,
)
from autoforge.dynamodb.writes.update_expression import update_expression
from autoforge.dynamodb.writes.values import (
    Wire,
    as_held,
    by_name,
    has,
    settable_of,
    sorted_out,
    stored_name,
    stored_names,
    stores_changes,
    wire_of,
)
from autoforge.dynamodb.writes.write import Write

E = TypeVar("E", bound=Entity)

#: The most bytes of an expression (AWS, "Constraints in Amazon DynamoDB").
_EXPRESSION_BYTES: Final = 4096


@dataclass(frozen=True)
class Update(Write[E]):
    """Changes some attributes of an item; the others keep their values.

    Args:
        entity: The entity of the item.
        key: The components of the primary key, which no update can change.
        at: The time of the write, in UTC if it has no zone. It is stored as ``updated_at``, and an
            item that is expired then counts as missing.
        changes: What is changed, such as ``Loan.reader.set("Ann")`` and ``Loan.renewals.add(1)``;
            or, for names known only at run time, the values to set by the names of their
            attributes, where None removes an optional attribute.
        expected: Values that attributes must have for the write to be applied, such as
            ``Loan.returned.equals(False)``, or by the names of their attributes. They also give the
            values that an index key needs besides the changed ones.
        condition: A further condition.
        requires: The state that the condition needs, as a clause for the error, such as "only a
            held action can be approved".
        found: Returns the state of an item that fails the condition, for the error, such as "is
            cancelled".
        expected_version: The version that the caller read; the write adds 1 to it.
        increments_version: Whether the write adds 1 to the version, whatever the version is.
        initial: Attributes for a new item. If not None, the write creates the item if it does not
            exist or is expired, with an expiry if the entity has a lifetime.
        mark: The name of an attribute that the write sets to a value that no other write sets. The
            item proves by it that this write was applied, even if other attributes were changed
            since. The write is refused if the item has the value.

    Raises:
        DeclarationError: if the entity lacks an attribute, the write could leave a key stale, the
            condition is none, or an attribute would be copied that another one cannot hold.
        InvalidValueError: if the write would change the primary key, nothing, or one place twice;
            when it is sent, if a value cannot stand in a key of an index.

    Examples:
        >>> renew = Update(
        ...     Loan,
        ...     {"isbn": "b1", "id": "l2"},
        ...     NOON,
        ...     changes=[Loan.renewals.add(1)],
        ...     condition=Loan.renewals.below(1),
        ...     requires="a loan can be renewed once",
        ...     found=lambda loan: f"was renewed {loan.renewals} times",
        ... )
        >>> store.save(renew).renewals
        1
        >>> store.save(renew)
        Traceback (most recent call last):
        autoforge.dynamodb.errors.ConditionFailedError: ...
    """

    operation = "UpdateItem"
    member = "Update"

    entity: type[E]
    key: Mapping[str, Any]
    at: datetime
    changes: Mapping[str, Any] | Sequence[Change] = ()
    expected: Mapping[str, Any] | Sequence[Equality] = ()
    condition: Condition | None = None
    requires: str = ""
    found: Callable[[E], str] | None = None
    expected_version: int | None = None
    increments_version: bool = False
    initial: Mapping[str, Any] | None = None
    mark: str | None = None
    #: The values to set, by the names of their attributes; None to remove an attribute.
    values: Mapping[str, Any] = field(init=False, repr=False, compare=False)
    #: Those of them that are known as they are stored.
    wires: Mapping[str, Wire] = field(init=False, repr=False, compare=False)
    #: The changes that depend on what the item has, by the names of their attributes.
    relative: Mapping[str, Sequence[Change]] = field(init=False, repr=False, compare=False)
    #: The expected values by the names of their attributes.
    before: Mapping[str, Any] = field(init=False, repr=False, compare=False)
    #: What relative changes make of the expected values.
    results: Mapping[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse unknown attributes, an update without changes, and one that makes a key stale.

        The primary key cannot change. An index key may be made of ``updated_at``, because every
        update sets that to its time. It may also be made of ``version``. DynamoDB increments the
        version, so its new value is known here only if the write expects the old one; an update of
        such an entity must.
        """
        entity = self.entity
        require_components(entity, self.key)
        require_condition(entity, self.condition)
        values, wires, relative = sorted_out(entity, self.changes)
        before = by_name(entity, self.expected)
        vars(self).update(values=values, wires=wires, relative=relative, before=before, results={})
        require_attributes(entity, (*values, *before), relative, self.initial)
        if self.mark is not None:
            require_mark(self.mark, values)
        changed = {*values, *relative}
        if self._counted:
            require_countable(entity, changed, known=self._version is not None)
            changed.add(VERSION)
        require_fixed_key(entity, changed)
        if not (values or relative or self._counted or self.initial is not None):
            if not isinstance(self.at, datetime):
                raise DeclarationError(
                    f"an Update of {entity.__name__} is made at {shortened(self.at)}, which is "
                    "not a time: write Update(entity, key, at, changes)"
                )
            raise InvalidValueError(
                f"an Update of {entity.__name__} changes nothing: give changes, or use a Check"
            )
        if relative:
            require_copies(entity, relative)
            vars(self).update(results=self._applied())
            require_known_results(entity, relative, self.results)
        if self.initial is not None:
            require_creation(entity, self.initial, {*self.key, *self._changes(), *changed})

    def _applied(self) -> dict[str, Any]:
        """Return what the relative changes make of the values that the write expects."""
        results = {
            name: changes[0].applied(as_held(self.entity, name, self.before[name]))
            for name, changes in self.relative.items()
            if name in self.before
        }
        return {name: value for name, value in results.items() if value is not UNKNOWN}

    @property
    def _counted(self) -> bool:
        """Whether the write adds 1 to the version."""
        return self.increments_version or self.expected_version is not None

    @property
    def _version(self) -> int | None:
        """The version that the item must have; None for any."""
        given: int | None = self.before.get(VERSION)
        return given if self.expected_version is None else self.expected_version

    @property
    def repeatable(self) -> bool:
        """Whether the write only sets values, or is refused the second time.

        It is refused by its mark, or by the version or the time of the last change that it expects.
        """
        if self.expected_version is not None or self.mark is not None or UPDATED in self.before:
            return True
        changes = [change for each in self.relative.values() for change in each]
        return not self.increments_version and all(change.repeatable for change in changes)

    @property
    def refused_twice(self) -> bool:
        """Whether the write has a mark, or expects a version or a value that it changes."""
        fenced = self.expected_version is not None or self.mark is not None
        after = {**self._changes(), **self.results}
        return fenced or any(
            self._wire(name, value) != self._wire(name, after[name])
            for name, value in self.before.items()
            if name in after
        )

    @property
    def tells(self) -> bool:
        """Whether the item stores the mark of the write, or the time of its last change."""
        return self.mark is not None or stores_changes(self.entity)

    @property
    def creates(self) -> bool:
        """Whether the write has initial values, for an item that does not exist."""
        return self.initial is not None

    def with_version(self, existing: E | None) -> Self:
        """Return the write with the condition that the item is as an existing one.

        The item is recognised by its version if the write increments it, else by the time of its
        last change. Without an item, the condition is that there is still none, or none live.
        """
        if existing is None:
            absent: Condition = Path([self.entity.layout.partition_key]).does_not_exist()
            expired = is_expired(self.entity, self.key, self.at)
            if expired is not None:
                absent = Or(absent, expired)
            both = absent if self.condition is None else And(self.condition, absent)
            return replace(self, condition=both)
        version = existing.attribute_values.get(VERSION)
        if self.increments_version and version is not None:
            return replace(self, expected_version=version)
        seen = existing.attribute_values.get(UPDATED)
        return replace(self, expected={**self.before, UPDATED: seen})

    def primary_key(self) -> KeyValue:
        """Return the primary key of the item."""
        return primary_key(self.entity, self.key)

    def parameters(self) -> dict[str, Any]:
        """Return the update expression and the condition expression.

        Raises:
            DeclarationError: if an index key needs the value of an attribute that the write does
                not know.
            InvalidValueError: if a value cannot be stored.
        """
        wires = self._wires()
        require_size(self.entity.type_name, {**_present(wires), **self._operands()})
        placeholders = Placeholders()
        actions = [
            *self._creation(),
            *self._versioning(),
            *(change.action for each in self.relative.values() for change in each),
        ]
        values = wires if self.initial is None else wires | self._constants()
        parameters: dict[str, Any] = {
            "Key": wire_key(self.primary_key(), self.entity.layout.primary),
            "UpdateExpression": update_expression(values, actions, placeholders),
        }
        conditions = self._conditions()
        if conditions:
            parameters["ConditionExpression"] = placeholders.write(reduce(And, conditions))
        for name in ("UpdateExpression", "ConditionExpression"):
            if len(parameters.get(name, "")) > _EXPRESSION_BYTES:
                raise InvalidValueError(
                    f"an Update of {self.entity.__name__} has an expression of "
                    f"{len(parameters[name]):,} bytes; DynamoDB takes at most "
                    f"{_EXPRESSION_BYTES:,}: change less at once"
                )
        return {**parameters, **placeholders.parameters()}

    def request(self, table_name: str) -> Request:
        """Return the UpdateItem request, whose response has the changed item."""
        request = super().request(table_name)
        return Request(self.operation, {**request.parameters, "ReturnValues": "ALL_NEW"})

    def error_for(self, existing: E | None) -> AutoforgeError:
        """Return the error: not found, a version conflict, or a condition that was false."""
        if existing is None or not existing.is_live(self.at):
            return ItemNotFoundError(self.entity.type_name, identity(self.entity, self.key))
        version = existing.attribute_values.get(VERSION)
        name = described(self.entity, self.key)
        if self.expected_version is not None and version != self.expected_version:
            return VersionConflictError(
                f"{name} is in version {version}, not {self.expected_version}", item=existing
            )
        if UPDATED in self.before and _seen(existing) != as_held(
            self.entity, UPDATED, self.before[UPDATED]
        ):
            return VersionConflictError(f"{name} {changed_since_read(existing)}", item=existing)
        if self.found is None and (missing := self._missing_in(existing)):
            return ConditionFailedError(f"{name} {missing}", item=existing)
        return condition_error(name, existing, found=self.found, requires=self.requires)

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether each attribute has the value that the write sets, including ``updated_at``.

        False if the write sets no value that can be known, so that the item cannot show it.
        """
        if existing is None:
            return False
        wanted = self._wires()
        wanted |= {
            stored_name(self.entity, n): self._wire(n, value) for n, value in self.results.items()
        }
        if self.relative.keys() - self.results.keys() and UPDATED not in settable_of(self.entity):
            return False
        if self.expected_version is not None:
            wanted[stored_name(self.entity, VERSION)] = {"N": str(self.expected_version + 1)}
        return all(
            name not in existing if wire is None else alike(wire, existing.get(name, {}))
            for name, wire in wanted.items()
        )

    @property
    def _requires_live(self) -> bool:
        """Whether the item must be live; False if the write may create it with a new expiry."""
        return self.initial is None or EXPIRES not in self.values

    def clearing(self, existing: Mapping[str, Any] | None) -> Delete[E] | None:
        """Return the deletion of an expired item, if the write may create it again."""
        if existing is None or self.initial is None or not self._requires_live:
            return None
        if not _is_past_expiry(self.entity, existing, self.at):
            return None
        expired = is_expired(self.entity, self.key, self.at)
        return Delete(self.entity, self.key, missing_ok=True, condition=expired)

    def proves(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether the item has the mark of the write or, without a mark, its values."""
        if self.mark is None or existing is None:
            return self.already_applied(existing)
        name = stored_name(self.entity, self.mark)
        return existing.get(name) == self._wire(self.mark, self.values[self.mark])

    def size(self) -> int:
        """Return the bytes of what the write stores."""
        return item_size({**_present(self._wires()), **self._operands()})

    def _operands(self) -> dict[str, dict[str, Any]]:
        """Return what relative changes store, by their places."""
        if not self.relative:
            return {}
        changes = [change for each in self.relative.values() for change in each]
        return {str(each): each.operand for each in changes if each.operand is not None}

    def _needs(self) -> dict[str, tuple[Need, Change]]:
        """Return what the item must have, by the place, each with a change that needs it."""
        if not self.relative:
            return {}
        changes = [change for each in self.relative.values() for change in each]
        return {str(need): (need, change) for change in changes for need in change.needs}

    def _missing_in(self, existing: E) -> str:
        """Say what an item lacks for the changes to be possible; nothing if it has all."""
        item = existing.to_item() if self.relative else {}
        for need, change in self._needs().values():
            if not need.is_met_by(item):
                return f"has no {need}; the update changes {change}"
        return ""

    def _changes(self) -> Mapping[str, Any]:
        """Return the values that the write sets, with its time as ``updated_at``."""
        if UPDATED not in settable_of(self.entity):
            return self.values
        return {**self.values, UPDATED: self.at}

    def _wires(self) -> dict[str, Wire]:
        """Return the changed attributes and the index keys made of them, in DynamoDB JSON."""
        changes = self._changes()
        known, names = self.wires, stored_names(self.entity)
        wires = {
            names[name]: known[name] if name in known else self._wire(name, value)
            for name, value in changes.items()
        }
        changed = {*changes, *self.relative} | ({VERSION} if self._counted else set())
        creates = self.initial is not None
        for key in self.entity.keys.values():
            if key is not self.entity.primary_key:
                wires |= rendered(self.entity, key, changed, self._known, creates=creates)
        if plain_keys(self.entity):
            stored = {**(self.initial or {}), **self.results, **changes}
            require_plain_keys(self.entity, stored)
        return wires

    def _known(self, key: Key) -> dict[str, Any]:
        """Return the values that attributes have once the write is applied, as far as known."""
        known: dict[str, Any] = {}
        if self.initial is not None:
            known |= self.initial
        elif self.entity.deletion_mark is not None:
            # The write requires a live item, and a live item has no deletion mark.
            known[self.entity.deletion_mark] = None
        known |= {**self.before, **self.key, **self._changes(), **self.results}
        if self._counted and self._version is not None:
            known[VERSION] = self._version + 1
        # Derivations and comparisons need the values as an entity holds them.
        for name in key.examined:
            if known.get(name) is not None:
                known[name] = as_held(self.entity, name, known[name])
        for name, each in key.derived.items():
            if known.keys() >= {*each.sources}:
                known[name] = each.of(known)
        return known

    def _constants(self) -> dict[str, Wire]:
        """Return what a new item has besides: the components of its key, and its type."""
        unstored = unstored_attributes(self.entity)
        constants = {
            stored_name(self.entity, name): self._wire(name, value)
            for name, value in self.key.items()
            if name not in unstored
        }
        layout = self.entity.layout
        for name in layout.primary.attributes:  # the request has them as its key
            constants.pop(name, None)
        if layout.entity_type is not None:
            constants[layout.entity_type] = {"S": self.entity.type_name}
        return constants

    def _creation(self) -> list[Action]:
        """Return the actions that set the other attributes of a new item; existing values stay."""
        if self.initial is None:
            return []
        initial = {stored_name(self.entity, n): self._wire(n, v) for n, v in self.initial.items()}
        if self.entity.lifetime is not None and not {EXPIRES} & {*self.values, *self.initial}:
            expiry = self._wire(EXPIRES, self._expiry(self.initial))
            initial[str(self.entity.expiry_name)] = expiry
        return [
            Path([name]).set(Path([name]) | Value(wire)) for name, wire in _present(initial).items()
        ]

    def _expiry(self, initial: Mapping[str, Any]) -> datetime | None:
        """The expiry of an item that this write creates, by the lifetime of the entity."""
        created = {**initial, **self.key, **self.values}[CREATION]
        return None if created is None else self.entity.expiry_of(as_timestamp(created))

    def _versioning(self) -> list[Action]:
        if not self._counted:
            return []
        first = default_to_wire(settable_of(self.entity)[VERSION])
        if first is not None and self._version is not None and first["N"] != str(self._version):
            first = None  # the item has the version that is expected
        name = stored_name(self.entity, VERSION)
        return [_increment(name, None if first is None else first["N"])]

    def _conditions(self) -> list[Condition]:
        """Return the conditions: existence, expiry, expected values, mark and the caller's own."""
        conditions = [] if self.initial is not None else [is_of(self.entity)]
        live = is_live(self.entity, self.key, self.at) if self._requires_live else None
        if live is not None:
            conditions.append(live)
        conditions += [need.condition for need, _ in self._needs().values()]
        expected = dict(self.before)
        if self.expected_version is not None:
            expected[VERSION] = self.expected_version
        conditions += has(self.entity, expected)
        if self.mark is not None:
            mark = self._wire(self.mark, self.values[self.mark])
            path = Path([stored_name(self.entity, self.mark)])
            conditions.append(Or(path.does_not_exist(), path != Value(mark)))
        return conditions if self.condition is None else [*conditions, self.condition]

    def _wire(self, name: str, value: Any) -> Wire:
        return wire_of(self.entity, name, value)


@cache
def _increment(name: str, first: str | None) -> Action:
    """Return the action that adds 1 to a version; one that is missing counts as the first."""
    version = Path([name])
    before = version if first is None else version | Value({NUMBER: first})
    action: Action = version.set(before + Value({NUMBER: "1"}))
    return action


def _seen(existing: Entity) -> datetime | None:
    """Return the time of the last change of an item that was read."""
    seen: datetime | None = existing.attribute_values.get(UPDATED)
    return seen


def _is_past_expiry(entity: type[Entity], item: Mapping[str, Any], now: datetime) -> bool:
    """Whether an item is past its expiry; for an item of another entity, past the stored one."""
    name = entity.expiry_name
    stored = None if name is None else item.get(name)
    if stored is not None:
        return "N" in stored and read_expiry(stored["N"]) <= as_timestamp(now)
    return entity.recognises(item) and not entity.from_item(item).is_live(now)


def _present(wires: Mapping[str, Wire]) -> dict[str, dict[str, Any]]:
    return {name: wire for name, wire in wires.items() if wire is not None}

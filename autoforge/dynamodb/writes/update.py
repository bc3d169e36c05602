"""Update, the write that changes some attributes of an item, and the keys made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, reduce
from typing import Any, Final, Self, TypeVar

from pynamodb.attributes import Attribute
from pynamodb.constants import NUMBER
from pynamodb.expressions.condition import And, Condition, Or
from pynamodb.expressions.operand import Path, Value
from pynamodb.expressions.update import Action
from pynamodb.expressions.update import Update as UpdateExpression

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
from autoforge.dynamodb.schema.attributes import (
    EntityAttribute,
    Json,
    TextSet,
    default_to_wire,
    is_stored,
    read_expiry,
    value_to_wire,
)
from autoforge.dynamodb.schema.changes import UNKNOWN, Assignment, Change, Need, Removal
from autoforge.dynamodb.schema.conditions import Equality, has_value
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.item_size import item_size, require_size
from autoforge.dynamodb.schema.keys import Key, KeyValue, Template
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.dynamodb.writes.write import (
    Delete,
    Write,
    alike,
    changed_since_read,
    condition_error,
    described,
    identity,
    is_expired,
    is_live,
    is_of,
    primary_key,
    require_components,
)

E = TypeVar("E", bound=Entity)

#: The new value of an attribute in DynamoDB JSON; None to remove the attribute.
Wire = dict[str, Any] | None

_UPDATED: Final = "updated_at"
_VERSION: Final = "version"
_CREATED: Final = "created_at"
_EXPIRES: Final = "expires_at"

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
        DeclarationError: if the entity lacks an attribute, or the write could leave a key stale.
        InvalidValueError: if the write would change the primary key, nothing, or one place twice.
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
        values, wires, relative = _sorted_out(entity, self.changes)
        before = _by_name(entity, self.expected)
        vars(self).update(values=values, wires=wires, relative=relative, before=before, results={})
        settable = _settable(entity)
        for name in (*values, *before, *(self.initial or {})):
            if name not in settable:
                raise DeclarationError(f"{entity.__name__} has no attribute {name!r}")
        self._require_stored({*values, *relative, *before, *(self.initial or {})})
        fixed = entity.primary_key.components & {*values, *relative}
        if self._counted:
            self._require_countable()
            fixed |= entity.primary_key.components & {_VERSION}
        if fixed:
            raise InvalidValueError(
                f"an Update of {entity.__name__} changes {', '.join(sorted(fixed))}: components of "
                "the primary key cannot change"
            )
        if not (values or relative or self._counted or self.initial is not None):
            raise InvalidValueError(
                f"an Update of {entity.__name__} changes nothing: give changes, or use a Check"
            )
        if relative:
            vars(self).update(results=self._applied())
            self._require_known_results()
        if self.initial is not None:
            self._require_sound_creation(self.initial)

    def _require_stored(self, names: AbstractSet[str]) -> None:
        """Refuse attributes that stand only in keys, which an update does not know as a whole."""
        settable = _settable(self.entity)
        for name in sorted(names - self.entity.primary_key.components):
            if not is_stored(settable[name]):
                raise DeclarationError(
                    f"{self.entity.__name__}.{name} is not stored but in keys: an update cannot "
                    "change or expect it; delete the item, and put it anew"
                )

    def _applied(self) -> dict[str, Any]:
        """Return what the relative changes make of the values that the write expects."""
        results = {
            name: changes[0].applied(_as_held(self.entity, name, self.before[name]))
            for name, changes in self.relative.items()
            if name in self.before
        }
        return {name: value for name, value in results.items() if value is not UNKNOWN}

    def _require_known_results(self) -> None:
        if _UPDATED in self.relative:
            raise DeclarationError(f"every update sets {_UPDATED}: it cannot change otherwise")
        fed = _fed(self.entity)
        for name in self.relative:
            if name in fed and name not in self.results:
                raise DeclarationError(
                    f"{fed[name]} is made of {name}: it must be set, or its old value be expected"
                )

    def _require_countable(self) -> None:
        entity = self.entity
        version = _settable(entity).get(_VERSION)
        if version is None or version.attr_type != NUMBER:
            raise DeclarationError(
                f"{entity.__name__} has no number attribute {_VERSION!r} to increment"
            )
        if _VERSION in self.values or _VERSION in self.relative:
            raise DeclarationError(f"the update increments {_VERSION}: it cannot be a value, too")
        if self._version is None:
            for key in entity.keys.values():
                if _VERSION in key.sources and key is not entity.primary_key:
                    raise DeclarationError(
                        f"{key} is made of {_VERSION}: an update that increments it must give "
                        "expected_version"
                    )

    def _require_sound_creation(self, initial: Mapping[str, Any]) -> None:
        entity = self.entity
        for name in {n for key in entity.keys.values() for n in key.rendered_sources}:
            if name in initial:
                raise DeclarationError(f"{name} feeds a key: an update must give its value")
        set_anyway = {*self.key, *self._changes(), *self.relative}
        set_anyway |= {_VERSION} if self._counted else set()
        if twice := sorted(set_anyway & initial.keys()):
            raise DeclarationError(f"{', '.join(twice)} cannot be initial: the update sets it")
        if entity.lifetime is not None and not {_CREATED, _EXPIRES} & (set_anyway | {*initial}):
            raise DeclarationError(
                f"{entity.__name__} has a lifetime: an update that may create it must give "
                f"{_CREATED}"
            )

    @property
    def _counted(self) -> bool:
        """Whether the write adds 1 to the version."""
        return self.increments_version or self.expected_version is not None

    @property
    def _version(self) -> int | None:
        """The version that the item must have; None for any."""
        given: int | None = self.before.get(_VERSION)
        return given if self.expected_version is None else self.expected_version

    @property
    def repeatable(self) -> bool:
        """Whether the write only sets values, or is refused the second time.

        It is refused by its mark, or by the version or the time of the last change that it expects.
        """
        if self.expected_version is not None or self.mark is not None or _UPDATED in self.before:
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
        version = existing.attribute_values.get(_VERSION)
        if self.increments_version and version is not None:
            return replace(self, expected_version=version)
        seen = existing.attribute_values.get(_UPDATED)
        return replace(self, expected={**self.before, _UPDATED: seen})

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
        update = UpdateExpression(
            *(_assignment(name, wire) for name, wire in wires.items()),
            *self._creation(),
            *self._versioning(),
            *(change.action for each in self.relative.values() for change in each),
        )
        parameters: dict[str, Any] = {
            "Key": wire_key(self.primary_key(), self.entity.layout.primary),
            "UpdateExpression": placeholders.write(update),
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
        version = existing.attribute_values.get(_VERSION)
        name = described(self.entity, self.key)
        if self.expected_version is not None and version != self.expected_version:
            return VersionConflictError(
                f"{name} is in version {version}, not {self.expected_version}", item=existing
            )
        if _UPDATED in self.before and _seen(existing) != _as_held(
            self.entity, _UPDATED, self.before[_UPDATED]
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
        wanted |= {_name(self.entity, n): self._wire(n, value) for n, value in self.results.items()}
        if self.relative.keys() - self.results.keys() and _UPDATED not in _settable(self.entity):
            return False
        if self.expected_version is not None:
            wanted[_name(self.entity, _VERSION)] = {"N": str(self.expected_version + 1)}
        return all(
            name not in existing if wire is None else alike(wire, existing.get(name, {}))
            for name, wire in wanted.items()
        )

    @property
    def _requires_live(self) -> bool:
        """Whether the item must be live; False if the write may create it with a new expiry."""
        return self.initial is None or _EXPIRES not in self.values

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
        name = _name(self.entity, self.mark)
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
        if _UPDATED not in _settable(self.entity):
            return self.values
        return {**self.values, _UPDATED: self.at}

    def _wires(self) -> dict[str, Wire]:
        """Return the changed attributes and the index keys made of them, in DynamoDB JSON."""
        changes = self._changes()
        known, names = self.wires, _names(self.entity)
        wires = {
            names[name]: known[name] if name in known else self._wire(name, value)
            for name, value in changes.items()
        }
        changed = {*changes, *self.relative} | ({_VERSION} if self._counted else set())
        for key in self.entity.keys.values():
            if key is not self.entity.primary_key:
                wires |= self._rendered(key, changed)
        return wires

    def _rendered(self, key: Key, written: AbstractSet[str]) -> dict[str, Wire]:
        """Render the partition key and the sort key of an index that the written attributes change.

        Raises:
            DeclarationError: if a key needs the value of an attribute that the write does not know.
        """
        changed = key.rendered_sources & written
        if not changed and self.initial is None:
            return {}
        known = self._known(key)
        # These decide whether the item is in the index, and which partition key it has.
        deciding = _deciding(self.entity, key)
        if deciding:
            if _is_out(key, known):
                return dict.fromkeys(key.own)
            _require_known(key, deciding, known)
        templates = (key.partition_for(known) or key.partitions[0], key.sort_template)
        primary = self.entity.rendered_in_primary()
        wires: dict[str, Wire] = {}
        for name, place in key.rendered_attributes:
            template = templates[place]
            if name in primary:
                continue
            sources = key.sources_of(template)
            if deciding & changed or sources & changed or self.initial is not None:
                _require_known(key, sources, known)
                wires[name] = {"S": template.render(known)}
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
            known[_VERSION] = self._version + 1
        # Derivations and comparisons need the values as an entity holds them.
        for name in key.examined:
            if known.get(name) is not None:
                known[name] = _as_held(self.entity, name, known[name])
        for name, each in key.derived.items():
            if known.keys() >= {*each.sources}:
                known[name] = each.of(known)
        return known

    def _creation(self) -> list[Action]:
        """Return the actions that set the other attributes of a new item; existing values stay."""
        if self.initial is None:
            return []
        settable = _settable(self.entity)
        constant = {
            _name(self.entity, name): self._wire(name, value)
            for name, value in self.key.items()
            if is_stored(settable[name])
        }
        layout = self.entity.layout
        for name in layout.primary.attributes:  # the request has them as its key
            constant.pop(name, None)
        if layout.entity_type is not None:
            constant[layout.entity_type] = {"S": self.entity.type_name}
        initial = {_name(self.entity, n): self._wire(n, v) for n, v in self.initial.items()}
        if self.entity.lifetime is not None and not {_EXPIRES} & {*self.values, *self.initial}:
            expiry = self._wire(_EXPIRES, self._expiry(self.initial))
            initial[str(layout.expiry)] = expiry
        return [
            *(_assignment(name, wire) for name, wire in constant.items()),
            *(
                Path([name]).set(Path([name]) | Value(wire))
                for name, wire in _present(initial).items()
            ),
        ]

    def _expiry(self, initial: Mapping[str, Any]) -> datetime | None:
        """The expiry of an item that this write creates, by the lifetime of the entity."""
        created = {**initial, **self.key, **self.values}[_CREATED]
        return None if created is None else self.entity.expiry_of(as_timestamp(created))

    def _versioning(self) -> list[Action]:
        if not self._counted:
            return []
        first = default_to_wire(_settable(self.entity)[_VERSION])
        if first is not None and self._version is not None and first["N"] != str(self._version):
            first = None  # the item has the version that is expected
        name = _name(self.entity, _VERSION)
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
            expected[_VERSION] = self.expected_version
        conditions += has(self.entity, expected)
        if self.mark is not None:
            mark = self._wire(self.mark, self.values[self.mark])
            path = Path([_name(self.entity, self.mark)])
            conditions.append(Or(path.does_not_exist(), path != Value(mark)))
        return conditions if self.condition is None else [*conditions, self.condition]

    def _wire(self, name: str, value: Any) -> Wire:
        return _wire(self.entity, name, value)


@cache
def _increment(name: str, first: str | None) -> Action:
    """Return the action that adds 1 to a version; one that is missing counts as the first."""
    version = Path([name])
    before = version if first is None else version | Value({NUMBER: first})
    action: Action = version.set(before + Value({NUMBER: "1"}))
    return action


def has(entity: type[Entity], values: Mapping[str, Any]) -> list[Condition]:
    """Return the conditions that attributes have these values; None for a missing attribute.

    An item that lacks an attribute has its default.

    Raises:
        InvalidValueError: if an attribute cannot have its value.
    """
    settable = _settable(entity)
    return [
        has_value(settable[name], _wire(entity, name, value), default_to_wire(settable[name]))
        for name, value in values.items()
    ]


def _sorted_out(
    entity: type[Entity], changes: Mapping[str, Any] | Sequence[Change]
) -> tuple[Mapping[str, Any], Mapping[str, Wire], Mapping[str, Sequence[Change]]]:
    """Return the values that changes set, these as they are stored, and the other changes.

    All are by the names of their attributes.

    Raises:
        DeclarationError: if a change is none, or not one of an attribute of the entity.
        InvalidValueError: if two change the same place, or one inside the other.
    """
    if isinstance(changes, Mapping):
        return changes, {}, {}
    values: dict[str, Any] = {}
    wires: dict[str, Wire] = {}
    relative: dict[str, list[Change]] = {}
    seen: list[Change] = []
    for change in _members(changes, Change, 'changes, such as Loan.reader.set("Ann")'):
        name = _owned(entity, change.attribute)
        for other in seen:
            if other.place.overlaps(change.place):
                both = str(change) if str(change) == str(other) else f"{other} and {change}"
                raise InvalidValueError(f"an Update of {entity.__name__} changes {both} twice")
        seen.append(change)
        if change.place.steps or not isinstance(change, Assignment | Removal):
            relative.setdefault(name, []).append(change)
        else:
            values[name] = change.value if isinstance(change, Assignment) else None
            wires[name] = change.operand
    return values, wires, relative


def _by_name(
    entity: type[Entity], expected: Mapping[str, Any] | Sequence[Equality]
) -> Mapping[str, Any]:
    """Return expected values by the names of their attributes.

    Raises:
        DeclarationError: if one is no equality, or not one of an attribute of the entity.
        InvalidValueError: if two are of the same attribute.
    """
    if isinstance(expected, Mapping):
        return expected
    values: dict[str, Any] = {}
    for each in _members(expected, Equality, "equalities, such as Loan.returned.equals(False)"):
        name = _owned(entity, each.attribute)
        if name in values:
            raise InvalidValueError(f"an Update of {entity.__name__} expects two values of {name}")
        values[name] = each.value
    return values


def _members(given: Any, kind: Any, described_as: str) -> Sequence[Any]:
    members: Sequence[Any] = given if isinstance(given, Sequence) else [given]
    for each in members:
        if not isinstance(each, kind):
            raise DeclarationError(
                f"an Update takes a sequence of {described_as}, or a mapping, not "
                f"{shortened(repr(each))}"
            )
    if members is not given:
        raise DeclarationError(f"an Update takes a sequence of {described_as}, not one alone")
    return tuple(members)


def _owned(entity: type[Entity], attribute: Attribute[Any]) -> str:
    """Return the name of an attribute of the entity."""
    name = _python_names(entity).get(attribute.attr_name, "")
    if _settable(entity).get(name) is attribute:
        return name
    raise DeclarationError(
        f"{attribute.attr_name} is an attribute of another entity than {entity.__name__}"
    )


def _wire(entity: type[Entity], name: str, value: Any) -> Wire:
    """Return a value in DynamoDB JSON, or None to remove an optional attribute."""
    attribute = _settable(entity)[name]
    if value is None and not attribute.null and not isinstance(attribute, Json):
        raise InvalidValueError(f"{entity.type_name} needs {attribute.attr_name}")
    return value_to_wire(attribute, value)


@cache
def stores_changes(entity: type[Entity]) -> bool:
    """Whether items store the time of their last change, which tells whose it was."""
    return _UPDATED in _settable(entity)


def _settable(entity: type[Entity]) -> Mapping[str, Attribute[Any]]:
    """Return the attributes that are not rendered from others."""
    return entity.get_attributes()


def _as_held(entity: type[Entity], name: str, value: Any) -> Any:
    """Return a value as an entity holds it."""
    attribute = _settable(entity)[name]
    if not isinstance(attribute, EntityAttribute):
        return value
    checked = None if value is None else attribute.check(value)
    return None if isinstance(attribute, TextSet) and not checked else checked


def _seen(existing: Entity) -> datetime | None:
    """Return the time of the last change of an item that was read."""
    seen: datetime | None = existing.attribute_values.get(_UPDATED)
    return seen


def _is_past_expiry(entity: type[Entity], item: Mapping[str, Any], now: datetime) -> bool:
    """Whether an item is past its expiry; for an item of another entity, past the stored one."""
    name = entity.layout.expiry
    stored = None if name is None else item.get(name)
    if stored is not None:
        return "N" in stored and read_expiry(stored["N"]) <= as_timestamp(now)
    return entity.recognises(item) and not entity.from_item(item).is_live(now)


def _name(entity: type[Entity], name: str) -> str:
    return _names(entity)[name]


@cache
def _names(entity: type[Entity]) -> Mapping[str, str]:
    """Return the names of attributes in the table, by those in Python."""
    return {name: str(each.attr_name) for name, each in entity.get_attributes().items()}


@cache
def _fed(entity: type[Entity]) -> Mapping[str, Key]:
    """Return the attributes that index keys are made of, each with one of the keys."""
    keys = [key for key in entity.keys.values() if key is not entity.primary_key]
    return {name: key for key in keys for name in key.rendered_sources}


@cache
def _python_names(entity: type[Entity]) -> Mapping[str, str]:
    return {stored: name for name, stored in _names(entity).items()}


@cache
def _deciding(entity: type[Entity], key: Key) -> frozenset[str]:
    """Return the attributes that decide whether an item is in an index, and by which template.

    They are the optional components and the attributes of ``where``; and the sources of a derived
    component that has no value if an optional source is missing.
    """
    attributes = _settable(entity)
    names = {n for n in key.components - {*key.derived} if attributes[n].null}
    for each in key.derived.values():
        if any(attributes[n].null for n in each.sources) and each.may_lack:
            names |= {*each.sources}
    return frozenset(names | {*key.where})


def _is_out(key: Key, known: Mapping[str, Any]) -> bool:
    """Whether the known values keep the item out of a sparse index, whatever the others are."""
    if any(n in known and known[n] != wanted for n, wanted in key.where.items()):
        return True
    absent = {n for n in key.components if n in known and known[n] is None}
    return bool(absent & {part.name for part in key.sort_template.components}) or all(
        _lacks(template, absent) for template in key.partitions
    )


def _lacks(template: Template, absent: set[str]) -> bool:
    return any(part.name in absent for part in template.components)


def _require_known(key: Key, names: AbstractSet[str], known: Mapping[str, Any]) -> None:
    unknown = sorted(name for name in names if name not in known)
    if unknown:
        raise DeclarationError(f"an update that feeds {key} must give {', '.join(unknown)}")


def _assignment(name: str, wire: Wire) -> Action:
    return Path([name]).remove() if wire is None else Path([name]).set(Value(wire))


def _present(wires: Mapping[str, Wire]) -> dict[str, dict[str, Any]]:
    return {name: wire for name, wire in wires.items() if wire is not None}

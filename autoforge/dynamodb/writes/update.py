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
    DeclarationError,
    InvalidValueError,
    ItemNotFoundError,
    VersionConflictError,
)
from autoforge.dynamodb.patterns.request import Placeholders, Request, wire_key
from autoforge.dynamodb.schema.attributes import (
    EntityAttribute,
    Json,
    TextSet,
    attribute_to_wire,
    default_to_wire,
    read_expiry,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.item_size import item_size, require_size
from autoforge.dynamodb.schema.keys import Key, KeyValue, Template
from autoforge.dynamodb.timestamps import as_timestamp
from autoforge.dynamodb.writes.write import (
    Delete,
    Write,
    alike,
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


@dataclass(frozen=True)
class Update(Write[E]):
    """Changes some attributes of an item; the others keep their values.

    Args:
        entity: The entity of the item.
        key: The components of the primary key, which no update can change.
        at: The time of the write, in UTC if it has no zone. It is stored as ``updated_at``, and an
            item that is expired then counts as missing.
        values: Attributes to set; None removes an optional attribute.
        expected: Values that attributes must have for the write to be applied. They also give the
            values that an index key needs besides the changed ones.
        actions: Further update actions, on attributes that no key is made of.
        condition: A further condition.
        requires: The state that the condition needs, as a clause for the error, such as "only a
            held action can be approved".
        found: Returns the state of an item that fails the condition, for the error, such as "is
            cancelled".
        expected_version: The version that the caller read; the write adds 1 to it.
        increments_version: Whether the write adds 1 to the version, whatever the version is.
        initial: Attributes for a new item. If not None, the write creates the item if it does not
            exist or is expired, with an expiry if the entity has a lifetime.
        mark: The name of one of the values, to which no other write sets the attribute. The item
            proves by it that this write was applied, even if other attributes were changed since.
            The write is refused if the item has the value.

    Raises:
        DeclarationError: if the entity lacks an attribute, or the write could leave a key stale.
        InvalidValueError: if the write would change the primary key, or nothing.
    """

    operation = "UpdateItem"
    member = "Update"

    entity: type[E]
    key: Mapping[str, Any]
    at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)
    actions: Sequence[Action] = ()
    condition: Condition | None = None
    requires: str = ""
    found: Callable[[E], str] | None = None
    expected_version: int | None = None
    increments_version: bool = False
    initial: Mapping[str, Any] | None = None
    mark: str | None = None

    def __post_init__(self) -> None:
        """Refuse unknown attributes, an update without changes, and one that makes a key stale.

        The primary key cannot change. An index key may be made of ``updated_at``, because every
        update sets that to its time. It may also be made of ``version``. DynamoDB increments the
        version, so its new value is known here only if the write expects the old one; an update of
        such an entity must.
        """
        entity = self.entity
        require_components(entity, self.key)
        for name in (*self.values, *self.expected, *(self.initial or {})):
            if name not in _settable(entity):
                raise DeclarationError(f"{entity.__name__} has no attribute {name!r}")
        fixed = entity.primary_key.components & {*self.values}
        if self._counted:
            self._require_countable()
            fixed |= entity.primary_key.components & {_VERSION}
        if fixed:
            raise InvalidValueError(
                f"an Update of {entity.__name__} changes {', '.join(sorted(fixed))}: components of "
                "the primary key cannot change"
            )
        if not (self.values or self.actions or self._counted or self.initial is not None):
            raise InvalidValueError(
                f"an Update of {entity.__name__} changes nothing: give values or actions, or use "
                "a Check"
            )
        if not self.actions and self.initial is None:
            return
        acted_on = {action.values[0].path[0] for action in self.actions}  # type: ignore[attr-defined]  # the first value of an action is its path
        for name in {n for key in entity.keys.values() for n in key.rendered_sources}:
            if name in (self.initial or {}) or _name(entity, name) in acted_on:
                raise DeclarationError(f"{name} feeds a key: an update must give its value")
        if self.initial is not None:
            self._require_sound_creation(self.initial)

    def _require_countable(self) -> None:
        entity = self.entity
        version = _settable(entity).get(_VERSION)
        if version is None or version.attr_type != NUMBER:
            raise DeclarationError(
                f"{entity.__name__} has no number attribute {_VERSION!r} to increment"
            )
        if _VERSION in self.values:
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
        set_anyway = {*self.key, *self._changes()} | ({_VERSION} if self._counted else set())
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
        given: int | None = self.expected.get(_VERSION)
        return given if self.expected_version is None else self.expected_version

    @property
    def repeatable(self) -> bool:
        """Whether the write only sets values, or is refused the second time by version or mark."""
        fenced = self.expected_version is not None or self.mark is not None
        return fenced or not (self.increments_version or self.actions)

    @property
    def refused_twice(self) -> bool:
        """Whether the write has a mark, or expects a version or a value that it changes."""
        fenced = self.expected_version is not None or self.mark is not None
        return fenced or any(
            self._wire(name, value) != self._wire(name, self.values[name])
            for name, value in self.expected.items()
            if name in self.values
        )

    @property
    def tells(self) -> bool:
        """Whether the item stores the mark of the write, or the time of its last change."""
        return self.mark is not None or _UPDATED in _settable(self.entity)

    def with_version(self, existing: E) -> Self:
        """Return the write with the condition that the item has the version of an existing one."""
        return replace(self, expected_version=existing.attribute_values.get(_VERSION))

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
        require_size(self.entity.type_name, _present(wires))
        placeholders = Placeholders()
        update = UpdateExpression(
            *(_assignment(name, wire) for name, wire in wires.items()),
            *self._creation(),
            *self._versioning(),
            *self.actions,
        )
        parameters: dict[str, Any] = {
            "Key": wire_key(self.primary_key(), self.entity.layout.primary),
            "UpdateExpression": placeholders.write(update),
        }
        conditions = self._conditions()
        if conditions:
            parameters["ConditionExpression"] = placeholders.write(reduce(And, conditions))
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
        return condition_error(name, existing, found=self.found, requires=self.requires)

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether each attribute has the value that the write sets, including ``updated_at``."""
        if existing is None:
            return False
        wanted = self._wires()
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
        """Return the bytes of the attributes that the write sets."""
        return item_size(_present(self._wires()))

    def _changes(self) -> Mapping[str, Any]:
        """Return the values that the write sets, with its time as ``updated_at``."""
        if _UPDATED not in _settable(self.entity):
            return self.values
        return {**self.values, _UPDATED: self.at}

    def _wires(self) -> dict[str, Wire]:
        """Return the changed attributes and the index keys made of them, in DynamoDB JSON."""
        changes = self._changes()
        wires = {
            _name(self.entity, name): self._wire(name, value) for name, value in changes.items()
        }
        changed = {*changes, _VERSION} if self._counted else {*changes}
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
        known |= {**self.expected, **self.key, **self._changes()}
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
        constant = {_name(self.entity, n): self._wire(n, value) for n, value in self.key.items()}
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
        version = Path([_name(self.entity, _VERSION)])
        first = default_to_wire(_settable(self.entity)[_VERSION])
        if first is None or (self._version is not None and first["N"] != str(self._version)):
            return [version.set(version + Value({"N": "1"}))]
        # The item may lack the version, and then has the default.
        return [version.set((version | Value(first)) + Value({"N": "1"}))]

    def _conditions(self) -> list[Condition]:
        """Return the conditions: existence, expiry, expected values, mark and the caller's own."""
        conditions = [] if self.initial is not None else [is_of(self.entity)]
        live = is_live(self.entity, self.key, self.at) if self._requires_live else None
        if live is not None:
            conditions.append(live)
        expected = dict(self.expected)
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


def has(entity: type[Entity], values: Mapping[str, Any]) -> list[Condition]:
    """Return the conditions that attributes have these values; None for a missing attribute.

    An item that lacks an attribute has its default.

    Raises:
        InvalidValueError: if an attribute cannot have its value.
    """
    return [_has(entity, name, _wire(entity, name, value)) for name, value in values.items()]


def _has(entity: type[Entity], name: str, wire: Wire) -> Condition:
    attribute = _settable(entity)[name]
    path = Path([attribute.attr_name])
    if wire is None:
        return _is_absent(path)
    default = default_to_wire(attribute)
    if default is not None and alike(wire, default):
        return Or(path == Value(wire), _is_absent(path))
    return path == Value(wire)


def _wire(entity: type[Entity], name: str, value: Any) -> Wire:
    """Return a value in DynamoDB JSON, or None to remove an optional attribute."""
    attribute = _settable(entity)[name]
    if isinstance(attribute, TextSet):
        value = value or None
    if value is None and attribute.null:
        return None
    if value is None and not isinstance(attribute, Json):
        raise InvalidValueError(f"{entity.type_name} needs {attribute.attr_name}")
    if isinstance(attribute, EntityAttribute):
        value = attribute.check(value)
    return attribute_to_wire(attribute, value)


@cache
def _settable(entity: type[Entity]) -> Mapping[str, Attribute[Any]]:
    """Return the attributes that are not rendered from others."""
    return entity.get_attributes()


def _as_held(entity: type[Entity], name: str, value: Any) -> Any:
    """Return a value as an entity holds it."""
    attribute = _settable(entity)[name]
    if not isinstance(attribute, EntityAttribute):
        return value
    checked = attribute.check(value)
    return None if isinstance(attribute, TextSet) and not checked else checked


def _is_past_expiry(entity: type[Entity], item: Mapping[str, Any], now: datetime) -> bool:
    """Whether an item is past its expiry; for an item of another entity, past the stored one."""
    name = entity.layout.expiry
    stored = None if name is None else item.get(name)
    if stored is not None:
        return "N" in stored and read_expiry(stored["N"]) <= as_timestamp(now)
    return entity.recognises(item) and not entity.from_item(item).is_live(now)


def _name(entity: type[Entity], name: str) -> str:
    return str(entity.get_attributes()[name].attr_name)


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


def _is_absent(path: Path) -> Condition:
    """Return the condition that the item lacks the attribute, or has NULL from another program."""
    return Or(path.does_not_exist(), path.is_type("NULL"))

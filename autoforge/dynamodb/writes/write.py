"""Write, the base class of writes: values with a change of one item and its condition.

* ``Put``          stores an item; fails if the item exists, unless it may be replaced
* ``Update``       changes some attributes of an item (``update.py``)
* ``Delete``       deletes an item; fails if the item does not exist, unless ``missing_ok``
* ``Check``        changes nothing: a condition on an item in a transaction
* ``Transaction``  several writes, all applied or none

Every write renders the keys that are made of the changed attributes. A write does no I/O and reads
no clock; a Store runs it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache, reduce
from typing import Any, ClassVar, Final, Generic, Self, TypeVar

from pynamodb.expressions.condition import And, Condition, Or
from pynamodb.expressions.operand import Path, Value

from autoforge.dynamodb.errors import (
    AutoforgeError,
    ConditionFailedError,
    DeclarationError,
    DeletionUnfinishedError,
    InvalidTransactionError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
    shortened,
)
from autoforge.dynamodb.patterns.request import Placeholders, Request, wire_key
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import Layout
from autoforge.dynamodb.schema.item_size import LIMIT, item_size, require_size
from autoforge.dynamodb.schema.keys import KeyValue, shown_key
from autoforge.dynamodb.timestamps import MILLISECOND, as_timestamp, timestamp_text

E = TypeVar("E", bound=Entity)

#: The largest number of writes in a transaction, and of their bytes (AWS, "TransactWriteItems").
TRANSACTION_ITEMS: Final = 100
TRANSACTION_BYTES: Final = 4 * 1024 * 1024
#: The attributes with the creation time of an item, and with the time of its last change; the
#: latter by its name in the table.
_CREATION: Final = "created_at"
_CREATED: Final = (_CREATION, "started_at")
_UPDATED: Final = "updatedAt"
#: An optional attribute with a different value each time an item is created under a key.
_INCARNATION: Final = "incarnation"
#: So many writes are never too large together, because none is larger than an item may be.
_SURELY_FIT: Final = TRANSACTION_BYTES // LIMIT
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


class Write(ABC, Generic[E]):
    """A change of one item, and the condition on which it is applied."""

    #: The DynamoDB operation of the write alone, and its name in a transaction.
    operation: ClassVar[str]
    member: ClassVar[str]

    #: The entity of the item.
    entity: type[E]
    #: Whether an item that is already as the write would leave it counts as written.
    idempotent: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether applying the write twice has the same effect as applying it once."""
        return True

    @property
    def refused_twice(self) -> bool:
        """Whether the condition is false once the write has been applied."""
        return False

    @property
    def tells(self) -> bool:
        """Whether ``proves`` distinguishes this write from an equal one of another caller."""
        return False

    @property
    def creates(self) -> bool:
        """Whether the write changes an item, or creates it if there is none."""
        return False

    def with_version(self, existing: E | None) -> Self:
        """Return the write with the condition that the item is as an existing one, or is absent."""
        raise NotImplementedError(f"{type(self).__name__} can be repeated without it: {existing}")

    @abstractmethod
    def primary_key(self) -> KeyValue:
        """Return the primary key of the item.

        Raises:
            InvalidValueError: if a component is missing or cannot stand in a key.
        """

    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """Return the request parameters, without the table and the return values.

        Raises:
            InvalidValueError: if a value cannot be stored.
        """

    @abstractmethod
    def error_for(self, existing: E | None) -> AutoforgeError:
        """Return the error, by meaning, for a condition that was false.

        Args:
            existing: The item that was found; None if none was.
        """

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether an existing item is as the write would leave it."""
        del existing
        return False

    def proves(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether an existing item proves that an earlier attempt applied this write.

        A Store calls it when a request whose answer was lost is sent again and its condition is
        false.
        """
        return self.already_applied(existing)

    def clearing(self, existing: Mapping[str, Any] | None) -> Delete[E] | None:
        """Return the deletion of an existing item that is expired and blocks the write.

        None if the write does not create items, or the existing item is not expired.
        """
        del existing
        return None

    def request(self, table_name: str) -> Request:
        """Return the request of this write alone."""
        return Request(self.operation, self._complete(table_name))

    def transact_item(self, table_name: str) -> dict[str, Any]:
        """Return the write as a member of a TransactWriteItems request."""
        return {self.member: self._complete(table_name)}

    def size(self) -> int:
        """Return the bytes that the write stores, as far as they are known before it is sent."""
        return 0

    def _complete(self, table_name: str) -> dict[str, Any]:
        parameters = self.parameters()
        parameters["TableName"] = table_name
        parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return parameters


@dataclass(frozen=True)
class Put(Write[E]):
    """Stores an item; fails if an item with its key exists, unless it may be replaced.

    A replaced item is lost as a whole, with the attributes that the entity does not declare.

    Args:
        item: The entity to store.
        idempotent: Whether an equal item that exists counts as stored.
        expired_by: The present time, to replace an item that is expired. DynamoDB deletes expired
            items up to two days later; None to fail until then.
        replace: Whether to replace whatever has the key.
        condition: The condition on which to replace the item that has the key, in place of the one
            that none has it.
        requires: The state that the condition needs, as a clause for the error, such as "only a
            held action can be approved".
        found: Returns the state of an item that fails the condition, for the error, such as "is
            cancelled".

    Raises:
        DeclarationError: if it is to replace whatever has the key, and on a condition.
    """

    operation = "PutItem"
    member = "Put"

    item: E
    idempotent: bool = False
    expired_by: datetime | None = None
    replace: bool = False
    condition: Condition | None = None
    requires: str = ""
    found: Callable[[E], str] | None = None

    def __post_init__(self) -> None:
        """Refuse two rules for the item that has the key."""
        if self.replace and self.condition is not None:
            raise DeclarationError(
                "a Put replaces whatever has the key and has a condition: give one of the two"
            )

    @property
    def entity(self) -> type[E]:  # type: ignore[override]  # known from the item
        """The entity of the item."""
        return type(self.item)

    @property
    def refused_twice(self) -> bool:
        """Whether no item may have the key: an item is created once."""
        return not self.replace and self.condition is None

    @property
    def tells(self) -> bool:
        """Whether the item stores its creation time."""
        return stores_creation(self.entity)

    def primary_key(self) -> KeyValue:
        """Return the primary key of the new item."""
        try:
            return primary_key(self.entity, self.item.attribute_values)
        except AttributeError:
            require_entity(self.item)
            raise

    def parameters(self) -> dict[str, Any]:
        """Return the item, with the condition on what has its key."""
        try:
            item = self.item.to_item()
        except (AttributeError, TypeError):
            require_entity(self.item)
            raise
        require_size(self.entity.type_name, item)
        return {"Item": item, **self._free()}

    def _free(self) -> dict[str, Any]:
        """Return the request parameters with the condition on what has the key."""
        if self.replace:
            return {}
        if self.condition is None:
            expired_by = self.expired_by
            if expired_by is None:
                return _is_new(self.entity.layout)
            return _is_new_or_expired(self.item, expired_by)
        condition = self.condition
        expired = None
        if self.expired_by is not None:
            expired = _is_past_expiry(self.item, self.expired_by)
        if expired is not None:
            condition = Or(condition, expired)
        placeholders = Placeholders()
        text = placeholders.write(condition)
        return {"ConditionExpression": text, **placeholders.parameters()}

    def error_for(self, existing: E | None) -> AutoforgeError:
        """Return the error: the item exists, its deletion is not finished, or the condition."""
        named = identity(self.entity, self.item.attribute_values)
        if self.condition is not None:
            if existing is None:
                return ItemNotFoundError(self.entity.type_name, named)
            name = described(self.entity, self.item.attribute_values)
            return condition_error(name, existing, found=self.found, requires=self.requires)
        mark = self.entity.deletion_mark
        if existing is not None and mark and existing.attribute_values.get(mark) is not None:
            return DeletionUnfinishedError(self.entity.type_name, named)
        return ItemExistsError(self.entity.type_name, named, item=existing)

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether an equal item exists."""
        return existing is not None and alike({"M": existing}, {"M": self.item.to_item()})

    def proves(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether an equal item exists, or one of the same creation that was changed since."""
        if existing is None or self.already_applied(existing):
            return existing is not None
        stamp = _creation_stamp(self.entity)
        if stamp is None or _UPDATED not in existing:
            return False
        item = self.item.to_item()
        if _INCARNATION in item and _INCARNATION in existing:
            return bool(existing[_INCARNATION] == item[_INCARNATION])
        is_changed = existing[_UPDATED] != item.get(_UPDATED)
        is_own = self.entity.recognises(existing)
        return is_changed and is_own and existing.get(stamp) == item[stamp]

    def size(self) -> int:
        """Return the bytes of the item."""
        return item_size(self.item.to_item())


@dataclass(frozen=True)
class Delete(Write[E]):
    """Deletes an item.

    Args:
        entity: The entity of the item.
        key: The components of the primary key.
        missing_ok: Whether an item that does not exist counts as deleted.
        condition: A further condition.
        requires: The state that the condition needs, as a clause for the error, such as "only a
            held action can be approved".
        found: Returns the state of an item that fails the condition, for the error, such as "is
            cancelled".

    Raises:
        DeclarationError: if a name in the key is not a component of the primary key.
    """

    operation = "DeleteItem"
    member = "Delete"

    entity: type[E]
    key: Mapping[str, Any]
    missing_ok: bool = False
    condition: Condition | None = None
    requires: str = ""
    found: Callable[[E], str] | None = None

    def __post_init__(self) -> None:
        """Check the names of the components of the primary key."""
        require_components(self.entity, self.key)

    @property
    def refused_twice(self) -> bool:
        """Whether the item must exist."""
        return not self.missing_ok

    def primary_key(self) -> KeyValue:
        """Return the primary key of the item."""
        return primary_key(self.entity, self.key)

    def parameters(self) -> dict[str, Any]:
        """Return the key, with the condition that the item exists unless it may be missing."""
        primary = self.entity.layout.primary
        parameters: dict[str, Any] = {"Key": wire_key(self.primary_key(), primary)}
        conditions = [] if self.missing_ok else [is_of(self.entity)]
        if self.condition is not None:
            conditions.append(self.condition)
        if not conditions:
            return parameters
        placeholders = Placeholders()
        condition = placeholders.write(reduce(And, conditions))
        return {**parameters, "ConditionExpression": condition, **placeholders.parameters()}

    def error_for(self, existing: E | None) -> AutoforgeError:
        """Return the error that the item does not exist, or that the condition was false."""
        if existing is None:
            return ItemNotFoundError(self.entity.type_name, identity(self.entity, self.key))
        name = described(self.entity, self.key)
        return condition_error(name, existing, found=self.found, requires=self.requires)

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether the item does not exist."""
        return existing is None


@dataclass(frozen=True)
class Check(Write[E]):
    """Checks in a transaction that an item exists and is live, and changes nothing.

    Args:
        entity: The entity of the item.
        key: The components of the primary key.
        at: The time of the write; an item that is expired then counts as missing.
        condition: A further condition.
        requires: The state that the condition needs, as a clause for the error, such as "only a
            held action can be approved".
        found: Returns the state of an item that fails the condition, for the error, such as "is
            cancelled".
        missing_ok: Whether to check the condition only; the item may be missing or expired.

    Raises:
        DeclarationError: if a name in the key is not a component of the primary key.
    """

    operation = ""
    member = "ConditionCheck"

    entity: type[E]
    key: Mapping[str, Any]
    at: datetime
    condition: Condition | None = None
    requires: str = ""
    found: Callable[[E], str] | None = None
    missing_ok: bool = False

    def __post_init__(self) -> None:
        """Check the names of the components of the primary key."""
        require_components(self.entity, self.key)

    def primary_key(self) -> KeyValue:
        """The key of the item."""
        return primary_key(self.entity, self.key)

    def parameters(self) -> dict[str, Any]:
        """Return the key and the condition."""
        placeholders = Placeholders()
        given = [self.condition]
        if not self.missing_ok:
            given = [is_of(self.entity), is_live(self.entity, self.key, self.at), self.condition]
        conditions = [each for each in given if each is not None]
        return {
            "Key": wire_key(self.primary_key(), self.entity.layout.primary),
            "ConditionExpression": placeholders.write(reduce(And, conditions)),
            **placeholders.parameters(),
        }

    def error_for(self, existing: E | None) -> AutoforgeError:
        """Return the error that the item does not exist, or that the condition was false."""
        if existing is None or not existing.is_live(self.at):
            return ItemNotFoundError(self.entity.type_name, identity(self.entity, self.key))
        name = described(self.entity, self.key)
        return condition_error(name, existing, found=self.found, requires=self.requires)


@dataclass(frozen=True)
class Transaction:
    """Several writes, all applied or none.

    Args:
        writes: The writes, in any iterable.
        marked: Whether to add a TransactionMark. It is needed if other callers may soon change all
            the items, which then no longer prove that the transaction was applied.

    Raises:
        DeclarationError: if a member is not a write.
        InvalidTransactionError: if DynamoDB never accepts it: it has no writes or more than 100,
            two on the same item, or more than 4 MB.
    """

    writes: Sequence[Write[Any]]
    marked: bool = False

    @property
    def made_once(self) -> bool:
        """Whether the transaction can be sent again after a lost answer without a TransactionMark.

        DynamoDB recognises a repeated transaction by its idempotency token; an engine that was
        restarted does not. So one of the writes must be refused if it was applied before, and its
        item must prove that; or applying all of the writes twice must have the same effect as once
        (ADR 0030).
        """
        return any(write.refused_twice and write.tells for write in self.writes) or all(
            write.repeatable and not write.refused_twice for write in self.writes
        )

    def __post_init__(self) -> None:
        """Refuse what DynamoDB would refuse, before a request is sent."""
        given = self.writes
        if not isinstance(given, Iterable):
            raise DeclarationError(f"a Transaction takes its writes in a list, not {given}")
        object.__setattr__(self, "writes", tuple(given))
        for write in self.writes:
            if not isinstance(write, Write):
                raise DeclarationError(
                    f"a Transaction consists of writes, such as Put(...), not {shortened(write)}"
                )
        if not 0 < len(self.writes) <= TRANSACTION_ITEMS:
            raise InvalidTransactionError(
                f"a transaction has 1 to {TRANSACTION_ITEMS} writes, not {len(self.writes)}"
            )
        keys = [write.primary_key() for write in self.writes]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise InvalidTransactionError(f"{shown_key(twice)} is written twice in one transaction")
        if len(self.writes) <= _SURELY_FIT:
            return
        size = sum(write.size() for write in self.writes)
        if size > TRANSACTION_BYTES:
            raise InvalidTransactionError(
                f"a transaction has at most {TRANSACTION_BYTES:,} bytes, not {size:,}"
            )

    def with_mark(self, mark: Write[Any]) -> Transaction:
        """Return the transaction with a write that proves that it was applied.

        Raises:
            InvalidTransactionError: if it has 100 writes already.
        """
        if len(self.writes) == TRANSACTION_ITEMS:
            raise InvalidTransactionError(
                f"a transaction of {TRANSACTION_ITEMS} writes has no room for a TransactionMark: "
                "send fewer writes, or one that is refused if it was applied before and stores its "
                "time, such as a Put"
            )
        return Transaction((*self.writes, mark))

    def request(self, table_name: str, *, token: str) -> Request:
        """Return the TransactWriteItems request.

        Args:
            table_name: The table to write.
            token: The idempotency token (ClientRequestToken); DynamoDB applies requests with the
                same token once.
        """
        return Request(
            "TransactWriteItems",
            {
                "TransactItems": [write.transact_item(table_name) for write in self.writes],
                "ClientRequestToken": token,
            },
        )


@cache
def stores_creation(entity: type[Entity]) -> bool:
    """Whether items store the time of their creation, by which a Store recognises its own Put."""
    return _creation_stamp(entity) is not None


def _creation_stamp(entity: type[Entity]) -> str | None:
    """Return the attribute of the creation time, by its name in the table; None without one."""
    attributes = entity.get_attributes()
    return next((attributes[each].attr_name for each in _CREATED if each in attributes), None)


@cache
def _is_new(layout: Layout) -> dict[str, Any]:
    """Return the request parameters with the condition that no item has the key."""
    placeholders = Placeholders()
    condition = placeholders.write(Path([layout.partition_key]).does_not_exist())
    return {"ConditionExpression": condition, **placeholders.parameters()}


def primary_key(entity: type[Entity], values: Mapping[str, Any]) -> KeyValue:
    """Return the primary key with the values of its components.

    Raises:
        InvalidValueError: if a component is missing or cannot stand in a key.
    """
    value = entity.primary_key.render(values)
    if value is None:
        needed = ", ".join(sorted(entity.primary_key.components))
        raise InvalidValueError(f"{entity.primary_key} needs {needed}")
    return value


def identity(entity: type[Entity], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the components of the primary key, by their names in the table, in key order."""
    attributes = entity.get_attributes()
    key = entity.primary_key
    parts = [part for each in (*key.partitions, key.sort_template) for part in each.components]
    return {
        attributes[part.name].attr_name: _shown(values[part.name])
        for part in parts
        if values.get(part.name) is not None
    }


def described(entity: type[Entity], values: Mapping[str, Any]) -> str:
    """Name an item in an error message, such as ``Room 7 of hotel h``.

    An item is named by its sort key, by its id alone if the sort key has one, and then by its
    partition key. Where the sort key has no components, the partition key names it.
    """
    key = entity.primary_key
    partition = dict.fromkeys(part.name for each in key.partitions for part in each.components)
    sort = [part.name for part in key.sort_template.components]
    names = ["id"] if "id" in sort else sort or [*partition]
    given = {each for each in (*partition, *sort) if values.get(each) is not None}
    shown = {each: _shown(values[each]) for each in given}
    name = " / ".join(str(shown[each]) for each in names if each in shown)
    owners = [each for each in partition if each in shown and each not in names]
    of = [f" of {each.removesuffix('_id').replace('_', ' ')} {shown[each]}" for each in owners]
    return f"{entity.type_name} {name}{''.join(of)}"


def changed_since_read(item: Entity) -> str:
    """Say the state found by a write whose condition is that the item is as it was read."""
    del item
    return "has changed since it was read"


def condition_error(
    name: str, existing: E, *, found: Callable[[E], str] | None, requires: str
) -> ConditionFailedError:
    """The error of a condition that was false: the state found, then the state needed."""
    state = "does not meet the condition" if found is None else found(existing)
    needed = f"; {requires}" if requires else ""
    return ConditionFailedError(f"{name} {state}{needed}", item=existing)


def require_entity(item: object) -> None:
    """Refuse to store an object that is not an entity, such as the class of one.

    Raises:
        DeclarationError: if the object is not an entity.
    """
    if not isinstance(item, Entity):
        given = f"the class {item.__name__}" if isinstance(item, type) else shortened(item)
        raise DeclarationError(f"expected an entity to store, such as Book(...), got {given}")


@cache
def is_of(entity: type[Entity]) -> Condition:
    """Return the condition that the item exists and has the type of an entity."""
    stored = entity.layout.entity_type
    if stored is None:
        return Path([entity.layout.partition_key]).exists()
    return Path([stored]) == entity.type_name


def is_live(entity: type[Entity], key: Mapping[str, Any], now: datetime) -> Condition | None:
    """Return the condition that the item does not exist or is live, as ``Entity.is_live`` has it.

    None if items of the table do not expire.

    The expiry of an item that stores none, as other programs may leave it, follows from its
    creation time and the lifetime of the entity.

    Args:
        entity: The entity of the item.
        key: The components of its primary key.
        now: The present time, in UTC if it has no zone.
    """
    name = entity.layout.expiry
    if name is None:
        return None
    oldest = entity.first_live_creation(now)
    if oldest is None:
        return _is_unexpired(name, _seconds(now))
    expiry = Path([name])
    lasting = expiry > Value({"N": _seconds(now)})
    if _CREATION in key:
        live = as_timestamp(key[_CREATION]) >= oldest
        return Or(expiry.does_not_exist(), lasting) if live else lasting
    created = _created(entity)
    young = Or(created.does_not_exist(), created >= _text(oldest))
    return Or(lasting, And(expiry.does_not_exist(), young))


@lru_cache(maxsize=16)
def _is_unexpired(name: str, seconds: str) -> Condition:
    """Return the condition that the item stores no expiry or a later one.

    It is cached, because many writes have the same second.
    """
    expiry = Path([name])
    return Or(expiry.does_not_exist(), expiry > Value({"N": seconds}))


def is_expired(entity: type[Entity], key: Mapping[str, Any], now: datetime) -> Condition | None:
    """Return the condition that the item exists and is past its expiry; see ``is_live``."""
    name = entity.layout.expiry
    if name is None:
        return None
    expiry = Path([name])
    over = expiry <= Value({"N": _seconds(now)})
    oldest = entity.first_live_creation(now)
    if oldest is None or _CREATION in key:
        return over
    old = And(expiry.does_not_exist(), _created(entity) < _text(oldest))
    return Or(over, And(is_of(entity), old))


def _seconds(now: datetime) -> str:
    """Return a time as an expiry is stored: in whole Unix seconds."""
    return str((as_timestamp(now) - _EPOCH) // _SECOND)


def _created(entity: type[Entity]) -> Path:
    return Path([entity.get_attributes()[_CREATION].attr_name])


def _text(time: datetime) -> Value:
    """Return a time as it is stored, rounded up to the millisecond."""
    return Value({"S": timestamp_text(time + MILLISECOND - timedelta(microseconds=1))})


def require_components(entity: type[Entity], key: Mapping[str, Any]) -> None:
    """Refuse a name that is not a component of the primary key.

    Raises:
        DeclarationError: with the name.
    """
    if not key.keys() <= entity.primary_key.components:
        names = ", ".join(sorted(key.keys() - entity.primary_key.components))
        raise DeclarationError(f"{entity.primary_key} has no component {names}")


def alike(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether two attribute values are equal; numbers and sets may be written differently."""
    ((kind, one),) = mine.items()
    if kind not in theirs:
        return False
    other = theirs[kind]
    match kind:
        case "N":
            return Decimal(one) == Decimal(other)
        case "SS" | "NS" | "BS":
            return set(one) == set(other)
        case "L":
            return len(one) == len(other) and all(map(alike, one, other))
        case "M":
            return one.keys() == other.keys() and all(alike(one[n], other[n]) for n in one)
    return bool(one == other)


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return timestamp_text(value)
    return str(value) if isinstance(value, StrEnum) else value


def _is_past_expiry(item: Entity, now: datetime) -> Condition | None:
    """Return the condition that what has the key of an item is past its expiry."""
    components = {name: item.attribute_values.get(name) for name in item.primary_key.components}
    return is_expired(type(item), components, now)


def _is_new_or_expired(item: Entity, now: datetime) -> dict[str, Any]:
    """Return the request parameters with the condition that the key is free or expired."""
    placeholders = Placeholders()
    layout = item.layout
    is_new = Path([layout.partition_key]).does_not_exist()
    expired = _is_past_expiry(item, now)
    if expired is None:
        return _is_new(layout)
    condition = placeholders.write(Or(is_new, expired))
    return {"ConditionExpression": condition, **placeholders.parameters()}

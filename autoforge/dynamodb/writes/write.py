"""What a write is: a value that says what changes and on which condition.

* ``Put``          a whole new item; refuses to overwrite
* ``Update``       some attributes of an item (``update.py``)
* ``Delete``       an item; refuses what is not there, unless it says it may
* ``Check``        nothing, but a condition inside a transaction
* ``Transaction``  several of these, all or none

Every write renders the keys that the changed attributes feed. A write does no I/O and reads no
clock; a Store runs it.
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
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE, TABLE, TTL
from autoforge.dynamodb.schema.item_size import LIMIT, item_size, require_size
from autoforge.dynamodb.schema.keys import KeyValue
from autoforge.dynamodb.timestamps import MILLISECOND, as_timestamp, timestamp_text

E = TypeVar("E", bound=Entity)

#: Actions of one transaction and their bytes together (AWS, "TransactWriteItems").
TRANSACTION_ITEMS: Final = 100
TRANSACTION_BYTES: Final = 4 * 1024 * 1024
#: What says when an item was created, and in the table's terms when it was last changed.
_CREATION: Final = "created_at"
_CREATED: Final = (_CREATION, "started_at")
_UPDATED: Final = "updatedAt"
#: What tells an item from all others that were created under its key, where it has that.
_INCARNATION: Final = "incarnation"
#: Writes that fit whatever they hold: each is refused alone when it is over the size of an item.
_SURELY_FIT: Final = TRANSACTION_BYTES // LIMIT
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


class Write(ABC, Generic[E]):
    """A change of one item, and the condition on which it is made."""

    #: DynamoDB's name of the single operation, and of the same inside a transaction.
    operation: ClassVar[str]
    member: ClassVar[str]

    #: The entity the item is of.
    entity: type[E]
    #: Whether an item that is as this write would have made it counts as written.
    idempotent: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether making the write twice comes to the same as once."""
        return True

    @property
    def refused_twice(self) -> bool:
        """Whether the write, once made, is refused if it is made again."""
        return False

    @property
    def tells(self) -> bool:
        """Whether ``proves`` knows this write from an equal one of another caller."""
        return False

    def with_version(self, existing: E) -> Self:
        """The same write, on condition that the item is still the existing one."""
        raise NotImplementedError(f"{type(self).__name__} may be repeated as it is: {existing}")

    @abstractmethod
    def primary_key(self) -> KeyValue:
        """The key of the item."""

    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """The request parameters, without table and return values."""

    @abstractmethod
    def error_for(self, existing: E | None) -> AutoforgeError:
        """The error, by meaning, when the condition was false for the item that is there."""

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether the item that is there already is what this write would have made."""
        del existing
        return False

    def proves(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether the item that is there shows that an earlier attempt made this write.

        Asked when the condition fails on a repetition of a request whose answer was lost.
        """
        return self.already_applied(existing)

    def clearing(self, existing: Mapping[str, Any] | None) -> Delete[E] | None:
        """What deletes the item that is there, where it is past its expiry and in the way.

        Of a write that would make the item anew; None otherwise.
        """
        del existing
        return None

    def request(self, table_name: str) -> Request:
        """The request that makes this write alone."""
        return Request(self.operation, self._complete(table_name))

    def transact_item(self, table_name: str) -> dict[str, Any]:
        """The same write as a member of a transaction."""
        return {self.member: self._complete(table_name)}

    def size(self) -> int:
        """Bytes that this write sends, as far as they are known before it is made."""
        return 0

    def _complete(self, table_name: str) -> dict[str, Any]:
        parameters = self.parameters()
        parameters["TableName"] = table_name
        parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return parameters


@dataclass(frozen=True)
class Put(Write[E]):
    """Store a new item; an item with its key that is there already is an error.

    Args:
        item: The entity to store.
        idempotent: Whether an equal item that is there already counts as stored.
        expired_by: The moment by which an item that is there may have expired, to be replaced.
            DynamoDB deletes it up to two days later; without the moment it holds the key so long.
    """

    operation = "PutItem"
    member = "Put"

    item: E
    idempotent: bool = False
    expired_by: datetime | None = None

    @property
    def entity(self) -> type[E]:  # type: ignore[override]  # known from the item
        """The entity the item is of."""
        return type(self.item)

    @property
    def refused_twice(self) -> bool:
        """An item is created once."""
        return True

    @property
    def tells(self) -> bool:
        """Where the item says when it was created."""
        return _creation_stamp(self.entity) is not None

    def primary_key(self) -> KeyValue:
        """The key of the new item."""
        try:
            return primary_key(self.entity, self.item.attribute_values)
        except AttributeError:
            require_entity(self.item)
            raise

    def parameters(self) -> dict[str, Any]:
        """The whole item, on condition that there is none, or an expired one."""
        try:
            item = self.item.to_item()
        except (AttributeError, TypeError):
            require_entity(self.item)
            raise
        require_size(self.entity.type_name, item)
        expired_by = self.expired_by
        free = _is_new() if expired_by is None else _is_new_or_expired(self.item, expired_by)
        return {"Item": item, **free}

    def error_for(self, existing: E | None) -> AutoforgeError:
        """The item exists already, or its deletion was begun and not finished."""
        named = identity(self.entity, self.item.attribute_values)
        mark = self.entity.deletion_mark
        if existing is not None and mark and existing.attribute_values.get(mark) is not None:
            return DeletionUnfinishedError(self.entity.type_name, named)
        return ItemExistsError(self.entity.type_name, named, item=existing)

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether an equal item is there."""
        return existing is not None and alike({"M": existing}, {"M": self.item.to_item()})

    def proves(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether an equal item is there, or one of the same creation that was changed since."""
        if existing is None or self.already_applied(existing):
            return existing is not None
        stamp = _creation_stamp(self.entity)
        if stamp is None or _UPDATED not in existing:
            return False
        item = self.item.to_item()
        if _INCARNATION in item and _INCARNATION in existing:
            return bool(existing[_INCARNATION] == item[_INCARNATION])
        is_changed = existing[_UPDATED] != item.get(_UPDATED)
        same = (ENTITY_TYPE, stamp)
        return is_changed and all(existing.get(name) == item[name] for name in same)

    def size(self) -> int:
        """Bytes of the item."""
        return item_size(self.item.to_item())


@dataclass(frozen=True)
class Delete(Write[E]):
    """Remove an item.

    Args:
        entity: What the item is.
        key: Components of the primary key.
        missing_ok: Whether an item that is not there counts as removed.
        condition: What else must hold.
        requires: The state that the condition needs, as a clause, for the error.
        found: Says the state of an item that fails the condition, for the error.

    Raises:
        DeclarationError: if the key has a name that is no component of the primary key.
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
        """Refuse what is no component of the primary key."""
        require_components(self.entity, self.key)

    @property
    def refused_twice(self) -> bool:
        """What is gone is not deleted again, unless it may be missing."""
        return not self.missing_ok

    def primary_key(self) -> KeyValue:
        """The key of the item."""
        return primary_key(self.entity, self.key)

    def parameters(self) -> dict[str, Any]:
        """The key, on condition that there is such an item unless it may be missing."""
        parameters: dict[str, Any] = {"Key": wire_key(self.primary_key())}
        conditions = [] if self.missing_ok else [is_of(self.entity)]
        if self.condition is not None:
            conditions.append(self.condition)
        if not conditions:
            return parameters
        placeholders = Placeholders()
        condition = placeholders.write(reduce(And, conditions))
        return {**parameters, "ConditionExpression": condition, **placeholders.parameters()}

    def error_for(self, existing: E | None) -> AutoforgeError:
        """There is no such item, or the condition was false."""
        if existing is None:
            return ItemNotFoundError(self.entity.type_name, identity(self.entity, self.key))
        name = described(self.entity, self.key)
        return condition_error(name, existing, found=self.found, requires=self.requires)

    def already_applied(self, existing: Mapping[str, Any] | None) -> bool:
        """Whether the item is gone."""
        return existing is None


@dataclass(frozen=True)
class Check(Write[E]):
    """Demand inside a transaction that an item is there and live, and change nothing.

    Args:
        entity: What the item is.
        key: Components of the primary key.
        at: The moment of the write; an item expired by then is gone.
        condition: What else must hold.
        requires: The state that the condition needs, as a clause, for the error.
        found: Says the state of an item that fails the condition, for the error.
        missing_ok: Whether only the condition must hold, whatever is there.

    Raises:
        DeclarationError: if the key has a name that is no component of the primary key.
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
        """Refuse what is no component of the primary key."""
        require_components(self.entity, self.key)

    def primary_key(self) -> KeyValue:
        """The key of the item."""
        return primary_key(self.entity, self.key)

    def parameters(self) -> dict[str, Any]:
        """The key and the condition."""
        placeholders = Placeholders()
        conditions = (
            [] if self.missing_ok else [is_of(self.entity), is_live(self.entity, self.key, self.at)]
        )
        if self.condition is not None:
            conditions.append(self.condition)
        return {
            "Key": wire_key(self.primary_key()),
            "ConditionExpression": placeholders.write(reduce(And, conditions)),
            **placeholders.parameters(),
        }

    def error_for(self, existing: E | None) -> AutoforgeError:
        """Not found, or the condition was false."""
        if existing is None or not existing.is_live(self.at):
            return ItemNotFoundError(self.entity.type_name, identity(self.entity, self.key))
        name = described(self.entity, self.key)
        return condition_error(name, existing, found=self.found, requires=self.requires)


@dataclass(frozen=True)
class Transaction:
    """Several writes, all made or none.

    Args:
        writes: The writes, in any iterable.
        marked: Whether to write a TransactionMark with them: where others may change all the
            items at once, nothing else would show that they were made.

    Raises:
        InvalidTransactionError: if DynamoDB could never accept it: none or more than 100 writes,
            two on one item, or more than 4 MB.
    """

    writes: Sequence[Write[Any]]
    marked: bool = False

    @property
    def made_once(self) -> bool:
        """Whether an attempt after a lost answer changes nothing more, and is recognised.

        DynamoDB knows a repeated transaction by its token, until an engine loses its memory. So
        one of the writes must be refused the second time, and show by its item that it was made;
        or all of them come to the same if they are made twice.
        """
        return any(write.refused_twice and write.tells for write in self.writes) or all(
            write.repeatable and not write.refused_twice for write in self.writes
        )

    def __post_init__(self) -> None:
        """Refuse what DynamoDB would refuse, before anything is sent."""
        given = self.writes
        if not isinstance(given, Iterable):
            raise DeclarationError(f"a Transaction takes its writes in a list, not {given}")
        object.__setattr__(self, "writes", tuple(given))
        for write in self.writes:
            if not isinstance(write, Write):
                raise DeclarationError(
                    f"a Transaction is of writes, such as Put(...), not {shortened(write)}"
                )
        if not 0 < len(self.writes) <= TRANSACTION_ITEMS:
            raise InvalidTransactionError(
                f"a transaction has 1 to {TRANSACTION_ITEMS} writes, not {len(self.writes)}"
            )
        keys = [write.primary_key() for write in self.writes]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            where = f"{twice.partition} / {twice.sort}"
            raise InvalidTransactionError(f"{where} is written twice in one transaction")
        if len(self.writes) <= _SURELY_FIT:
            return
        size = sum(write.size() for write in self.writes)
        if size > TRANSACTION_BYTES:
            raise InvalidTransactionError(
                f"a transaction has at most {TRANSACTION_BYTES:,} bytes, not {size:,}"
            )

    def with_mark(self, mark: Write[Any]) -> Transaction:
        """The same transaction, with a write that shows that it was made.

        Raises:
            InvalidTransactionError: if it has 100 writes already.
        """
        if len(self.writes) == TRANSACTION_ITEMS:
            raise InvalidTransactionError(
                f"a transaction of {TRANSACTION_ITEMS} writes must have one that is refused the "
                "second time and bears the moment, such as a Put"
            )
        return Transaction((*self.writes, mark))

    def request(self, table_name: str, *, token: str) -> Request:
        """The request; repeated with the same token it is still made once."""
        return Request(
            "TransactWriteItems",
            {
                "TransactItems": [write.transact_item(table_name) for write in self.writes],
                "ClientRequestToken": token,
            },
        )


@cache
def _creation_stamp(entity: type[Entity]) -> str | None:
    """The attribute, by its name in the table, that says when an item was created."""
    attributes = entity.get_attributes()
    return next((attributes[each].attr_name for each in _CREATED if each in attributes), None)


@cache
def _is_new() -> dict[str, Any]:
    """The request parameters that demand that no item has the key."""
    placeholders = Placeholders()
    condition = placeholders.write(Path(TABLE.partition_key).does_not_exist())
    return {"ConditionExpression": condition, **placeholders.parameters()}


def primary_key(entity: type[Entity], values: Mapping[str, Any]) -> KeyValue:
    """The primary key that values of its components make.

    Raises:
        InvalidValueError: if one is missing or cannot stand in a key.
    """
    value = entity.primary_key.render(values)
    if value is None:
        needed = ", ".join(sorted(entity.primary_key.components))
        raise InvalidValueError(f"{entity.primary_key} needs {needed}")
    return value


def identity(entity: type[Entity], values: Mapping[str, Any]) -> dict[str, Any]:
    """The components of the primary key, by their names in the table, in the key's order."""
    attributes = entity.get_attributes()
    key = entity.primary_key
    parts = [part for each in (*key.partitions, key.sort_template) for part in each.components]
    return {
        attributes[part.name].attr_name: _shown(values[part.name])
        for part in parts
        if values.get(part.name) is not None
    }


def described(entity: type[Entity], values: Mapping[str, Any]) -> str:
    """Name an item in an error message, such as ``Feature a of project p``.

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
    """Refuse what is to be stored and is no entity, such as the class of one.

    Raises:
        DeclarationError: if it is none.
    """
    if not isinstance(item, Entity):
        given = f"the class {item.__name__}" if isinstance(item, type) else shortened(item)
        raise DeclarationError(f"an entity is stored, such as Book(...), not {given}")


def is_of(entity: type[Entity]) -> Condition:
    """There is an item, and it is of this entity: readers take no other for one."""
    return Path([ENTITY_TYPE]) == entity.type_name


def is_live(entity: type[Entity], key: Mapping[str, Any], now: datetime) -> Condition:
    """The item, if there is one, is not past its expiry: ``Entity.is_live`` as a condition.

    What stores no expiry, as another program may leave it, lives by its creation.

    Args:
        entity: What the item is.
        key: Components of its primary key.
        now: The moment; without a zone, one of UTC.
    """
    oldest = entity.first_live_creation(now)
    if oldest is None:
        return _is_unexpired(_seconds(now))
    expiry = Path([TTL])
    lasting = expiry > Value({"N": _seconds(now)})
    if _CREATION in key:
        live = as_timestamp(key[_CREATION]) >= oldest
        return Or(expiry.does_not_exist(), lasting) if live else lasting
    created = _created(entity)
    young = Or(created.does_not_exist(), created >= _text(oldest))
    return Or(lasting, And(expiry.does_not_exist(), young))


@lru_cache(maxsize=16)
def _is_unexpired(seconds: str) -> Condition:
    """The item stores no expiry, or a later one; kept, since a second has many writes."""
    expiry = Path([TTL])
    return Or(expiry.does_not_exist(), expiry > Value({"N": seconds}))


def is_expired(entity: type[Entity], key: Mapping[str, Any], now: datetime) -> Condition:
    """There is an item, and it is past its expiry, by the same rule."""
    expiry = Path([TTL])
    over = expiry <= Value({"N": _seconds(now)})
    oldest = entity.first_live_creation(now)
    if oldest is None or _CREATION in key:
        return over
    old = And(expiry.does_not_exist(), _created(entity) < _text(oldest))
    return Or(over, And(is_of(entity), old))


def _seconds(now: datetime) -> str:
    """A moment as an expiry is stored: whole Unix seconds."""
    return str((as_timestamp(now) - _EPOCH) // _SECOND)


def _created(entity: type[Entity]) -> Path:
    return Path([entity.get_attributes()[_CREATION].attr_name])


def _text(moment: datetime) -> Value:
    """A moment as it is stored, cut up to the millisecond."""
    return Value({"S": timestamp_text(moment + MILLISECOND - timedelta(microseconds=1))})


def require_components(entity: type[Entity], key: Mapping[str, Any]) -> None:
    """Refuse a name that is no component of the primary key.

    Raises:
        DeclarationError: naming it.
    """
    if not key.keys() <= entity.primary_key.components:
        names = ", ".join(sorted(key.keys() - entity.primary_key.components))
        raise DeclarationError(f"{entity.primary_key} has no component {names}")


def alike(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether two attribute values are one to DynamoDB, which writes numbers in its own way."""
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


def _is_new_or_expired(item: Entity, now: datetime) -> dict[str, Any]:
    """The request parameters that demand that no item has the key, or one past its expiry."""
    placeholders = Placeholders()
    is_new = Path(TABLE.partition_key).does_not_exist()
    components = {name: item.attribute_values.get(name) for name in item.primary_key.components}
    expired = is_expired(type(item), components, now)
    condition = placeholders.write(Or(is_new, expired))
    return {"ConditionExpression": condition, **placeholders.parameters()}

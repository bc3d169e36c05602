"""The conditions of writes on the item itself: that it exists, is live, or is expired."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final

from pynamodb.expressions.condition import And, Condition, Or
from pynamodb.expressions.operand import Path, Value

from autoforge.dynamodb.errors import DeclarationError, shortened
from autoforge.dynamodb.schema.conditions import names_in
from autoforge.dynamodb.schema.entity import Entity, names_stored_by
from autoforge.dynamodb.timestamps import MILLISECOND, as_timestamp, timestamp_text

#: The attribute with the creation time of an item.
CREATION: Final = "created_at"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


def require_condition(entity: type[Entity], condition: object) -> None:
    """Refuse a caller's condition that is none, or that no item of an entity can meet as meant.

    Raises:
        DeclarationError: if it is no condition, or is on an attribute that the items do not store.
    """
    if condition is None:
        return
    if not isinstance(condition, Condition):
        raise DeclarationError(
            f"{shortened(condition)} is not a condition, such as Loan.renewals.below(2); join "
            "several by &, | and ~"
        )
    known = names_stored_by(entity)
    for name in names_in(condition):
        if known and name not in known:
            raise DeclarationError(
                f"the condition is on {name}, which {entity.__name__} does not store"
            )


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
    name = entity.expiry_name
    if name is None:
        return None
    oldest = entity.first_live_creation(now)
    if oldest is None:
        return _is_unexpired(name, _seconds(now))
    expiry = Path([name])
    lasting = expiry > Value({"N": _seconds(now)})
    if CREATION in key:
        live = as_timestamp(key[CREATION]) >= oldest
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
    name = entity.expiry_name
    if name is None:
        return None
    expiry = Path([name])
    over = expiry <= Value({"N": _seconds(now)})
    oldest = entity.first_live_creation(now)
    if oldest is None or CREATION in key:
        return over
    old = And(expiry.does_not_exist(), _created(entity) < _text(oldest))
    return Or(over, And(is_of(entity), old))


def _seconds(now: datetime) -> str:
    """Return a time as an expiry is stored: in whole Unix seconds."""
    return str((as_timestamp(now) - _EPOCH) // _SECOND)


def _created(entity: type[Entity]) -> Path:
    return Path([entity.get_attributes()[CREATION].attr_name])


def _text(time: datetime) -> Value:
    """Return a time as it is stored, rounded up to the millisecond."""
    return Value({"S": timestamp_text(time + MILLISECOND - timedelta(microseconds=1))})

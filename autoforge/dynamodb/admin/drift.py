"""Differences between a live table and what its design and its CloudFormation template require.

The design declares the keys, the indexes and the expiry. The template adds point-in-time recovery
and, unless its parameter ``DeletionProtection`` is false, deletion protection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from autoforge.dynamodb.admin.create import (
    READINESS,
    USABLE,
    if_known,
    mapped_errors,
)
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.errors import ConfigurationError
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.indexes import Index, Layout
from autoforge.dynamodb.transport.endpoint import is_local

_EXPIRY: Final = "DescribeTimeToLive"
_RECOVERY: Final = "DescribeContinuousBackups"

#: The operations that check a table; none of them changes anything.
CHECKS: Final = (READINESS, _EXPIRY, _RECOVERY)

#: The kinds of drift, in the order in which they are reported.
DriftName: TypeAlias = Literal[
    "status",
    "keys",
    "index",
    "projection",
    "unknown-index",
    "expiry",
    "recovery",
    "protection",
]

#: The JSON of an answer of DynamoDB.
Answer: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Drift:
    """One difference between a live table and what is required of it.

    Attributes:
        name: The kind of difference.
        says: What was found, what is required, and what follows or how to repair it; one line.

    Examples:
        >>> for drift in store.drifts():  # of a table without expiry and recovery
        ...     print(drift.name)
        expiry
        recovery
    """

    name: DriftName
    says: str


#: What follows from a status in which the table cannot be used reliably.
_STATUSES: Final[Mapping[str, str]] = {
    "CREATING": "it cannot be used yet; check again when it can",
    "DELETING": "it is being deleted with all its items",
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS": (
        "DynamoDB may not use its KMS key; allow it within seven days, or the table is archived"
    ),
    "ARCHIVING": "its KMS key was out of reach for too long; restore it from DynamoDB's backup",
    "ARCHIVED": "its KMS key was out of reach for too long; restore it from DynamoDB's backup",
}

#: What follows from a status in which an index cannot be used reliably.
_INDEX_STATUSES: Final[Mapping[str, str]] = {
    "CREATING": "its queries are refused until it is built",
    "DELETING": "its queries are refused; create it again when it is deleted",
}

#: What an index costs that no pattern reads.
_UNUSED: Final = "it makes writes cost more; delete it, unless another program reads it"

#: The lists of indexes in an answer: the name of their kind, and what an unused one costs.
_INDEXES: Final[Mapping[str, tuple[str, str]]] = {
    "GlobalSecondaryIndexes": ("index", _UNUSED),
    "LocalSecondaryIndexes": (
        "local secondary index",
        "it makes writes cost more and limits item collections to 10 GB; it cannot be deleted",
    ),
    "VectorIndexes": ("vector index", _UNUSED),
}

#: What repairs a key of the table, or anything about a local index.
_NEW_TABLE: Final = "so create another table and load the items into it"

_ROLES: Final = (("HASH", "partition key"), ("RANGE", "sort key"))


def find_drifts(client: Client, design: Design, table_name: str) -> tuple[Drift, ...]:
    """List the differences between a live table and what its design requires.

    Raises:
        TableNotFoundError: if there is no such table.
        ConfigurationError: if credentials are missing, refused, or lack a permission.
    """
    table, expiry, recovery = (Request(each, {"TableName": table_name}) for each in CHECKS)
    with mapped_errors(table_name):
        return drifts(
            design,
            client.send(table),
            if_known(client, expiry),
            if_known(client, recovery),
            local=is_local(client.endpoint_url),
        )


def require_shape(client: Client, design: Design, table_name: str) -> None:
    """Require that a live table has the keys and the indexes of a design.

    Raises:
        TableNotFoundError: if there is no such table.
        ConfigurationError: if its keys or an index differ.
    """
    answer = client.send(Request(READINESS, {"TableName": table_name}))
    described: Answer = answer.get("Table") or {}
    found = [*_keys(described, design.primary, _types(described))]
    for index in design.indexes:
        found += _index(described, index, design.layout, status=False)
    if found:
        says = "; ".join(each.says for each in found)
        raise ConfigurationError(
            f"the table {table_name} does not fit the design {design.name}: {says}"
        )


def drifts(
    design: Design,
    table: Answer,
    expiry: Answer | None,
    recovery: Answer | None,
    *,
    local: bool = False,
) -> tuple[Drift, ...]:
    """List the differences of a table: its status, its keys, each index, then the rest.

    Args:
        design: What the table is to store.
        table: The answer to DescribeTable.
        expiry: The answer to DescribeTimeToLive; None if it is not supported.
        recovery: The answer to DescribeContinuousBackups; None if it is not supported.
        local: Whether the table is on this machine: then it needs no deletion protection, and no
            recovery if its engine does not support it.
    """
    described: Answer = table.get("Table") or {}
    return (
        *_status(described),
        *_keys(described, design.primary, _types(described)),
        *(each for index in design.indexes for each in _index(described, index, design.layout)),
        *_unknown_indexes(described, design),
        *_expiry(expiry, design.layout.expiry),
        *(() if local and recovery is None else _recovery(recovery)),
        *(() if local else _protection(described)),
    )


def _status(table: Answer) -> Iterator[Drift]:
    status = table.get("TableStatus", "of unknown status")
    if status not in USABLE:
        follows = _STATUSES.get(status, "reads and writes may be refused")
        yield Drift("status", f"the table is {status}, not ACTIVE: {follows}")


def _keys(described: Answer, index: Index, types: Mapping[str, str]) -> Iterator[Drift]:
    """Compare the keys of the table or of an index."""
    wanted = [(index.partition_key, index.partition_type), (index.sort_key, index.sort_type)]
    schema: Sequence[Answer] = described.get("KeySchema") or ()
    for (role, word), (attribute, wanted_type) in zip(_ROLES, wanted, strict=True):
        found = [str(each.get("AttributeName")) for each in schema if each.get("KeyType") == role]
        if attribute is None:
            if found:
                yield _wrong_key(index, f"has the {word} {_joined(found)}, expected none")
        elif not found:
            yield _wrong_key(index, f"has no {word}, expected {attribute}")
        elif found != [attribute]:
            yield _wrong_key(index, f"has the {word} {_joined(found)}, not {attribute}")
        elif (kind := types.get(attribute, "unknown")) != wanted_type:
            yield _wrong_key(index, f"has the {word} {attribute} of type {kind}, not {wanted_type}")


def _wrong_key(index: Index, says: str) -> Drift:
    if index.is_table:
        follows = f"requests are refused; keys cannot be changed, {_NEW_TABLE}"
        return Drift("keys", f"the table {says}: {follows}")
    again = _NEW_TABLE if index.is_local else "so delete the index and create it again"
    follows = (
        "its queries are refused, and so are writes of items that do not fit; keys cannot be"
        f" changed, {again}"
    )
    return Drift("index", f"{index.shown} {says}: {follows}")


def _index(table: Answer, index: Index, layout: Layout, *, status: bool = True) -> Iterator[Drift]:
    """Compare an index of the design and, with ``status``, whether it can be used now."""
    place = "LocalSecondaryIndexes" if index.is_local else "GlobalSecondaryIndexes"
    listed: Sequence[Answer] = table.get(place) or ()
    found = next((each for each in listed if each.get("IndexName") == index.name), None)
    if found is None:
        yield Drift("index", _missing(index, layout))
        return
    if index.is_local:
        yield from _keys(found, index, _types(table))
        yield from _projection(found, index, layout)
        return
    state = found.get("IndexStatus", "of unknown status")
    if status and state not in USABLE:
        follows = _INDEX_STATUSES.get(state, "its queries may be refused")
        yield Drift("index", f"index {index.name} is {state}, not ACTIVE: {follows}")
    yield from _keys(found, index, _types(table))
    yield from _projection(found, index, layout)


def _missing(index: Index, layout: Layout) -> str:
    """Say that an index is missing, and how to get it."""
    keys = f"the partition key {index.partition_key}"
    if index.sort_key is not None:
        keys += f", the sort key {index.sort_key}"
    included = index.included(layout)
    projection = index.projection_type + (f" ({_joined(included)})" if included else "")
    if index.is_local:
        return (
            f"local secondary index {index.name} is missing: its queries are refused; a table gets"
            f" a local index only when it is created, {_NEW_TABLE} with {keys} and the projection"
            f" {projection} in it"
        )
    return (
        f"index {index.name} is missing: its queries are refused; create it with {keys} and the"
        f" projection {projection}"
    )


def _projection(found: Answer, index: Index, layout: Layout) -> Iterator[Drift]:
    """Report attributes that the index of the design holds, and the live one does not."""
    described: Answer = found.get("Projection") or {}
    kind = described.get("ProjectionType", "unknown")
    if kind in {"ALL", index.projection_type} and kind != "INCLUDE":
        return
    carried = sorted(described.get("NonKeyAttributes") or ())
    included = index.included(layout)
    wanted = included or (layout.always_projected if index.projection_type == "ALL" else ())
    missing = [name for name in wanted if name not in carried]
    if index.projection_type == "ALL":
        missing.append("every other attribute")
    if not missing:
        return
    shown = index.projection_type + (f" ({_joined(['keys', *included])})" if included else "")
    again = _NEW_TABLE if index.is_local else "so delete the index and create it again"
    yield Drift(
        "projection",
        f"{index.shown} has the projection {kind} ({_joined(['keys', *carried])}), not"
        f" {shown}: {_joined(missing)}"
        f" {'are' if len(missing) > 1 else 'is'} missing, so its queries leave items out; a"
        f" projection cannot be changed, {again}",
    )


def _unknown_indexes(table: Answer, design: Design) -> Iterator[Drift]:
    known = {
        "GlobalSecondaryIndexes": {index.name for index in design.global_indexes},
        "LocalSecondaryIndexes": {index.name for index in design.local_indexes},
    }
    for place, (word, follows) in _INDEXES.items():
        names = {str(each.get("IndexName")) for each in table.get(place) or ()}
        for name in sorted(names - known.get(place, set())):
            yield Drift("unknown-index", f"{word} {name} is not in the design: {follows}")


def _expiry(answer: Answer | None, wanted: str | None) -> Iterator[Drift]:
    if wanted is None:
        return
    if answer is None:
        yield _unchecked("expiry", "time to live", _EXPIRY)
        return
    described: Answer = answer.get("TimeToLiveDescription") or {}
    status, attribute = described.get("TimeToLiveStatus"), described.get("AttributeName")
    if status not in {"ENABLED", "ENABLING"}:
        being = "being switched off" if status == "DISABLING" else "off"
        yield Drift(
            "expiry",
            f"items never expire: time to live is {being}, not on for the attribute {wanted}, so"
            " DynamoDB deletes no expired items and their storage is paid for; switch it on by"
            " UpdateTimeToLive",
        )
    elif attribute != wanted:
        yield Drift(
            "expiry",
            f"items expire by the wrong attribute: time to live reads {attribute}, not {wanted}, so"
            " DynamoDB may delete items that have not expired, and keeps expired ones; switch it"
            f" off by UpdateTimeToLive, and on for {wanted}",
        )


def _recovery(answer: Answer | None) -> Iterator[Drift]:
    if answer is None:
        yield _unchecked("recovery", "point-in-time recovery", _RECOVERY)
        return
    backups: Answer = answer.get("ContinuousBackupsDescription") or {}
    described: Answer = backups.get("PointInTimeRecoveryDescription") or {}
    if described.get("PointInTimeRecoveryStatus") != "ENABLED":
        yield Drift(
            "recovery",
            "point-in-time recovery is off, not on: items deleted or overwritten by mistake are"
            " lost; switch it on by UpdateContinuousBackups",
        )


def _protection(table: Answer) -> Iterator[Drift]:
    if not table.get("DeletionProtectionEnabled"):
        yield Drift(
            "protection",
            "deletion protection is off, not on: one DeleteTable deletes every item; switch it on"
            " by UpdateTable",
        )


def _unchecked(name: DriftName, subject: str, operation: str) -> Drift:
    return Drift(
        name, f"{subject} could not be checked: {operation} is not answered for this table"
    )


def _types(table: Answer) -> Mapping[str, str]:
    """The types of the table's key attributes, by their names."""
    listed: Sequence[Answer] = table.get("AttributeDefinitions") or ()
    return {str(each.get("AttributeName")): str(each.get("AttributeType")) for each in listed}


def _joined(names: Sequence[str]) -> str:
    """Join names in a sentence: a, b and c."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last

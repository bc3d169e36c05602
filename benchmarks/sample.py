"""The items every client is given: one project's events, as DynamoDB holds them.

Nothing here knows a client, ours included: what an item must come to is written down twice, as
DynamoDB's JSON and as plain values, and each client is held to both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from ulid import ULID

#: An item in DynamoDB's own form: attribute names to typed values.
Item = dict[str, dict[str, Any]]

TABLE: Final = "Benchmark"
PROJECT: Final = "550e8400-e29b-41d4-a716-446655440000"

#: Bytes of an item in DynamoDB's JSON, where one is read or written, and in lists.
SINGLE_SIZE: Final = 1024
LISTED_SIZE: Final = 650

_LIFETIME: Final = timedelta(days=30)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Bits of a ULID after its time.
_RANDOM_BITS: Final = 80
_PROSE: Final = "The build of the customer portal went through after the flaky test was put right. "
_MOMENTS: Final = frozenset({"createdAt"})


@dataclass(frozen=True)
class Sample:
    """One event.

    Args:
        number: Which one; later numbers are older, as a list shows the newest first.
        newest: When the first was created, to the millisecond.
        size: Bytes of the item in DynamoDB's JSON; the summary is as long as that takes.
    """

    number: int
    newest: datetime
    size: int = LISTED_SIZE

    @property
    def created_at(self) -> datetime:
        """When the event was created."""
        return self.newest - timedelta(seconds=self.number)

    @property
    def expires_at(self) -> datetime:
        """When it may be deleted, to the second."""
        return (self.created_at + _LIFETIME).replace(microsecond=0)

    @property
    def id(self) -> str:
        """The ULID that was minted from the moment."""
        milliseconds = (self.created_at - _EPOCH) // timedelta(milliseconds=1)
        return str(ULID.from_int(milliseconds << _RANDOM_BITS | self.number + 1))

    @property
    def values(self) -> dict[str, Any]:
        """Every attribute as a plain value, moments as datetimes and numbers as int.

        Raises:
            ValueError: if an event cannot be that small.
        """
        shortest = self._values(summary="")
        missing = self.size - len(json.dumps(to_wire(shortest)["M"], separators=(",", ":")))
        if missing < 0:
            raise ValueError(f"an event has at least {self.size - missing} bytes")
        return self._values(summary=(_PROSE * (missing // len(_PROSE) + 1))[:missing])

    @property
    def item(self) -> Item:
        """The event in DynamoDB's own form."""
        return {name: to_wire(value) for name, value in self.values.items()}

    def _values(self, *, summary: str) -> dict[str, Any]:
        moment = timestamp_text(self.created_at)
        return {
            "PK": f"PROJECT#{PROJECT}",
            "SK": f"EVENT#{moment}#{self.id}",
            "GSI1PK": f"EVENT#{moment[:10]}",
            "GSI1SK": f"{moment}#{self.id}",
            "EntityType": "Event",
            "id": self.id,
            "projectId": PROJECT,
            "eventType": "build_finished",
            "severity": "info",
            "summary": summary,
            "detail": {"ticket": f"MCU-{self.number}", "attempt": 2, "passed": True},
            "createdAt": self.created_at,
            "TTL": (self.expires_at - _EPOCH) // timedelta(seconds=1),
        }


def samples(count: int, newest: datetime, size: int = LISTED_SIZE) -> list[Sample]:
    """So many events, the newest first."""
    return [Sample(number, newest, size) for number in range(count)]


def timestamp_text(moment: datetime) -> str:
    """Write a moment as the table holds it."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def to_wire(value: Any) -> dict[str, Any]:
    """Write a plain value as DynamoDB's JSON does."""
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case datetime():
            return {"S": timestamp_text(value)}
        case dict():
            return {"M": {name: to_wire(each) for name, each in value.items()}}
    return {"S": value}


def from_wire(wire: Mapping[str, Any]) -> Any:
    """Read a value of DynamoDB's JSON; a number becomes what ``plain`` makes of it."""
    ((kind, value),) = wire.items()
    match kind:
        case "N":
            return Decimal(value)
        case "M":
            return {name: from_wire(each) for name, each in value.items()}
    return value


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a client made of an item, with each client's own types taken off."""
    return {
        name: _moment(value) if name in _MOMENTS else _plain(value)
        for name, value in values.items()
    }


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return (value - _EPOCH) // timedelta(seconds=1)
        case float() | Decimal():
            return int(value)
        case Enum():
            return value.value
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
    return value


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).astimezone(UTC)

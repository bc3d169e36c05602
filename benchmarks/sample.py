"""The items for every client: the events of one project, as DynamoDB stores them.

This module depends on no client, not even ours. It has each item in two forms, as DynamoDB JSON and
as plain values, and the results of each client are compared with both.
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

#: An item in DynamoDB JSON: attribute names to typed values.
Item = dict[str, dict[str, Any]]

TABLE: Final = "Benchmark"
PROJECT: Final = "550e8400-e29b-41d4-a716-446655440000"

#: Bytes of an item in DynamoDB JSON, for single items and in lists.
SINGLE_SIZE: Final = 1024
LISTED_SIZE: Final = 650

_LIFETIME: Final = timedelta(days=30)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Random bits of a ULID, which follow its time.
_RANDOM_BITS: Final = 80
_PROSE: Final = "The build of the customer portal went through after the flaky test was put right. "
_TIMESTAMPS: Final = frozenset({"createdAt"})


@dataclass(frozen=True)
class Sample:
    """One event.

    Args:
        number: The position in a list, which begins with the newest event.
        newest: When the newest event was created, to the millisecond.
        size: Bytes of the item in DynamoDB JSON; the summary is as long as that requires.
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
        """When the event expires, to the second."""
        return (self.created_at + _LIFETIME).replace(microsecond=0)

    @property
    def id(self) -> str:
        """The ULID of the event, with the time of its creation."""
        milliseconds = (self.created_at - _EPOCH) // timedelta(milliseconds=1)
        return str(ULID.from_int(milliseconds << _RANDOM_BITS | self.number + 1))

    @property
    def values(self) -> dict[str, Any]:
        """All attributes as plain values: timestamps as datetime, numbers as int.

        Raises:
            ValueError: if ``size`` is too small for an event.
        """
        shortest = self._values(summary="")
        missing = self.size - len(json.dumps(to_wire(shortest)["M"], separators=(",", ":")))
        if missing < 0:
            raise ValueError(
                f"the size is {self.size} bytes; an event has at least {self.size - missing}"
            )
        return self._values(summary=(_PROSE * (missing // len(_PROSE) + 1))[:missing])

    @property
    def item(self) -> Item:
        """The event in DynamoDB JSON."""
        return {name: to_wire(value) for name, value in self.values.items()}

    def _values(self, *, summary: str) -> dict[str, Any]:
        created_at = timestamp_text(self.created_at)
        return {
            "PK": f"PROJECT#{PROJECT}",
            "SK": f"EVENT#{created_at}#{self.id}",
            "GSI1PK": f"EVENT#{created_at[:10]}",
            "GSI1SK": f"{created_at}#{self.id}",
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
    """A list of events, the newest first."""
    return [Sample(number, newest, size) for number in range(count)]


def timestamp_text(moment: datetime) -> str:
    """Format a timestamp as the table stores it."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def to_wire(value: Any) -> dict[str, Any]:
    """Convert a plain value to DynamoDB JSON."""
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
    """Convert a value of DynamoDB JSON to a plain one; a number becomes a Decimal."""
    ((kind, value),) = wire.items()
    match kind:
        case "N":
            return Decimal(value)
        case "M":
            return {name: from_wire(each) for name, each in value.items()}
    return value


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """An item as a client returned it, with the types of the client converted to common ones."""
    return {
        name: _timestamp(value) if name in _TIMESTAMPS else _plain(value)
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


def _timestamp(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).astimezone(UTC)

"""DEVICES, a table that existed before: names of its own, no type, no expiry, a number as sort key.

Key attributes of its indexes are attributes of its items.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from autoforge.dynamodb import (
    GSI,
    LSI,
    Entity,
    Get,
    Id,
    Integer,
    Key,
    Layout,
    Moment,
    Query,
    SortRange,
    Store,
    Table,
    Text,
)
from tests.factories import NOON

BY_OPERATOR: Final = GSI("GSI1-Operator", "Operator", "Date")
BY_LEVEL: Final = LSI("LSI-Level", "Level", sort_type="N")


class State(Entity):
    """What a device reported, in a table of another program."""

    layout = Layout("DeviceID", "State#Date", entity_type=None, expiry=None)

    device: Id = Id(attr_name="DeviceID")
    state: Id = Id(attr_name="State")
    date: Moment = Moment(attr_name="Date")
    operator: Text[None] = Text(attr_name="Operator", default=None)
    level: Integer[None] = Integer(attr_name="Level", default=None)
    #: A name that another member of every object has.
    kind: Text[None] = Text(attr_name="entityType", default=None)

    key = Key("{device}", "{state}#{date}")
    of_operator = Key("{operator}", "{date}", index=BY_OPERATOR)
    by_level = Key("{device}", "{level}", index=BY_LEVEL)


@dataclass(frozen=True)
class StatesOfDevice(Query[State]):
    """Which states has this device reported, in the order of their names?"""

    key = State.key

    device: str
    state: str | None = None


@dataclass(frozen=True)
class StateAt(Get[State]):
    """Was the device in this state at this moment?"""

    key = State.key

    device: str
    state: str
    date: datetime


@dataclass(frozen=True)
class StatesOfOperator(Query[State]):
    """Which states has this operator seen in a time?"""

    key = State.of_operator
    range = SortRange("date", at_least="since", at_most="until")

    operator: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class StatesByLevel(Query[State]):
    """Which states of this device have at least a level?"""

    key = State.by_level
    range = SortRange("level", at_least="least")

    device: str
    least: int | None = None


DEVICES: Final = Table(
    "DeviceStateLog",
    entities=(State,),
    indexes=(BY_OPERATOR, BY_LEVEL),
    patterns=(StatesOfDevice, StateAt, StatesOfOperator, StatesByLevel),
)


def fill_devices(store: Store) -> None:
    """Store states of one device."""
    store.put_all(
        [
            State(
                device="d1",
                state=f"WARNING{number}",
                date=NOON + timedelta(minutes=number),
                operator="Liz",
                level=number * number,
            )
            for number in range(4)
        ]
    )

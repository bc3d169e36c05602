"""AWS's *DeviceStateLog*: key attributes that are attributes, and one in two indexes.

A design of AWS's amazon-dynamodb-design-patterns. The sort key of the table is also the sort key of
its second index; the key attributes of the first are attributes of the items. Times are stored
without a zone, and items store no type.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from autoforge.dynamodb import (
    GSI,
    Choice,
    Document,
    Entity,
    Id,
    Key,
    Layout,
    Moment,
    Query,
    SortRange,
    Table,
    Text,
)

BY_OPERATOR = GSI("GSI1", "Operator", "Date")
ESCALATED = GSI("GSI2", "EscalatedTo", "State#Date")


class State(StrEnum):
    """The states of a device."""

    NORMAL = "NORMAL"
    WARNING1 = "WARNING1"
    WARNING2 = "WARNING2"
    WARNING3 = "WARNING3"
    WARNING4 = "WARNING4"


class Log(Entity):
    """A state that a device reported."""

    layout = Layout("DeviceID", "State#Date", entity_type=None, expiry=None, naming="PascalCase")

    device: Id = Id(stored=False)
    state: Choice[State] = Choice(State)
    date: Moment = Moment(form="%Y-%m-%dT%H:%M:%S")
    operator: Text[None] = Text(default=None)
    #: The supervisor who must look at it.
    escalated_to: Text[None] = Text(default=None)
    detail: Document[None] = Document(default=None)

    key = Key("d#{device}", "{state}#{date}")
    of_operator = Key("{operator}", "{date}", index=BY_OPERATOR)
    escalated = Key("{escalated_to}", "{state}#{date}", index=ESCALATED)


@dataclass(frozen=True)
class LogsOfDevice(Query[Log]):
    """What did this device report, by state and time?"""

    source = "DeviceStateLog"
    key = Log.key

    device: str


@dataclass(frozen=True)
class LogsOfDeviceState(Query[Log]):
    """When was this device in this state, latest first?"""

    source = "DeviceStateLog"
    key = Log.key
    newest_first = True

    device: str
    state: State


@dataclass(frozen=True)
class LogsOfOperator(Query[Log]):
    """What did the devices of this operator report in a range of time?"""

    source = "DeviceStateLog"
    key = Log.of_operator
    range = SortRange("date", at_least="since", at_most="until")

    operator: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Escalated(Query[Log]):
    """Which reports were escalated to this supervisor?"""

    source = "DeviceStateLog"
    key = Log.escalated
    renames = {"escalated_to": "supervisor"}

    supervisor: str
    state: State | None = None


DEVICE_STATE_LOG = Table(
    "DeviceStateLog",
    entities=(Log,),
    indexes=(BY_OPERATOR, ESCALATED),
    patterns=(LogsOfDevice, LogsOfDeviceState, LogsOfOperator, Escalated),
)

"""AWS's *DeviceStateLog*: key attributes that are attributes, and one in two indexes.

A design of AWS's amazon-dynamodb-design-patterns. The sort key of the table is also the sort key of
its second index; the key attributes of the first are attributes of the items. Times are stored
without a zone, and items store no type. ``FIRST`` is the table with which the design begins, where
the same question needs a filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from autoforge.dynamodb import (
    GSI,
    Choice,
    Condition,
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


@dataclass(frozen=True)
class EscalatedOnDay(Query[Log]):
    """Which reports of this state were escalated to this supervisor on this day (UTC)?"""

    source = "DeviceStateLog"
    key = Log.escalated
    renames = {"escalated_to": "supervisor"}
    range = SortRange("date", begins_with="day")

    supervisor: str
    state: State
    day: date


DEVICE_STATE_LOG = Table(
    "DeviceStateLog",
    entities=(Log,),
    indexes=(BY_OPERATOR, ESCALATED),
    patterns=(LogsOfDevice, LogsOfDeviceState, LogsOfOperator, Escalated, EscalatedOnDay),
)


class FirstLog(Entity):
    """A state that a device reported, as it is stored at first: by time alone."""

    layout = Layout("DeviceID", "Date", entity_type=None, expiry=None, naming="PascalCase")

    device: Id = Id(stored=False)
    date: Moment = Moment(form="%Y-%m-%dT%H:%M:%S")
    state: Choice[State] = Choice(State)

    key = Key("d#{device}", "{date}")


@dataclass(frozen=True)
class FirstLogsOfDevice(Query[FirstLog]):
    """What did this device report, latest first, and, if a state is given, in this state?"""

    source = "DeviceStateLog, step 1"
    key = FirstLog.key
    newest_first = True

    device: str
    of_state: State | None = None

    def filter(self) -> Condition | None:
        """Return what is read, and left out unless the report has the state."""
        return None if self.of_state is None else FirstLog.state.equals(self.of_state)


FIRST = Table("DeviceStateLog", entities=(FirstLog,), patterns=(FirstLogsOfDevice,))

"""Checkpoints: how far an agent has read an integration."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text
from autoforge.errors import InvalidValueError

_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:.*(Z|[+-]\d\d:?\d\d)", re.IGNORECASE)
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,40}")


class AgentCheckpoint(Entity):
    """How far an agent has read an integration, such as the time of its last sync."""

    project_id: Id = Id()
    integration: Text = Text()
    checkpoint_key: Text = Text()
    #: The value as the caller gave it.
    checkpoint_value: Text = Text()
    #: The value in a form whose text order is the order of the values. An advance compares it.
    position: Text[None] = Text(default=None)
    created_at: Moment[None] = Moment(default=None)
    updated_at: Moment = Moment()

    key = Key("PROJECT#{project_id}", "CHECKPOINT#{integration}#{checkpoint_key}")


def timestamp_at(value: str) -> datetime | None:
    """The timestamp that a checkpoint's value holds; None if the value is not a timestamp."""
    if not _TIMESTAMP.fullmatch(value):
        return None
    try:
        return as_timestamp(value)
    except InvalidValueError:
        return None


def position_of(value: str) -> str:
    """Write a checkpoint's value in a form whose text order is the order of the values.

    Timestamps with a zone sort by time, whole numbers by size, anything else as text.

    >>> position_of("2026-02-04T11:30:00+01:00"), position_of("42")[-5:]
    ('2026-02-04T10:30:00.000Z', '00042')
    """
    if _WHOLE_NUMBER.fullmatch(value):
        return value.zfill(40)
    timestamp = timestamp_at(value)
    return value if timestamp is None else timestamp_text(timestamp)

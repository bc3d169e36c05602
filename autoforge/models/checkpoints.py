"""Checkpoints: how far an agent has come in reading an integration."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from autoforge.dynamodb.schema.attributes import (
    IdAttribute,
    TextAttribute,
    TimestampAttribute,
    optional,
)
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text
from autoforge.errors import InvalidValueError

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:.*(Z|[+-]\d\d:?\d\d)", re.IGNORECASE)
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,40}")


class AgentCheckpoint(Entity):
    """A value that says how far an agent has come, such as the time of its last sync."""

    project_id = IdAttribute()
    integration = TextAttribute()
    checkpoint_key = TextAttribute()
    #: The value as it was given.
    checkpoint_value = TextAttribute()
    #: The value written so that text sorts as the values do; decides what is forward.
    position = optional(TextAttribute())
    created_at = optional(TimestampAttribute())
    updated_at = TimestampAttribute()

    key = Key("PROJECT#{project_id}", "CHECKPOINT#{integration}#{checkpoint_key}")


def moment_at(value: str) -> datetime | None:
    """The moment that a checkpoint's value is; None if it is something else."""
    if not _MOMENT.fullmatch(value):
        return None
    try:
        return as_timestamp(value)
    except InvalidValueError:
        return None


def position_of(value: str) -> str:
    """Write a checkpoint's value so that text sorts as values do.

    Moments with a zone sort by time, whole numbers by size, anything else as text.

    >>> position_of("2026-02-04T11:30:00+01:00"), position_of("42")[-5:]
    ('2026-02-04T10:30:00.000Z', '00042')
    """
    if _WHOLE_NUMBER.fullmatch(value):
        return value.zfill(40)
    moment = moment_at(value)
    return value if moment is None else timestamp_text(moment)

"""What the ordinary applications answer with: pydantic models, in the JSON of autoforge's API."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from benchmarks.clients.severity import Severity

#: How many events a page has.
Limit = Annotated[int, Query(ge=1, le=100)]


def _numbers(value: Any) -> Any:
    """Turn boto3's decimals into numbers that JSON has."""
    match value:
        case Decimal():
            return int(value) if value == int(value) else float(value)
        case Mapping():
            return {name: _numbers(each) for name, each in value.items()}
        case list():
            return [_numbers(each) for each in value]
    return value


class EventView(BaseModel):
    """An event."""

    model_config = ConfigDict(alias_generator=to_camel, from_attributes=True, populate_by_name=True)

    id: str
    project_id: str | None = None
    event_type: str
    severity: Severity
    summary: str
    detail: Annotated[dict[str, Any] | None, BeforeValidator(_numbers)] = None
    created_at: datetime
    expires_at: datetime | None = Field(default=None)


class EventPage(BaseModel):
    """Some events, and where the next ones begin."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    items: list[EventView]
    next_cursor: str | None = None


def cursor_of(key: Any) -> str | None:
    """Write where a page ended as text."""
    return None if key is None else base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def key_of(cursor: str) -> Any:
    """Read where the page before ended."""
    return json.loads(base64.urlsafe_b64decode(cursor))

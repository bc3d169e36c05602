"""The answers of the ordinary applications: pydantic models in the JSON form of autoforge's API."""

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
    """Convert boto3's decimals to numbers of JSON."""
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
    """A page of events, and the cursor of the next page."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    items: list[EventView]
    next_cursor: str | None = None


def cursor_of(key: Any) -> str | None:
    """Encode the last key of a page as text."""
    return None if key is None else base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def key_of(cursor: str) -> Any:
    """Decode the last key of the previous page."""
    return json.loads(base64.urlsafe_b64decode(cursor))

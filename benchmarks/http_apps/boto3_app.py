"""The ordinary application: FastAPI, boto3's resource, a pydantic response model."""

from __future__ import annotations

from typing import Any

import boto3
from boto3.dynamodb.conditions import Key
from fastapi import FastAPI

from benchmarks.http_apps.views import EventPage, EventView, Limit, cursor_of, key_of
from benchmarks.sample import TABLE


def create_app(url: str) -> FastAPI:
    """Create the application over a DynamoDB."""
    table = boto3.resource("dynamodb", endpoint_url=url).Table(TABLE)
    app = FastAPI()

    @app.get("/projects/{project_id}/events")  # type: ignore[untyped-decorator]  # FastAPI is not there
    def list_project_events(
        project_id: str, limit: Limit = 25, cursor: str | None = None
    ) -> EventPage:
        start: dict[str, Any] = {} if cursor is None else {"ExclusiveStartKey": key_of(cursor)}
        answer = table.query(
            KeyConditionExpression=Key("PK").eq(f"PROJECT#{project_id}")
            & Key("SK").begins_with("EVENT#"),
            ScanIndexForward=False,
            Limit=limit,
            **start,
        )
        return EventPage(
            items=[
                EventView.model_validate({**item, "expiresAt": item.get("TTL")})
                for item in answer["Items"]
            ],
            next_cursor=cursor_of(answer.get("LastEvaluatedKey")),
        )

    return app

"""The ordinary application with models: FastAPI, stock PynamoDB, a pydantic response model."""

from __future__ import annotations

from fastapi import FastAPI

from benchmarks.clients.pynamodb_models import Event
from benchmarks.http_apps.views import EventPage, EventView, Limit, cursor_of, key_of


def create_app(url: str) -> FastAPI:
    """Create the application over a DynamoDB."""
    Event.Meta.host = url
    app = FastAPI()

    @app.get("/projects/{project_id}/events")  # type: ignore[untyped-decorator]  # FastAPI is not there
    def list_project_events(
        project_id: str, limit: Limit = 25, cursor: str | None = None
    ) -> EventPage:
        found = Event.query(
            f"PROJECT#{project_id}",
            Event.sort.startswith("EVENT#"),
            scan_index_forward=False,
            limit=limit,
            last_evaluated_key=None if cursor is None else key_of(cursor),
        )
        return EventPage(
            items=[EventView.model_validate(_values(event)) for event in found],
            next_cursor=cursor_of(found.last_evaluated_key),
        )

    return app


def _values(event: Event) -> dict[str, object]:
    return {**event.attribute_values, "detail": event.detail.as_dict()}

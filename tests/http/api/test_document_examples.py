"""The example items of the database analysis §3.3, stored as printed there.

Their TTL values do not match their dates. So they are read twice: with the TTL that follows from
their dates, and with the printed TTL on a clock before it.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from autoforge.access.actions import ActionsOfProject
from autoforge.access.agent_config import AgentConfigOf, AgentConfigs
from autoforge.access.artefacts import ArtefactOfProject, ArtefactsOfProject
from autoforge.access.checkpoints import CheckpointOf, CheckpointsOfProject
from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    EscalationsOfProject,
)
from autoforge.access.events.patterns import EventsOfDate, EventsOfProject, GlobalEvents
from autoforge.access.integrations import IntegrationConfigOf
from autoforge.access.projects.patterns import ProjectById, ProjectsByStatus
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.documents import document_to_wire
from autoforge.dynamodb.store.store import Store
from autoforge.models import PLATFORM_DESIGN
from autoforge.models.artefacts import ArtefactType
from autoforge.models.escalations import EscalationStatus
from autoforge.models.projects import ProjectStatus
from autoforge.testing.clock import Clock
from tests.factories import NOON
from tests.http.serving import Api, JsonObject, items_of, serving, walk
from tests.stores import forge_of, fresh, put_raw

PRINTED: Final[list[JsonObject]] = json.loads(
    (Path(__file__).parents[2] / "data" / "database_analysis_items.json").read_text()
)
PROJECT_ID: Final = "550e8400-e29b-41d4-a716-446655440000"
OF: Final = f"/projects/{PROJECT_ID}"
LIFETIMES: Final = {"Event": 30, "GlobalEventRef": 30, "AgentAction": 90}
#: A time before the printed TTL of events, which is in March 2024.
BEFORE_TTL: Final = datetime(2024, 2, 4, 12, tzinfo=UTC)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def with_own_expiry(item: JsonObject) -> JsonObject:
    """Return the item with the TTL that follows from its creation time."""
    if "TTL" not in item:
        return item
    created = datetime.fromisoformat(item["createdAt"])
    expiry = created + timedelta(days=LIFETIMES[item["EntityType"]])
    return {**item, "TTL": (expiry - EPOCH) // timedelta(seconds=1)}


class Printed:
    """The printed items in a fresh table, and the API over it."""

    def __init__(self, api: Api, store: Store, items: list[JsonObject]) -> None:
        self.api = api
        self.store = store
        self.items: Mapping[str, JsonObject] = {item["EntityType"]: item for item in items}

    def shown(self, kind: str, **more: Any) -> JsonObject:
        """Return what the API shows of an item: its printed values, timestamps to milliseconds."""
        keys = {"PK", "SK", "GSI1PK", "GSI1SK", "EntityType", "TTL"}
        printed = {name: value for name, value in self.items[kind].items() if name not in keys}
        for name, value in printed.items():
            if isinstance(value, str) and name.endswith(("At", "Check")):
                printed[name] = value.replace("Z", ".000Z")
        expiry = self.items[kind].get("TTL")
        if expiry is not None:
            moment = EPOCH + timedelta(seconds=expiry)
            printed["expiresAt"] = f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
        return {**printed, **more}


@pytest.fixture(scope="module", params=["with own TTL", "as printed"])
def printed(client: Client, request: pytest.FixtureRequest) -> Iterator[Printed]:
    """The table with all items, at noon of their day, or before the printed TTL."""
    as_printed = request.param == "as printed"
    items = PRINTED if as_printed else [with_own_expiry(item) for item in PRINTED]
    store = fresh(client, Clock(BEFORE_TTL if as_printed else NOON))
    put_raw(store, *(document_to_wire(item)["M"] for item in items))
    with serving(forge_of(store)) as api:
        yield Printed(api, store, items)


def test_there_is_an_example_of_each_of_the_first_nine_kinds() -> None:
    assert [item["EntityType"] for item in PRINTED] == [
        entity.type_name for entity in sorted(PLATFORM_DESIGN.entities[:9], key=_place)
    ]


def _place(entity: Any) -> int:
    return [item["EntityType"] for item in PRINTED].index(entity.type_name)


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("Project", ProjectById(PROJECT_ID)),
        ("Artefact", ArtefactOfProject(PROJECT_ID, ArtefactType.DELIVERY_STATE)),
        ("Escalation", EscalationById(PROJECT_ID, "escalation-uuid")),
        ("AgentCheckpoint", CheckpointOf(PROJECT_ID, "jira", "last_sync")),
        ("IntegrationConfig", IntegrationConfigOf("jira")),
        ("AgentConfig", AgentConfigOf("polling_interval_minutes")),
    ],
)
def test_an_example_is_got_by_its_pattern(printed: Printed, kind: str, pattern: Get[Any]) -> None:
    entity = printed.store.require(pattern)

    assert entity.type_name == kind
    assert entity.created_at is not None if "createdAt" in printed.items[kind] else True


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("Project", ProjectsByStatus(ProjectStatus.ACTIVE)),
        ("Artefact", ArtefactsOfProject(PROJECT_ID)),
        ("Event", EventsOfProject(PROJECT_ID)),
        ("Event", EventsOfProject(PROJECT_ID, since=datetime(2026, 2, 4, 10, 30, tzinfo=UTC))),
        ("Event", EventsOfProject(PROJECT_ID, until=NOON)),
        ("Event", EventsOfDate(NOON.date())),
        ("Event", EventsOfDate(NOON.date(), until=NOON)),
        ("GlobalEventRef", GlobalEvents()),
        ("GlobalEventRef", GlobalEvents(since=NOON - timedelta(days=1), until=NOON)),
        ("Escalation", EscalationsOfProject(PROJECT_ID)),
        ("Escalation", EscalationsByStatus(EscalationStatus.PENDING)),
        ("AgentAction", ActionsOfProject(PROJECT_ID)),
        ("AgentCheckpoint", CheckpointsOfProject(PROJECT_ID)),
        ("AgentCheckpoint", CheckpointsOfProject(PROJECT_ID, "jira")),
        ("AgentConfig", AgentConfigs()),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value)[:60],
)
def test_an_example_is_listed_by_its_pattern(
    printed: Printed, kind: str, pattern: Query[Any]
) -> None:
    (entity,) = printed.store.page(pattern, limit=10).items

    assert entity.type_name == kind


def test_the_project_is_served(printed: Printed) -> None:
    project = printed.shown("Project", ownerId=None, repoUrl=None, maxConcurrency=None)

    assert printed.api.get(OF).json() == project
    assert items_of(walk(printed.api, "/projects")) == [project]


def test_the_artefact_is_served(printed: Printed) -> None:
    artefact = printed.shown("Artefact")

    response = printed.api.get(f"{OF}/artefacts/delivery_state")
    assert response.json() == artefact
    assert items_of(walk(printed.api, f"{OF}/artefacts")) == [artefact]


def test_the_event_is_served(printed: Printed) -> None:
    event = printed.shown("Event")

    assert items_of(walk(printed.api, f"{OF}/events", limit=1)) == [event]
    assert items_of(walk(printed.api, "/events", date="2026-02-04", limit=1)) == [event]


def test_the_reference_in_the_feed_is_served(printed: Printed) -> None:
    # It is printed without an id; its key contains the event's id.
    reference = printed.shown("GlobalEventRef", id="01HRWXYZ123456", detail=None)

    assert items_of(walk(printed.api, "/events", limit=1)) == [reference]


def test_the_escalation_is_served(printed: Printed) -> None:
    escalation = printed.shown("Escalation", decidedBy=None, updatedAt=None)

    assert printed.api.get(f"{OF}/escalations/escalation-uuid").json() == escalation
    assert items_of(walk(printed.api, f"{OF}/escalations")) == [escalation]
    assert items_of(walk(printed.api, "/escalations")) == [escalation]


def test_the_action_is_served(printed: Printed) -> None:
    action = printed.shown(
        "AgentAction", state="executed", approvedAt=None, cancelledAt=None, updatedAt=None
    )

    assert items_of(walk(printed.api, f"{OF}/actions")) == [action]
    assert items_of(walk(printed.api, "/actions/held", until="9999-01-01")) == []


def test_the_checkpoint_is_served(printed: Printed) -> None:
    checkpoint = printed.shown("AgentCheckpoint", createdAt=None)

    assert printed.api.get(f"{OF}/checkpoints/jira/last_sync").json() == checkpoint
    assert items_of(walk(printed.api, f"{OF}/checkpoints", integration="jira")) == [checkpoint]


def test_the_integration_is_served_without_its_configuration(printed: Printed) -> None:
    integration = printed.shown("IntegrationConfig")
    del integration["configEncrypted"]

    assert printed.api.get("/integrations/jira").json() == integration


def test_the_setting_is_served(printed: Printed) -> None:
    setting = printed.shown("AgentConfig", createdAt=None)

    assert printed.api.get("/agent/config/polling_interval_minutes").json() == setting
    assert items_of(walk(printed.api, "/agent/config")) == [setting]


def test_the_overview_is_served(printed: Printed) -> None:
    assert printed.api.get(f"{OF}/overview").json() == {
        "project": printed.shown("Project", ownerId=None, repoUrl=None, maxConcurrency=None),
        "artefacts": [printed.shown("Artefact")],
        "escalations": [printed.shown("Escalation", decidedBy=None, updatedAt=None)],
    }


def test_the_examples_go_on_living(client: Client) -> None:
    store = fresh(client, Clock(NOON))
    put_raw(store, *(document_to_wire(with_own_expiry(item))["M"] for item in PRINTED))
    with serving(forge_of(store)) as api:
        renamed = api.patch(OF, json={"status": "paused"})
        tag = {"if-match": api.get(f"{OF}/artefacts/delivery_state").headers["etag"]}
        replaced = api.put(f"{OF}/artefacts/delivery_state", json={"content": {}}, headers=tag)
        decided = api.post(
            f"{OF}/escalations/escalation-uuid/decide", json={"userDecision": "Defer"}
        )
        advanced = api.put(
            f"{OF}/checkpoints/jira/last_sync",
            json={"checkpointValue": "2026-02-04T10:15:01Z", "onlyForward": True},
        )
        behind = api.put(
            f"{OF}/checkpoints/jira/last_sync",
            json={"checkpointValue": "2026-02-04T10:15:00Z", "onlyForward": True},
        )
        deleted = api.delete(OF)

        assert (renamed.status_code, renamed.json()["status"]) == (200, "paused")
        assert (replaced.status_code, replaced.json()["version"]) == (200, 4)
        assert (decided.status_code, decided.json()["status"]) == (200, "decided")
        assert advanced.is_success
        assert (behind.status_code, behind.json()["current"]) == (409, advanced.json())
        assert deleted.status_code == 204
        events = api.get("/events").json()
        assert (events["items"], events["nextCursor"]) == ([], None)
        assert api.get("/escalations").json() == {"items": [], "nextCursor": None}

"""The types that a type checker infers for answers. mypy checks this file; nothing runs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_type

from autoforge import Forge
from autoforge.access.artefacts import update_artefact
from autoforge.access.events.patterns import EventById, EventsOfDate, EventsOfProject, GlobalEvents
from autoforge.access.projects.patterns import (
    Overview,
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
    ProjectWithArtefacts,
)
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.patterns.projection import Projection
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.models import (
    Artefact,
    ArtefactType,
    Escalation,
    Event,
    GlobalEventRef,
    Project,
    ProjectStatus,
    Severity,
)


def answers_of_patterns(store: Store, project: Project, now: datetime) -> None:
    assert_type(store.get(EventById("p", "e")), Event | None)
    assert_type(store.require(ProjectById("p")), Project)
    assert_type(store.page(EventsOfProject("p"), limit=1), Page[Event])
    assert_type(store.page(EventsOfDate(now.date()), limit=1).items, tuple[Event, ...])
    assert_type(store.page(GlobalEvents(), limit=1), Page[GlobalEventRef | Event])
    assert_type(store.each(ProjectsByStatus(ProjectStatus.ACTIVE)), Iterator[Project])
    assert_type(store.fetch(ProjectWithArtefacts("p")), tuple[Project | Artefact, ...])
    assert_type(store.answer(ProjectOverview("p")), Overview | None)


@dataclass(frozen=True)
class EventTitle(Projection[Event]):
    id: str
    severity: Severity


class TitlesOfEvents(Query[EventTitle]):
    key = Event.key
    project_id: str


class TitleOfEvent(Get[EventTitle]):
    key = Event.key
    project_id: str
    created_at: datetime
    id: str


class TitlesAndArtefacts(Query[EventTitle | Artefact]):
    key = Event.key
    project_id: str


def answers_of_projections(
    store: Store, titles: TitlesOfEvents, title: TitleOfEvent, both: TitlesAndArtefacts
) -> None:
    assert_type(store.page(titles, limit=1), Page[EventTitle])
    assert_type(store.each(titles), Iterator[EventTitle])
    assert_type(store.get(title), EventTitle | None)
    assert_type(store.require(title).severity, Severity)
    assert_type(store.page(both, limit=1).items, tuple[EventTitle | Artefact, ...])


def answers_of_snapshots(store: Store, event: EventById, title: TitleOfEvent) -> None:
    assert_type(store.snapshot(event), tuple[Event | None])
    assert_type(
        store.snapshot(ProjectById("p"), event, title),
        tuple[Project | None, Event | None, EventTitle | None],
    )
    seven = [ProjectById(str(number)) for number in range(7)]
    assert_type(store.snapshot(*seven)[0], Project | None)


def answers_of_writes(store: Store, project: Project, now: datetime) -> None:
    write = update_artefact("p", ArtefactType.RAID_LOG, {}, expected_version=1, at=now)
    assert_type(write, Update[Artefact])
    assert_type(store.save(write), Artefact)
    assert_type(store.save(Put(project)), Project)
    assert_type(store.put_all([project]), int)


def answers_of_the_forge(forge: Forge) -> None:
    assert_type(forge.projects.get("p"), Project)
    assert_type(forge.projects.overview("p").escalations, tuple[Escalation, ...])
    assert_type(forge.events.feed(), Page[GlobalEventRef | Event])
    assert_type(forge.integrations.reveal("jira"), dict[str, Any])


def attributes_of_entities(event: Event, artefact: Artefact) -> None:
    assert_type(event.id, str)
    assert_type(event.project_id, str | None)
    assert_type(event.severity, Severity)
    assert_type(event.created_at, datetime)
    assert_type(artefact.content, dict[str, Any])
    assert_type(artefact.version, int)

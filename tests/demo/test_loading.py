"""A repository loaded into a new table, as a first-time user sees it."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from autoforge import Forge
from autoforge.access.events.patterns import EventsOfProject
from autoforge.demo import Loaded, load_history
from autoforge.dynamodb.local import EmbeddedDynamoDB
from autoforge.errors import ConfigurationError, ItemNotFoundError
from autoforge.models import (
    ActionState,
    ArtefactType,
    EscalationStatus,
    GlobalEventRef,
    IntegrationStatus,
    ProjectSource,
    Severity,
)
from tests.demo.repositories import START, Repository, fill, minutes
from tests.demo.tables import a_forge
from tests.factories import NOON


@dataclass(frozen=True)
class Seen:
    """A repository loaded once, for tests that only read."""

    forge: Forge
    repository: Repository
    loaded: Loaded

    @property
    def project_id(self) -> str:
        return self.loaded.project.id


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedDynamoDB) -> Seen:
    """A repository with one of everything and an uncommitted change, loaded at noon."""
    repository = Repository.new(tmp_path_factory.mktemp("seen") / "portal")
    fill(repository)
    repository.write({"gate.py": "changed\n"})
    forge = a_forge(embedded)
    return Seen(forge, repository, load_history(forge, repository.path, now=NOON))


def test_a_repository_becomes_a_project(seen: Seen) -> None:
    (project,) = seen.forge.projects.by_status().items
    assert project == seen.loaded.project
    assert project.name == "gate"
    assert project.description == "A gate to everything."
    assert project.source == ProjectSource.MANUAL
    assert project.repo_url == "https://example.com/team/gate.git"
    assert project.config == {"branch": "main", "head": seen.repository.git("rev-parse", "HEAD")}
    assert UUID(seen.project_id).version == 5


def test_what_was_loaded_is_told(seen: Seen) -> None:
    shift = NOON - START - minutes(30)
    assert seen.loaded == Loaded(
        project=seen.loaded.project,
        is_new=True,
        commits=5,
        older_commits=0,
        is_shallow=False,
        events=5,
        expired=1,
        artefacts=4,
        escalations=2,
        actions=2,
        shift=shift,
    )
    assert seen.loaded.notes == (
        "gate: 5 events, 4 artefacts, 2 escalations, 2 actions",
        f"the history is moved {shift.days} days forward, so that it ends now",
        "1 of 6 commits and tags are more than 30 days old and have expired",
    )


def test_its_commits_are_events_that_end_now(seen: Seen) -> None:
    events = seen.forge.events.of_project(seen.project_id).items
    assert [
        (NOON - event.created_at, event.event_type, event.severity, event.summary)
        for event in events
    ] == [
        (minutes(0), "commit_recorded", Severity.INFO, "Tell"),
        (minutes(10), "merge_recorded", Severity.INFO, "Join"),
        (minutes(20), "commit_recorded", Severity.WARNING, "Fix ☂"),
        (minutes(30), "tag_created", Severity.INFO, "v1.0.0"),
        (minutes(30), "commit_recorded", Severity.INFO, "Add the gate"),
    ]
    assert seen.forge.events.get(seen.project_id, events[2].id) == events[2]
    assert events[2].detail is not None
    assert events[2].detail["author"] == "Zoë"


def test_its_commits_are_in_the_global_feed_and_under_their_day(seen: Seen) -> None:
    events = seen.forge.events.of_project(seen.project_id).items
    feed = seen.forge.events.feed().items
    assert all(isinstance(each, GlobalEventRef) for each in feed)
    assert [each.id for each in feed] == [event.id for event in events]
    assert seen.forge.events.of_date(NOON.date()).items == events


def test_many_commits_of_one_second_are_listed_newest_first(
    forge: Forge, repository: Repository
) -> None:
    for number in range(30):
        repository.commit(f"Change {number}")

    project = load_history(forge, repository.path, now=NOON).project

    shown = [event.summary for event in forge.each(EventsOfProject(project.id))]
    assert shown == [f"Change {number}" for number in reversed(range(30))]


def test_the_delivery_state_has_the_version_before_the_newest_commit(seen: Seen) -> None:
    state = seen.forge.artefacts.get(seen.project_id, ArtefactType.DELIVERY_STATE)
    assert state.version == 2
    assert state.previous_version is not None
    assert state.content["head"]["subject"] == "Tell"
    assert state.previous_version["head"]["subject"] == "Join"
    assert state.content["key_metrics"]["commits"] == 5
    assert state.previous_version["key_metrics"]["commits"] == 4


def test_the_first_commit_makes_the_first_version(forge: Forge, repository: Repository) -> None:
    repository.commit("One")

    project = load_history(forge, repository.path, now=NOON).project

    (state,) = forge.artefacts.of_project(project.id).items
    assert (state.version, state.previous_version) == (1, None)
    assert state.content["head"]["subject"] == "One"


def test_the_other_artefacts_hold_what_its_documents_say(seen: Seen) -> None:
    backlog = seen.forge.artefacts.get(seen.project_id, ArtefactType.BACKLOG_SUMMARY)
    assert backlog.content["items"] == [{"category": "Fixed", "summary": "The hinge"}]
    decisions = seen.forge.artefacts.get(seen.project_id, ArtefactType.DECISION_LOG)
    assert decisions.content["decisions"][0]["title"] == "Iron"
    raid = seen.forge.artefacts.get(seen.project_id, ArtefactType.RAID_LOG)
    assert raid.content["issues"][0]["files"] == ["gate.py"]


def test_a_release_waits_for_a_person_and_an_accepted_record_is_decided(seen: Seen) -> None:
    (pending,) = seen.forge.escalations.by_status().items
    (decided,) = seen.forge.escalations.by_status(EscalationStatus.DECIDED).items
    assert pending.title == "Release gate? 3 commits since v1.0.0"
    assert pending.agent_recommendation == "Release now"
    assert [option["option"] for option in pending.options or []] == [
        "Release now",
        "Describe the changes first",
    ]
    assert (decided.title, decided.user_decision) == ("Iron", "Accepted")
    assert (decided.options, decided.user_notes) == (None, "On record in docs/adr/1-iron.md")


def test_an_action_is_held_for_an_hour_and_the_load_was_executed(seen: Seen) -> None:
    held, executed = seen.forge.actions.of_project(seen.project_id).items
    assert (held.state, held.action_type) == (ActionState.HELD, "release_tag")
    assert held.held_until == NOON + timedelta(hours=1)
    assert held.confidence is not None
    assert held.confidence["precedentMatch"] is True
    assert seen.forge.actions.held(until=NOON + timedelta(hours=2)).items == (held,)
    assert (executed.state, executed.action_type) == (ActionState.EXECUTED, "history_load")
    assert executed.description.endswith(": 5 events")


def test_checkpoints_say_how_far_the_history_was_read(seen: Seen) -> None:
    points = seen.forge.checkpoints.of_project(seen.project_id, "git").items
    assert {point.checkpoint_key: point.checkpoint_value for point in points} == {
        "head": "2025-03-01T09:30:00.000Z",
        "tags": "2025-03-01T09:00:00.000Z",
    }


def test_settings_are_there_and_the_remote_is_kept_without_its_password(seen: Seen) -> None:
    assert seen.forge.agent_config.get("polling_interval_minutes").value == 15
    assert seen.forge.agent_config.get("hold_minutes").value == 60
    assert seen.forge.integrations.get("git").status == IntegrationStatus.ACTIVE
    assert seen.forge.integrations.reveal("git") == {
        "remote": "https://example.com/team/gate.git",
        "branch": "main",
    }


def test_what_somebody_has_set_is_left_as_it_is(forge: Forge, portal: Repository) -> None:
    forge.agent_config.set("polling_interval_minutes", None)
    forge.integrations.save("git", {"token": "mine"})

    load_history(forge, portal.path, now=NOON)

    assert forge.agent_config.get("polling_interval_minutes").value is None
    assert forge.integrations.reveal("git") == {"token": "mine"}


def test_nothing_is_held_when_everything_is_released(forge: Forge, repository: Repository) -> None:
    repository.commit("One")
    repository.git("tag", "v1.0.0")

    loaded = load_history(forge, repository.path, now=NOON)

    (action,) = forge.actions.of_project(loaded.project.id).items
    assert (loaded.actions, loaded.escalations, action.state) == (1, 0, ActionState.EXECUTED)


def test_two_repositories_are_two_projects(
    forge: Forge, portal: Repository, tmp_path: Path
) -> None:
    other = Repository.new(tmp_path / "other")
    other.commit("One")

    load_history(forge, portal.path, now=NOON)
    load_history(forge, other.path, now=NOON)

    assert sorted(project.name for project in forge.projects.by_status().items) == [
        "gate",
        "other",
    ]


def test_where_nothing_can_be_encrypted_nothing_is_half_loaded(
    forge: Forge, portal: Repository, embedded: EmbeddedDynamoDB
) -> None:
    without_key = Forge.connect(
        table_name=forge.store.table_name,
        region="us-east-1",
        endpoint_url=embedded.endpoint_url,
        credentials=embedded.credentials,
        clock=lambda: NOON,
    )

    with pytest.raises(ConfigurationError, match="encrypted only"):
        load_history(without_key, portal.path, now=NOON)

    assert forge.projects.by_status().items == ()
    with pytest.raises(ItemNotFoundError):
        forge.integrations.get("git")

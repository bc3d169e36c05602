"""A repository loaded again into a table that already contains it."""

from datetime import timedelta

from autoforge import Forge
from autoforge.demo import load_history
from autoforge.dynamodb.schema.key_value import KeyValue
from tests.demo.repositories import START, Repository, minutes
from tests.factories import NOON

LATER = NOON + timedelta(days=1)


def test_loading_again_changes_nothing(forge: Forge, portal: Repository) -> None:
    project = load_history(forge, portal.path, now=NOON).project
    partition = f"PROJECT#{project.id}"
    before = set(forge.store.keys_in(partition))

    again = load_history(forge, portal.path, now=LATER)

    assert set(forge.store.keys_in(partition)) == before
    assert (again.is_new, again.events, again.expired, again.actions) == (False, 0, 0, 0)
    nothing = "0 events, 0 artefacts, 0 escalations, 0 actions"
    assert again.notes == (f"gate existed already; newer history was added: {nothing}",)


def test_loading_again_adds_only_what_is_newer_and_leaves_what_people_did(
    forge: Forge, portal: Repository
) -> None:
    project = load_history(forge, portal.path, now=NOON).project
    forge.projects.update(project.id, name="Our gate")
    portal.commit("Paint", at=START + minutes(40))
    portal.git("tag", "v1.1.0")

    again = load_history(forge, portal.path, now=LATER)

    assert again.events == 2
    assert forge.projects.get(project.id).name == "Our gate"
    newest = forge.events.of_project(project.id, limit=3).items
    assert [(event.created_at, event.summary) for event in newest] == [
        (LATER, "v1.1.0"),
        (LATER, "Paint"),
        (NOON, "Tell"),
    ]
    points = {
        point.checkpoint_key: point.checkpoint_value
        for point in forge.checkpoints.of_project(project.id).items
    }
    assert points == {"head": "2025-03-01T09:40:00.000Z", "tags": "2025-03-01T09:40:00.000Z"}
    assert load_history(forge, portal.path, now=LATER).events == 0


def test_a_tag_that_was_added_later_is_added_alone(forge: Forge, portal: Repository) -> None:
    project = load_history(forge, portal.path, now=NOON).project
    portal.git("tag", "v1.1.0")

    assert load_history(forge, portal.path, now=LATER).events == 1
    (newest,) = forge.events.of_project(project.id, limit=1).items
    assert (newest.event_type, newest.summary) == ("tag_created", "v1.1.0")


def test_a_history_that_was_taken_back_adds_nothing(forge: Forge, portal: Repository) -> None:
    project = load_history(forge, portal.path, now=NOON).project
    portal.git("reset", "--quiet", "--hard", "HEAD~2")

    assert load_history(forge, portal.path, now=LATER).events == 0
    head = forge.checkpoints.get(project.id, "git", "head")
    assert head.checkpoint_value == "2025-03-01T09:30:00.000Z"


def test_a_load_that_was_cut_off_is_begun_again(forge: Forge, portal: Repository) -> None:
    project = load_history(forge, portal.path, now=NOON).project
    partition = f"PROJECT#{project.id}"
    complete = len(list(forge.store.keys_in(partition)))
    forge.store.delete_all(
        key for key in forge.store.keys_in(partition) if key.sort == "CHECKPOINT#git#head"
    )

    again = load_history(forge, portal.path, now=LATER)

    assert again.is_new
    assert len(list(forge.store.keys_in(partition))) == complete
    assert len(forge.events.feed().items) == again.events


def test_what_a_deletion_that_was_cut_off_has_left_goes_first(
    forge: Forge, portal: Repository
) -> None:
    first = load_history(forge, portal.path, now=NOON)
    partition = f"PROJECT#{first.project.id}"
    forge.store.delete_all([KeyValue(partition, "METADATA")])

    again = load_history(forge, portal.path, now=NOON)

    assert again.is_new
    assert len(forge.events.of_project(first.project.id).items) == first.events


def test_a_project_that_was_deleted_is_loaded_anew(forge: Forge, portal: Repository) -> None:
    project = load_history(forge, portal.path, now=NOON).project
    forge.projects.delete(project.id)

    again = load_history(forge, portal.path, now=NOON)

    assert again.is_new
    assert again.project.id == project.id

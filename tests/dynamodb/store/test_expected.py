"""Writes that expect an item to be unchanged since it was read: no program's edit is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from autoforge.dynamodb.schema.indexes import TTL
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.errors import AutoforgeError, ItemNotFoundError, VersionConflictError
from autoforge.forge import Forge
from autoforge.models import AgentConfig, ArtefactType, Feature, Project, Ticket
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Lose, Pass, injected
from autoforge.testing.recording import watching
from tests.factories import new_id
from tests.stores import put_raw, raw_items

_LOG = ArtefactType.RAID_LOG


def _as_stored(store: Store, id_: str) -> dict[str, Any]:
    (item,) = (each for each in raw_items(store) if each.get("id") == {"S": id_})
    return item


def test_what_is_as_it_was_read_is_changed(forge: Forge) -> None:
    project = forge.projects.create("Portal", config={"n": 1.5, "deep": [{"b": None, "a": ""}]})

    changed = forge.projects.update(project.id, name="Shop", expected=project)
    again = forge.projects.update(project.id, owner_id="ann", expected=changed)
    forge.projects.delete(project.id, expected=again)

    assert (changed.name, again.owner_id) == ("Shop", "ann")
    with pytest.raises(ItemNotFoundError):
        forge.projects.get(project.id)


@pytest.mark.parametrize("changes", [{"name": "Mine"}, {"owner_id": "ann"}], ids=["name", "owner"])
def test_what_was_changed_meanwhile_is_left_alone_and_shown(
    forge: Forge, changes: dict[str, Any]
) -> None:
    read = forge.projects.create("Portal")
    theirs = forge.projects.update(read.id, config={"theirs": 1})

    with pytest.raises(VersionConflictError) as caught:
        forge.projects.update(read.id, expected=read, **changes)
    with pytest.raises(VersionConflictError):
        forge.projects.delete(read.id, expected=read)

    assert caught.value.item == theirs == forge.projects.get(read.id)


def test_what_has_no_version_takes_an_expectation(forge: Forge) -> None:
    project = forge.projects.create("Portal")
    name = new_id()
    none: Callable[[object], bool] = lambda item: item is None  # noqa: E731
    setting = forge.agent_config.set(name, {"n": 1}, expected=none)
    checkpoint = forge.checkpoints.set(project.id, "jira", "sync", "1", expected=none)
    forge.agent_config.set(name, {"n": 2}, expected=setting)
    forge.checkpoints.advance(project.id, "jira", "sync", "2", expected=checkpoint)

    for write in (
        lambda: forge.agent_config.set(name, {"n": 3}, expected=setting),
        lambda: forge.agent_config.set(name, {"n": 3}, expected=none),
        lambda: forge.checkpoints.set(project.id, "jira", "sync", "3", expected=checkpoint),
        lambda: forge.checkpoints.advance(project.id, "jira", "sync", "3", expected=none),
    ):
        with pytest.raises(VersionConflictError):
            write()

    assert forge.agent_config.get(name).value == {"n": 2}
    assert forge.checkpoints.get(project.id, "jira", "sync").checkpoint_value == "2"


def test_a_version_of_another_life_is_not_what_was_read(forge: Forge, clock: Clock) -> None:
    project = forge.projects.create("Portal")
    read = forge.artefacts.create(project.id, _LOG, {"life": 1})
    forge.projects.delete(project.id)
    clock.now += timedelta(milliseconds=1)
    forge.projects.create("Portal", id=project.id)
    anew = forge.artefacts.create(project.id, _LOG, {"life": 2})

    with pytest.raises(VersionConflictError):
        forge.artefacts.update(project.id, _LOG, {"life": 1.5}, expected=read)

    assert (read.version, forge.artefacts.get(project.id, _LOG)) == (anew.version, anew)


def test_a_change_between_looking_and_writing_is_not_overwritten(
    forge: Forge, store: Store
) -> None:
    """Another program, which counts no versions, writes right after the item was read."""
    read = forge.projects.create("Portal", config={"n": 1})

    def meddle(item: Project | None) -> bool:
        if item is not None and item.config == {"n": 1}:
            put_raw(store, {**_as_stored(store, read.id), "config": {"M": {"n": {"N": "2"}}}})
            return True
        return False

    with pytest.raises(VersionConflictError) as caught:
        forge.projects.update(read.id, name="Shop", expected=meddle)

    assert caught.value.item.config == {"n": 2}
    assert forge.projects.get(read.id).name == "Portal"


def test_what_is_deleted_between_looking_and_writing_is_held_against_the_expectation_anew(
    forge: Forge, store: Store
) -> None:
    name = new_id()
    forge.agent_config.set(name, 1)
    seen: list[object] = []

    def delete(item: AgentConfig | None) -> bool:
        seen.append(None if item is None else item.value)
        if item is not None:
            store.write(Delete(AgentConfig, {"config_key": name}))
        return True

    assert forge.agent_config.set(name, 2, expected=delete).value == 2
    assert seen == [1, None]


def test_what_is_past_its_expiry_is_not_there_for_who_expects_it(
    forge: Forge, store: Store
) -> None:
    project = forge.projects.create("Portal")
    put_raw(store, {**_as_stored(store, project.id), TTL: {"N": "1"}})

    with pytest.raises(ItemNotFoundError):
        forge.projects.update(project.id, name="Shop", expected=lambda _: True)
    with pytest.raises(ItemNotFoundError):
        forge.projects.delete(project.id, expected=lambda _: True)


def test_items_of_other_programs_are_changed_as_they_are(forge: Forge, store: Store) -> None:
    """Without versions, with other forms of timestamps and numbers, and with unknown attributes."""
    made = forge.features.create(forge.projects.create("Portal").id, "Sign in")
    theirs = {
        **_as_stored(store, made.id),
        "createdAt": {"S": "2026-02-04T13:00:00+01:00"},
        "steps": {"L": [{"N": "1.50"}, {"M": {}}]},
        "ours": {"S": "unknown"},
    }
    put_raw(store, theirs)
    read = forge.features.get(made.project_id, made.id)

    changed = forge.features.update(made.project_id, made.id, category="auth", expected=read)

    assert (changed.category, changed.unknown) == ("auth", {"ours": "unknown"})
    with pytest.raises(VersionConflictError):
        forge.features.update(made.project_id, made.id, category="other", expected=read)


def test_a_feature_that_changes_right_before_its_claim_is_looked_at_again(forge: Forge) -> None:
    project = forge.projects.create("Portal")
    feature = forge.features.create(project.id, "Sign in")
    seen: list[str] = []

    def edit(item: Feature | None) -> bool:
        assert item is not None
        if not seen:
            forge.features.update(project.id, feature.id, name="Edited")
        seen.append(item.name)
        return True

    claimed = forge.features.claim(project.id, feature.id, "ann", expected=edit)

    assert seen == ["Sign in", "Edited"] == ["Sign in", claimed.name]


def test_a_feature_that_changes_right_before_its_deletion_is_left_to_who_changed_it(
    forge: Forge,
) -> None:
    project = forge.projects.create("Portal")
    feature = forge.features.create(project.id, "Sign in")

    def edit(item: Feature | None) -> bool:
        if item is not None and item.name == "Sign in":
            forge.features.update(project.id, feature.id, name="Edited")
            return True
        return False

    with pytest.raises(VersionConflictError):
        forge.features.delete(project.id, feature.id, expected=edit)

    assert forge.features.get(project.id, feature.id).name == "Edited"


def test_a_ticket_that_changes_right_before_its_sync_is_looked_at_again(
    forge: Forge, store: Store
) -> None:
    project = forge.projects.create("Portal")
    issue = new_id()
    said: dict[str, Any] = {"linear_issue_url": "https://linear.app/L-1", "status": "Todo"}
    read = forge.tickets.sync(project.id, issue, title="Sign in", **said).ticket
    seen: list[str] = []

    def edit(item: Ticket | None) -> bool:
        assert item is not None
        if not seen:
            put_raw(store, {**_as_stored(store, read.id), "title": {"S": "Edited"}})
        seen.append(item.title)
        return True

    synced = forge.tickets.sync(project.id, issue, title="Ours", expected=edit, **said)

    assert (seen, synced.ticket.title) == (["Sign in", "Edited"], "Ours")


def test_a_write_that_is_refused_for_itself_says_so(forge: Forge) -> None:
    project = forge.projects.create("Portal")
    feature = forge.features.create(project.id, "Sign in")
    held = forge.features.claim(project.id, feature.id, "ann", expected=feature)

    with pytest.raises(AutoforgeError, match="is held by ann") as caught:
        forge.features.claim(project.id, feature.id, "bob", expected=held)

    assert not isinstance(caught.value, VersionConflictError)
    assert forge.features.get(project.id, feature.id) == held


def test_an_edit_whose_answer_was_lost_is_made_once(forge: Forge, store: Store) -> None:
    read = forge.agent_config.set(new_id(), 1)
    plan = lambda _, operation: Lose() if operation == "UpdateItem" else Pass()  # noqa: E731

    with injected(store.client, _once(plan)):
        saved = forge.agent_config.set(read.config_key, 2, expected=read)

    assert saved == forge.agent_config.get(read.config_key)
    assert saved.value == 2


def _once(plan: Callable[[int, str], Any]) -> Callable[[int, str], Any]:
    lost: list[int] = []

    def fault(number: int, operation: str) -> Any:
        chosen = plan(number, operation)
        if isinstance(chosen, Lose) and not lost:
            lost.append(number)
            return chosen
        return Pass()

    return fault


def test_a_write_that_expects_nothing_looks_at_nothing(forge: Forge, store: Store) -> None:
    name = new_id()
    forge.agent_config.set(name, 1)

    with watching(store.client) as watched:
        forge.agent_config.set(name, 2)

    assert [operation for operation, _ in watched.sent] == ["UpdateItem"]


@pytest.mark.one_engine
@pytest.mark.parametrize("kind", ["project", "setting", "feature"])
def test_racing_editors_that_expect_what_they_read_lose_no_edit(forge: Forge, kind: str) -> None:
    project = forge.projects.create("Portal", config={})
    name = new_id()
    forge.agent_config.set(name, {})
    feature = forge.features.create(project.id, "Sign in", steps=[])

    def edit_project(mark: str) -> None:
        read: Project = forge.projects.get(project.id, consistent=True)
        config = {**(read.config or {}), mark: True}
        forge.projects.update(project.id, config=config, expected=read)

    def edit_setting(mark: str) -> None:
        read: AgentConfig = forge.agent_config.get(name, consistent=True)
        forge.agent_config.set(name, {**read.value, mark: True}, expected=read)

    def edit_feature(mark: str) -> None:
        read: Feature = forge.features.get(project.id, feature.id, consistent=True)
        steps = [*(read.steps or ()), mark]
        forge.features.update(project.id, feature.id, steps=steps, priority=7, expected=read)

    edit = {"project": edit_project, "setting": edit_setting, "feature": edit_feature}[kind]

    def work(who: int) -> None:
        made = 0
        while made < 8:
            try:
                edit(f"{who}-{made}")
            except VersionConflictError:
                continue
            made += 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    marks = {
        "project": set(forge.projects.get(project.id, consistent=True).config or ()),
        "setting": set(forge.agent_config.get(name, consistent=True).value),
        "feature": set(forge.features.get(project.id, feature.id, consistent=True).steps or ()),
    }[kind]
    assert marks == {f"{who}-{made}" for who in range(4) for made in range(8)}

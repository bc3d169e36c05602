"""Agents are created, found and changed, and their status follows their runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from autoforge.access.agents import AgentById, AgentsByStatus, AgentsOfProject, update_agent
from autoforge.dynamodb.schema.indexes import TTL
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import InvalidValueError, ItemExistsError, ItemNotFoundError
from autoforge.forge import Forge
from autoforge.models import Agent, AgentRole, AgentStatus
from autoforge.testing.clock import Clock
from tests.factories import NOON, an_agent, new_id
from tests.stores import put_raw


def test_a_new_agent_is_idle_and_has_the_values_given(forge: Forge) -> None:
    project = forge.projects.create("Portal")

    agent = forge.agents.create(project.id, "reviewer-1", role=AgentRole.REVIEWER, id="reviewer")

    assert agent == Agent(
        id="reviewer",
        project_id=project.id,
        name="reviewer-1",
        role=AgentRole.REVIEWER,
        status=AgentStatus.IDLE,
        creation=agent.creation,
        created_at=NOON,
        updated_at=NOON,
    )
    assert forge.agents.get(project.id, "reviewer") == agent


def test_an_agent_is_a_coder_with_an_id_of_its_own_unless_said(forge: Forge) -> None:
    project = forge.projects.create("Portal")

    one, other = (forge.agents.create(project.id, "coder") for _ in range(2))

    assert one.role == AgentRole.CODER
    assert one.id < other.id
    assert forge.agents.of_project(project.id).items == (one, other)
    assert forge.agents.of_project(project.id, order="desc", limit=1).items == (other,)


def test_no_agent_is_created_in_a_project_that_is_not_there(forge: Forge) -> None:
    project_id = new_id()

    with pytest.raises(ItemNotFoundError, match="Project"):
        forge.agents.create(project_id, "coder")

    assert forge.agents.of_project(project_id).items == ()


def test_an_id_that_is_taken_is_refused(forge: Forge) -> None:
    project = forge.projects.create("Portal")
    agent = forge.agents.create(project.id, "one", id="coder")

    with pytest.raises(ItemExistsError) as caught:
        forge.agents.create(project.id, "other", id="coder")

    assert caught.value.item == agent == forge.agents.get(project.id, "coder")


def test_an_agent_of_another_program_is_the_same_if_it_has_what_it_is_created_with(
    forge: Forge, store: Store
) -> None:
    project = forge.projects.create("Portal")
    theirs = an_agent(project_id=project.id, id="coder", name="coder", role=AgentRole.CODER)
    put_raw(store, theirs.to_item())

    assert forge.agents.create(project.id, "coder", id="coder") == theirs
    with pytest.raises(ItemExistsError):
        forge.agents.create(project.id, "another", id="coder")


def test_an_agent_past_its_expiry_is_not_the_one_that_is_created_again(
    forge: Forge, store: Store
) -> None:
    project = forge.projects.create("Portal")
    agent = forge.agents.create(project.id, "coder", id="coder")
    put_raw(store, {**agent.to_item(), TTL: {"N": "1"}})

    with pytest.raises(ItemExistsError):
        forge.agents.create(project.id, "coder", id="coder")


def test_an_agent_is_found_in_the_status_that_it_was_changed_to(forge: Forge, clock: Clock) -> None:
    project = forge.projects.create("Portal")
    agent = forge.agents.create(project.id, "coder")
    clock.now = NOON + timedelta(minutes=1)

    changed = forge.agents.update(
        project.id,
        agent.id,
        name="tester",
        role=AgentRole.TESTER,
        status=AgentStatus.STOPPED,
        current_feature_id="feature",
    )

    assert changed == Agent(
        id=agent.id,
        project_id=project.id,
        name="tester",
        role=AgentRole.TESTER,
        status=AgentStatus.STOPPED,
        current_feature_id="feature",
        creation=agent.creation,
        created_at=NOON,
        updated_at=clock.now,
    )
    assert forge.agents.by_status(project.id, AgentStatus.STOPPED).items == (changed,)
    assert forge.agents.by_status(project.id, AgentStatus.IDLE).items == ()
    assert forge.agents.update(project.id, agent.id, current_feature_id=None) == Agent(
        **{**changed.attribute_values, "current_feature_id": None}
    )


def test_an_agent_that_is_not_there_is_not_changed(store: Store) -> None:
    project_id, agent_id = new_id(), new_id()

    with pytest.raises(ItemNotFoundError, match="Agent"):
        store.save(update_agent(project_id, agent_id, {"name": "x"}, at=NOON))

    assert store.get(AgentById(project_id, agent_id)) is None


@pytest.mark.parametrize("changes", [{"status": "asleep"}, {"role": None}, {"id": "other"}])
def test_a_change_that_no_agent_can_have_changes_nothing(
    store: Store, changes: dict[str, str]
) -> None:
    agent = store.save(Put(an_agent()))

    with pytest.raises(InvalidValueError):
        store.save(update_agent(agent.project_id, agent.id, changes, at=NOON))

    assert store.page(AgentsOfProject(agent.project_id), limit=2).items == (agent,)
    assert store.page(AgentsByStatus(agent.project_id, agent.status), limit=2).items == (agent,)

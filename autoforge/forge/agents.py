"""``forge.agents``: the agents of a project."""

from __future__ import annotations

from typing import Literal, TypedDict, Unpack

from autoforge.access.agents import AgentById, AgentsByStatus, AgentsOfProject, update_agent
from autoforge.access.creation import create
from autoforge.access.runs.patterns import RunsOfAgent
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.agents import Agent, AgentRole, AgentStatus
from autoforge.models.runs import AgentRun


class AgentUpdate(TypedDict, total=False):
    """The attributes of an agent that can be changed."""

    name: str
    role: AgentRole
    status: AgentStatus
    current_feature_id: str | None


class Agents(Resource):
    """Creates, reads and changes the agents that work on projects."""

    def create(
        self,
        project_id: str,
        name: str,
        *,
        role: AgentRole = AgentRole.CODER,
        id: str | None = None,  # noqa: A002 - the attribute's name
    ) -> Agent:
        """Create an idle agent; its id is minted unless given.

        A repeated creation with the same id and content returns the stored agent.

        Raises:
            ItemExistsError: if an agent with other content has the id.
            ItemNotFoundError: if there is no such project.
            InvalidValueError: if a value cannot be stored.
        """
        self._require_project(project_id)
        now = self._now()
        agent = Agent(
            id=self._context.new_id(now) if id is None else id,
            project_id=project_id,
            name=name,
            role=role,
            created_at=now,
            updated_at=now,
        )
        return create(self._store, agent)

    def get(self, project_id: str, agent_id: str, *, consistent: bool = False) -> Agent:
        """Return an agent.

        Raises:
            ItemNotFoundError: if there is no such agent.
        """
        return self._store.require(AgentById(project_id, agent_id), consistent=consistent)

    def of_project(
        self,
        project_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Agent]:
        """Return a page of a project's agents, in the order of their ids."""
        query = AgentsOfProject(project_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def by_status(
        self,
        project_id: str,
        status: AgentStatus,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Agent]:
        """Return a page of a project's agents in a status, in the order of their ids."""
        query = AgentsByStatus(project_id, status, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def update(
        self,
        project_id: str,
        agent_id: str,
        *,
        expected: Expected[Agent] | None = None,
        **changes: Unpack[AgentUpdate],
    ) -> Agent:
        """Change attributes of an agent.

        When a run of the agent ends, a status other than ``running`` stays as it was set here.

        Args:
            project_id: The project.
            agent_id: The agent.
            expected: The agent as the caller read it, or a test that it must pass; None to accept
                any state.
            **changes: The attributes and their new values; None removes the current feature.

        Raises:
            VersionConflictError: if it is not as expected; ``item`` is the agent.
            ItemNotFoundError: if there is no such agent.
            InvalidValueError: if a value cannot be stored.
        """
        write = update_agent(project_id, agent_id, changes, at=self._now())
        return save_as_expected(self._store, write, expected)

    def runs(
        self,
        agent_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[AgentRun]:
        """Return a page of an agent's runs, newest first."""
        return self._store.page(RunsOfAgent(agent_id, order=order), limit=limit, cursor=cursor)

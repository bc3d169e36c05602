"""Routes of agents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from pydantic import Field

from autoforge.access.agents import AgentById, AgentsByStatus, AgentsOfProject
from autoforge.access.projects.patterns import ProjectById
from autoforge.forge import Forge
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import ProjectId, id_in_path
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.schemas import (
    ID_PATTERN,
    Body,
    Changes,
    ItemView,
    PageView,
    Timestamp,
    left_out,
)
from autoforge.http.idempotency import Once, placed, repeatable
from autoforge.models.agents import AgentRole, AgentStatus

AgentId = Annotated[str, id_in_path("agentId", "01KGKR2T40V3M1Q5C8Y7D2N6XA")]

_AGENT: dict[str, Any] = {
    "id": "01KGKR2T40V3M1Q5C8Y7D2N6XA",
    "projectId": "550e8400-e29b-41d4-a716-446655440000",
    "name": "coder-1",
    "role": "coder",
    "status": "running",
    "currentFeatureId": "01KGKR2T40B9E4H6J8K0M2P4R6",
    "currentRunId": "01KGKR2T40F7T9V1X3Z5A7C9E1",
    "createdAt": "2026-02-01T00:00:00.000Z",
    "updatedAt": "2026-02-04T10:30:00.000Z",
}


class AgentView(ItemView):
    """Who works on a project, and what on."""

    example = _AGENT

    id: str
    project_id: str
    name: str
    role: AgentRole
    status: AgentStatus
    current_feature_id: str | None
    current_run_id: str | None
    created_at: Timestamp
    updated_at: Timestamp


class AgentPage(PageView):
    """Some agents, and where the next ones begin."""

    example = {"items": [_AGENT], "nextCursor": None}

    items: tuple[AgentView, ...]
    next_cursor: str | None


class NewAgent(Body):
    """An agent to create."""

    example = {"name": "coder-1", "role": "coder"}

    name: str = Field(min_length=1, max_length=200)
    role: AgentRole = AgentRole.CODER
    id: str | None = Field(default=None, pattern=ID_PATTERN)


class AgentChanges(Changes):
    """Attributes of an agent to change; null removes the current feature."""

    example = {"status": "stopped", "currentFeatureId": None}

    name: str = Field(default_factory=left_out, min_length=1, max_length=200)
    role: AgentRole = Field(default_factory=left_out)
    status: AgentStatus = Field(default_factory=left_out)
    current_feature_id: str | None = Field(default_factory=left_out, pattern=ID_PATTERN)


class AgentController(Controller):
    """Who works on a project."""

    path = "/projects/{projectId:str}/agents"
    tags = ["agents"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_agents(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
        status: Annotated[
            AgentStatus | None,
            QueryParameter(name="status", description="Only agents in this status."),
        ] = None,
    ) -> Response[AgentPage]:
        """List a project's agents, all or those in a status, in the order of their ids."""
        query = (
            AgentsOfProject(project_id, order=paging.order)
            if status is None
            else AgentsByStatus(project_id, status, order=paging.order)
        )
        return paging.answer(query, AgentPage, under=ProjectById(project_id))

    @post(
        "",
        sync_to_thread=True,
        responses=repeatable(HTTPStatus.NOT_FOUND),
    )
    def create_agent(
        self,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        project_id: ProjectId,
        data: JSONBody[NewAgent],
    ) -> Response[AgentView]:
        """Create an agent, which is idle until it starts a run."""
        return once.one(
            lambda forge: forge.agents.create(project_id, **dict(data)),
            lambda agent_id: forge.agents.get(project_id, agent_id, consistent=True),
            lambda agent: placed(
                AgentView.of(agent), f"/projects/{agent.project_id}/agents/{agent.id}"
            ),
        )

    @get("/{agentId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_agent(
        self, forge: NamedDependency[Forge], project_id: ProjectId, agent_id: AgentId
    ) -> Response[AgentView]:
        """Get an agent."""
        return answer(forge.store, AgentById(project_id, agent_id), AgentView)

    @patch("/{agentId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def change_agent(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        agent_id: AgentId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[AgentChanges],
    ) -> AgentView:
        """Change attributes of an agent."""
        expected = preconditions.on(AgentView)
        return AgentView.of(
            forge.agents.update(project_id, agent_id, expected=expected, **data.given())
        )

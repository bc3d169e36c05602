"""Routes of runs.

An output may exceed 360 KB, so only the GET of the run shows it. Lists and the responses to reports
omit it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, Self

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from pydantic import Field, model_validator

from autoforge.access.features.patterns import FeatureById
from autoforge.access.projects.patterns import ProjectById
from autoforge.access.runs.patterns import (
    ActiveRuns,
    RunById,
    RunsOfAgent,
    RunsOfFeature,
    RunsOfProject,
)
from autoforge.forge import Forge
from autoforge.http.agents import AgentId
from autoforge.http.api.bodies import DOCUMENT_BODY
from autoforge.http.api.paging import Paging, answer
from autoforge.http.api.parameters import FeatureId, ProjectId, id_in_path
from autoforge.http.api.preconditions import Preconditions
from autoforge.http.api.problem import responses
from autoforge.http.api.responses import JsonResponse
from autoforge.http.api.schemas import (
    ID_PATTERN,
    Body,
    Changes,
    ItemView,
    PageView,
    Timestamp,
    View,
    left_out,
)
from autoforge.http.idempotency import Once, repeatable
from autoforge.models.agents import AgentRole
from autoforge.models.runs import AgentRun, RunStatus

RunId = Annotated[str, id_in_path("runId", "01KGKR2T40F7T9V1X3Z5A7C9E1")]

#: The most characters of a summary or an error message; both fit beside the longest output.
_TEXT_LIMIT: Final = 4000

#: The path segment of the active runs, in the place of a run's id.
_ACTIVE: Final = "active"

_RUN: dict[str, Any] = {
    "id": "01KGKR2T40F7T9V1X3Z5A7C9E1",
    "projectId": "550e8400-e29b-41d4-a716-446655440000",
    "agentId": "01KGKR2T40V3M1Q5C8Y7D2N6XA",
    "featureId": "01KGKR2T40B9E4H6J8K0M2P4R6",
    "role": "coder",
    "status": "completed",
    "outputSummary": "Sign-in with a passkey works; 12 tests pass",
    "errorMessage": None,
    "startedAt": "2026-02-04T10:30:00.000Z",
    "completedAt": "2026-02-04T10:42:30.500Z",
    "durationMs": 750500,
    "updatedAt": "2026-02-04T10:42:30.500Z",
}


class RunView(View):
    """What an agent did on a feature, without what it put out."""

    example = _RUN

    id: str
    project_id: str
    agent_id: str
    feature_id: str
    role: AgentRole
    status: RunStatus
    output_summary: str | None
    error_message: str | None
    started_at: Timestamp
    completed_at: Timestamp | None
    duration_ms: int | None
    updated_at: Timestamp | None


class RunWithOutputView(RunView, ItemView):
    """What an agent did on a feature, with what it put out."""

    example = {**_RUN, "output": "Reading the feature\n12 passed\n"}

    output: str | None


class RunPage(PageView):
    """Some runs, and where the next ones begin."""

    example = {"items": [_RUN], "nextCursor": None}

    items: tuple[RunView, ...]
    next_cursor: str | None


class NewRun(Body):
    """A run to start."""

    example = {"agentId": _RUN["agentId"], "featureId": _RUN["featureId"], "role": "coder"}

    agent_id: str = Field(pattern=ID_PATTERN)
    feature_id: str = Field(pattern=ID_PATTERN)
    role: AgentRole | None = None
    id: str | None = Field(
        default=None, pattern=ID_PATTERN, json_schema_extra={"not": {"const": _ACTIVE}}
    )
    mark_agent: bool = Field(default=True, strict=True)

    @model_validator(mode="after")
    def require_another_id(self) -> Self:
        """Refuse the id whose path lists the active runs."""
        if self.id == _ACTIVE:
            raise ValueError(
                f"the id is {_ACTIVE!r}, which is reserved for the list of active runs"
            )
        return self


class RunReport(Changes):
    """What to change of an active run; null removes one that may be absent."""

    example = {
        "status": "testing",
        "appendOutput": "12 passed\n",
        "keepTail": True,
        "reportId": "01KGKR2T40H5J7M9P1R3T5V7X9",
    }

    status: Literal[
        RunStatus.STARTED,
        RunStatus.THINKING,
        RunStatus.CODING,
        RunStatus.TESTING,
        RunStatus.REVIEWING,
    ] = Field(default_factory=left_out)
    output_summary: str | None = Field(default_factory=left_out, max_length=_TEXT_LIMIT)
    error_message: str | None = Field(default_factory=left_out, max_length=_TEXT_LIMIT)
    append_output: str = Field(
        default_factory=left_out, description="Text to append to the output."
    )
    keep_tail: bool = Field(
        default_factory=left_out,
        strict=True,
        description="Whether to drop the oldest output where it would not fit.",
    )
    report_id: str | None = Field(
        default_factory=left_out,
        pattern=ID_PATTERN,
        description="Names the report: sent again under the same id it is made once.",
    )

    def changes(self) -> dict[str, Any]:
        """Return the fields that the client sent, as ``forge.runs.report`` takes them."""
        given = self.given()
        if "append_output" in given:
            given["output"] = given.pop("append_output")
        return given


class RunOutcome(Body):
    """How a run ended."""

    example = {"status": "completed", "outputSummary": _RUN["outputSummary"]}

    status: Literal[RunStatus.COMPLETED, RunStatus.FAILED]
    output_summary: str | None = Field(default=None, max_length=_TEXT_LIMIT)
    error_message: str | None = Field(default=None, max_length=_TEXT_LIMIT)


class ProjectRunController(Controller):
    """The runs of a project."""

    path = "/projects/{projectId:str}/runs"
    tags = ["runs"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_project_runs(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
    ) -> Response[RunPage]:
        """List a project's runs without their outputs, newest first."""
        return paging.answer(
            RunsOfProject(project_id, order=paging.order), RunPage, under=ProjectById(project_id)
        )

    @post(
        "",
        sync_to_thread=True,
        responses=repeatable(HTTPStatus.NOT_FOUND),
    )
    def start_run(
        self,
        forge: NamedDependency[Forge],
        once: NamedDependency[Once],
        project_id: ProjectId,
        data: JSONBody[NewRun],
    ) -> Response[RunView]:
        """Start a run; sent again with the same id and values, it is still one run."""
        return once.one(
            lambda forge: forge.runs.start(project_id, **dict(data)),
            lambda run_id: forge.runs.get(project_id, run_id, consistent=True),
            lambda run: _without_output(
                run,
                status_code=HTTPStatus.CREATED,
                location=f"/projects/{run.project_id}/runs/{run.id}",
            ),
        )

    @get(f"/{_ACTIVE}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_active_runs(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
    ) -> Response[RunPage]:
        """List a project's active runs without their outputs, newest first."""
        return paging.answer(
            ActiveRuns(project_id, order=paging.order), RunPage, under=ProjectById(project_id)
        )

    @get("/{runId:str}", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def get_run(
        self, forge: NamedDependency[Forge], project_id: ProjectId, run_id: RunId
    ) -> Response[RunWithOutputView]:
        """Get a run with its output."""
        return answer(forge.store, RunById(project_id, run_id), RunWithOutputView)

    @patch(
        "/{runId:str}",
        sync_to_thread=True,
        request_max_body_size=DOCUMENT_BODY,
        responses=responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )
    def report_run(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        run_id: RunId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[RunReport],
    ) -> Response[RunView]:
        """Say which phase an active run is in, and append to its output."""
        expected = preconditions.on(RunWithOutputView)
        run = forge.runs.report(project_id, run_id, expected=expected, **data.changes())
        return _without_output(run)

    @post(
        "/{runId:str}/finish",
        sync_to_thread=True,
        status_code=HTTPStatus.OK,
        responses=responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )
    def finish_run(
        self,
        forge: NamedDependency[Forge],
        project_id: ProjectId,
        run_id: RunId,
        preconditions: NamedDependency[Preconditions],
        data: JSONBody[RunOutcome],
    ) -> Response[RunView]:
        """End a run for good; of two that end it differently, the second learns of the first."""
        expected = preconditions.on(RunWithOutputView)
        run = forge.runs.finish(project_id, run_id, expected=expected, **dict(data))
        return _without_output(run)


class FeatureRunController(Controller):
    """The runs of a feature."""

    path = "/projects/{projectId:str}/features/{featureId:str}/runs"
    tags = ["runs"]

    @get("", sync_to_thread=True, responses=responses(HTTPStatus.NOT_FOUND))
    def list_feature_runs(
        self,
        paging: NamedDependency[Paging],
        project_id: ProjectId,
        feature_id: FeatureId,
    ) -> Response[RunPage]:
        """List a feature's runs without their outputs, newest first."""
        query = RunsOfFeature(project_id, feature_id, order=paging.order)
        return paging.answer(query, RunPage, under=FeatureById(project_id, feature_id))


class AgentRunController(Controller):
    """The runs of an agent."""

    path = "/agents/{agentId:str}/runs"
    tags = ["runs"]

    @get("", sync_to_thread=True, responses=responses())
    def list_agent_runs(
        self,
        paging: NamedDependency[Paging],
        agent_id: AgentId,
    ) -> Response[RunPage]:
        """List an agent's runs without their outputs, newest first."""
        return paging.answer(RunsOfAgent(agent_id, order=paging.order), RunPage)


def _without_output(
    run: AgentRun, *, status_code: int = HTTPStatus.OK, **headers: str
) -> Response[RunView]:
    """Answer with a run as lists show it, and with the ETag of its own GET."""
    headers["etag"] = RunWithOutputView.of(run).tag()
    return JsonResponse(RunView.of(run), status_code=status_code, headers=headers)

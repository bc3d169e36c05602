"""Routes about the service itself: health, readiness, and the access patterns."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Literal

from litestar import get
from litestar.di import NamedDependency

from autoforge.access.catalogue import CATALOGUE
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.errors import UnavailableError
from autoforge.forge import Forge
from autoforge.http.api.problem import responses
from autoforge.http.api.schemas import View


class Health(View):
    """The service answers."""

    example = {"status": "ok"}

    status: Literal["ok"] = "ok"


class ParameterView(View):
    """A parameter of an access pattern."""

    example = {"name": "projectId", "type": "text", "required": True}

    name: str
    type: str
    required: bool


class PatternView(View):
    """An access pattern, as the catalogue describes it."""

    example = {
        "name": "ArtefactsOfProject",
        "question": "Which artefacts has this project, by type?",
        "notes": "",
        "source": "Database analysis §4.1, get all artefacts for project",
        "operation": "Query",
        "index": "table",
        "keyConditions": {"": "PK = PROJECT#<projectId> AND begins_with(SK, ARTEFACT#)"},
        "order": "SK ascending",
        "consistent": True,
        "requests": 1,
        "parameters": [ParameterView.example],
        "answers": ["Artefact"],
    }

    name: str
    question: str
    notes: str
    source: str
    operation: str
    index: str
    key_conditions: dict[str, str]
    order: str
    consistent: bool
    requests: int
    parameters: tuple[ParameterView, ...]
    answers: tuple[str, ...]


class PatternList(View):
    """Every access pattern."""

    example = {"items": [PatternView.example], "nextCursor": None}

    items: tuple[PatternView, ...]
    next_cursor: None = None


@get("/health", tags=["service"], sync_to_thread=False)
def get_health() -> Health:
    """Tell that the process answers; DynamoDB is not asked."""
    return Health()


@get(
    "/ready",
    tags=["service"],
    sync_to_thread=True,
    responses={HTTPStatus.SERVICE_UNAVAILABLE: responses()[HTTPStatus.SERVICE_UNAVAILABLE]},
)
def get_readiness(forge: NamedDependency[Forge]) -> Health:
    """Tell whether the table can be read and written."""
    if not forge.store.is_ready():
        raise UnavailableError(f"table {forge.store.table_name} is not active")
    return Health()


@get("/patterns", tags=["service"], sync_to_thread=False)
def list_patterns() -> PatternList:
    """List every access pattern with its key condition."""
    return PatternList.model_validate({"items": [asdict(entry(each)) for each in CATALOGUE]})

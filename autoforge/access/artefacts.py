"""Artefacts: what is asked of them, and how their versions follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pynamodb.expressions.operand import Path

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.writes.update import Update
from autoforge.models.artefacts import Artefact, ArtefactType

_CONTENT: Final = Path(Artefact.content)
_PREVIOUS: Final = Path(Artefact.previous_version)


@dataclass(frozen=True)
class ArtefactOfProject(Get[Artefact]):
    """What is this project's artefact of this type?"""

    source = "Database analysis §4.1, get specific artefact"
    key = Artefact.key

    project_id: str
    type: ArtefactType


@dataclass(frozen=True)
class ArtefactsOfProject(Query[Artefact]):
    """Which artefacts has this project, by type?"""

    source = "Database analysis §4.1, get all artefacts for project"
    key = Artefact.key

    project_id: str


def update_artefact(
    project_id: str,
    type: ArtefactType,  # noqa: A002 - the attribute's name
    content: Mapping[str, Any],
    *,
    expected_version: int | None,
    at: datetime,
) -> Update[Artefact]:
    """Replace the content, keeping what it replaces, in one request.

    Args:
        project_id: The project.
        type: Which of its artefacts.
        content: The new content.
        expected_version: The version the caller read; None to replace whatever is there.
        at: The moment of the write.
    """
    return Update(
        Artefact,
        {"project_id": project_id, "type": type},
        at,
        values={"content": content},
        actions=[_PREVIOUS.set(_CONTENT)],
        expected_version=expected_version,
        increments_version=True,
    )


def revert_artefact(
    project_id: str,
    type: ArtefactType,  # noqa: A002 - the attribute's name
    *,
    expected_version: int | None,
    at: datetime,
) -> Update[Artefact]:
    """Swap the content and the one before it, in one request; reverting twice changes nothing."""
    return Update(
        Artefact,
        {"project_id": project_id, "type": type},
        at,
        actions=[_CONTENT.set(_PREVIOUS), _PREVIOUS.set(_CONTENT)],
        condition=Artefact.previous_version.is_type(),
        requires="one with a version before it",
        expected_version=expected_version,
        increments_version=True,
    )

"""Patterns of artefacts, and the writes that replace and revert their content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.writes.update import Update
from autoforge.models.artefacts import Artefact, ArtefactType


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
    """Replace the content and keep the replaced one as the previous version, in one request.

    Args:
        project_id: The project.
        type: The artefact's type.
        content: The new content.
        expected_version: The version the caller read; None to replace any version.
        at: The time of the write.
    """
    return Update(
        Artefact,
        {"project_id": project_id, "type": type},
        at,
        changes=[Artefact.content.set(content), Artefact.previous_version.copy(Artefact.content)],
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
    """Swap the current and the previous content in one request; a second revert undoes it."""
    return Update(
        Artefact,
        {"project_id": project_id, "type": type},
        at,
        changes=[
            Artefact.content.copy(Artefact.previous_version),
            Artefact.previous_version.copy(Artefact.content),
        ],
        requires="only an artefact that was updated can be reverted",
        found=lambda _: "has no previous version",
        expected_version=expected_version,
        increments_version=True,
    )

"""``forge.artefacts``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from autoforge.access.artefacts import (
    ArtefactOfProject,
    ArtefactsOfProject,
    revert_artefact,
    update_artefact,
)
from autoforge.dynamodb.patterns.query import Page
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.dynamodb.writes.write import Put
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.artefacts import Artefact, ArtefactType


class Artefacts(Resource):
    """The documents of projects, with their versions."""

    def create(
        self,
        project_id: str,
        type: ArtefactType,  # noqa: A002 - the attribute's name
        content: Mapping[str, Any],
    ) -> Artefact:
        """Create a project's artefact of a type, in version 1.

        Raises:
            ItemExistsError: if there is one already; ``update`` replaces its content.
            ItemNotFoundError: if there is no such project.
        """
        self._require_project(project_id)
        now = self._now()
        artefact = Artefact(
            id=self._tools.new_id(now),
            project_id=project_id,
            type=type,
            content=content,
            created_at=now,
            updated_at=now,
        )
        return self._store.save(Put(artefact))

    def get(self, project_id: str, type: ArtefactType, *, consistent: bool = False) -> Artefact:  # noqa: A002
        """Return a project's artefact of a type.

        Raises:
            ItemNotFoundError: if there is none.
        """
        return self._store.require(ArtefactOfProject(project_id, type), consistent=consistent)

    def of_project(
        self,
        project_id: str,
        *,
        order: Literal["asc", "desc"] | None = None,
        limit: int = PAGE_SIZE,
        cursor: str | None = None,
    ) -> Page[Artefact]:
        """Return a page of a project's artefacts, by type."""
        query = ArtefactsOfProject(project_id, order=order)
        return self._store.page(query, limit=limit, cursor=cursor)

    def update(
        self,
        project_id: str,
        type: ArtefactType,  # noqa: A002 - the attribute's name
        content: Mapping[str, Any],
        *,
        expected_version: int | None = None,
        expected: Expected[Artefact] | None = None,
    ) -> Artefact:
        """Replace the content of an artefact; what it replaces becomes the previous version.

        Args:
            project_id: The project.
            type: Which of its artefacts.
            content: The new content.
            expected_version: The version the caller read; None to replace whatever is there.
                An artefact that was deleted and made anew counts from 1 again.
            expected: The artefact as the caller read it, or a test that it must pass.

        Raises:
            VersionConflictError: if the artefact is in another version; it carries the artefact.
            ItemNotFoundError: if there is none.
        """
        write = update_artefact(
            project_id, type, content, expected_version=expected_version, at=self._now()
        )
        return save_as_expected(self._store, write, expected)

    def revert(
        self,
        project_id: str,
        type: ArtefactType,  # noqa: A002 - the attribute's name
        *,
        expected_version: int | None = None,
        expected: Expected[Artefact] | None = None,
    ) -> Artefact:
        """Swap the content and the previous version; the version goes up as with any change.

        Args:
            project_id: The project.
            type: Which of its artefacts.
            expected_version: The version the caller read; None to revert whatever is there.
            expected: The artefact as the caller read it, or a test that it must pass.

        Raises:
            ConditionFailedError: if there is no previous version.
            VersionConflictError: if the artefact is not as expected; it carries the artefact.
            ItemNotFoundError: if there is none.
        """
        write = revert_artefact(project_id, type, expected_version=expected_version, at=self._now())
        return save_as_expected(self._store, write, expected)

"""``forge.artefacts``: the documents of projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from autoforge.access.artefacts import (
    ArtefactOfProject,
    ArtefactsOfProject,
    revert_artefact,
    update_artefact,
)
from autoforge.dynamodb.patterns.page import Page
from autoforge.dynamodb.store.expected import Expected, save_as_expected
from autoforge.dynamodb.writes.put import Put
from autoforge.forge.resource import PAGE_SIZE, Resource
from autoforge.models.artefacts import Artefact, ArtefactType


class Artefacts(Resource):
    """Creates, reads, updates and reverts the artefacts of projects."""

    def create(
        self,
        project_id: str,
        type: ArtefactType,  # noqa: A002 - the attribute's name
        content: Mapping[str, Any],
    ) -> Artefact:
        """Create a project's artefact of a type, in version 1.

        Raises:
            ItemExistsError: if the project has an artefact of the type; ``update`` replaces its
                content.
            ItemNotFoundError: if there is no such project.
        """
        self._require_project(project_id)
        now = self._now()
        artefact = Artefact(
            id=self._context.new_id(now),
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
            ItemNotFoundError: if there is no such artefact.
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
        """Replace the content of an artefact; the replaced content becomes the previous version.

        Args:
            project_id: The project.
            type: The artefact's type.
            content: The new content.
            expected_version: The version the caller read; None to accept any. An artefact that
                was deleted and created again starts at version 1.
            expected: The artefact as the caller read it, or a test that it must pass; None to
                accept any state.

        Raises:
            VersionConflictError: if the artefact is in another version, or not as expected;
                ``item`` is the artefact.
            ItemNotFoundError: if there is no such artefact.
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
        """Swap the current and the previous content; the version goes up by 1.

        Args:
            project_id: The project.
            type: The artefact's type.
            expected_version: The version the caller read; None to accept any.
            expected: The artefact as the caller read it, or a test that it must pass; None to
                accept any state.

        Raises:
            ConditionFailedError: if there is no previous version.
            VersionConflictError: if the artefact is in another version, or not as expected;
                ``item`` is the artefact.
            ItemNotFoundError: if there is no such artefact.
        """
        write = revert_artefact(project_id, type, expected_version=expected_version, at=self._now())
        return save_as_expected(self._store, write, expected)

"""The update of a feature's descriptive attributes, such as its name and its priority."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autoforge.access.features.patterns import FeatureById
from autoforge.access.features.transitions import Transition
from autoforge.dynamodb.store.connection import StaleReadError
from autoforge.dynamodb.store.expected import Expected, save_as_expected, seen_as_expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.false_condition import changed_since_read
from autoforge.errors import ConditionFailedError, VersionConflictError
from autoforge.models.features import Feature


@dataclass(frozen=True)
class ChangeFeature:
    """Changes attributes of a feature; its key in the index by status follows.

    Args:
        project_id: The project.
        feature_id: The feature.
        changes: The attributes and their new values; None removes an attribute.
        at: The time of the write.
        expected_version: The version that the caller read; None to accept any.
        expected: The state that the caller expects of the feature; None to accept any.
    """

    project_id: str
    feature_id: str
    changes: Mapping[str, Any]
    at: datetime
    expected_version: int | None = None
    expected: Expected[Feature] | None = None

    def run(self, store: Store) -> Feature:
        """Change the feature, and return the stored feature.

        Raises:
            VersionConflictError: if it is in another version than the caller read, or not as
                expected.
            ItemNotFoundError: if there is no such feature.
        """
        if "priority" not in self.changes:
            return save_as_expected(store, self._write({}), self.expected)
        # The index key is rendered from the priority and from what the feature waits for.
        pattern = FeatureById(self.project_id, self.feature_id)

        def attempt() -> Feature:
            seen = seen_as_expected(store, pattern, self.expected, at=self.at)
            write = self._write({"waiting_on": seen.item.waiting_on})
            try:
                return store.save(seen.if_unchanged(write))
            except VersionConflictError:
                raise
            except ConditionFailedError as error:
                raise StaleReadError from error

        return store.retry_on_conflict(f"feature {self.feature_id}", attempt)

    def _write(self, given: Mapping[str, Any]) -> Transition:
        return Transition(
            Feature,
            {"project_id": self.project_id, "id": self.feature_id},
            self.at,
            changes=self.changes,
            expected=given,
            expected_version=self.expected_version,
            increments_version=True,
            found=changed_since_read,
        )

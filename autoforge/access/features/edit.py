"""The change of what a feature says of itself: its name, its priority and the like."""

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
from autoforge.errors import ConditionFailedError, VersionConflictError
from autoforge.models.features import Feature


@dataclass(frozen=True)
class ChangeFeature:
    """Change attributes of a feature; its place among those of its status goes with them.

    Args:
        project_id: The project.
        feature_id: The feature.
        changes: The attributes and their new values; None removes one.
        at: The moment.
        expected_version: The version the caller read; None to change whatever is there.
        expected: What the feature is expected to be; None to change whatever is there.
    """

    project_id: str
    feature_id: str
    changes: Mapping[str, Any]
    at: datetime
    expected_version: int | None = None
    expected: Expected[Feature] | None = None

    def run(self, store: Store) -> Feature:
        """Change it, and return the feature as it then is.

        Raises:
            VersionConflictError: if it is in another version than the caller read, or not as
                expected.
            ItemNotFoundError: if there is no such feature.
        """
        if "priority" not in self.changes:
            return save_as_expected(store, self._write({}), self.expected)
        # Where the feature stands follows from its priority and from what it waits for.
        pattern = FeatureById(self.project_id, self.feature_id)

        def attempt() -> Feature:
            seen = seen_as_expected(store, pattern, self.expected, at=self.at)
            write = self._write({"waiting_on": seen.item.waiting_on})
            try:
                return store.save(seen.fence(write))
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
            values=self.changes,
            expected=given,
            expected_version=self.expected_version,
            increments_version=True,
            requires="as it was read",
        )

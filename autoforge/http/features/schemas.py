"""Bodies and views of features."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator

from autoforge.access.features.creation import MOST, Creation
from autoforge.dynamodb.schema.value_codecs import canonical_id
from autoforge.forge import NewFeature
from autoforge.http.api.schemas import (
    ID_PATTERN,
    WHOLE,
    Body,
    Changes,
    Ids,
    ItemView,
    OneOrMany,
    PageView,
    Timestamp,
    View,
    left_out,
)
from autoforge.models.features import DEFAULT_PRIORITY, FeatureStatus, Unsettled

#: The version of a feature in requests; DynamoDB refuses numbers of over 38 digits.
Version = Annotated[int, Field(strict=True, ge=1, le=10**15 - 1), WHOLE]

_Priority = Annotated[int, Field(strict=True, ge=0, le=99_999), WHOLE]

#: Path segments of other routes, in the place of a feature's id.
_RESERVED: Final = frozenset({"claim", "ready", "repair", "stats"})

_FEATURE: dict[str, Any] = {
    "id": "01KGKR2T40B9E4H6J8K0M2P4R6",
    "projectId": "550e8400-e29b-41d4-a716-446655440000",
    "name": "Sign in with a passkey",
    "description": "Offer passkeys beside passwords",
    "priority": 100,
    "category": "authentication",
    "steps": ["Register a passkey", "Sign in with it"],
    "status": "in_progress",
    "dependencies": ["01KGKR2T40A7C9E1G3J5M7P9R1"],
    "waitingOn": [],
    "assignedAgentId": "01KGKR2T40V3M1Q5C8Y7D2N6XA",
    "claimVersion": 7,
    "leaseUntil": "2026-02-04T10:45:00.000Z",
    "linearIssueId": "MCU-160",
    "linearIssueUrl": "https://linear.app/acme/issue/MCU-160",
    "completedAt": None,
    "unsettled": None,
    "version": 7,
    "createdAt": "2026-02-01T00:00:00.000Z",
    "updatedAt": "2026-02-04T10:30:00.000Z",
}


class FeatureView(ItemView):
    """Something to build, what it waits for, and who holds it.

    ``unsettled`` says what a crash may have cut off: a feature that passes and is about to be
    reopened looks like any other without it, and an operator would not know what to repair.
    """

    example = _FEATURE

    id: str
    project_id: str
    name: str
    description: str | None
    priority: int
    category: str | None
    steps: list[Any] | None
    status: FeatureStatus
    dependencies: Ids
    waiting_on: Ids
    assigned_agent_id: str | None
    claim_version: int | None
    lease_until: Timestamp | None
    linear_issue_id: str | None
    linear_issue_url: str | None
    completed_at: Timestamp | None
    unsettled: Unsettled | None
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class FeaturePage(PageView):
    """Some features, and where the next ones begin."""

    example = {"items": [_FEATURE], "nextCursor": None}

    items: tuple[FeatureView, ...]
    next_cursor: str | None


class CreatedFeatures(View):
    """The features that were asked for, in that order, and how many were not there before."""

    example = {"items": [_FEATURE], "created": 1}

    items: tuple[FeatureView, ...]
    created: int

    @classmethod
    def of_creation(cls, creation: Creation) -> Self:
        """Build the view of the result of a request for several features."""
        items = tuple(FeatureView.of(each) for each in creation.features)
        return cls(items=items, created=len(creation.created))


class FeatureLookupView(View):
    """Which feature was made from a Linear issue."""

    example = {"projectId": _FEATURE["projectId"], "featureId": _FEATURE["id"]}

    project_id: str
    feature_id: str


class DependencyView(View):
    """That a feature waits until another passes."""

    example = {
        "projectId": _FEATURE["projectId"],
        "featureId": _FEATURE["id"],
        "dependsOnId": _FEATURE["dependencies"][0],
        "createdAt": "2026-02-01T00:00:00.000Z",
    }

    project_id: str
    feature_id: str
    depends_on_id: str
    created_at: Timestamp


class DependencyPage(PageView):
    """Some of what depends on a feature, and where the next ones begin."""

    example = {"items": [DependencyView.example], "nextCursor": None}

    items: tuple[DependencyView, ...]
    next_cursor: str | None


class StatsView(View):
    """How many features of a project are in each status."""

    example = {
        "pending": 12,
        "inProgress": 3,
        "reviewReady": 1,
        "passing": 20,
        "failing": 2,
        "total": 38,
    }

    pending: int
    in_progress: int
    review_ready: int
    passing: int
    failing: int
    total: int


class CycleView(View):
    """Features that wait for each other, and the dependency whose removal opens the cycle."""

    example = {"path": ["a", "b", "a"], "featureId": "b", "dependsOnId": "a"}

    path: tuple[str, ...]
    feature_id: str
    depends_on_id: str


class RepairView(View):
    """How many features needed what, all 0 where nothing was cut off; and which are in a cycle."""

    example = {"settled": 1, "deleted": 0, "relinked": 2, "edges": 0, "cycles": []}

    settled: int
    deleted: int
    relinked: int
    edges: int
    cycles: tuple[CycleView, ...]


def _dependency(given: Any) -> Any:
    """Accept a position or an id; anything else is refused."""
    is_position = isinstance(given, int | float) and not isinstance(given, bool)
    return int(given) if is_position and given == int(given) else canonical_id(given)


#: A dependency of a new feature: the id of another, or its position in the array.
_Dependency = Annotated[
    str | int,
    BeforeValidator(_dependency),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": ID_PATTERN}, {"type": "integer", "minimum": 0}]}
    ),
]


#: The steps of a feature; validation ends at the first that is not a text.
_Steps = Annotated[list[str], Field(max_length=1000, fail_fast=True)]


class NewFeatureBody(Body):
    """A feature to create."""

    model_config = ConfigDict(title="NewFeature")

    example = {
        "name": _FEATURE["name"],
        "description": _FEATURE["description"],
        "priority": 100,
        "category": "authentication",
        "steps": _FEATURE["steps"],
        "dependencies": [],
        "linearIssueId": "MCU-160",
        "linearIssueUrl": "https://linear.app/acme/issue/MCU-160",
    }

    id: str | None = Field(
        default=None,
        pattern=ID_PATTERN,
        json_schema_extra={"not": {"enum": [*sorted(_RESERVED)]}},
    )
    name: str = Field(min_length=1, max_length=2000)
    description: str | None = None
    priority: _Priority = DEFAULT_PRIORITY
    category: str | None = Field(default=None, max_length=200)
    steps: _Steps | None = None
    dependencies: list[_Dependency] = Field(
        default=[],
        max_length=MOST,
        fail_fast=True,
        description="What must pass first: ids, or positions in the array from 0.",
    )
    linear_issue_id: str | None = Field(default=None, min_length=1, max_length=300)
    linear_issue_url: str | None = Field(default=None, max_length=2000)

    @field_validator("id")
    @classmethod
    def require_a_place(cls, value: str | None) -> str | None:
        """Refuse an id whose path is another route."""
        if value in _RESERVED:
            raise ValueError(f"the id is {value!r}, which is reserved for a route")
        return value


class NewFeatures(OneOrMany):
    """A feature to create, or up to 1,000 of them."""

    example = NewFeatureBody.example

    items: list[NewFeatureBody] = Field(min_length=1, max_length=MOST)

    def new(self) -> list[NewFeature]:
        """Return the features, as ``forge.features.create_many`` takes them."""
        return [NewFeature(**dict(each)) for each in self.items]


class FeatureChanges(Changes):
    """Attributes of a feature to change; null removes one that may be absent."""

    model_config = ConfigDict(
        json_schema_extra={
            "minProperties": 1,
            "dependentSchemas": {"expectedVersion": {"minProperties": 2}},
        }
    )

    example = {"priority": 10, "description": None, "expectedVersion": 7}

    name: str = Field(default_factory=left_out, min_length=1, max_length=2000)
    description: str | None = Field(default_factory=left_out)
    priority: _Priority = Field(default_factory=left_out)
    category: str | None = Field(default_factory=left_out, max_length=200)
    steps: _Steps | None = Field(default_factory=left_out)
    linear_issue_url: str | None = Field(default_factory=left_out, max_length=2000)
    expected_version: Version | None = Field(
        default_factory=left_out,
        description="Change the feature in this version only; null to change whatever is there.",
    )

    def changes(self) -> dict[str, Any]:
        """Return the attributes to change: what the client sent, without the expected version."""
        given = self.given()
        given.pop("expected_version", None)
        return given

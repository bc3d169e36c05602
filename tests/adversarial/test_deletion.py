"""A deletion deletes exactly what it should, with any write between two of its requests."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from autoforge.access.features.patterns import FeaturesOfProject, FeatureStats
from autoforge.access.tickets.patterns import LinearIssue
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.errors import (
    CyclicDependencyError,
    DeletionUnfinishedError,
    ItemNotFoundError,
)
from autoforge.forge import Forge, NewFeature
from autoforge.models import ArtefactType, RunStatus
from tests.adversarial.effort import Effort
from tests.adversarial.interleaving import (
    Board,
    Meeting,
    Operation,
    Refused,
    Way,
    crossings,
    meet,
    outcome,
)
from tests.adversarial.laws import require_finished, require_safe

_ISSUE: Final[dict[str, Any]] = {
    "linear_issue_url": "https://x.org/1",
    "title": "Passkeys",
    "status": "Todo",
}
_GUARD: Final = KeyValue("PROJECT#p", "GRAPH")
#: More dependencies than one transaction can hold.
_MANY: Final = tuple(f"m{number:03}" for number in range(98))


@dataclass
class Noted:
    """An operation, and the items of the table right after it."""

    operation: Operation
    board: Board
    left: dict[KeyValue, Item] = field(default_factory=dict)

    def __call__(self, forge: Forge) -> object:
        came = self.operation(forge)
        self.left = self.board.items()
        return came


def _project(forge: Forge) -> None:
    forge.users.upsert("auth0|ann", "ann@x.org", "Ann")
    forge.users.upsert("auth0|bob", "bob@x.org", "Bob")
    forge.projects.create("Neighbour", id="q", owner_id="ann")
    _new_project(forge)
    forge.projects.add_member("p", _id_of(forge, "bob"))
    forge.features.create("p", "c", id="c", linear_issue_id="L-2")
    forge.features.claim("p", "c", "coder")
    forge.agents.create("p", "Coder", id="coder")
    forge.runs.start("p", "coder", "c", id="run")
    forge.tickets.sync("p", "L-1", **_ISSUE)


def _new_project(forge: Forge) -> None:
    """Create a project with entities of several types, some of them under ids a test can reuse."""
    forge.projects.create("Portal", id="p", owner_id="ann")
    forge.artefacts.create("p", ArtefactType.RAID_LOG, {"risks": []})
    forge.events.record("p", "started", "Begun")
    forge.escalations.create("p", "Why?", id="why")
    forge.checkpoints.set("p", "jira", "cursor", "1")
    forge.features.create("p", "a", id="a", linear_issue_id="L-1")
    forge.features.create("p", "b", id="b", dependencies=["a"])


def _id_of(forge: Forge, name: str) -> str:
    return str(forge.users.by_email(f"{name}@x.org").id)


def _anew(forge: Forge) -> None:
    with suppress(ItemNotFoundError):
        forge.projects.delete("p")
    _new_project(forge)


def _delete_project(forge: Forge) -> int:
    return forge.projects.delete("p")


#: What other callers do with a project during its deletion.
_WITH_A_PROJECT: Final[dict[str, Operation]] = {
    "delete it and create it anew": _anew,
    "create it": lambda f: f.projects.create("Portal", id="p", owner_id="ann"),
    "delete it too": _delete_project,
    "change it": lambda f: f.projects.update("p", name="Another", owner_id="bob"),
    "create an artefact": lambda f: f.artefacts.create("p", ArtefactType.DELIVERY_STATE, {}),
    "record an event": lambda f: f.events.record("p", "heartbeat", "Checked"),
    "add a member": lambda f: f.projects.add_member("p", _id_of(f, "ann")),
    "create a feature": lambda f: f.features.create("p", "d", id="d", dependencies=["a"]),
    "add a dependency": lambda f: f.features.add_dependency("p", "a", "c"),
    "pass a feature": lambda f: f.features.pass_("p", "a", force=True),
    "claim a feature": lambda f: f.features.claim_next("p", "coder", respect_limit=True),
    "delete a feature": lambda f: f.features.delete("p", "a", detach=True),
    "repair": lambda f: f.features.repair("p"),
    "finish a run": lambda f: f.runs.finish("p", "run", RunStatus.COMPLETED),
    "set a checkpoint": lambda f: f.checkpoints.set("p", "jira", "cursor", "2"),
    "sync a ticket": lambda f: f.tickets.sync("p", "L-2", **_ISSUE),
    "sync tickets": lambda f: f.tickets.sync_all(
        "q", [LinearIssue("L-1", **(_ISSUE | {"status": "Done"}))]
    ),
}


@pytest.mark.parametrize("name", _WITH_A_PROJECT)
def test_whatever_comes_between_the_requests_of_a_projects_deletion_it_takes_that_project_alone(
    board: Board, effort: Effort, name: str
) -> None:
    board.prepare(_project)
    second = Noted(_WITH_A_PROJECT[name], board)

    for crossing in effort.share(crossings(board, _delete_project), of=4):
        second.left = {}
        met = meet(board, _delete_project, second, crossing)

        there = require_finished(board.store, board.clock.now)
        if name == "delete it and create it anew" and _had_begun(met):
            assert not isinstance(met.second, Refused), met
            assert board.items() == second.left, f"{met} took something of the new project"
        elif name != "create it" or isinstance(met.second, Refused):
            assert {*there.projects} <= {"p", "q"}
            assert _had_begun(met) <= ("p" not in there.projects), met


def _had_begun(met: Meeting) -> bool:
    """Whether the first deletion began before the second operation and was not repeated."""
    return met.crossing.way is not Way.KILLED and (
        met.crossing.place > 0 or met.crossing.way is Way.UNANSWERED
    )


def _features(forge: Forge) -> None:
    """Create x, which depends on a and on b, which passes; c and z have no dependencies."""
    forge.projects.create("Portal", id="p")
    forge.features.create_many("p", [NewFeature(name=each, id=each) for each in "abcz"])
    forge.features.pass_("p", "b", force=True)
    _create_x(forge)
    forge.tickets.sync("p", "L-1", **_ISSUE)


def _create_x(forge: Forge) -> None:
    forge.features.create("p", "x", id="x", dependencies=["a", "b"], linear_issue_id="L-1")


def _depended_on(forge: Forge) -> None:
    _features(forge)
    forge.features.add_dependency("p", "z", "x")


def _many(forge: Forge) -> None:
    """Create feature x with more dependencies than one transaction can hold."""
    _features(forge)
    forge.features.create_many("p", [NewFeature(name=each, id=each) for each in _MANY])
    forge.features.delete("p", "x")
    forge.features.create("p", "x", id="x", dependencies=["a", *_MANY], linear_issue_id="L-1")


def _delete_x(forge: Forge) -> None:
    forge.features.delete("p", "x")


def _delete_and_detach_x(forge: Forge) -> None:
    forge.features.delete("p", "x", detach=True)


def _x_anew(forge: Forge) -> None:
    """Delete feature x and create another with its id and edges, and y, which depends on it."""
    with suppress(ItemNotFoundError):
        forge.features.delete("p", "x", detach=True)
    _create_x(forge)
    forge.features.create("p", "y", id="y", dependencies=["x"])


#: What other callers do with features during the deletion of one of them.
_WITH_FEATURES: Final[dict[str, Operation]] = {
    "delete it and create it anew": _x_anew,
    "create it": _create_x,
    "delete it too": _delete_and_detach_x,
    "let it wait for another": lambda f: f.features.add_dependency("p", "x", "c"),
    "let another wait for it": lambda f: f.features.add_dependency("p", "c", "x"),
    "let what it waits for wait": lambda f: f.features.add_dependency("p", "a", "c"),
    "let it wait no longer": lambda f: f.features.remove_dependency("p", "x", "a"),
    "pass what it waits for": lambda f: f.features.pass_("p", "a", force=True),
    "reopen what it waits for": lambda f: f.features.reopen("p", "b"),
    "pass it": lambda f: f.features.pass_("p", "x", force=True),
    "delete what it waits for": lambda f: f.features.delete("p", "a", detach=True),
    "repair": lambda f: f.features.repair("p"),
    "sync its ticket": lambda f: f.tickets.sync("p", "L-1", **(_ISSUE | {"status": "Done"})),
    "claim": lambda f: f.features.claim_next("p", "coder"),
    "change it": lambda f: f.features.update("p", "x", name="Another", priority=1),
}


#: The kinds of deletion: what it needs, and the deletion.
_DELETIONS: Final[dict[str, tuple[Operation, Operation]]] = {
    "alone": (_features, _delete_x),
    "detached": (_depended_on, _delete_and_detach_x),
    "many": (_many, _delete_x),
}
_FEW: Final = ("delete it and create it anew", "delete it too", "let it wait for another", "repair")


@pytest.mark.parametrize(
    ("deletion", "name"),
    [(each, name) for each in ("alone", "detached") for name in _WITH_FEATURES]
    + [("many", name) for name in _FEW],
)
def test_whatever_comes_between_the_requests_of_a_features_deletion_it_takes_that_feature_alone(
    board: Board,
    effort: Effort,
    deletion: str,
    name: str,
) -> None:
    prepare, first = _DELETIONS[deletion]
    board.prepare(prepare)
    second = Noted(_WITH_FEATURES[name], board)

    for crossing in effort.share(crossings(board, first), of=4):
        second.left = {}
        met = meet(board, first, second, crossing)

        require_safe(board.store, board.clock.now)
        if met.crossing.way is Way.KILLED and isinstance(met.again, Refused):
            board.process().features.repair("p")
        there = require_finished(board.store, board.clock.now)
        _require_counted(board)
        (features,) = there.features()
        if name == "delete it and create it anew" and _had_begun(met):
            assert not isinstance(met.second, Refused), met
            # Any operation that checks for cycles changes the guard item.
            second.left.pop(_GUARD)
            assert {**board.items(), **second.left} == board.items(), f"{met} took something"
            assert _waits_for(board, "x", "y") == CyclicDependencyError
        elif name != "create it" and not isinstance(met.first, Refused):
            assert _had_begun(met) <= ("x" not in features.features), met


def _require_counted(board: Board) -> None:
    """Check that the list and the statistics count the same features."""
    listed = list(board.store.each(FeaturesOfProject("p"), consistent=True))
    assert board.store.answer(FeatureStats("p")).total == len(listed)


def _waits_for(board: Board, one: str, other: str) -> type[Exception] | None:
    """Return the error with which a dependency is refused, or None."""
    came = outcome(lambda f: f.features.add_dependency("p", one, other), board.process())
    return type(came.error) if isinstance(came, Refused) else None


@pytest.mark.parametrize("finish", ["again", "repair"])
def test_a_features_deletion_cut_off_anywhere_is_in_no_list_and_no_count_and_can_be_finished(
    board: Board, finish: str
) -> None:
    board.prepare(_many)
    finished: list[str] = []

    def look_and_finish(forge: Forge) -> None:
        require_safe(board.store, board.clock.now)
        _require_counted(board)
        if finish == "repair":
            finished.extend(["deleted"] * forge.features.repair("p").deleted)
        else:
            with suppress(ItemNotFoundError):
                forge.features.delete("p", "x")
                finished.append("deleted")
        require_finished(board.store, board.clock.now)

    for crossing in crossings(board, _delete_x):
        if crossing.way is Way.KILLED:
            meet(board, _delete_x, look_and_finish, crossing)

    assert len(finished) > 1


def test_no_feature_is_created_with_an_id_whose_deletion_is_unfinished(
    board: Board,
) -> None:
    board.prepare(_many)
    marked = crossings(board, _delete_x)
    came = [
        meet(board, _delete_x, _create_x, each).second for each in marked if each.way is Way.KILLED
    ]

    refused = [each.error for each in came if isinstance(each, Refused)]
    assert {type(each) for each in refused} == {DeletionUnfinishedError}

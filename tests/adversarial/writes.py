"""Every write of a Forge on one prepared table, and which of them affect the same things."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from autoforge.access.tickets.patterns import LinearIssue
from autoforge.forge import Forge, NewFeature
from autoforge.models import (
    AgentRole,
    AgentStatus,
    ArtefactType,
    IntegrationStatus,
    RunStatus,
)
from tests.access.people import known
from tests.access.tours import Step
from tests.factories import NOON, new_id

_LATER: Final = NOON + timedelta(hours=1)
_LOG: Final = ArtefactType.RAID_LOG
_EVENT, _NEW_EVENT, _HELD, _PROPOSED, _ACTION = (new_id() for _ in range(5))
_ISSUE: Final[dict[str, Any]] = {"linear_issue_url": "https://x.org/1", "title": "Passkeys"}
#: The token of the claim on the prepared table.
_TOKEN: Final = 2


@dataclass(frozen=True)
class Write:
    """A call that writes.

    Attributes:
        step: The call.
        touches: Names of what it affects; writes that share a name affect the same things.
        note: Distinguishes it from other calls of the same method.
        whatever: Whether it sets its values unconditionally and leaves no sign that it did: once
            another caller has written, a lost answer looks like a lost request.
    """

    step: Step
    touches: frozenset[str]
    note: str = ""
    whatever: bool = False

    def __str__(self) -> str:
        return f"{self.step.name}-{self.note}" if self.note else self.step.name

    @property
    def is_claim(self) -> bool:
        """Whether it claims a feature."""
        return self.step.name.startswith("features.claim")

    def __call__(self, forge: Forge) -> object:
        """Make the call."""
        return self.step.on(forge)


def _write(
    touches: str,
    name: str,
    /,
    *positional: Any,
    note: str = "",
    whatever: bool = False,
    **named: Any,
) -> Write:
    return Write(Step(name, *positional, **named), frozenset(touches.split()), note, whatever)


#: Ids that are chosen here and look like minted ones.
CHOSEN: Final = frozenset({_EVENT, _NEW_EVENT, _HELD, _PROPOSED, _ACTION})

#: Every write, for the table that ``prepare`` leaves.
WRITES: Final = (
    _write("people", "users.upsert", "auth0|ann", "ann@y.org", "Ann", note="moves"),
    _write("people", "users.upsert", "auth0|new", "new@x.org", "New", note="new"),
    _write("people", "users.upsert", "auth0|bob", "new@x.org", "Bob", note="takes"),
    _write("members root", "projects.create", "Another", id="r", owner_id="ann"),
    _write("root", "projects.update", "p", name="Renamed", note="name"),
    _write("members root", "projects.update", "p", owner_id="bob", note="owner"),
    _write("members root", "projects.update", "p", owner_id=None, note="nobody's"),
    _write("members", "projects.add_member", "p", "ann", note="owner"),
    _write("members", "projects.add_member", "p", "cid", note="new"),
    _write("members", "projects.remove_member", "p", "bob"),
    _write("root", "projects.delete", "p"),
    _write("artefact", "artefacts.create", "p", ArtefactType.DECISION_LOG, {"made": 1}),
    _write("artefact", "artefacts.update", "p", _LOG, {"r": 3}, expected_version=2, note="2"),
    _write("artefact", "artefacts.update", "p", _LOG, {"r": 4}, expected_version=None,
           whatever=True),
    _write("artefact", "artefacts.revert", "p", _LOG),
    _write("event", "events.record", "p", "checked", "Checked", id=_NEW_EVENT),
    _write("event", "events.record", "p", "begun", "Begun", id=_EVENT, note="again"),
    _write("escalation", "escalations.create", "p", "Scope", id="other"),
    _write("escalation", "escalations.decide", "p", "pending", "yes"),
    _write("escalation", "escalations.expire", "p", "pending"),
    _write("escalation", "escalations.supersede", "p", "pending"),
    _write("action", "actions.create", "p", "update", "Update", id=_ACTION),
    _write("action", "actions.hold", "p", _PROPOSED, _LATER),
    _write("action", "actions.approve", "p", _HELD),
    _write("action", "actions.cancel", "p", _HELD),
    _write("action", "actions.execute", "p", _PROPOSED),
    _write("checkpoint", "checkpoints.set", "p", "jira", "last_sync", "5"),
    _write("checkpoint", "checkpoints.advance", "p", "jira", "last_sync", "3"),
    _write("checkpoint", "checkpoints.advance", "p", "jira", "last_sync", "7", note="far"),
    _write("integration", "integrations.save", "jira", {"token": "new"}),
    _write("integration", "integrations.report_health", "jira", IntegrationStatus.ERROR),
    _write("config", "agent_config.set", "interval", 15),
    _write("config", "agent_config.set", "interval", 20, note="other"),
    _write("features", "features.create", "p", "z", id="z", dependencies=["a", "c"]),
    _write("features tickets", "features.create", "p", "y", id="y", linear_issue_id="L-2",
           note="issue"),
    _write("features tickets", "features.create", "p", "x", id="x", linear_issue_id="L-2",
           dependencies=["e"], note="same issue"),
    _write("features", "features.create_many", "p", [
        NewFeature(name="m", id="m", dependencies=["e"]),
        NewFeature(name="n", id="n", dependencies=["m", "c"]),
    ]),
    _write("features", "features.add_dependency", "p", "a", "g", note="a-g"),
    _write("features", "features.add_dependency", "p", "e", "b", note="e-b"),
    _write("features", "features.add_dependency", "p", "g", "a", note="g-a"),
    _write("features", "features.remove_dependency", "p", "b", "a"),
    _write("features", "features.update", "p", "b", name="renamed", note="name"),
    _write("features", "features.update", "p", "g", priority=1, note="priority"),
    _write("features", "features.update", "p", "b", description="new", expected_version=1,
           note="version"),
    _write("features", "features.claim", "p", "a", "worker"),
    _write("features", "features.claim", "p", "g", "worker", 60, respect_limit=True, note="limit"),
    _write("features", "features.claim_next", "p", "worker", 60),
    _write("features", "features.claim_next", "p", "worker", respect_limit=True, note="limit"),
    _write("features", "features.renew", "p", "c", version=_TOKEN, lease=600),
    _write("features", "features.release", "p", "c", version=_TOKEN),
    _write("features", "features.send_to_review", "p", "c", version=_TOKEN),
    _write("features", "features.pass_", "p", "c", version=_TOKEN),
    _write("features", "features.fail", "p", "c", version=_TOKEN),
    _write("features", "features.fail", "p", "e", note="regress"),
    _write("features", "features.reopen", "p", "e"),
    _write("features runs tickets", "features.delete", "p", "a", detach=True),
    _write("features", "features.delete", "p", "d", note="dependent"),
    _write("features", "features.repair", "p"),
    _write("runs", "agents.create", "p", "other", id="other"),
    _write("runs", "agents.update", "p", "coder", status=AgentStatus.STOPPED),
    _write("runs", "runs.start", "p", "coder", "c", id="next"),
    _write("runs", "runs.start", "p", "coder", "a", id="more", role=AgentRole.TESTER,
           mark_agent=False, note="unmarked"),
    _write("runs", "runs.report", "p", "run", output="…", report_id="one"),
    _write("runs", "runs.report", "p", "run", status=RunStatus.CODING, report_id="two",
           note="status"),
    _write("runs", "runs.finish", "p", "run", RunStatus.COMPLETED),
    _write("runs", "runs.finish", "p", "run", RunStatus.FAILED, note="failed"),
    _write("tickets", "tickets.sync", "p", "L-1", status="Done", whatever=True, **_ISSUE),
    _write("tickets", "tickets.sync", "p", "L-2", status="Todo", note="new", whatever=True,
           **_ISSUE),
    _write("tickets", "tickets.sync", "q", "L-1", status="Todo", note="moved", whatever=True,
           **_ISSUE),
    _write("tickets", "tickets.sync_all", "p", [
        LinearIssue("L-1", status="Doing", **_ISSUE), LinearIssue("L-2", status="Done", **_ISSUE),
    ], whatever=True),
)  # fmt: skip

#: What is deleted with its project.
_INSIDE: Final = frozenset(
    {
        "action", "artefact", "checkpoint", "escalation", "event", "features", "members", "root",
        "runs", "tickets",
    }
)  # fmt: skip


def prepare(forge: Forge) -> None:
    """Create what the writes need.

    Feature ``c`` is in progress and ``d`` waits for it. ``e`` passes and ``g`` depends on it.
    ``a`` is ready, ``b`` waits for it, and the agent ``coder`` has a run on it.
    """
    for name in ("ann", "bob", "cid"):
        forge.store.put_all(known(name))
    forge.projects.create("Portal", id="p", owner_id="ann", max_concurrency=2)
    forge.projects.create("Other", id="q")
    forge.projects.add_member("p", "bob")
    forge.artefacts.create("p", _LOG, {"r": 1})
    forge.artefacts.update("p", _LOG, {"r": 2}, expected_version=1)
    forge.events.record("p", "begun", "Begun", id=_EVENT)
    forge.escalations.create("p", "Scope", id="pending")
    forge.actions.create("p", "update", "Held", id=_HELD, held_until=_LATER)
    forge.actions.create("p", "update", "Proposed", id=_PROPOSED)
    forge.checkpoints.set("p", "jira", "last_sync", "4")
    forge.integrations.save("jira", {"token": "secret"})
    forge.agent_config.set("interval", 10)
    forge.features.create_many(
        "p",
        [
            NewFeature(name="a", id="a", linear_issue_id="L-1"),
            NewFeature(name="b", id="b", dependencies=["a"]),
            NewFeature(name="c", id="c"),
            NewFeature(name="d", id="d", dependencies=["c", "e"]),
            NewFeature(name="e", id="e"),
            NewFeature(name="g", id="g", dependencies=["e"]),
        ],
    )
    forge.features.claim("p", "c", "holder")
    forge.features.pass_("p", "e", force=True)
    forge.agents.create("p", "Coder", id="coder")
    forge.runs.start("p", "coder", "a", id="run")
    forge.tickets.sync("p", "L-1", status="Todo", **_ISSUE)


def related(write: Write) -> Iterator[Write]:
    """Yield the writes that affect the same things as a write, including the write itself."""
    for other in WRITES:
        if write.touches & other.touches or _goes_with(write, other) or _goes_with(other, write):
            yield other


def _goes_with(write: Write, other: Write) -> bool:
    """Whether a write deletes the project that the other write belongs to."""
    return write.step.name == "projects.delete" and bool(other.touches & _INSIDE)

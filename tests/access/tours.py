"""A call of everything a Forge can do, for tests of what must hold for every method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cached_property, partial
from typing import Any, Final

from autoforge.access.requests.once import Outcome
from autoforge.access.requests.patterns import RepeatableRequest
from autoforge.access.tickets.patterns import LinearIssue
from autoforge.errors import InvalidValueError
from autoforge.forge import Forge, NewFeature
from autoforge.models import (
    AgentRole,
    AgentStatus,
    ArtefactType,
    FeatureStatus,
    IntegrationStatus,
    ProjectStatus,
    RunStatus,
)
from autoforge.testing.clock import Clock
from tests.access.people import known
from tests.factories import NOON, new_id

_LATER: Final = NOON + timedelta(hours=1)
_LOG: Final = ArtefactType.RAID_LOG
_EVENT, _HELD, _CANCELLED = (new_id() for _ in range(3))
_ISSUE: Final[dict[str, Any]] = {"linear_issue_url": "https://x.org/7", "title": "Passkeys"}


def _anything(_: object) -> bool:
    """Accept any item; a write with ``expected`` reads the item first."""
    return True


class Step:
    """A call of a method of a Forge, with the method named as a caller writes it."""

    def __init__(self, name: str, /, *positional: Any, **named: Any) -> None:
        self.name = name
        self._positional = positional
        self._named = named

    def on(self, forge: Forge) -> object:
        """Make the call."""
        return methods(forge)[self.name](*self._positional, **self._named)


_ASKED: Final = RepeatableRequest.of("a key", ("test",), None, None)


def _made(_: Forge) -> tuple[None, Outcome]:
    return None, Outcome(201, ("made",))


def _refused(_: Forge) -> tuple[None, Outcome]:
    raise InvalidValueError("made up")


#: Every write; earlier steps create what a later one needs.
WRITES: Final = (
    Step("once", _ASKED, _refused),
    Step("once", _ASKED, _made),
    Step("once", _ASKED, _made),
    Step("users.upsert", "auth0|eve", "eve@x.org", "Eve"),
    Step("users.upsert", "auth0|eve", "eve@y.org", "Eve"),
    Step("projects.create", "Portal", id="p", owner_id="ann"),
    Step("projects.update", "p", status=ProjectStatus.PAUSED, expected=_anything),
    Step("projects.update", "p", status=ProjectStatus.ACTIVE, owner_id="bob"),
    Step("projects.update", "p", owner_id="bob"),
    Step("projects.add_member", "p", "ann"),
    Step("projects.remove_member", "p", "ann"),
    Step("projects.add_member", "p", "ann"),
    Step("artefacts.create", "p", _LOG, {"risks": 1}),
    Step("artefacts.update", "p", _LOG, {"risks": 2}, expected_version=1),
    Step("artefacts.revert", "p", _LOG),
    Step("events.record", "p", "heartbeat", "Checked", id=_EVENT),
    Step("events.record", None, "started", "All projects"),
    Step("escalations.create", "p", "Scope", id="decided"),
    Step("escalations.create", "p", "Scope", id="expired"),
    Step("escalations.create", "p", "Scope", id="superseded"),
    Step("escalations.decide", "p", "decided", "yes", expected=_anything),
    Step("escalations.expire", "p", "expired"),
    Step("escalations.supersede", "p", "superseded"),
    Step("actions.create", "p", "update", "Update the log", id=_HELD),
    Step("actions.hold", "p", _HELD, _LATER, expected=_anything),
    Step("actions.approve", "p", _HELD, expected=_anything),
    Step("actions.execute", "p", _HELD, expected=_anything),
    Step("actions.create", "p", "update", "Update", id=_CANCELLED, held_until=_LATER),
    Step("actions.cancel", "p", _CANCELLED, expected=_anything),
    Step("checkpoints.set", "p", "jira", "last_sync", "1"),
    Step("checkpoints.advance", "p", "jira", "last_sync", "2"),
    Step("integrations.save", "jira", {"token": "secret"}, expected=_anything),
    Step("integrations.report_health", "jira", IntegrationStatus.ERROR),
    Step("agent_config.set", "interval", 15, expected=_anything),
    Step("features.create", "p", "a", id="a", linear_issue_id="L-1"),
    Step("features.create_many", "p", [NewFeature(name=each, id=each) for each in "bcd"]),
    Step("features.add_dependency", "p", "b", "a"),
    Step("features.add_dependency", "p", "c", "a"),
    Step("features.remove_dependency", "p", "c", "a"),
    Step("features.update", "p", "c", priority=7),
    Step("features.update", "p", "b", priority=9, expected_version=2),
    Step("features.claim", "p", "a", "coder", 3600),
    Step("features.renew", "p", "a", version=2, lease=7200, expected=_anything),
    Step("features.release", "p", "a", version=2),
    Step("features.claim", "p", "a", "coder", respect_limit=True),
    Step("features.send_to_review", "p", "a", version=4),
    Step("features.pass_", "p", "a"),
    Step("features.fail", "p", "a"),
    Step("features.pass_", "p", "a"),
    Step("features.reopen", "p", "a"),
    Step("features.claim_next", "p", "coder"),
    Step("features.claim_next", "p", "coder", 60, respect_limit=True),
    Step("features.delete", "p", "a", detach=True),
    Step("features.create", "p", "e", id="e", dependencies=["b"], linear_issue_id="L-1"),
    Step("features.repair", "p"),
    Step("agents.create", "p", "coder", id="coder"),
    Step("agents.update", "p", "coder", status=AgentStatus.STOPPED, expected=_anything),
    Step("runs.start", "p", "coder", "b", id="run"),
    Step("runs.report", "p", "run", output="…", status=RunStatus.CODING),
    Step("runs.finish", "p", "run", RunStatus.COMPLETED),
    Step("runs.start", "p", "coder", "b", id="active"),
    Step("tickets.sync", "p", "L-1", status="Todo", **_ISSUE),
    Step("tickets.sync", "p", "L-1", status="Done", **_ISSUE),
    Step("tickets.sync_all", "p", [LinearIssue("L-2", status="Todo", **_ISSUE)]),
    Step("projects.create", "Short-lived", id="q", owner_id="ann"),
    Step("features.create", "q", "a", id="qa", linear_issue_id="L-3"),
    Step("events.record", "q", "started", "In no time"),
    Step("runs.start", "q", "coder", "qa", role=AgentRole.CODER, mark_agent=False),
    Step("tickets.sync", "q", "L-3", status="Todo", **_ISSUE),
    Step("projects.delete", "q", expected=_anything),
)

#: Every read; the writes have stored what it returns.
READS: Final = (
    Step("users.get", "ann"),
    Step("users.by_auth0_id", "auth0|ann"),
    Step("users.by_email", "ann@x.org"),
    Step("users.projects", "ann"),
    Step("projects.get", "p"),
    Step("projects.by_status"),
    Step("projects.overview", "p"),
    Step("projects.members", "p"),
    Step("artefacts.get", "p", _LOG),
    Step("artefacts.of_project", "p"),
    Step("events.get", "p", _EVENT),
    Step("events.of_project", "p"),
    Step("events.of_date", NOON.date()),
    Step("events.feed"),
    Step("events.poll", "p"),
    Step("events.poll_feed"),
    Step("escalations.get", "p", "decided"),
    Step("escalations.of_project", "p"),
    Step("escalations.by_status"),
    Step("actions.get", "p", _HELD),
    Step("actions.of_project", "p"),
    Step("actions.held"),
    Step("checkpoints.get", "p", "jira", "last_sync"),
    Step("checkpoints.find", "p", "jira", "last_sync"),
    Step("checkpoints.of_project", "p"),
    Step("integrations.get", "jira"),
    Step("integrations.reveal", "jira"),
    Step("agent_config.get", "interval"),
    Step("agent_config.find", "interval"),
    Step("agent_config.all"),
    Step("features.get", "p", "b"),
    Step("features.by_linear_issue", "L-1"),
    Step("features.of_project", "p"),
    Step("features.by_status", "p", FeatureStatus.PENDING),
    Step("features.ready", "p"),
    Step("features.stats", "p"),
    Step("features.dependents", "p", "b"),
    Step("agents.get", "p", "coder"),
    Step("agents.of_project", "p"),
    Step("agents.by_status", "p", AgentStatus.RUNNING),
    Step("agents.runs", "coder"),
    Step("runs.get", "p", "run"),
    Step("runs.of_project", "p"),
    Step("runs.of_feature", "p", "b"),
    Step("runs.of_agent", "coder"),
    Step("runs.active", "p"),
    Step("tickets.get", "L-1"),
    Step("tickets.of_project", "p"),
)

#: Every write of an existing entity, on one that does not exist; at most its project exists.
OF_NOTHING: Final = (
    Step("projects.update", "none", name="Ghost"),
    Step("projects.update", "none", name="Ghost", expected=_anything),
    Step("projects.add_member", "p", "nobody"),
    Step("projects.remove_member", "p", "nobody"),
    Step("projects.delete", "none"),
    Step("projects.delete", "none", expected=_anything),
    Step("artefacts.update", "p", _LOG, {}, expected_version=None),
    Step("artefacts.update", "p", _LOG, {}, expected_version=1),
    Step("artefacts.revert", "p", _LOG),
    Step("artefacts.revert", "p", _LOG, expected=_anything),
    Step("escalations.decide", "p", "none", "yes"),
    Step("escalations.expire", "p", "none"),
    Step("escalations.supersede", "p", "none"),
    Step("actions.hold", "p", _HELD, _LATER),
    Step("actions.approve", "p", _HELD),
    Step("actions.cancel", "p", _HELD),
    Step("actions.execute", "p", _HELD),
    Step("integrations.report_health", "none", IntegrationStatus.ERROR),
    Step("features.update", "p", "none", name="Ghost"),
    Step("features.update", "p", "none", priority=1),
    Step("features.update", "p", "none", priority=1, expected_version=1),
    Step("features.delete", "p", "none"),
    Step("features.claim", "p", "none", "coder"),
    Step("features.claim", "p", "none", "coder", 60, respect_limit=True),
    Step("features.renew", "p", "none", version=2, lease=60),
    Step("features.release", "p", "none", force=True),
    Step("features.send_to_review", "p", "none", force=True),
    Step("features.pass_", "p", "none", force=True),
    Step("features.fail", "p", "none", force=True),
    Step("features.reopen", "p", "none"),
    Step("features.add_dependency", "p", "none", "other"),
    Step("features.remove_dependency", "p", "none", "other"),
    Step("agents.update", "p", "none", status=AgentStatus.STOPPED),
    Step("runs.start", "p", "none", "none", role=AgentRole.CODER, mark_agent=False),
    Step("runs.report", "p", "none", output="…"),
    Step("runs.finish", "p", "none", RunStatus.COMPLETED),
)

#: The writes that create an entity, and those that search for one themselves.
MAKERS: Final = frozenset(
    {
        "actions.create", "agent_config.set", "agents.create", "artefacts.create",
        "checkpoints.advance", "checkpoints.set", "escalations.create", "events.record",
        "features.claim_next", "features.create", "features.create_many", "features.repair",
        "integrations.save", "once", "projects.create", "tickets.sync", "tickets.sync_all",
        "users.upsert",
    }
)  # fmt: skip


def methods(forge: Forge) -> dict[str, Callable[..., object]]:
    """Return every public method of a Forge's parts by name, as a caller writes it."""
    return {
        f"{kind}.{method}": getattr(kept, method)
        for kind, each in vars(Forge).items()
        if isinstance(each, cached_property)
        for kept in [getattr(forge, kind)]
        for method in dir(kept)
        if not method.startswith("_")
    } | {"once": partial(_once, forge)}


def _once(forge: Forge, request: RepeatableRequest, make: Any) -> object:
    """Send a request that has an effect once; it may be refused."""
    with suppress(InvalidValueError):
        return forge.once(request, make)
    return None


def names(steps: Sequence[Step]) -> set[str]:
    """Return the names of the methods that steps call."""
    return {step.name for step in steps}


def every_write(forge: Forge, clock: Clock) -> Iterator[str]:
    """Make all writes, a second apart; yield the name of each after it."""
    forge.store.put_all([*known("ann"), *known("bob")])
    for step in WRITES:
        clock.now += timedelta(seconds=1)
        step.on(forge)
        yield step.name

"""An agent loop as a Lambda function: each invocation builds ready features until its time is up.

``docs/examples/deploy/lambda.yaml`` deploys it. The event names the project and the agent.
Concurrent and interrupted invocations do no harm: only one of them claims a feature, and the lease
of an interrupted one ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Final, Protocol

from autoforge import Forge
from autoforge.errors import ConditionFailedError
from autoforge.models import AgentRun, Feature, RunStatus

#: Seconds that a feature may take. No feature is claimed with less time left, so a claim outlives
#: its invocation by at most as long.
LEASE: Final = 120.0


class Context(Protocol):
    """What the handler needs of the context that Lambda passes."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""
        ...


def handler(event: dict[str, str], context: Context) -> dict[str, int]:
    """Take a turn, and return the number of features by outcome."""
    return turn(
        connected(),
        event["projectId"],
        event["agentId"],
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
        build=build,
    )


@cache
def connected() -> Forge:
    """Connect once for all invocations of this process."""
    return Forge.connect(
        table_name=os.environ["AUTOFORGE_TABLE_NAME"], region=os.environ["AWS_REGION"]
    )


def turn(
    forge: Forge,
    project_id: str,
    agent_id: str,
    *,
    seconds_left: Callable[[], float],
    build: Callable[[Feature, AgentRun], None],
) -> dict[str, int]:
    """Claim and build features one by one, while one is ready and there is time for it."""
    done = {"passed": 0, "failed": 0, "lost": 0}
    while seconds_left() > LEASE:
        feature = forge.features.claim_next(project_id, agent_id, LEASE)
        if feature is None:
            break
        run = forge.runs.start(project_id, agent_id, feature.id)
        try:
            outcome = attempt(forge, feature, run, build)
        except ConditionFailedError:  # it took longer than its lease, and another agent claimed it
            forge.runs.finish(project_id, run.id, RunStatus.FAILED, error_message="lost the claim")
            outcome = "lost"
        done[outcome] += 1
    return done


def attempt(
    forge: Forge, feature: Feature, run: AgentRun, build: Callable[[Feature, AgentRun], None]
) -> str:
    """Build a feature, and pass it, or fail it so that a person looks at it."""
    project_id, token = feature.project_id, feature.version
    try:
        build(feature, run)
    except Exception as error:  # noqa: BLE001 - any failure needs a person
        forge.features.fail(project_id, feature.id, version=token)
        message = f"{type(error).__name__}: {error}"
        forge.runs.finish(project_id, run.id, RunStatus.FAILED, error_message=message)
        return "failed"
    forge.features.pass_(project_id, feature.id, version=token)
    forge.runs.finish(project_id, run.id, RunStatus.COMPLETED)
    return "passed"


def build(feature: Feature, run: AgentRun) -> None:
    """Do the work of the feature; put your agent here."""
    print(f"run {run.id} builds {feature.name}")

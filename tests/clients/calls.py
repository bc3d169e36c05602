"""Twenty calls with the Python client generated from the OpenAPI document.

Every call omits all that the client allows it to omit. The program prints each answer as a line of
JSON. ``calls.ts`` makes the same calls.
"""

import sys
from typing import Any

from autoforge_client import Client
from autoforge_client.api.actions import create_action
from autoforge_client.api.agents import change_agent, create_agent
from autoforge_client.api.artefacts import put_artefact
from autoforge_client.api.checkpoints import put_checkpoint
from autoforge_client.api.configuration import put_agent_config
from autoforge_client.api.escalations import create_escalation, decide_escalation
from autoforge_client.api.events import record_project_event
from autoforge_client.api.features import (
    change_feature,
    claim_next_feature,
    create_features,
    list_features,
    pass_feature,
)
from autoforge_client.api.projects import change_project, create_project
from autoforge_client.api.runs import finish_run, report_run, start_run
from autoforge_client.api.users import put_user
from autoforge_client.models import (
    AgentChanges,
    AgentConfigValue,
    AgentStatus,
    ArtefactContent,
    ArtefactContentContent,
    ArtefactType,
    CheckpointValue,
    Claim,
    Decision,
    FeatureChanges,
    FeatureMove,
    FeatureView,
    NewAction,
    NewAgent,
    NewEscalation,
    NewEvent,
    NewFeature,
    NewProject,
    NewRun,
    Profile,
    ProjectChanges,
    RunOutcome,
    RunOutcomeStatus,
    RunReport,
)
from autoforge_client.types import Response


def show(response: Response[Any]) -> None:
    """Print an answer; fail if the client could not parse it as the document specifies."""
    if response.parsed is None:
        raise SystemExit(f"not read: {response.status_code} {response.content!r}")
    answer = response.content.decode()
    print(f'{{"status":{response.status_code},"answer":{answer}}}')  # noqa: T201


def main(url: str) -> None:
    """Make the calls in order."""
    to = Client(base_url=url)
    project = NewProject(name="Portal", id="portal", max_concurrency=50)
    show(create_project.sync_detailed(client=to, body=project))
    described = ProjectChanges(description="Where customers sign in")
    show(change_project.sync_detailed("portal", client=to, body=described))
    log = ArtefactContent(ArtefactContentContent.from_dict({"risks": ["late"]}))
    show(put_artefact.sync_detailed("portal", ArtefactType.RAID_LOG, client=to, body=log))
    event = NewEvent(event_type="heartbeat", summary="Checked")
    show(record_project_event.sync_detailed("portal", client=to, body=event))
    question = NewEscalation(title="Defer it?", id="defer")
    show(create_escalation.sync_detailed("portal", client=to, body=question))
    yes = Decision(user_decision="Yes")
    show(decide_escalation.sync_detailed("portal", "defer", client=to, body=yes))
    action = NewAction(action_type="send", description="Send it")
    show(create_action.sync_detailed("portal", client=to, body=action))
    seen = CheckpointValue(checkpoint_value="7")
    show(put_checkpoint.sync_detailed("portal", "jira", "sync", client=to, body=seen))
    show(put_agent_config.sync_detailed("model", client=to, body=AgentConfigValue(value="small")))
    ann = Profile(auth_0_id="auth0|ann", email="ann@example.org", name="Ann")
    show(put_user.sync_detailed(client=to, body=ann))
    show(create_agent.sync_detailed("portal", client=to, body=NewAgent(name="Coder", id="coder")))
    busy = AgentChanges(status=AgentStatus.RUNNING)
    show(change_agent.sync_detailed("portal", "coder", client=to, body=busy))
    features = [
        NewFeature(name="Sign in", id="sign-in", priority=5),
        NewFeature(name="Sign out", id="sign-out", dependencies=["sign-in"]),
    ]
    show(create_features.sync_detailed("portal", client=to, body=features))
    sorted_in = FeatureChanges(category="security")
    show(change_feature.sync_detailed("portal", "sign-in", client=to, body=sorted_in))
    claimed = claim_next_feature.sync_detailed("portal", client=to, body=Claim(agent_id="coder"))
    show(claimed)
    if not isinstance(claimed.parsed, FeatureView):
        raise TypeError(claimed.parsed)
    run = NewRun(agent_id="coder", feature_id="sign-in", id="first")
    show(start_run.sync_detailed("portal", client=to, body=run))
    more = RunReport(append_output="Tests pass. ")
    show(report_run.sync_detailed("portal", "first", client=to, body=more))
    done = RunOutcome(status=RunOutcomeStatus.COMPLETED)
    show(finish_run.sync_detailed("portal", "first", client=to, body=done))
    move = FeatureMove(version=claimed.parsed.claim_version)
    show(pass_feature.sync_detailed("portal", "sign-in", client=to, body=move))
    show(list_features.sync_detailed("portal", client=to))


if __name__ == "__main__":
    main(sys.argv[1])

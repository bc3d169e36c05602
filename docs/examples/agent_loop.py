"""Several agents, each in its own process, build a small backlog of Python modules.

    python docs/examples/agent_loop.py [--agents 3] [--workshop FOLDER]

Each feature of the backlog is a module with doctests, and most modules import another one. An agent
claims the next feature under a lease, writes the module, runs its doctests, and passes or fails the
feature. The first process dies while it holds a feature; when the lease ends, another agent claims
that feature. A feature that fails waits for a person, who reopens it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from autoforge import Forge
from autoforge.errors import ConditionFailedError, ItemExistsError
from autoforge.forge import NewFeature
from autoforge.models import Agent, AgentRun, AgentStatus, Feature, RunStatus, Severity

#: The lease of a claim, in seconds; a living agent renews it before it ends.
LEASE = 3.0
#: Seconds between two looks for a ready feature, or for a question.
PAUSE = 0.2
#: The error message of a run whose module fails its doctests.
BROKEN = "a doctest failed"

#: The source of each feature, attempt by attempt; the first ``average`` is wrong.
SOURCES = {
    "words": [
        '''
def words(text):
    """
    >>> words("To be, or not to be")
    ['to', 'be', 'or', 'not', 'to', 'be']
    """
    return "".join(c if c.isalpha() else " " for c in text.lower()).split()
'''
    ],
    "counts": [
        '''
from collections import Counter
from words import words

def counts(text):
    """
    >>> counts("to be or not to be")["be"]
    2
    """
    return Counter(words(text))
'''
    ],
    "average": [
        '''
from words import words

def average(text):
    """
    >>> average("to be or not")
    2.25
    >>> average("")
    0.0
    """
    return sum(map(len, words(text))) / len(words(text))
''',
        '''
from words import words

def average(text):
    """
    >>> average("to be or not")
    2.25
    >>> average("")
    0.0
    """
    found = words(text)
    return sum(map(len, found)) / len(found) if found else 0.0
''',
    ],
    "report": [
        '''
from average import average
from counts import counts

def report(text):
    """
    >>> report("to be or not to be")
    'to 2, be 2; 2.17 letters'
    """
    common = ", ".join(f"{word} {times}" for word, times in counts(text).most_common(2))
    return f"{common}; {average(text):.2f} letters"
'''
    ],
}

#: Dependencies are positions in this list: the report needs the counts and the average.
BACKLOG = [
    NewFeature(name="words", priority=1),
    NewFeature(name="counts", priority=2, dependencies=[0]),
    NewFeature(name="average", priority=2, dependencies=[0]),
    NewFeature(name="report", priority=3, dependencies=[1, 2]),
]


def work(forge: Forge, project_id: str, agent: Agent, workshop: Path) -> None:
    """Claim and build features until all pass."""
    while not is_done(forge, project_id):
        feature = forge.features.claim_next(project_id, agent.id, LEASE)
        if feature is None:
            time.sleep(PAUSE)
            continue
        run = forge.runs.start(project_id, agent.id, feature.id)
        try:
            build(forge, feature, run, workshop)
        except ConditionFailedError:  # too slow: another agent has claimed the feature
            forge.runs.finish(project_id, run.id, RunStatus.FAILED, error_message="lost the claim")


def build(forge: Forge, feature: Feature, run: AgentRun, workshop: Path) -> None:
    """Write the module, run its doctests, and report the outcome."""
    project_id, token = feature.project_id, feature.version
    attempts = forge.runs.of_feature(project_id, feature.id, limit=10).items
    failures = sum(each.error_message == BROKEN for each in attempts)

    forge.runs.report(project_id, run.id, status=RunStatus.CODING)
    sources = SOURCES[feature.name]
    module = workshop / f"{feature.name}.py"
    module.write_text(sources[min(failures, len(sources) - 1)], encoding="utf-8")

    forge.runs.report(project_id, run.id, status=RunStatus.TESTING)
    forge.features.renew(project_id, feature.id, version=token, lease=LEASE)
    tested = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "doctest", module.name],
        cwd=workshop,
        capture_output=True,
        text=True,
        check=False,
    )
    forge.runs.report(project_id, run.id, output=tested.stdout, keep_tail=True)

    if tested.returncode == 0:
        forge.features.pass_(project_id, feature.id, version=token)
        forge.runs.finish(project_id, run.id, RunStatus.COMPLETED)
        note(forge, project_id, f"{feature.name} passes", Severity.INFO)
        return
    forge.features.fail(project_id, feature.id, version=token)
    forge.runs.finish(project_id, run.id, RunStatus.FAILED, error_message=BROKEN)
    note(forge, project_id, f"{feature.name} fails", Severity.ERROR)
    ask(forge, feature)


def note(forge: Forge, project_id: str, summary: str, severity: Severity) -> None:
    """Record an event, and advance the number of features that pass."""
    forge.events.record(project_id, "feature_built", summary, severity=severity)
    passing = forge.features.stats(project_id).passing
    with suppress(ConditionFailedError):  # another agent has recorded a higher number
        forge.checkpoints.advance(project_id, "workshop", "passing", str(passing))


def ask(forge: Forge, feature: Feature) -> None:
    """Ask a person what to do with a feature that failed; once for each claim."""
    with suppress(ItemExistsError):
        forge.escalations.create(
            feature.project_id,
            f"{feature.name} fails its doctests",
            options=["Try again", "Leave it"],
            context={"featureId": feature.id},
            id=f"{feature.id}-{feature.version}",
        )


def answer(forge: Forge, project_id: str) -> None:
    """Act as the person: have every failed feature tried again."""
    for question in forge.escalations.of_project(project_id).items:
        if question.status == "pending" and question.context:
            forge.escalations.decide(project_id, question.id, "Try again", decided_by="Ann")
            forge.features.reopen(project_id, question.context["featureId"])


def is_done(forge: Forge, project_id: str) -> bool:
    """Whether every feature passes."""
    stats = forge.features.stats(project_id)
    return stats.passing == stats.total


def summary(forge: Forge, project_id: str) -> str:
    """Return a line for each feature, with its status and its runs."""
    lines = []
    for feature in forge.features.of_project(project_id).items:
        runs = forge.runs.of_feature(project_id, feature.id, limit=10).items
        outcomes = ", ".join(str(run.status) for run in reversed(runs))
        lines.append(f"{feature.name} is {feature.status} after runs {outcomes}")
    return "\n".join(lines)


def be_an_agent(given: argparse.Namespace) -> None:
    """Run one of the agents."""
    with Forge.connect(
        table_name=given.table_name, region="us-east-1", endpoint_url=given.endpoint_url
    ) as forge:
        agent = forge.agents.create(given.project_id, given.agent, id=given.agent)
        if given.dies:
            forge.features.claim_next(given.project_id, agent.id, LEASE)
            os._exit(1)  # like a machine that dies: it releases nothing and tells nobody
        work(forge, given.project_id, agent, given.workshop)


def be_the_platform(agents: int, workshop: Path) -> None:
    """Create the backlog, start the agents, answer their questions, and print the outcome."""
    with Forge.embedded() as forge:
        project = forge.projects.create("Words")
        forge.features.create_many(project.id, BACKLOG)
        command = [sys.executable, __file__, "--endpoint-url", str(forge.endpoint_url)]
        command += ["--table-name", forge.store.table_name, "--project-id", project.id]
        command += ["--workshop", str(workshop)]
        # The embedded DynamoDB answers only those who know its access key.
        environment = {**os.environ, **forge.environment}
        dying = subprocess.run(  # noqa: S603
            [*command, "--agent", "agent-0", "--dies"], env=environment, check=False
        )
        print(f"agent-0 died with code {dying.returncode}")
        workers = [
            subprocess.Popen([*command, "--agent", f"agent-{number}"], env=environment)  # noqa: S603
            for number in range(1, agents + 1)
        ]
        while any(each.poll() is None for each in workers):
            answer(forge, project.id)
            time.sleep(PAUSE)
        print(summary(forge, project.id))
        passing = forge.checkpoints.get(project.id, "workshop", "passing").checkpoint_value
        idle = forge.agents.by_status(project.id, AgentStatus.IDLE).items
        print(f"{passing} features pass, {len(idle)} agents are idle")


def main() -> None:
    """Run the platform or, in a process that it starts, an agent."""
    parser = argparse.ArgumentParser(description="Several agents build a small backlog.")
    parser.add_argument("--agents", type=int, default=3)
    parser.add_argument("--workshop", type=Path, help="where the modules are written")
    for name in ("--agent", "--endpoint-url", "--table-name", "--project-id"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--dies", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.agent is not None:
        be_an_agent(given)
        return
    with TemporaryDirectory() as folder:
        workshop = given.workshop or Path(folder)
        workshop.mkdir(exist_ok=True)
        be_the_platform(given.agents, workshop)


if __name__ == "__main__":
    main()

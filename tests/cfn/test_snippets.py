"""The example templates and the example agent of the documentation."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any, Final

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.helpers import REGIONS

from autoforge import Forge
from autoforge.access.operations import WORK
from autoforge.models import AgentRun, Feature, FeatureStatus, RunStatus
from autoforge.settings import Settings
from cfn.roles import PROJECT_AGENT, PROJECT_TAG
from tests.cfn.guide import DEPLOY, commands
from tests.cfn.resolved import SNIPPETS, read_yaml, stack

TEMPLATES: Final = ["ecs.yaml", "lambda.yaml"]
#: The exports of our stack that each template imports.
IMPORTS: Final = {
    "ecs.yaml": {"TableName", "IntegrationKeyArn", "ApiPolicyArn"},
    "lambda.yaml": {"TableName", "ProjectAgentPolicyArn", "AlarmTopicArn"},
}


@cache
def snippet(name: str) -> dict[str, Any]:
    document: dict[str, Any] = read_yaml(SNIPPETS / name)
    return document


def properties(name: str, resource: str) -> dict[str, Any]:
    found: dict[str, Any] = snippet(name)["Resources"][resource]["Properties"]
    return found


def imported(value: Any) -> Iterator[str]:
    """Yield the imports in a part of a template, each without the name of the stack."""
    if isinstance(value, dict):
        if {*value} == {"Fn::ImportValue"}:
            yield value["Fn::ImportValue"]["Fn::Sub"].removeprefix("${Autoforge}-")
        for each in value.values():
            yield from imported(each)
    if isinstance(value, list):
        for each in value:
            yield from imported(each)


def test_every_template_of_the_folder_is_looked_at() -> None:
    assert sorted(path.name for path in SNIPPETS.glob("*.yaml")) == TEMPLATES


@pytest.mark.parametrize("name", TEMPLATES)
def test_cfn_lint_finds_nothing_in_any_region(name: str) -> None:
    everywhere = ManualArgs(regions=REGIONS, include_checks=["I"])

    assert lint((SNIPPETS / name).read_text(encoding="utf-8"), config=everywhere) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_everything_that_is_imported_is_exported_by_every_stack(name: str) -> None:
    needed = {*imported(snippet(name))}

    exported = {
        each["Export"]["Name"].removeprefix("tracker-") for each in stack().outputs.values()
    }
    assert needed == IMPORTS[name]
    assert needed <= exported


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_page_deploys_it_with_parameters_that_it_takes(name: str) -> None:
    (command,) = [each for each in commands(DEPLOY) if each.is_deployment and name in each.template]
    declared = snippet(name)["Parameters"]

    assert {*command.parameters} <= {*declared}
    assert {*command.parameters} >= {
        parameter for parameter, each in declared.items() if "Default" not in each
    }
    for parameter, value in command.parameters.items():
        assert re.fullmatch(declared[parameter].get("AllowedPattern", ".+"), value), parameter
    assert command.parameters["Autoforge"] == "autoforge"


def test_the_tasks_have_the_policy_of_the_api_and_none_else() -> None:
    role = properties("ecs.yaml", "TaskRole")

    assert [*imported(role["ManagedPolicyArns"])] == ["ApiPolicyArn"]
    assert len(role["ManagedPolicyArns"]) == 1
    assert "Policies" not in role
    assert properties("ecs.yaml", "Task")["TaskRoleArn"] == {"Fn::GetAtt": ["TaskRole", "Arn"]}


def test_nobody_reaches_the_api_but_through_the_proxy() -> None:
    task = properties("ecs.yaml", "Task")
    api, proxy = task["ContainerDefinitions"]
    (ingress,) = properties("ecs.yaml", "Tasks")["SecurityGroupIngress"]
    network = properties("ecs.yaml", "Service")["NetworkConfiguration"]["AwsvpcConfiguration"]

    assert task["NetworkMode"] == "awsvpc"
    assert "PortMappings" not in api
    assert "--host" not in api["Command"]
    assert proxy["PortMappings"] == [{"ContainerPort": ingress["FromPort"]}]
    assert ingress["FromPort"] == ingress["ToPort"]
    assert "CidrIp" not in ingress
    assert network["AssignPublicIp"] == "DISABLED"


def test_no_container_may_more_than_it_needs() -> None:
    for container in properties("ecs.yaml", "Task")["ContainerDefinitions"]:
        assert container["ReadonlyRootFilesystem"] is True
        assert container["User"] == "1000"
        assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
        assert "Privileged" not in container


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ecs.yaml", lambda: properties("ecs.yaml", "Task")["ContainerDefinitions"][0]),
        ("lambda.yaml", lambda: properties("lambda.yaml", "Agent")["Environment"]),
    ],
)
def test_every_setting_in_the_environment_is_one(name: str, said: Any) -> None:
    settings = {f"AUTOFORGE_{field.upper()}" for field in Settings.model_fields}

    named = set(re.findall(r"AUTOFORGE_[A-Z_]+", json.dumps(said())))

    assert named <= settings
    assert "AUTOFORGE_TABLE_NAME" in named


def test_the_agent_has_the_policy_and_the_tag_of_one_project() -> None:
    role = properties("lambda.yaml", "Role")

    assert [*imported(role["ManagedPolicyArns"])] == ["ProjectAgentPolicyArn"]
    assert len(role["ManagedPolicyArns"]) == 1
    assert role["Tags"] == [{"Key": PROJECT_TAG, "Value": {"Ref": "ProjectId"}}]


def test_a_feature_is_claimed_only_with_time_to_build_it(agent: ModuleType) -> None:
    assert properties("lambda.yaml", "Agent")["Timeout"] > agent.LEASE


def test_the_agent_does_only_what_its_role_is_allowed() -> None:
    program = ast.parse((SNIPPETS / "agent.py").read_text(encoding="utf-8"))

    called = {
        match[1]
        for node in ast.walk(program)
        if isinstance(node, ast.Call)
        and (match := re.fullmatch(r"forge\.(\w+\.\w+)", ast.unparse(node.func)))
    }

    allowed = {each.name for each in PROJECT_AGENT.operations}
    assert len(called) > 3
    assert called <= {each.name for each in WORK}
    assert called <= allowed


@pytest.fixture(scope="module")
def agent() -> ModuleType:
    """The program, imported as Lambda does: by the handler that the template names."""
    module, _, _ = properties("lambda.yaml", "Agent")["Handler"].partition(".")
    spec = importlib.util.spec_from_file_location(module, SNIPPETS / f"{module}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def embedded() -> Iterator[Forge]:
    with Forge.embedded() as forge:
        yield forge


@pytest.fixture
def project(embedded: Forge) -> str:
    """A project with an agent and a feature that depends on another."""
    project_id: str = embedded.projects.create("Portal").id
    embedded.agents.create(project_id, "Coder", id="coder")
    embedded.features.create(project_id, "Sign in", id="sign-in")
    embedded.features.create(project_id, "Sign out", id="sign-out", dependencies=["sign-in"])
    return project_id


class Plenty:
    """The context of an invocation with ten minutes left."""

    def get_remaining_time_in_millis(self) -> int:
        return 600_000


def test_the_handler_of_the_template_builds_all_that_is_ready(
    agent: ModuleType, embedded: Forge, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOFORGE_TABLE_NAME", embedded.store.table_name)
    for name, value in embedded.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", embedded.environment["AWS_DEFAULT_REGION"])
    handler = getattr(agent, properties("lambda.yaml", "Agent")["Handler"].partition(".")[2])
    (target,) = properties("lambda.yaml", "EveryMinute")["Targets"]
    event = target["Input"]["Fn::Sub"].replace("${ProjectId}", project)

    done = handler(json.loads(event.replace("${AgentId}", "coder")), Plenty())
    agent.connected().close()

    runs = embedded.runs.of_project(project).items
    assert done == {"passed": 2, "failed": 0, "lost": 0}
    assert embedded.features.stats(project).passing == 2
    assert {each.status for each in runs} == {RunStatus.COMPLETED}


def test_what_cannot_be_built_waits_for_a_person(
    agent: ModuleType, embedded: Forge, project: str
) -> None:
    def build(feature: Feature, run: AgentRun) -> None:
        raise ValueError(f"{feature.id} in {run.project_id} is too hard")

    done = agent.turn(embedded, project, "coder", seconds_left=lambda: 600.0, build=build)

    (run,) = embedded.runs.of_project(project).items
    assert done == {"passed": 0, "failed": 1, "lost": 0}
    assert embedded.features.get(project, "sign-in").status == FeatureStatus.FAILING
    assert run.error_message == f"ValueError: sign-in in {project} is too hard"


def test_a_claim_that_was_lost_changes_nothing(
    agent: ModuleType, embedded: Forge, project: str
) -> None:
    def build(feature: Feature, run: AgentRun) -> None:
        embedded.features.release(run.project_id, feature.id, force=True)
        embedded.features.claim(run.project_id, feature.id, "another")

    done = agent.turn(embedded, project, "coder", seconds_left=lambda: 600.0, build=build)

    (run,) = embedded.runs.of_project(project).items
    assert done == {"passed": 0, "failed": 0, "lost": 1}
    assert embedded.features.get(project, "sign-in").assigned_agent_id == "another"
    assert (run.status, run.error_message) == (RunStatus.FAILED, "lost the claim")


def test_nothing_is_claimed_when_time_is_nearly_up(
    agent: ModuleType, embedded: Forge, project: str
) -> None:
    done = agent.turn(
        embedded, project, "coder", seconds_left=lambda: agent.LEASE, build=agent.build
    )

    assert done == {"passed": 0, "failed": 0, "lost": 0}
    assert embedded.features.get(project, "sign-in").status == FeatureStatus.PENDING

"""The reference lists every argument, and the how-to is true to the letter."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest

from autoforge.cloudformation import Role, policy_of, template_of
from autoforge.cloudformation.document import LARGEST
from autoforge.cloudformation.policy import LONGEST
from tests.cfn.aws import AWS, environment, moto
from tests.cfn.guide import Command, commands, rows, scripts
from tests.cfn.resolved import ROOT, parsed, read_yaml, resolved
from tests.docs.pages import blocks

REFERENCE: Final = ROOT / "docs" / "reference" / "cloudformation.md"
HOW_TO: Final = ROOT / "docs" / "how-to" / "deploy-your-own-table.md"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[types.ModuleType]:
    """What the Python of the how-to declares, after it wrote the template into a folder."""
    folder = tmp_path_factory.mktemp("library")
    module = types.ModuleType("own_table")
    sys.modules[module.__name__] = module
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        for block in blocks(HOW_TO):
            if block.language == "python":
                exec(compile(block.text, HOW_TO.name, "exec", dont_inherit=True), vars(module))
    vars(module)["folder"] = folder
    yield module
    del sys.modules[module.__name__]


@pytest.fixture
def aws() -> Iterator[AWS]:
    with moto() as running:
        yield running


def test_every_attribute_of_a_role_is_listed_in_order() -> None:
    listed = [name for name, _ in rows(REFERENCE, "attribute")]

    assert listed == [each.name for each in fields(Role)]


def test_every_argument_is_listed() -> None:
    text = REFERENCE.read_text(encoding="utf-8")

    assert [name for name, _ in rows(REFERENCE, "argument")] == [
        *inspect.signature(template_of).parameters
    ]
    for function in (template_of, policy_of):
        (shown,) = re.findall(rf"`{function.__name__}\((.+?)\)` returns", text)
        assert [each.split("=")[0] for each in shown.split(", ")] == [
            *inspect.signature(function).parameters
        ]


def test_limits_are_the_ones_that_are_checked() -> None:
    text = REFERENCE.read_text(encoding="utf-8")

    assert f"more than {LARGEST:,} bytes" in text
    assert f"at most {LONGEST:,} characters" in text


def test_the_template_of_the_how_to_is_the_one_of_its_table(followed: Any) -> None:
    written = read_yaml(followed.folder / "library.yaml")

    roles = [followed.desk, followed.reminders, followed.operator]
    assert written == parsed(template_of(followed.library, roles=roles))
    assert {*resolved(written).of_type("AWS::IAM::ManagedPolicy")} == {
        "DeskPolicy",
        "RemindersPolicy",
        "OperatorPolicy",
    }


def test_the_commands_of_the_how_to_deploy_the_table(
    aws: AWS, followed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(followed.folder)
    (deploying,) = (each for each in commands(HOW_TO) if each.is_deployment)

    said = aws.cli(*deploying.words[1:])

    assert said.code == 0, said.err
    assert _takes(deploying, read_yaml(Path("library.yaml")))
    table = aws.client("dynamodb").describe_table(TableName="Library")["Table"]
    assert [each["IndexName"] for each in table["GlobalSecondaryIndexes"]] == ["ByDue"]


def _takes(command: Command, document: dict[str, Any]) -> bool:
    return {*command.parameters} <= {*document["Parameters"]}


def test_the_commands_of_the_how_to_let_a_program_in(
    aws: AWS, followed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # moto sets no outputs for a change set, which `deploy` executes.
    aws.client("cloudformation").create_stack(
        StackName="library",
        TemplateBody=(followed.folder / "library.yaml").read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": "TableName", "ParameterValue": "Other"}],
        Capabilities=["CAPABILITY_IAM"],
    )
    iam = aws.client("iam")
    iam.create_role(RoleName="library-desk", AssumeRolePolicyDocument="{}")
    (script,) = (each for each in scripts(HOW_TO) if "$(output " in each)

    _bash(aws, script)

    (attached,) = iam.list_attached_role_policies(RoleName="library-desk")["AttachedPolicies"]
    assert "-DeskPolicy-" in attached["PolicyName"]
    tags = iam.get_role(RoleName="library-desk")["Role"]["Tags"]
    assert tags == [{"Key": "Branch", "Value": "north"}]


def _bash(aws: AWS, script: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**environment("admin"), "PATH": path, "AWS_ENDPOINT_URL": aws.endpoint_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_toolkit_loads_neither_the_package_nor_its_packages() -> None:
    program = (
        "import sys\n"
        "from autoforge import dynamodb\n"
        "for name in dynamodb.__all__: getattr(dynamodb, name)\n"
        "print(*(n for n in ('autoforge.cloudformation', 'troposphere', 'yaml', 'cfn_flip')"
        " if n in sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []

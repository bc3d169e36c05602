"""``autoforge template`` and ``autoforge policy`` print what is deployed for a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command

MODULE = """
from autoforge.cloudformation import Role
from tests.designs.library import LIBRARY, BookByIsbn, LoansOfBook

library = LIBRARY
roles = (Role("Desk", patterns=(BookByIsbn, LoansOfBook)),)
others = (Role("Reader", patterns=(BookByIsbn,)),)
wrong = ("Desk",)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A current directory with a table and its roles."""
    (tmp_path / "deployed.py").write_text(MODULE)
    (tmp_path / "alone.py").write_text("from tests.designs.library import LIBRARY as library")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name in ("deployed", "alone"):
        sys.modules.pop(name, None)


def test_the_template_has_the_table_and_a_policy_for_each_role_beside_it(command: Command) -> None:
    said = command("--table", "deployed:library", "template")
    alone = command("--table", "alone:library", "template")

    assert (said.code, said.err) == (0, "")
    assert "AWS::DynamoDB::Table" in said.out
    assert "Desk" in said.out
    assert alone.code == 0
    assert "AWS::IAM::ManagedPolicy" not in alone.out


def test_a_policy_is_printed_as_json(command: Command) -> None:
    beside = command("--table", "deployed:library", "policy", "Desk")
    named = command("--table", "alone:library", "policy", "Reader", "--roles", "deployed:others")

    assert beside.code == named.code == 0
    assert json.loads(beside.out)["Statement"] != json.loads(named.out)["Statement"]


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["policy", "Desc"], "Desc is not a role; did you mean 'Desk'?"),
        (["policy", "Zzz"], "Zzz is not a role; expected one of Desk"),
        (
            ["template", "--roles", "deployed:wrong"],
            "deployed:wrong is not a list or tuple of Role",
        ),
        (
            ["template", "--roles", "deployed:library"],
            "deployed:library is not a list or tuple of Role",
        ),
        (["template", "--roles", "deployed:nothing"], "deployed has no attribute 'nothing'"),
        (
            ["policy", "Desk", "--table", "alone:library"],
            "no roles are declared; name them by",
        ),
    ],
)
def test_a_role_that_is_not_declared_is_refused(
    command: Command, arguments: list[str], wrong: str
) -> None:
    said = command("--table", "deployed:library", *arguments)

    assert (said.code, said.out) == (2, "")
    assert wrong in said.err


@pytest.mark.parametrize("arguments", [["template"], ["policy", "Reader"]])
def test_the_template_of_the_platform_is_the_committed_one(
    command: Command, arguments: list[str]
) -> None:
    said = command(*arguments)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(
        "autoforge: the table is the platform's, whose template is cfn/template.yaml"
    )

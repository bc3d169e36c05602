"""The pages about the laws show what a user sees, and name everything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from autoforge.testing.laws import laws_in
from docs.examples.another_domain import LIBRARY
from tests.docs.pages import REFERENCE, ROOT, blocks

_PAGE = ROOT / "docs" / "how-to" / "prove-your-design.md"


def _run(folder: Path, *python: str, selected: str) -> str:
    """Run what blocks of the page define as a test module, and return what pytest prints."""
    (folder / "test_library.py").write_text("\n".join(python), encoding="utf-8")
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", selected, ".")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.fixture
def python() -> list[str]:
    """The Python blocks of the page."""
    return [each.text for each in blocks(_PAGE) if each.language == "python"]


def test_the_page_shows_the_message_of_a_broken_law(tmp_path: Path, python: list[str]) -> None:
    (shown,) = [each.text for each in blocks(_PAGE) if each.language == "text"]
    design, proven, wrong, *_ = python

    printed = _run(tmp_path, design, wrong, proven, selected="LoansDueSoon and pages and equal")

    assert shown in printed


def test_the_tests_on_the_page_pass(tmp_path: Path, python: list[str]) -> None:
    printed = _run(tmp_path, python[0], python[-1], selected="test_a")

    assert "2 passed" in printed


def test_every_law_is_documented_and_no_other() -> None:
    text = (REFERENCE / "testing.md").read_text(encoding="utf-8")
    laws = text.partition("## Laws")[2].partition("## Fixtures")[0]

    claims = {law.claim for law in laws_in(LIBRARY)}
    named = {*re.findall(r"^\| ([a-z][^|`]+) \|", laws, re.MULTILINE)} - {"law"}
    assert named <= claims
    assert claims - named == {"the answer equals brute force", "expired items never come"}

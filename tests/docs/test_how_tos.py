"""The how-tos, followed to the letter, add what they describe, and the related tests pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import ROOT

#: A step of a page: the file it names, and the block below it.
_STEP: Final = re.compile(r"^In `([^`]+)`[^\n]*:\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_IMPORT: Final = re.compile(r"^from \S+ import (?:\([^)]*\)|.*)\n", re.MULTILINE)
_COPIED: Final = ("autoforge", "benchmarks", "cfn", "docs", "requirements", "tests", ".ci")
#: Whether to follow each page alone, and to leave out each step in turn and expect a failure:
#: ``make how-tos``. Otherwise both pages are followed in one copy.
_EACH_STEP: Final = "HOW_TOS_EACH_STEP" in os.environ


@dataclass(frozen=True)
class Step:
    """A change to a file, as a page describes it."""

    path: str
    language: str
    text: str

    def take(self, root: Path) -> None:
        """Apply the change."""
        file = root / self.path
        before = file.read_text(encoding="utf-8")
        after = _with(before, self.text) if self.language == "python" else self._changed(before)
        file.write_text(after, encoding="utf-8")

    def _changed(self, text: str) -> str:
        lines = self.text.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(old) == 1, f"{self.path} has {text.count(old)} times:\n{old}"
        return text.replace(old, new)


def _with(text: str, more: str) -> str:
    """Append a block to a module, and move the block's imports to the top of the module."""
    start = text.index("from __future__ import annotations\n\n") + 36
    imports = "".join(each[0] for each in _IMPORT.finditer(more))
    return f"{text[:start]}{imports}{text[start:]}\n\n{_IMPORT.sub('', more).strip()}\n"


def steps(page: str) -> list[Step]:
    """Return the steps of a page, in order."""
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    return [Step(*found) for found in _STEP.findall(text)]


@dataclass(frozen=True)
class Concerned:
    """The tests that fail if a step of a page was forgotten.

    Attributes:
        files: The files that they are in.
        selected: Which tests of these files, as pytest's option ``-k`` takes it.
    """

    files: Sequence[str]
    selected: str


_CONCERNED: Final = {
    "add-a-pattern": Concerned(
        (
            "tests/access/test_every_pattern.py",
            "tests/access/test_requests_and_capacity.py",
            "tests/access/test_hazards_everywhere.py",
            "tests/access/test_operations.py",
            "tests/docs/test_complete.py",
            "tests/http/api/test_openapi.py",
        ),
        "Since or documented or of_the_catalogue or held_against or reads_ask or generated",
    ),
    "add-an-entity": Concerned(
        (
            "tests/access/test_every_pattern.py",
            "tests/access/projects/test_deletion.py",
            "tests/docs/test_complete.py",
            "tests/http/api/test_openapi.py",
        ),
        "(near_misses and ActionById) or documented or generated_files or removes_everything",
    ),
}


def copy_of_the_repository(root: Path) -> Path:
    """Copy everything that the tests need, as a clone has it."""
    for folder in _COPIED:
        leave_out = shutil.ignore_patterns("node_modules")
        shutil.copytree(ROOT / folder, root / folder, ignore=leave_out)
    for file in ROOT.iterdir():
        if file.is_file() and not file.name.startswith("."):
            shutil.copy2(file, root)
    engines = ROOT / "tests" / "engines" / "node_modules"
    if engines.exists():
        (root / "tests" / "engines" / "node_modules").symlink_to(engines)
    return root


def python(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module in the copy; its imports come from the copy."""
    given = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=root,
        env={**given, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def followed(root: Path, todo: Mapping[str, Sequence[Step]]) -> str:
    """Apply the steps of pages to a copy, and return the failures of the tests they concern."""
    copy_of_the_repository(root)
    for step in chain.from_iterable(todo.values()):
        step.take(root)
    made = python(root, "tests.generated", "--write")
    if made.returncode:
        return made.stderr
    files = dict.fromkeys(file for page in todo for file in _CONCERNED[page].files)
    selected = " or ".join(_CONCERNED[page].selected for page in todo)
    on_one_engine = f"({selected}) and not moto"
    tested = python(root, "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", on_one_engine)
    return tested.stdout + tested.stderr if tested.returncode else ""


@pytest.mark.parametrize(
    "pages", [[page] for page in _CONCERNED] if _EACH_STEP else [[*_CONCERNED]], ids=" and ".join
)
def test_how_tos_that_are_followed_to_the_letter_leave_nothing_to_do(
    tmp_path: Path, pages: Sequence[str]
) -> None:
    assert followed(tmp_path / "clone", {page: steps(page) for page in pages}) == ""


@pytest.mark.skipif(not _EACH_STEP, reason="takes minutes: make how-tos")
@pytest.mark.parametrize(
    ("page", "number"),
    [(page, number) for page in _CONCERNED for number in range(len(steps(page)))],
)
def test_no_step_of_a_how_to_is_needless(tmp_path: Path, page: str, number: int) -> None:
    todo = steps(page)
    left_out = todo.pop(number)

    assert followed(tmp_path / "clone", {page: todo}), left_out

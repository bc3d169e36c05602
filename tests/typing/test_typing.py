"""A type checker infers the answers of patterns, and rejects wrong parameters."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

_ROOT = Path(__file__).parents[2]

_MISTAKES = dedent(
    """
    from autoforge.access.events.patterns import EventById, EventsOfProject
    from autoforge.access.projects.patterns import ProjectsByStatus
    from autoforge.dynamodb.store.store import Store
    from autoforge.models import Artefact

    def mistakes(store: Store) -> None:
        EventsOfProject(proyect_id="p")
        EventsOfProject("p", limit=3)
        EventsOfProject(1)
        EventsOfProject("p", since="yesterday")
        EventsOfProject("p", order="newest")
        ProjectsByStatus("running")
        store.get(EventsOfProject("p"))
        store.page(EventById("p", "e"), limit=1)
        store.page(EventsOfProject("p"))
        artefact: Artefact | None = store.get(EventById("p", "e"))
        store.require(EventById("p", "e")).sumary
    """
)


def test_what_is_asserted_of_types_holds() -> None:
    checked = _mypy(_ROOT / "tests" / "typing" / "api.py")

    assert (checked.stdout, checked.returncode) == (
        "Success: no issues found in 1 source file\n",
        0,
    )


def test_a_misspelt_parameter_or_a_wrong_type_is_rejected(tmp_path: Path) -> None:
    mistaken = tmp_path / "mistaken.py"
    mistaken.write_text(_MISTAKES)

    checked = _mypy(mistaken)

    lines = _MISTAKES.splitlines()
    first = lines.index("def mistakes(store: Store) -> None:") + 2
    wrong = {int(number) for number in re.findall(r"mistaken\.py:(\d+): error", checked.stdout)}
    assert {lines[number - 1].strip() for number in range(first, len(lines) + 1)} == {
        lines[number - 1].strip() for number in wrong
    }


def test_what_is_declared_and_used_well_is_accepted() -> None:
    checked = _mypy(_ROOT / "tests" / "typing" / "declarations.py")

    assert (checked.stdout, checked.returncode) == (
        "Success: no issues found in 1 source file\n",
        0,
    )


def test_every_mistake_in_a_declaration_or_its_use_is_found(tmp_path: Path) -> None:
    source = (_ROOT / "tests" / "typing" / "mistakes.txt").read_text(encoding="utf-8")
    mistaken = tmp_path / "mistaken.py"
    mistaken.write_text(source, encoding="utf-8")

    checked = _mypy(mistaken)

    errors = re.findall(
        r"mistaken\.py:(\d+): error: .*\[([a-z-]+)\]$", checked.stdout, re.MULTILINE
    )
    found = {(int(number), code) for number, code in errors}
    marked = {
        (number, match[1])
        for number, line in enumerate(source.splitlines(), 1)
        if (match := re.search(r"  # error: ([a-z-]+)$", line))
    }
    assert marked <= found
    assert {number for number, _ in found} == {number for number, _ in marked}, checked.stdout


def _mypy(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(file)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

"""A type checker infers the answers of patterns, and rejects wrong parameters."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from tests.docs.pages import blocks

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
    sources = {
        "mistaken.py": (_ROOT / "tests" / "typing" / "mistakes.txt").read_text(encoding="utf-8"),
        "page.py": "".join(
            block.text for block in blocks(_ROOT / "docs" / "how-to" / "check-types.md")
        ),
    }
    for name, source in sources.items():
        (tmp_path / name).write_text(source, encoding="utf-8")

    checked = _mypy(*(tmp_path / name for name in sources))

    errors = re.findall(r"(\w+\.py):(\d+): error: .*\[([a-z-]+)\]$", checked.stdout, re.MULTILINE)
    found = {(name, int(number), code) for name, number, code in errors}
    marked = {
        (name, number, match[1])
        for name, source in sources.items()
        for number, line in enumerate(source.splitlines(), 1)
        if (match := re.search(r"  # error: ([a-z-]+)$", line))
    }
    assert {name for name, _, _ in marked} == {*sources}
    assert marked <= found, marked - found
    assert {each[:2] for each in found} == {each[:2] for each in marked}, checked.stdout


def _mypy(*files: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", *map(str, files)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

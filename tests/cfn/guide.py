"""The pages on deployment, read for what can be checked: commands, tables, files."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cfn.resolved import ROOT
from tests.docs.pages import blocks

DEPLOY: Final = ROOT / "docs" / "how-to" / "deploy.md"
OPERATE: Final = ROOT / "docs" / "how-to" / "operate.md"
TEMPLATE: Final = "cfn/template.yaml"


@dataclass(frozen=True)
class Command:
    """A command of the AWS CLI, and where a page says to run it."""

    page: str
    words: tuple[str, ...]

    @property
    def is_deployment(self) -> bool:
        """Whether it deploys a template."""
        return self.words[1:3] == ("cloudformation", "deploy")

    @property
    def template(self) -> str:
        """What it deploys."""
        return self.option("--template-file")

    @property
    def parameters(self) -> dict[str, str]:
        """Which parameters it deploys that with."""
        if "--parameter-overrides" not in self.words:
            return {}
        given = self.words[self.words.index("--parameter-overrides") + 1 :]
        return dict(each.split("=", 1) for each in given)

    def option(self, name: str, default: str = "") -> str:
        """The value of an option."""
        return self.words[self.words.index(name) + 1] if name in self.words else default

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words[1:])[:90]}"


def commands(page: Path) -> Iterator[Command]:
    """Every command of the AWS CLI that a page shows, in order."""
    for script in scripts(page):
        begun = ""
        for line in script.replace("\\\n", " ").splitlines():
            begun += f"{line}\n"
            try:
                words = shlex.split(begun)
            except ValueError:  # within quotes: it goes on in the next line
                continue
            begun = ""
            if words[:1] == ["aws"]:
                yield Command(page.stem, tuple(words))


def scripts(page: Path) -> list[str]:
    """What a page says to type in a terminal, block by block."""
    return [each.text for each in blocks(page) if each.language == "sh"]


def shown(page: Path, language: str) -> str:
    """The one block of a page in a language."""
    (block,) = [each.text for each in blocks(page) if each.language == language]
    return block


def rows(page: Path, heading: str) -> list[list[str]]:
    """The rows of a table, found by what its first column is called; without the marks of code."""
    lines = page.read_text(encoding="utf-8").splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.startswith(f"| {heading} |")]
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip().replace("`", "") for cell in line[1:].rstrip("|").split("|")])
    return found

"""The parts of the deployment pages that tests check: commands, tables and code blocks."""

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
    """A command of the AWS CLI, with the name of the page that shows it."""

    page: str
    words: tuple[str, ...]

    @property
    def is_deployment(self) -> bool:
        """Whether the command deploys a template."""
        return self.words[1:3] == ("cloudformation", "deploy")

    @property
    def template(self) -> str:
        """The path of the template that the command deploys."""
        return self.option("--template-file")

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters that the command deploys the template with."""
        if "--parameter-overrides" not in self.words:
            return {}
        given = self.words[self.words.index("--parameter-overrides") + 1 :]
        return dict(each.split("=", 1) for each in given)

    def option(self, name: str, default: str = "") -> str:
        """Return the value of an option."""
        return self.words[self.words.index(name) + 1] if name in self.words else default

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words[1:])[:90]}"


def commands(page: Path) -> Iterator[Command]:
    """Yield every command of the AWS CLI on a page, in order."""
    for script in scripts(page):
        begun = ""
        for line in script.replace("\\\n", " ").splitlines():
            begun += f"{line}\n"
            try:
                words = shlex.split(begun)
            except ValueError:  # an open quote: the command continues on the next line
                continue
            begun = ""
            if words[:1] == ["aws"]:
                yield Command(page.stem, tuple(words))


def scripts(page: Path) -> list[str]:
    """Return the shell blocks of a page."""
    return [each.text for each in blocks(page) if each.language == "sh"]


def shown(page: Path, language: str) -> str:
    """Return the only block of a page in a language."""
    (block,) = [each.text for each in blocks(page) if each.language == language]
    return block


def rows(page: Path, heading: str) -> list[list[str]]:
    """Return the rows of the table whose first column has this heading, without backticks."""
    lines = page.read_text(encoding="utf-8").splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.startswith(f"| {heading} |")]
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip().replace("`", "") for cell in line[1:].rstrip("|").split("|")])
    return found

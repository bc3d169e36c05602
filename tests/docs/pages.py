"""Reads the pages of the documentation: blocks, links, headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = ROOT / "docs" / "examples"
REFERENCE: Final = ROOT / "docs" / "reference"

#: Every page of the documentation, including generated ones.
PAGES: Final = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)

_FENCE: Final = re.compile(r"^```(\w*)$", re.MULTILINE)
_LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_MARKUP: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)|[`*]")
_CODE: Final = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line it begins on."""

    language: str
    text: str
    line: int


def named(page: Path) -> str:
    """Return the page's path from the root, for test ids."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    fences = list(_FENCE.finditer(text))
    assert len(fences) % 2 == 0, f"{named(page)}: a block is not closed"
    return [
        Block(opening[1], text[opening.end() + 1 : closing.start()], _line(text, opening))
        for opening, closing in zip(fences[::2], fences[1::2], strict=True)
    ]


def with_outputs(page: Path, *languages: str) -> Iterator[tuple[Block, Block | None]]:
    """Yield the blocks in some languages, each with the output block directly below it, if any."""
    gaps = [*pairwise(blocks(page)), *((last, None) for last in blocks(page)[-1:])]
    lines = page.read_text(encoding="utf-8").splitlines()
    for block, following in gaps:
        if block.language in languages:
            end = block.line + block.text.count("\n") + 1
            adjoins = following is not None and not any(lines[end : following.line - 1])
            shows = adjoins and following is not None and following.language in {"text", "json"}
            yield block, following if shows else None


def prose(page: Path) -> str:
    """Return a page without its blocks."""
    text = page.read_text(encoding="utf-8")
    for block in blocks(page):
        text = text.replace(f"```{block.language}\n{block.text}```", "")
    return text


def code_spans(page: Path) -> list[str]:
    """Return the texts between backticks in the prose of a page."""
    return _CODE.findall(prose(page))


def links(page: Path) -> list[str]:
    """Return the targets of a page's links."""
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub forms them."""
    seen = Counter[str]()
    found = set()
    for title in _HEADING.findall(prose(page)):
        plain = _MARKUP.sub(lambda match: match[1] or "", title).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1

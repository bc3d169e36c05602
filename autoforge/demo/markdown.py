"""Reads the Markdown documents of a repository: README, changelog and decision records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from autoforge.demo.history import Document

_HEADING: Final = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_UNDERLINE: Final = re.compile(r"([=\-~^\"*])\1{2,}")
_UNRELEASED: Final = re.compile(r"\[?unreleased\]?(\s|$).*|\[?unreleased\]?\(.*", re.IGNORECASE)
_BULLET: Final = re.compile(r"(\s*)[-*+]\s+(.*)")
#: Metadata of a record, such as ``- **Status:** accepted``.
_METADATA: Final = re.compile(r"\W*(status|date|deciders|authors?)\W*:(.*)", re.IGNORECASE)
_NUMBERING: Final = re.compile(r"(adr[\s-]*)?\d+\s*[.:\-\u2013\u2014]?\s+", re.IGNORECASE)
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\](\([^()]*\)|\[[^\[\]]*\])")
#: Emphasis and code; an asterisk between spaces is a bullet or a multiplication.
_MARKS: Final = re.compile(r"\*\*|__|`|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
#: The beginnings of blocks other than prose: badge, HTML, table, quote, directive, fence.
_NOT_PROSE: Final = ("[![", "![", "<", "|", ">", "..", "```", "---")


@dataclass(frozen=True)
class ChangelogItem:
    """One change in the changelog, with the heading above it."""

    category: str
    text: str


@dataclass(frozen=True)
class Decision:
    """One decision record."""

    number: int
    title: str
    #: In the words of the record; None if it gives none.
    status: str | None
    summary: str
    path: str

    @property
    def is_accepted(self) -> bool:
        """Whether the record calls the decision accepted."""
        return (self.status or "").lower().startswith("accepted")


def first_paragraph(document: Document) -> str | None:
    """Return the first paragraph of prose, without its markup; None if there is none."""
    return next(_paragraphs(document.text), None)


def unreleased_items(changelog: Document) -> list[ChangelogItem]:
    """Return the items of the section "Unreleased"; an empty list without such a section."""
    items: list[ChangelogItem] = []
    level, category = 0, ""
    for line in _COMMENT.sub("", changelog.text).splitlines():
        if heading := _HEADING.fullmatch(line):
            depth, title = len(heading[1]), heading[2]
            if not level and _UNRELEASED.fullmatch(title):
                level = depth
            elif level and depth > level:
                category = title
            elif level:
                break
        elif level:
            _add_line(items, category, line)
    return items


def decision_of(document: Document) -> Decision:
    """Read a decision record."""
    name = PurePosixPath(document.path).stem
    number = re.match(r"\d+", name)
    headings = [match[2] for match in map(_HEADING.fullmatch, document.text.splitlines()) if match]
    fallback = name.lstrip("0123456789-_.").replace("-", " ").replace("_", " ")
    return Decision(
        number=int(number[0]) if number else 0,
        title=_NUMBERING.sub("", _without_markup(headings[0]), count=1) if headings else fallback,
        status=_status(document.text),
        summary=next(_paragraphs(document.text, below="context"), "")
        or next(_paragraphs(document.text), ""),
        path=document.path,
    )


def _add_line(items: list[ChangelogItem], category: str, line: str) -> None:
    """Add the item of a line, or append the line to the item before it."""
    bullet = _BULLET.fullmatch(line)
    if bullet and len(bullet[1]) <= 1:
        items.append(ChangelogItem(category, _without_markup(bullet[2])))
    elif items and line[:1].isspace() and line.strip():
        more = _without_markup(bullet[2] if bullet else line)
        items[-1] = ChangelogItem(items[-1].category, f"{items[-1].text} {more}")


def _status(text: str) -> str | None:
    """The status of a record: from a line "Status: …", or the line below a heading "Status"."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        heading = _HEADING.fullmatch(line)
        if heading and heading[2].lower() == "status":
            return None if _HEADING.fullmatch(following) else _without_markup(following) or None
        metadata = _METADATA.fullmatch(line)
        if metadata and metadata[1].lower() == "status":
            return _without_markup(metadata[2]).strip("*_ ") or None
    return None


def _paragraphs(text: str, *, below: str | None = None) -> Iterator[str]:
    """The paragraphs of prose, in one section or in the whole text."""
    inside = below is None
    for block in re.split(r"\n\s*\n", _COMMENT.sub("", text).replace("\r\n", "\n")):
        lines = block.strip("\n").splitlines()
        while lines and (heading := _HEADING.fullmatch(lines[0].strip())):
            inside = below is None or heading[2].lower() == below
            del lines[0]
        if inside and (prose := _prose(lines)):
            yield prose


def _prose(lines: list[str]) -> str:
    """The text of a block; empty if it is not prose, but code, a title or metadata."""
    stripped = [line.strip() for line in lines]
    if not lines or lines[0].startswith(("    ", "\t")):
        return ""
    if any(_UNDERLINE.fullmatch(line) or _METADATA.fullmatch(line) for line in stripped):
        return ""
    if stripped[0].startswith(_NOT_PROSE):
        return ""
    return _without_markup(" ".join(stripped))


def _without_markup(text: str) -> str:
    """The words of a line of Markdown."""
    return _MARKS.sub("", _LINK.sub(r"\1", text)).strip()

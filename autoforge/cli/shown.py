"""Shows answers in a terminal: several items as a table, one item as a list of attributes."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from autoforge.dynamodb.patterns.json_items import ENTITY_TYPE, JsonObject

#: The most characters of a value in a table; ``--json`` has all of them.
WIDEST: Final = 60


class Listing:
    """Items in columns, page by page; the header is repeated if a page needs other columns."""

    def __init__(self) -> None:
        self._widths: dict[str, int] = {}

    def lines(self, items: Sequence[JsonObject]) -> Iterator[str]:
        """Return the lines of the next items; each attribute of any of them is a column."""
        rows = [
            {name: _cut(text(value)) for name, value in item.items() if value not in (None, [])}
            for item in items
        ]
        if len({row.get(ENTITY_TYPE) for row in rows}) == 1 and ENTITY_TYPE not in self._widths:
            for row in rows:
                row.pop(ENTITY_TYPE, None)
        needed = dict.fromkeys(name for item in items for name in item)
        widths = {
            name: max((width(row[name]) for row in rows if name in row), default=0)
            for name in needed
            if any(name in row for row in rows)
        }
        if not widths.keys() <= self._widths.keys():
            self._widths |= {name: max(width(text(name)), wide) for name, wide in widths.items()}
            yield self._line({name: text(name) for name in self._widths})
        for row in rows:
            yield self._line(row)

    def _line(self, row: Mapping[str, str]) -> str:
        cells = ((row.get(name, ""), wide) for name, wide in self._widths.items())
        return "  ".join(each + " " * (wide - width(each)) for each, wide in cells).rstrip()


def described(answer: JsonObject) -> Iterator[str]:
    """Return the lines of one item, or of an answer with several parts, one after another."""
    plain = {name: each for name, each in answer.items() if not _is_part(each)}
    wide = max((width(text(name)) for name in plain), default=0)
    for name, value in plain.items():
        if value is not None:
            padding = " " * (wide - width(text(name)))
            yield f"{text(name)}{padding}  {text(value)}".rstrip()
    for name, value in answer.items():
        if not _is_part(value):
            continue
        yield ""
        yield f"{text(name)}:"
        yield from described(value) if isinstance(value, dict) else Listing().lines(value)


def _is_part(value: Any) -> bool:
    """Whether a member is an item or a list of items."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, dict) and ENTITY_TYPE in each for each in value)
    return isinstance(value, dict) and ENTITY_TYPE in value


def text(value: Any) -> str:
    """Return a value as text, with control characters escaped."""
    if value is None:
        return ""
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if shown.isprintable():
        return shown
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown
    )


def width(shown: str) -> int:
    """Return the columns that a text takes in a terminal."""
    if shown.isascii():
        return len(shown)
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in shown
    )


def _cut(shown: str) -> str:
    return shown if len(shown) <= WIDEST else f"{shown[: WIDEST - 1]}…"

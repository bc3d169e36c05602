"""Tables of results, which are printed and written into a page of the documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parent.parent

#: The page with the tables.
PAGE: Final = _ROOT / "docs" / "reference" / "benchmarks.md"


@dataclass(frozen=True)
class Table:
    """Rows under a heading."""

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table in Markdown."""
        ruler = ["---"] * len(self.heading)
        return "\n".join(f"| {' | '.join(row)} |" for row in [self.heading, ruler, *self.rows])


def replaced(page: str, parts: Mapping[str, str]) -> str:
    """The page with new text between ``<!-- bench:NAME -->`` and ``<!-- bench:end -->``.

    Raises:
        ValueError: if the page does not have exactly one such place.
    """
    for name, text in parts.items():
        place = re.compile(
            rf"(<!-- bench:{re.escape(name)} -->\n).*?(<!-- bench:end -->)", re.DOTALL
        )
        places = [*place.finditer(page)]
        if len(places) != 1:
            raise ValueError(f"the page has {len(places)} places for {name}, not one")
        (found,) = places
        page = f"{page[: found.end(1)]}\n{text}\n\n{page[found.start(2) :]}"
    return page


def write(parts: Mapping[str, str], page: Path = PAGE) -> None:
    """Write results into the page."""
    page.write_text(replaced(page.read_text(encoding="utf-8"), parts), encoding="utf-8")

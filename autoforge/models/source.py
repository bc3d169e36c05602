"""Source: the text of a function that is written at run time, and the values it refers to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_INDENT = "    "


@dataclass
class Source:
    """A function while it is written.

    Its lines may hold names of declarations and expressions of this package, and no value that
    comes from elsewhere: those are in ``names``.

    Attributes:
        head: Its name and parameters.
        names: What it refers to.
    """

    head: str
    names: dict[str, Any] = field(default_factory=dict)
    _lines: list[str] = field(default_factory=list)

    def add(self, *lines: str, depth: int = 1) -> None:
        """Add lines at a depth of indentation."""
        self._lines += [_INDENT * depth + line for line in lines]

    def compiled(self) -> Any:
        """The function itself."""
        text = "\n".join([f"def {self.head}:", *self._lines])
        exec(text, self.names)  # noqa: S102 - see the class
        return self.names[self.head.partition("(")[0]]

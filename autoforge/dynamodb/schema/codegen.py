"""Source: the text of a function that is written at run time, and the values it refers to."""

from __future__ import annotations

import linecache
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

_INDENT: Final = "    "
#: Tells functions of one name apart.
_numbers: Final = count(1)


@dataclass
class Source:
    """A function while it is written.

    Its lines may hold names of declarations and expressions of this package, and no value that
    comes from elsewhere: those are in ``names``.

    Attributes:
        head: Its name and parameters.
        names: What it refers to.
        of: What it is generated for, as a traceback shows it.
    """

    head: str
    names: dict[str, Any] = field(default_factory=dict)
    of: str = "autoforge"
    _lines: list[str] = field(default_factory=list)

    def add(self, *lines: str, depth: int = 1) -> None:
        """Add lines at a depth of indentation."""
        self._lines += [_INDENT * depth + line for line in lines]

    def compiled(self) -> Any:
        """The function itself, whose lines a traceback and a debugger show."""
        name = self.head.partition("(")[0]
        text = "\n".join([f"def {self.head}:", *self._lines, ""])
        file = f"<{name} of {self.of}, generated {next(_numbers)}>"
        # Without a time of change, linecache never looks for such a file.
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), self.names)  # noqa: S102 - see the class
        return self.names[name]

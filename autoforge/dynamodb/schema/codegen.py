"""Source: a function that is generated at run time, as text and the values it refers to."""

from __future__ import annotations

import linecache
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

_INDENT: Final = "    "
#: Numbers the functions, so that each has its own file name in tracebacks.
_numbers: Final = count(1)


@dataclass
class Source:
    """The source of a generated function.

    The lines are executed. So they may hold only declared names and expressions of this package;
    all other values are passed in ``names``.

    Attributes:
        head: The name and the parameters of the function.
        names: The values that the function refers to, by name.
        of: The name of the entity or key that the function is for, as tracebacks show it.
    """

    head: str
    names: dict[str, Any] = field(default_factory=dict)
    of: str = "autoforge"
    _lines: list[str] = field(default_factory=list)

    def add(self, *lines: str, depth: int = 1) -> None:
        """Append lines at a level of indentation."""
        self._lines += [_INDENT * depth + line for line in lines]

    def compiled(self) -> Any:
        """Compile and return the function; tracebacks and debuggers can show its lines."""
        name = self.head.partition("(")[0]
        text = "\n".join([f"def {self.head}:", *self._lines, ""])
        file = f"<{name} of {self.of}, generated {next(_numbers)}>"
        # Without a modification time, linecache never checks the entry against a file.
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), self.names)  # noqa: S102 - see the class
        return self.names[name]

"""Lazy imports: a package imports each of its names at the first use of that name.

So a program that uses one entity does not wait for the others to be declared. The names of a
package are imports in its ``__init__.pyi``, which type checkers read, too.

The design is that of ``lazy_loader.attach_stub``, which supports only relative imports (ADR 0041).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any


def offered_by(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a package (PEP 562)."""
    module = sys.modules[package]

    @cache
    def exports() -> Mapping[str, str]:
        # The loader can also read from an archive.
        loader: Any = module.__loader__
        stub = Path(str(module.__file__)).with_suffix(".pyi")
        return _exports(loader.get_data(str(stub)).decode())

    def __getattr__(name: str) -> Any:  # noqa: N807 - the module's
        if name == "__all__":
            return sorted(exports())
        if name not in exports():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(exports()[name]), name)
        setattr(module, name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807 - the module's
        return sorted({*vars(module), *exports()})

    return __getattr__, __dir__


def _exports(stub: str) -> dict[str, str]:
    """Return the module that each name of a stub is imported from."""
    return {
        alias.name: str(statement.module)
        for statement in ast.parse(stub).body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }

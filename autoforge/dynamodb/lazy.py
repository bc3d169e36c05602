"""Lazy imports: a package imports a name when it is first asked for.

What a package offers stands in its ``__init__.pyi``, as imports, where type checkers read it too.
A program that uses one entity does not wait until all others are declared.

The design is that of ``lazy_loader.attach_stub``, which reads relative imports alone (ADR 0042).
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
    """Make the ``__getattr__`` and the ``__dir__`` of a package (PEP 562)."""
    module = sys.modules[package]

    @cache
    def homes() -> Mapping[str, str]:
        # By the loader, which knows how to read out of an archive, too.
        loader: Any = module.__loader__
        stub = Path(str(module.__file__)).with_suffix(".pyi")
        return _homes(loader.get_data(str(stub)).decode())

    def __getattr__(name: str) -> Any:  # noqa: N807 - the module's
        if name == "__all__":
            return sorted(homes())
        if name not in homes():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(homes()[name]), name)
        setattr(module, name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807 - the module's
        return sorted({*vars(module), *homes()})

    return __getattr__, __dir__


def _homes(stub: str) -> dict[str, str]:
    """The module that each name of a stub is imported from."""
    return {
        alias.name: str(statement.module)
        for statement in ast.parse(stub).body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }

"""The letter case in which the names of attributes are written in the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

_FIRST_LETTERS: Final = re.compile(r"_(.)")


@cache
def camel_case(name: str) -> str:
    """Return a Python name in camelCase: ``created_at`` as ``createdAt``."""
    return _FIRST_LETTERS.sub(lambda match: match[1].upper(), name)


@cache
def pascal_case(name: str) -> str:
    """Return a Python name in PascalCase: ``created_at`` as ``CreatedAt``."""
    return camel_case(f"_{name}")


#: How the names of attributes are written in the table.
IN_CASE: Final[Mapping[str, Callable[[str], str]]] = {
    "camelCase": camel_case,
    "PascalCase": pascal_case,
    "snake_case": str,
}

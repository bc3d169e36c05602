"""Extras: packages that only a part of autoforge needs, and that are installed with that part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from autoforge.dynamodb.errors import MissingExtraError


@contextmanager
def extra(name: str, needing: str) -> Iterator[None]:
    """Import what an extra brings, in a with statement.

    Args:
        name: The extra, as pyproject.toml has it.
        needing: What needs it, as it stands in the message.

    Raises:
        MissingExtraError: if a package is not installed. A package that lacks a module of its own
            is another fault, and its error is left as it is.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = error.name
        if package is None or "." in package or package == "autoforge":
            raise
        raise MissingExtraError(name, needing=needing, package=package) from error

"""Extras: groups of packages that only one part of autoforge needs (ADR 0041)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from autoforge.dynamodb.errors import MissingExtraError


@contextmanager
def extra(name: str, needing: str) -> Iterator[None]:
    """Turn the error of a missing package into one that names its extra; imports go inside.

    Args:
        name: The extra, as in pyproject.toml.
        needing: The part that needs it, as in the message.

    Raises:
        MissingExtraError: if a package is not installed. If an installed package lacks one of its
            modules, its own error is raised.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = error.name
        if package is None or "." in package or package == "autoforge":
            raise
        raise MissingExtraError(name, needing=needing, package=package) from error

"""Page, a page of the answers of a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of the answers of a query."""

    items: tuple[T, ...]
    #: The signed cursor of the next page, for this pattern with these parameters; None at the end.
    cursor: str | None

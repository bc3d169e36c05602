"""Page, a page of the answers of a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of the answers of a query.

    Attributes:
        items: The answers; there may be none.
        cursor: The text with which the next page is read; None at the end.

    Examples:
        >>> page = store.page(LoansOfBook("b1"), limit=1)
        >>> page.items
        (<Loan BOOK#b1 / LOAN#l1>,)
        >>> store.page(LoansOfBook("b1"), limit=1, cursor=page.cursor)
        Page(items=(<Loan BOOK#b1 / LOAN#l2>,), cursor=None)
    """

    items: tuple[T, ...]
    #: The signed cursor of the next page, for this pattern with these parameters; None at the end.
    cursor: str | None

"""A Store says what it was given and what it takes, before it sends anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autoforge.dynamodb.store.store import Store
from autoforge.errors import DeclarationError
from autoforge.testing.clock import Clock
from docs.examples.library import Book, BookByIsbn, LoansOfBook
from tests.stores import store_of

_BOOK = Book(isbn="b1", title="Emma")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda store: store.get(LoansOfBook("b1")),
            r"LoansOfBook\(.*'b1'.*\) is not a Get$",
        ),
        (
            lambda store: store.page(BookByIsbn("b1"), limit=5),
            r"BookByIsbn\(.*'b1'\) is not a Query$",
        ),
        (lambda store: [*store.each(BookByIsbn("b1"))], r"is not a Query$"),
        (lambda store: store.write(_BOOK), r"^<Book BOOK#b1 / BOOK> is not a write, such as Put"),
        (lambda store: store.save(_BOOK), r"^<Book BOOK#b1 / BOOK> is not a write, such as Put"),
    ],
)
def test_a_pattern_or_a_write_of_another_kind_is_refused(
    client: Any, call: Callable[[Store], object], said: str
) -> None:
    store = store_of(client, "no-such-table", Clock())

    with pytest.raises(DeclarationError, match=said):
        call(store)

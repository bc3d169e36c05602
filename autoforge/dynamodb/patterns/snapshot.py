"""Snapshot: the items of several Gets as they were at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from autoforge.dynamodb.errors import DeclarationError, InvalidTransactionError, shortened
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import named_types
from autoforge.dynamodb.patterns.references import Lookup
from autoforge.dynamodb.patterns.request import AttributePath, Request, get_request
from autoforge.dynamodb.schema.key_value import KeyValue, shown_key

#: The most items of a TransactGetItems (AWS, "Constraints in Amazon DynamoDB").
SNAPSHOT_ITEMS: Final = 100


@dataclass(frozen=True)
class Snapshot:
    """Several Gets that are read in one transaction (TransactGetItems), for ``explain``.

    ``Store.snapshot`` reads them. No write of another transaction is between them. Two Gets may
    read the same item: it is read once. A read costs two read units for each 4 KB of an item, twice
    a strongly consistent one (AWS, "Read and write operations").

    Args:
        gets: The patterns; at least one.

    Raises:
        InvalidTransactionError: if there is none, or they read more than 100 items.
        DeclarationError: if one is not a Get, or is a Lookup, which reads one item after another.
        InvalidValueError: if a parameter cannot stand in a key.

    Examples:
        >>> snapshot = Snapshot((BookByIsbn("b1"), LoanById("b1", "l2")))
        >>> library.explain(snapshot).requests[0].operation
        'TransactGetItems'
    """

    gets: tuple[Get[Any], ...]

    def __post_init__(self) -> None:
        """Check the number of items."""
        try:
            for each in self.gets:
                if isinstance(each, Lookup):
                    raise DeclarationError(
                        f"{type(each).__name__} reads one item after another, and a snapshot all "
                        "at one moment: take Gets"
                    )
            number = len(self.keys)
        except (AttributeError, TypeError):
            self._require_gets()
            raise
        if not 0 < number <= SNAPSHOT_ITEMS:
            raise InvalidTransactionError(
                f"a snapshot reads {number} items; it must read 1 to {SNAPSHOT_ITEMS}"
            )

    def _require_gets(self) -> None:
        given: object = self.gets
        if isinstance(given, str) or not isinstance(given, Sequence):
            raise DeclarationError(f"expected Gets in a tuple, got {shortened(given)}") from None
        strange = [each for each in given if not isinstance(each, Get)]
        if strange:
            raise DeclarationError(
                f"{shortened(strange[0])} is not a Get with its parameters, such as BookByIsbn(…)"
            ) from None

    @property
    def keys(self) -> tuple[KeyValue, ...]:
        """The primary keys of the items, each once."""
        return tuple(self._readers)

    @property
    def places(self) -> tuple[int, ...]:
        """For each Get, the place of its item in ``keys``."""
        places = {key: place for place, key in enumerate(self._readers)}
        return tuple(places[each.primary_key()] for each in self.gets)

    @cached_property
    def _readers(self) -> dict[KeyValue, list[Get[Any]]]:
        """The Gets of each item."""
        readers: dict[KeyValue, list[Get[Any]]] = {}
        for each in self.gets:
            readers.setdefault(each.primary_key(), []).append(each)
        return readers

    def request(self, table_name: str) -> Request:
        """Return the TransactGetItems request."""
        return Request(
            "TransactGetItems",
            {"TransactItems": [{"Get": self._member(table_name, key)} for key in self._readers]},
        )

    def in_words(self) -> str:
        """Say in a sentence which items are read."""
        read = ", ".join(
            f"the {named_types(each.entities)} at {shown_key(each.primary_key())}"
            for each in self.gets
        )
        return f"Get {read}, as they are at one moment, in one transaction."

    def _member(self, table_name: str, key: KeyValue) -> dict[str, Any]:
        readers = self._readers[key]
        primary, projected = readers[0].key.index, _common([each.read_paths() for each in readers])
        request = get_request(table_name, key, primary, consistent=True, projected=projected)
        # A transaction is always consistent, and does not take the parameter.
        return {n: each for n, each in request.parameters.items() if n != "ConsistentRead"}


def _common(paths: Sequence[tuple[AttributePath, ...]]) -> tuple[AttributePath, ...]:
    """Return the attributes that every reader of an item needs; empty for all of them."""
    return paths[0] if len(set(paths)) == 1 else ()

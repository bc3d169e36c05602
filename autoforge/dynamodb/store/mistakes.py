"""Names the mistake in a call of a Store that ended in an error of Python.

A call is not checked before it runs, which would cost every call. Only if Python raises an
AttributeError or a TypeError are the arguments looked at.
"""

from __future__ import annotations

from typing import Any

from autoforge.dynamodb.errors import (
    DeclarationError,
    InvalidCursorError,
    InvalidValueError,
    shortened,
)
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.pattern import Part, SinglePattern
from autoforge.dynamodb.patterns.request import KeyCondition
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.writes.identity import require_entity, require_entity_class
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.dynamodb.writes.write import Write


def require_pattern(given: object, kind: type[Any], reading: object = None) -> None:
    """Refuse what is not a pattern of a kind with its parameters, or is not a reading.

    Raises:
        DeclarationError: with what was given.
    """
    if isinstance(given, type) and issubclass(given, kind):
        raise DeclarationError(
            f"{given.__name__} has no parameters: write {given.__name__}(…)"
        ) from None
    if not isinstance(given, kind):
        raise DeclarationError(f"{shortened(given)} is not a {kind.__name__}") from None
    if reading is not None and (isinstance(reading, type) or not callable(reading)):
        raise DeclarationError(
            f"{shortened(reading)} is not a reading: write reading=as_json, or leave it out"
        ) from None


def require_place(limit: object, cursor: object) -> None:
    """Refuse a limit that is no whole number, and a cursor that is no text.

    Raises:
        InvalidValueError: with the limit, or as ``InvalidCursorError`` with the cursor.
    """
    if not isinstance(limit, int):
        raise InvalidValueError(
            f"the limit of a page is {shortened(limit)}; it must be a whole number"
        ) from None
    if not (cursor is None or isinstance(cursor, str)):
        raise InvalidCursorError(
            f"the cursor is {shortened(cursor)}; it must be the text that is the cursor of a page"
        ) from None


def require_parts(composite: Composite[Any]) -> None:
    """Refuse parts of a composite that are none.

    Raises:
        DeclarationError: with the part.
    """
    for part in composite.parts():
        given: object = part
        pattern = part.pattern if isinstance(given, Part) else None
        if not isinstance(pattern, SinglePattern):
            raise DeclarationError(
                f"{type(composite).__name__}: {shortened(part)} is not a part: write "
                "Part(BookByIsbn(…)), with the parameters of the pattern"
            ) from None


def require_key(given: object) -> None:
    """Refuse what is not a primary key.

    Raises:
        DeclarationError: with what was given.
    """
    if not isinstance(given, KeyValue):
        raise DeclarationError(
            f"{shortened(given)} is not a primary key: write "
            'primary_key(Book, {"isbn": "b1"}), or KeyValue(partition, sort)'
        ) from None


def require_key_condition(given: object, attributes: tuple[object, ...]) -> None:
    """Refuse what is not a key condition, and names that are none.

    Raises:
        DeclarationError: with what was given.
    """
    if not isinstance(given, KeyCondition):
        raise DeclarationError(
            f"{shortened(given)} is not a key condition, such as LoansOfBook(…).condition(now)"
        ) from None
    for each in attributes:
        if not isinstance(each, str):
            raise DeclarationError(
                f"{shortened(each)} is not the name of an attribute in the table"
            ) from None


def require_write(given: object) -> None:
    """Refuse what is not a write of an entity.

    Raises:
        DeclarationError: with what was given.
    """
    if isinstance(given, Transaction):
        raise DeclarationError("a Transaction is applied by store.transact(…)") from None
    if not isinstance(given, Write):
        raise DeclarationError(
            f"{shortened(given)} is not a write, such as Put(Book(...))"
        ) from None
    if isinstance(given, Put):
        require_entity(given.item)
    else:
        require_entity_class(given.entity)


def require_transaction(given: object) -> None:
    """Refuse what is not a transaction.

    Raises:
        DeclarationError: with what was given.
    """
    if not isinstance(given, Transaction):
        raise DeclarationError(
            f"{shortened(given)} is not a Transaction: write Transaction([Put(…), Delete(…)])"
        ) from None
    for write in given.writes:
        require_write(write)


def require_put(given: object) -> None:
    """Refuse what is not a Put.

    Raises:
        DeclarationError: with what was given.
    """
    if not isinstance(given, Put):
        raise DeclarationError(f"{shortened(given)} is not a Put: write Put(Book(...))") from None
    require_entity(given.item)


def not_several(given: object, of: str) -> DeclarationError:
    """Return the error that one thing was given instead of several."""
    return DeclarationError(f"expected {of} in a list, got {shortened(given)}")

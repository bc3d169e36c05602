"""An attempt whose reads are out of date is made again, with short waits, and not for ever."""

from __future__ import annotations

import pytest

from autoforge.dynamodb import Client, StaleReadError, Store
from autoforge.errors import ItemNotFoundError, TransactionConflictError
from autoforge.testing.clock import Clock
from tests.stores import store_of


@pytest.fixture
def waits() -> list[float]:
    """The waits between attempts, in seconds."""
    return []


@pytest.fixture
def store(waits: list[float]) -> Store:
    """A Store that notes its waits and sends nothing."""
    client = Client(
        region="eu-west-1",
        endpoint_url="http://127.0.0.1:9",
        credentials=("testing", "testing"),
        sleep=waits.append,
        random=lambda: 1.0,
    )
    return store_of(client, "unused", Clock())


def test_an_attempt_that_succeeds_is_made_once_without_a_wait(
    store: Store, waits: list[float]
) -> None:
    assert store.retry_on_conflict("a room", lambda: "taken") == "taken"
    assert waits == []


def test_an_attempt_is_repeated_after_short_waits_until_its_reads_are_current(
    store: Store, waits: list[float]
) -> None:
    results = iter([StaleReadError, StaleReadError, StaleReadError, StaleReadError, "taken"])

    def attempt() -> object:
        result = next(results)
        if result is StaleReadError:
            raise StaleReadError
        return result

    assert store.retry_on_conflict("a room", attempt) == "taken"
    longest = store.client.retries.longest_wait(3)
    assert waits == [0.05, 0.1, longest, longest]


def test_after_64_attempts_the_error_names_what_other_callers_kept_changing(
    store: Store, waits: list[float]
) -> None:
    def attempt() -> None:
        raise StaleReadError

    with pytest.raises(TransactionConflictError, match="kept changing room 7; 64 attempts failed"):
        store.retry_on_conflict("room 7", attempt)

    assert len(waits) == 63


def test_any_other_error_of_an_attempt_is_raised_at_once(store: Store, waits: list[float]) -> None:
    def attempt() -> None:
        raise ItemNotFoundError("Room", {"number": 7})

    with pytest.raises(ItemNotFoundError):
        store.retry_on_conflict("room 7", attempt)

    assert waits == []

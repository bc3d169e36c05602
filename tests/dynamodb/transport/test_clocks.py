"""The client corrects for a wrong local clock, and does not blame it for other refusals."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Barrier
from typing import Final

import pytest
from botocore.exceptions import ClientError

from autoforge.dynamodb.client.client import (
    RetryPolicy,
)
from autoforge.errors import UnavailableError
from tests.dynamodb.misbehaving import (
    Behaviour,
    Talk,
    always,
    client_at,
    http,
    serving,
)
from tests.dynamodb.transport.talks import (
    BODY,
    FOUND,
    GET,
    attempts_of,
)

_NOW: Final = datetime(2026, 2, 4, 10, 30, tzinfo=UTC)


def _wants_time(
    clock: Callable[[], datetime], code: str = "InvalidSignatureException"
) -> Behaviour:
    """Refuse signatures more than five minutes away from the server's time."""

    def behave(talk: Talk) -> None:
        while talk.request():
            head = talk.requests[-1].partition(b"\r\n\r\n")[0].decode()
            stamp = next(line for line in head.split("\r\n") if line.startswith("X-Amz-Date"))
            signed = datetime.strptime(stamp[12:], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            date = f"Date: {format_datetime(clock(), usegmt=True)}\r\n"
            if abs(signed - clock()) <= timedelta(minutes=5):
                talk.send(http(BODY, more=date))
            else:
                talk.send(http({"__type": code, "message": "no"}, status="400 No", more=date))

    return behave


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=-3)], ids=str)
@pytest.mark.parametrize(
    "code", ["InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired"]
)
def test_a_clock_that_is_wrong_is_allowed_for_at_once(ahead: timedelta, code: str) -> None:
    waits: list[float] = []
    with serving(_wants_time(lambda: _NOW + ahead, code)) as served:
        client = client_at(served, clock=lambda: _NOW, sleep=waits.append)
        took = attempts_of(client)

        assert client.send(GET, repeatable=False) == FOUND
        assert client.send(GET, repeatable=False) == FOUND

    assert took == [2, 1]
    assert waits == []


def test_threads_that_learn_of_a_wrong_clock_together_allow_for_it_once() -> None:
    barrier = Barrier(8)
    ahead = timedelta(hours=1)

    def behave(talk: Talk) -> None:
        talk.request()
        barrier.wait(10)
        date = f"Date: {format_datetime(_NOW + ahead, usegmt=True)}\r\n"
        talk.send(http({"__type": "InvalidSignatureException"}, status="400 No", more=date))
        _wants_time(lambda: _NOW + ahead)(talk)

    with serving(behave) as served, ThreadPoolExecutor(8) as pool:
        client = client_at(served, clock=lambda: _NOW)

        assert list(pool.map(client.send, [GET] * 8)) == [FOUND] * 8


@pytest.mark.parametrize(
    "more",
    [f"Date: {format_datetime(_NOW, usegmt=True)}\r\n", "", "Date: nonsense\r\n"],
    ids=["right", "no", "nonsense"],
)
def test_a_signature_that_is_wrong_for_another_reason_is_an_error(more: str) -> None:
    refused = http({"__type": "InvalidSignatureException"}, status="400 No", more=more)

    with serving(always(refused)) as served:
        client = client_at(served, clock=lambda: _NOW)
        with pytest.raises(ClientError, match="InvalidSignatureException"):
            client.send(GET)

    assert len(served.requests) == 1


def test_a_wrong_clock_explains_no_other_refusal() -> None:
    date = f"Date: {format_datetime(_NOW + timedelta(hours=1), usegmt=True)}\r\n"
    refused = http({"__type": "AccessDeniedException"}, status="400 No", more=date)

    with serving(always(refused)) as served:
        client = client_at(served, clock=lambda: _NOW)
        with pytest.raises(ClientError, match="AccessDeniedException"):
            client.send(GET)

    assert len(served.requests) == 1


def test_a_server_that_never_agrees_on_the_time_is_given_up() -> None:
    moments = (_NOW + timedelta(hours=hours) for hours in range(1, 100))

    def behave(talk: Talk) -> None:
        while talk.request():
            date = f"Date: {format_datetime(next(moments), usegmt=True)}\r\n"
            talk.send(http({"__type": "RequestTimeTooSkewed"}, status="400 No", more=date))

    with (
        serving(behave) as served,
        pytest.raises(UnavailableError, match="RequestTimeTooSkewed"),
    ):
        client_at(served, clock=lambda: _NOW).send(GET)

    assert len(served.requests) == RetryPolicy().attempts

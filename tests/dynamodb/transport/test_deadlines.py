"""An attempt ends at its deadline, whatever the server does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from autoforge.dynamodb.client.client import Deadline
from autoforge.dynamodb.client.failures import TooLateError, UncertainError
from autoforge.dynamodb.transport.transport import TransportName
from tests.dynamodb.misbehaving import (
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
)


def _dribbled(talk: Talk) -> None:
    """Answer the first connection in small pieces over two seconds, and the others at once."""
    never = Event()
    talk.request()
    answer = http(BODY)
    if talk.number:
        talk.send(answer)
        return
    for start in range(0, len(answer), 8):
        talk.send(answer[start : start + 8])
        never.wait(0.1)


def test_an_attempt_with_a_deadline_is_given_up_in_time_however_the_answer_dribbles() -> None:
    now = datetime(2026, 2, 4, 12, tzinfo=UTC)
    deadline = Deadline(lambda: now, last=now, answer=0.5)

    with serving(_dribbled) as served:
        client = client_at(served)
        with pytest.raises(UncertainError):
            client.send(GET, repeatable=False, deadline=deadline)
        # A later request without a deadline gets the full timeout.
        assert client.send(GET) == FOUND
        client.close()


def test_nothing_is_sent_after_a_deadline() -> None:
    now = datetime(2026, 2, 4, 12, tzinfo=UTC)
    deadline = Deadline(lambda: now, last=now - timedelta(milliseconds=1), answer=5)

    with serving(always(http(BODY))) as served, pytest.raises(TooLateError):
        client_at(served).send(GET, deadline=deadline)

    assert served.requests == []


def test_attempts_end_with_the_deadline(transport: TransportName) -> None:
    moments = iter(datetime(2026, 2, 4, 12, 0, second, tzinfo=UTC) for second in range(60))
    deadline = Deadline(lambda: next(moments), datetime(2026, 2, 4, 12, 0, 2, tzinfo=UTC), 5)
    throttled = http(b'{"__type": "x#ThrottlingException"}', status="400 Bad Request")

    with serving(always(throttled)) as served:
        client = client_at(served, transport=transport)
        with pytest.raises(TooLateError):
            client.send(GET, repeatable=False, deadline=deadline)
        client.close()

    assert len(served.requests) == 3

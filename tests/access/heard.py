"""The IAM permissions that a Forge needs for everything it can do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Final

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.writes.identity import primary_key
from autoforge.forge import Forge
from autoforge.models import ArtefactType, User, UserByEmailLookup
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Fault, Lose, Pass, injected
from autoforge.testing.recording import watching
from tests.access.people import known
from tests.access.tours import READS, WRITES, Step
from tests.iam import Asked, asked_of_iam
from tests.stores import forge_of, fresh

#: The IAM actions and resources needed, by the method that sends the requests.
Heard = dict[str, set[Asked]]

#: Steps that take a rare path of a method, which needs a special state of the table.
_UNUSUAL: Final = (
    # A user whose item was lost logs in again: the look-up item leads to a missing user.
    Step("users.upsert", "auth0|ann", "ann@x.org", "Ann"),
    # A user takes over an e-mail address that another user has given up.
    Step("users.upsert", "auth0|new", "old@x.org", "New"),
    Step("artefacts.update", "p", ArtefactType.RAID_LOG, {}, expected_version=None),
)


def everything_asked(client: Client) -> Heard:
    """Run the whole tour on a fresh table, and record which IAM permissions each step needs.

    The first answer to every UpdateItem is lost, because the Store may then read the item. So is
    the first answer to every record of an event, which is looked up before it is sent again.
    """
    clock = Clock()
    forge = forge_of(fresh(client, clock))
    forge.store.put_all([*known("ann"), *known("bob")])
    heard: Heard = {}
    for step in (*WRITES, *READS):
        clock.now += timedelta(seconds=1)
        _hear(forge, step, heard)
    forge.store.delete_all([primary_key(User, {"id": "ann"})])
    forge.store.put_all([UserByEmailLookup(email="old@x.org", user_id="bob")])
    for step in _UNUSUAL:
        _hear(forge, step, heard)
    return heard


def _hear(forge: Forge, step: Step, heard: Heard) -> None:
    client = forge.store.client
    lost = {"UpdateItem"} | ({"TransactWriteItems"} if step.name == "events.record" else set())
    with watching(client) as watched, injected(client, _every_first_is_lost(lost)):
        step.on(forge)
    for request in watched.sent:
        heard.setdefault(step.name, set()).update(asked_of_iam(*request))


def _every_first_is_lost(operations: set[str]) -> Callable[[int, str], Fault]:
    changes = count()
    return lambda _, operation: (
        Lose() if operation in operations and next(changes) % 2 == 0 else Pass()
    )

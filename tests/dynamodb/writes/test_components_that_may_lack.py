"""Derived components that some values of their sources do not have, and alternatives of a key."""

from __future__ import annotations

from enum import StrEnum
from itertools import product

import pytest

from autoforge.dynamodb import (
    GSI,
    Boolean,
    Choice,
    Derived,
    Entity,
    EnumCodec,
    Id,
    Integer,
    Key,
    Moment,
    Put,
    Store,
    Table,
    Text,
    Update,
    primary_key,
)
from autoforge.dynamodb.client.client import Client
from autoforge.errors import DeclarationError, InvalidValueError
from tests.factories import NOON
from tests.stores import fresh

pytestmark = pytest.mark.every_engine

by_queue = GSI("ByQueue")
by_worker = GSI("ByWorker")


class State(StrEnum):
    """The states of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


def _queue_of(state: State, held: bool) -> str | None:
    return None if held or state == State.DONE else "OPEN"


class Job(Entity):
    """A job, which is in the queue unless it is done or held."""

    id: Id = Id()
    state: Choice[State] = Choice(State, default=State.WAITING)
    held: Boolean = Boolean(default=False)
    priority: Integer = Integer(default=0)
    worker: Text = Text(default="anybody")
    lease: Moment[None] = Moment(default=None)

    queue = Derived(EnumCodec(("OPEN",)), _queue_of, "state", "held")

    key = Key("JOB#{id}", "JOB")
    queued = Key("{queue}", "{priority:3}#{id}", index=by_queue)
    leased = Key("WORKER#{worker}|NOBODY#{id}", "{lease}", index=by_worker)


jobs = Table("Jobs", entities=(Job,), indexes=(by_queue, by_worker))


@pytest.fixture(name="store")
def store_fixture(client: Client) -> Store:
    return fresh(client, design=jobs)


@pytest.mark.parametrize(("before", "after"), [*product(product(State, (False, True)), repeat=2)])
def test_an_item_is_in_the_index_while_its_component_has_a_value(
    store: Store, before: tuple[State, bool], after: tuple[State, bool]
) -> None:
    store.save(Put(Job(id="j", state=before[0], held=before[1])))
    change = {"state": after[0], "held": after[1], "priority": 7}

    job = store.save(Update(Job, {"id": "j"}, NOON, change))

    assert store.item_at(primary_key(Job, {"id": "j"})) == job.to_item()
    assert job.rendered().get("ByQueuePK") == (
        None if after[1] or after[0] == State.DONE else "OPEN"
    )


def test_an_update_that_cannot_know_whether_the_item_is_in_the_index_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"feeds Job.queued must give held, state$"):
        Update(Job, {"id": "j"}, NOON, {"priority": 1}).parameters()


def test_a_component_that_lacks_only_for_some_numbers_is_refused() -> None:
    class Task(Entity):
        id: Id = Id()
        size: Integer = Integer()
        rank = Derived(EnumCodec(("BIG",)), lambda size: "BIG" if size != 0 else None, "size")
        key = Key("TASK#{id}", "TASK")
        ranked = Key("{rank}", "{id}", index=by_queue)

    assert Task(id="t", size=1).rendered()["ByQueuePK"] == "BIG"
    with pytest.raises(
        InvalidValueError, match=r"Task.ranked: rank is None for size 0: a derived component that"
    ):
        Task(id="t", size=0).to_item()


def test_an_alternative_is_not_taken_because_the_first_one_is_unknown(store: Store) -> None:
    store.save(Put(Job(id="j", worker="ann")))

    with pytest.raises(DeclarationError, match=r"feeds Job.leased must give worker$"):
        store.save(Update(Job, {"id": "j"}, NOON, {"lease": NOON}))
    lease = Update(Job, {"id": "j"}, NOON, {"lease": NOON}, expected=[Job.worker.equals("ann")])

    assert store.save(lease).to_item()["ByWorkerPK"] == {"S": "WORKER#ann"}

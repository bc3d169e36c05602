"""A repeated transaction is applied once, even on an engine that forgot its idempotency token.

These tests lose the first answer to every write, or the write itself, and every attempt reaches an
engine that has forgotten the tokens of earlier attempts, as after a restart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final

import pytest
from botocore.exceptions import ReadTimeoutError
from ulid import ULID

from autoforge.access.artefacts import ArtefactOfProject, update_artefact
from autoforge.access.features.claims import ClaimFeature
from autoforge.access.features.dependencies import AddDependency
from autoforge.access.features.edit import ChangeFeature
from autoforge.access.features.patterns import FeatureById, FeaturesOfProject
from autoforge.access.projects.ownership import CreateProject
from autoforge.access.projects.patterns import ProjectById, update_project
from autoforge.dynamodb import Entity
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import key_of
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import Transport, TransportName
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import TRANSACTION_ITEMS, Transaction
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import InvalidTransactionError, ItemExistsError, ItemNotFoundError
from autoforge.forge import Forge
from autoforge.models import Artefact, Project
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Attempts, Break, Fault, Lose, Pass, injected
from autoforge.testing.recording import WrappedTransport
from tests.access.people import known
from tests.access.tours import WRITES
from tests.factories import NOON, a_feature, a_project, an_artefact, new_id
from tests.servers import Engine
from tests.stores import client_of, forge_of, fresh, raw_items

_LATER: Final = NOON + timedelta(minutes=1)
_MUCH_LATER: Final = NOON + timedelta(minutes=2)
#: Operations that only read; faults are injected into writes only.
_READING: Final = {"GetItem", "Query", "BatchGetItem"}
_BY_CHANCE: Final = {
    *("changed", "readied", "quietSince", "claimRequest", "configEncrypted"),
    *("runner", "minted"),
}
#: The idempotency token, which can differ between attempts at the same write.
_TOKEN: Final = re.compile(rb'"ClientRequestToken": ?"[^"]+"')
_GONE: Final = Break(ReadTimeoutError(endpoint_url="made up"))


@dataclass(frozen=True)
class _Forgetful(WrappedTransport):
    """A transport to an engine that takes every transaction for a new one."""

    transport: Transport

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if "ClientRequestToken" in parameters:
            parameters = {**parameters, "ClientRequestToken": new_id()}
        return self.transport.exchange(operation, parameters)


@pytest.fixture(params=["auto", "botocore"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """Each transport in turn."""
    name: TransportName = request.param
    return name


@pytest.fixture
def client(engine: Engine, transport: TransportName) -> Iterator[Client]:
    """A client, for each transport, of an engine that forgets every token at once."""
    with _forgetting(engine, transport) as client:
        yield client


@pytest.fixture
def forgetting(engine: Engine) -> Iterator[Client]:
    """A client, for one transport, of an engine that forgets every token at once."""
    with _forgetting(engine, "auto") as client:
        yield client


@pytest.fixture
def store(client: Client) -> Store:
    """A Store on a new table."""
    return fresh(client)


@pytest.mark.one_engine
def test_whatever_a_forge_writes_is_written_once_though_every_first_answer_is_lost(
    forgetting: Client,
) -> None:
    expected = _made_by_the_tour(forgetting, nullcontext)

    for fault in (Lose(), _GONE):
        disturbed = partial(_first_attempts, forgetting, fault)
        assert _made_by_the_tour(forgetting, disturbed) == expected, fault


@pytest.mark.one_engine
def test_few_transactions_of_the_platform_are_marked(
    forgetting: Client,
) -> None:
    """A mark is one more item to write: frequent transactions must not need one."""
    marked = set()
    forge, clock = _a_forge(forgetting)
    for step in WRITES:
        clock.now += timedelta(seconds=1)
        with injected(forgetting, []) as attempts:
            step.on(forge)
        if any(b'"TRANSACTION#' in body for body in attempts.bodies):
            marked.add(step.name)

    assert marked == {
        "projects.remove_member",
        "features.add_dependency",
        "features.remove_dependency",
        "features.delete",  # it removes dependencies
    }


def test_a_creation_that_another_caller_changed_at_once_is_known_as_ones_own(
    store: Store,
) -> None:
    project = a_project(owner_id="ann")
    renamed = update_project(project.id, {"name": "Theirs"}, at=_LATER)

    with _between_two_attempts(store, lambda: store.save(renamed)):
        CreateProject(project).run(store)

    assert store.require(ProjectById(project.id)).name == "Theirs"


def test_a_creation_of_another_moment_is_not_taken_for_ones_own(store: Store) -> None:
    theirs = a_project(created_at=_LATER, updated_at=_LATER)
    mine = a_project(id=theirs.id, name="Mine", owner_id="ann")
    CreateProject(theirs).run(store)
    store.save(update_project(theirs.id, {"name": "Changed"}, at=_MUCH_LATER))

    with injected(store.client, [_GONE]), pytest.raises(ItemExistsError):
        CreateProject(mine).run(store)


def test_a_single_creation_that_another_caller_changed_at_once_is_known_as_ones_own(
    store: Store,
) -> None:
    project = a_project()
    renamed = update_project(project.id, {"name": "Theirs"}, at=_LATER)

    with _between_two_attempts(store, lambda: store.save(renamed)):
        created = store.save(Put(project))

    assert created.name == "Theirs"


def test_a_change_that_counts_is_counted_once_whoever_counts_in_between(store: Store) -> None:
    artefact = store.save(Put(an_artefact()))

    with _between_two_attempts(store, lambda: store.save(_rewritten(artefact, "theirs"))):
        store.transact(Transaction((_rewritten(artefact, "mine"),)))

    after = store.require(_pattern(artefact), consistent=True)
    assert (after.version, after.content) == (3, {"of": "theirs"})


def test_a_change_that_counts_and_was_not_made_is_made(store: Store) -> None:
    artefact = store.save(Put(an_artefact()))

    with injected(store.client, [_GONE]):
        store.transact(Transaction((_rewritten(artefact, "mine"),)))

    assert store.require(_pattern(artefact)).version == 2


def test_a_change_is_made_though_others_change_the_item_after_it_was_looked_at(
    store: Store,
) -> None:
    """The client must check whether the lost write was applied; the version does not matter."""
    artefact = store.save(Put(an_artefact()))
    rivals = iter([_rewritten(artefact, "theirs"), _rewritten(artefact, "theirs")])

    with injected(store.client, _act_before_writes(store, rivals)):
        changed = store.save(_rewritten(artefact, "mine"))

    assert (changed.version, changed.content) == (4, {"of": "mine"})


def test_a_deletion_in_a_transaction_is_known_as_ones_own(store: Store) -> None:
    project, artefact = store.save(Put(a_project())), store.save(Put(an_artefact()))
    gone = Delete(Project, {"id": project.id})

    with injected(store.client, [Lose()]):
        store.transact(Transaction((gone, _rewritten(artefact, "mine"))))

    assert store.require(_pattern(artefact)).version == 2


def test_a_deletion_by_another_caller_is_not_taken_for_ones_own(store: Store) -> None:
    project, artefact = store.save(Put(a_project())), store.save(Put(an_artefact()))
    gone = Delete(Project, {"id": project.id})
    store.write(gone)

    with injected(store.client, [_GONE]), pytest.raises(ItemNotFoundError):
        store.transact(Transaction((gone, _rewritten(artefact, "mine"))))

    assert store.require(_pattern(artefact)).version == 1


def test_a_mark_is_forgotten_after_a_day(store: Store) -> None:
    artefact = store.save(Put(an_artefact()))

    store.transact(Transaction((_rewritten(artefact, "mine"),)))

    (mark,) = (each for each in raw_items(store) if each["EntityType"] == {"S": "TransactionMark"})
    assert mark["TTL"] == {"N": str(int((NOON + timedelta(days=1)).timestamp()))}


def test_a_transaction_without_room_for_its_mark_is_refused_before_it_is_sent(
    store: Store,
) -> None:
    writes = tuple(_rewritten(an_artefact(), "mine") for _ in range(TRANSACTION_ITEMS))

    with injected(store.client, []) as attempts, pytest.raises(InvalidTransactionError):
        store.transact(Transaction(writes))

    assert attempts.operations == []


def test_a_claim_within_the_limit_is_known_as_ones_own(store: Store) -> None:
    project = store.save(Put(a_project()))
    first, second = (
        store.save(Put(a_feature(project_id=project.id, id=each, name=each))) for each in "ab"
    )

    with injected(store.client, _first("TransactWriteItems")):
        claimed = ClaimFeature(project.id, "coder", _LATER, respect_limit=True).one(store, first.id)

    assert (claimed.id, claimed.version) == (first.id, 2)
    assert store.require(FeatureById(project.id, second.id)).status == "pending"


def test_a_dependency_is_added_once_though_others_add_theirs_at_once(store: Store) -> None:
    project = store.save(Put(a_project()))
    for each in "abc":
        store.save(Put(a_feature(project_id=project.id, id=each, name=each)))
    theirs = AddDependency(project.id, "c", "a", _LATER)

    with _between_two_attempts(store, lambda: theirs.run(store)):
        changed = AddDependency(project.id, "b", "a", _LATER).run(store)

    assert (changed.version, changed.dependencies) == (2, frozenset("a"))


def test_a_feature_that_another_caller_edited_at_once_is_created_once(client: Client) -> None:
    """The feature and its look-up item by issue: the look-up alone would not tell whose it is."""
    forge = forge_of(fresh(client), new_id=new_id)
    forge.projects.create("Portal", id="p")
    edit = ChangeFeature("p", "a", {"name": "Theirs"}, _LATER)

    with _between_two_attempts(forge.store, lambda: edit.run(forge.store)):
        created = forge.features.create("p", "Mine", id="a", linear_issue_id="L-1")

    assert created.id == "a"
    (feature,) = forge.store.page(FeaturesOfProject("p"), limit=9).items
    assert (feature.name, feature.version) == ("Theirs", 2)


def _rewritten(artefact: Artefact, by: str) -> Update[Artefact]:
    """An update that increments the version without expecting one."""
    identity = artefact.project_id, artefact.type
    return update_artefact(*identity, {"of": by}, expected_version=None, at=_LATER)


def _pattern(artefact: Artefact) -> ArtefactOfProject:
    return ArtefactOfProject(artefact.project_id, artefact.type)


@contextmanager
def _forgetting(engine: Engine, transport: TransportName) -> Iterator[Client]:
    client = client_of(engine, transport=transport)
    client.active_transport = _Forgetful(client.active_transport)
    yield client
    client.close()


@contextmanager
def _between_two_attempts(store: Store, act: Callable[[], object]) -> Iterator[None]:
    """Lose the first answer to a write, and run a function before the write is sent again."""
    sound = store.client.active_transport
    lost, acted = count(), count()

    def fault(_: int, operation: str) -> Fault:
        if operation in _READING:
            return Pass()
        if next(lost) == 0:
            return Lose()
        if next(acted) == 0:
            faulty, store.client.active_transport = store.client.active_transport, sound
            act()
            store.client.active_transport = faulty
        return Pass()

    with injected(store.client, fault):
        yield
    assert next(acted), "nothing was sent again"


def _act_before_writes(
    store: Store, rivals: Iterator[Update[Artefact]]
) -> Callable[[int, str], Fault]:
    """Lose the first write before it arrives, and apply a rival's write before each retry."""
    sound = store.client.active_transport

    def fault(number: int, operation: str) -> Fault:
        rival = next(rivals, None) if number and operation not in _READING else None
        if rival is not None:
            faulty, store.client.active_transport = store.client.active_transport, sound
            store.save(rival)
            store.client.active_transport = faulty
        return Pass() if number else _GONE

    return fault


def _first(wanted: str) -> Callable[[int, str], Fault]:
    """Lose the first answer to an operation."""
    seen = count()
    return lambda _, operation: Lose() if operation == wanted and next(seen) == 0 else Pass()


@contextmanager
def _first_attempts(client: Client, fault: Fault) -> Iterator[None]:
    """Inject a fault into the first attempt of every write; a retry is known by its body."""
    seen: set[bytes] = set()
    noted: list[Attempts] = []

    def meets(number: int, operation: str) -> Fault:
        body = _TOKEN.sub(b"", noted[0].bodies[number])
        if body in seen or operation in _READING:
            return Pass()
        seen.add(body)
        return fault

    with injected(client, meets) as attempts:
        noted.append(attempts)
        yield


def _made_by_the_tour(
    client: Client, disturbed: Callable[[], AbstractContextManager[object]]
) -> tuple[list[Any], list[Any]]:
    """Run every write of a Forge; return the answers and the items stored at the end."""
    forge, clock = _a_forge(client)
    answers = []
    for step in WRITES:
        clock.now += timedelta(seconds=1)
        with disturbed():
            answers.append((step.name, _comparable(step.on(forge))))
    items = sorted(map(_stored, raw_items(forge.store)), key=lambda item: key_of(item, TABLE))
    return answers, [each for each in items if each["EntityType"] != {"S": "TransactionMark"}]


def _stored(item: Item) -> Item:
    """The item without random values: tokens, and the nonce of a cipher."""
    return {name: value for name, value in item.items() if name not in _BY_CHANCE}


def _comparable(answer: object) -> object:
    return _stored(answer.to_item()) if isinstance(answer, Entity) else answer


def _a_forge(client: Client) -> tuple[Forge, Clock]:
    """A Forge that generates the same ids in every tour."""
    clock, numbers = Clock(), count()

    def numbered(moment: datetime) -> str:
        milliseconds = int(moment.timestamp() * 1000)
        return str(ULID.from_int((milliseconds << 80) + next(numbers)))

    forge = forge_of(fresh(client, clock), new_id=numbered)
    forge.store.put_all([*known("ann"), *known("bob")])
    return forge, clock

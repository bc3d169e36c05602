"""The policy of an operation allows what a Store sends for its writes, and no more.

Each kind of write is performed with every outcome that makes a Store send something else: an answer
that is lost, an expired item, a unique value that moves. The requests are recorded, and compared
with the permissions that are derived from the declaration of the operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from itertools import count
from typing import Any, Final

import pytest

from autoforge.cloudformation import Role, policy_of
from autoforge.dynamodb import (
    Delete,
    Entity,
    Id,
    Integer,
    Key,
    Layout,
    Moment,
    Operation,
    Put,
    Store,
    Table,
    Text,
    Transaction,
    Unique,
    Update,
    permissions_of,
)
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.errors import NotUniqueError, UnavailableError
from autoforge.dynamodb.schema.unique_item import unique_item
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Fault, Lose, Pass, injected
from autoforge.testing.recording import watching
from tests.factories import NOON
from tests.iam import ACCOUNT, Asked, Evaluator, asked_of_iam
from tests.iam import Case as Judged
from tests.stores import fresh

pytestmark = pytest.mark.one_engine

_numbers: Final = count(1)
LATER: Final = NOON + timedelta(hours=2)

#: Key attributes with other names, and without a sort key.
LAYOUTS: Final = {
    "default": Layout(),
    "own-names": Layout("the key", "Sort", entity_type="kind", expiry="until"),
    "no-sort-key": Layout("Key", None, entity_type="kind", expiry="until"),
}


@dataclass(frozen=True)
class Kinds:
    """Entities in one layout, which differ in what a Store must send to write them."""

    #: Tells nothing about who wrote it.
    plain: Any
    #: Stores when it was created and changed.
    stamped: Any
    #: The same with a unique value.
    unique: Any
    stamped_unique: Any
    #: Expires, without and with a unique value.
    mortal: Any
    mortal_unique: Any

    @classmethod
    def of(cls, layout: Layout) -> Kinds:
        """Declare the entities."""
        sort_key = "" if layout.sort_key is None else "X"

        def declared(name: str, *parts: str) -> Any:
            members: dict[str, Any] = {
                "layout": layout,
                "id": Id(),
                "n": Integer(default=0),
                "key": Key(f"{name.upper()}#{{id}}", sort_key),
            }
            if "stamped" in parts:
                members |= {"created_at": Moment(), "updated_at": Moment(), "version": Integer()}
            if "unique" in parts:
                members |= {"mail": Text(), "by_mail": Unique(f"MAIL-{name.upper()}#{{mail}}")}
            if "mortal" in parts:
                members |= {"lifetime": timedelta(hours=1), "created_at": Moment()}
            return type(name, (Entity,), members)

        return cls(
            declared("Plain"),
            declared("Stamped", "stamped"),
            declared("OfMail", "unique"),
            declared("StampedOfMail", "stamped", "unique"),
            declared("Mortal", "mortal"),
            declared("MortalOfMail", "mortal", "unique"),
        )

    @property
    def all(self) -> tuple[Any, ...]:
        """All of the entities."""
        return tuple(vars(self).values())


def new(kind: Any, id_: str, at: datetime = NOON) -> Any:
    """Return a new item of any of the entities."""
    known = kind.get_attributes()
    given = {
        "id": id_,
        "mail": f"{id_}@x.org",
        "created_at": at,
        "updated_at": at,
        "version": 1,
    }
    return kind(**{name: value for name, value in given.items() if name in known})


#: A write, given a Store and the id of an item.
Act = Callable[[Store, str], object]


@dataclass(frozen=True)
class Kind:
    """A kind of write, as an operation declares it, and what it does.

    Attributes:
        declared: The attribute of ``Operation``.
        acts: The writes of an entity, each on another item.
        exists: Whether the item is stored before.
        transacts: Whether the writes are in a Transaction.
    """

    declared: str
    acts: Callable[[Any], Sequence[Act]]
    exists: bool = True
    transacts: bool = False


def _update(kind: Any, id_: str, **given: Any) -> Update[Any]:
    return Update(kind, {"id": id_}, NOON, **given)


def _creating(kind: Any, id_: str, at: datetime) -> Update[Any]:
    """An update that creates the item with another unique value, unless a live one is there."""
    given = _moved(kind, id_).attribute_values | {"created_at": at}
    known = kind.get_attributes().keys() - {"id", "n", "updated_at"}
    initial = {name: given[name] for name in known & given.keys()}
    return Update(kind, {"id": id_}, at, changes=[kind.n.add(1)], initial=initial)


def _changes(kind: Any) -> list[Callable[[str], Any]]:
    """Return changes that may be applied twice, that may not, and of a unique value."""
    changes: list[Callable[[str], Any]] = [lambda _: {"n": 5}, lambda _: [kind.n.add(1)]]
    if "mail" in kind.get_attributes():
        changes.append(lambda id_: {"mail": f"moved-{id_}@x.org"})
    return changes


def _updates(kind: Any) -> list[Act]:
    acts: list[Act] = [
        lambda store, id_, given=given: store.save(_update(kind, id_, changes=given(id_)))  # type: ignore[misc]
        for given in _changes(kind)
    ]
    if "version" in kind.get_attributes():
        acts.append(lambda store, id_: store.save(_update(kind, id_, increments_version=True)))
    return acts


def _transacted_updates(kind: Any) -> list[Act]:
    transacted: list[Act] = [
        lambda store, id_, given=given: store.transact(  # type: ignore[misc]
            Transaction([_update(kind, id_, changes=given(id_))])
        )
        for given in _changes(kind)
    ]
    return [*_updates(kind), *transacted]


KINDS: Final = {
    "puts": Kind(
        "puts",
        lambda kind: [lambda store, id_: store.save(Put(new(kind, id_)))],
        exists=False,
    ),
    "replaces": Kind(
        "replaces",
        lambda kind: [
            lambda store, id_: store.save(Put(_moved(kind, id_), replace=True)),
            lambda store, id_: store.save(Put(_moved(kind, id_), condition=kind.n.equals(0))),
        ],
    ),
    "updates": Kind("updates", _updates),
    "upserts": Kind(
        "upserts",
        lambda kind: [
            lambda store, id_: store.save(_creating(kind, id_, NOON)),
            lambda store, id_: store.save(_creating(kind, id_, LATER)),
        ],
    ),
    "deletes": Kind(
        "deletes",
        lambda kind: [
            lambda store, id_: store.write(Delete(kind, {"id": id_})),
            lambda store, id_: store.write(Delete(kind, {"id": id_}, missing_ok=True)),
        ],
    ),
    "batches": Kind(
        "batches",
        lambda kind: [
            lambda store, id_: store.put_all([new(kind, id_)]),
            lambda store, id_: store.delete_all([new(kind, id_).primary_key.render({"id": id_})]),
        ],
    ),
    "scans": Kind("scans", lambda _: [lambda store, __: [*store.admin.scan()]]),
    "scans_partition": Kind(
        "scans_partition",
        lambda kind: [
            lambda store, id_: [*store.keys_in(kind.primary_key.render({"id": id_}).partition)]
        ],
    ),
    "transacted puts": Kind(
        "puts",
        lambda kind: [lambda store, id_: store.transact(Transaction([Put(new(kind, id_))]))],
        exists=False,
        transacts=True,
    ),
    "transacted updates": Kind(
        "updates",
        _transacted_updates,
        transacts=True,
    ),
    "transacted deletes": Kind(
        "deletes",
        lambda kind: [lambda store, id_: store.transact(Transaction([Delete(kind, {"id": id_})]))],
        transacts=True,
    ),
}


def _moved(kind: Any, id_: str) -> Any:
    item = new(kind, id_)
    if "mail" in kind.get_attributes():
        item.mail = f"moved-{id_}@x.org"
    return item


#: Makes the faults of attempts, by their number and operation.
Plan = Callable[[], Callable[[int, str], Fault]]


def _nothing_lost() -> Callable[[int, str], Fault]:
    return lambda *_: Pass()


def _first_write_lost() -> Callable[[int, str], Fault]:
    """Lose the answer to the first write, whatever is read before it."""
    lost: list[str] = []

    def plan(_: int, operation: str) -> Fault:
        if operation in {"GetItem", "Query", "Scan"} or lost:
            return Pass()
        lost.append(operation)
        return Lose()

    return plan


def _take_values(store: Store, item: Any) -> None:
    """Let another item have the unique values of an item, as if this had been expired before."""
    other = type(item)(**item.attribute_values | {"id": f"{item.id}-other"})
    for unique in item.uniques:
        taken = unique_item(other, unique)
        assert taken is not None
        store.save(Put(taken, replace=True))


def sent(store: Store, kind: Kind, entity: Any) -> set[Asked]:
    """Perform the writes of a kind, and return what DynamoDB asks IAM about them."""
    asked: set[Asked] = set()
    outcomes: list[tuple[Plan, bool]] = [(_nothing_lost, False), (_first_write_lost, False)]
    if kind.exists and entity.uniques:
        outcomes.append((_nothing_lost, True))
    for act in kind.acts(entity):
        for plan, taken in outcomes:
            id_ = f"i{next(_numbers)}"
            if kind.exists:
                item = new(entity, id_)
                item.expires_at = NOON + timedelta(hours=1)
                store.save(Put(item))
                if taken:
                    _take_values(store, item)
            with (
                watching(store) as watched,
                injected(store, plan()),
                suppress(UnavailableError, NotUniqueError),
            ):
                act(store, id_)
            partition_key = store.layout.partition_key
            for request in watched.sent:
                asked.update(asked_of_iam(*request, partition_key))
    return asked


@pytest.fixture(scope="module", params=list(LAYOUTS))
def made(request: pytest.FixtureRequest, client: Client) -> tuple[Table, Store, Kinds]:
    """A table in each layout, with entities of every kind."""
    kinds = Kinds.of(LAYOUTS[request.param])
    table = Table("Kinds", kinds.all)
    return table, fresh(client, Clock(), table), kinds


ENTITIES: Final = ("plain", "stamped", "unique", "stamped_unique", "mortal", "mortal_unique")


def _cases() -> Iterator[tuple[str, str]]:
    for kind in KINDS:
        for entity in ENTITIES:
            if (kind, "unique") != ("batches", entity.rpartition("_")[2]) and (
                kind != "scans_partition" or entity == "plain"
            ):
                yield kind, entity


@pytest.mark.parametrize(("name", "of"), [*_cases()])
def test_exactly_what_a_kind_of_write_sends_is_allowed(
    made: tuple[Table, Store, Kinds], iam: Evaluator, name: str, of: str
) -> None:
    table, store, kinds = made
    kind, entity = KINDS[name], getattr(kinds, of)
    if kind.declared == "scans_partition" and store.layout.sort_key is None:
        return  # a partition is an item
    operation = Operation("write", **{kind.declared: (entity,)}, transacts=kind.transacts)
    role = Role("Writer", operations=(operation,))

    asked = sent(store, kind, entity)

    arn = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{table.name}"
    policy = {"Writer": policy_of(table, role, table_arn=arn)}
    cases = [
        Judged(
            "Writer",
            f"dynamodb:{each.action}",
            arn,
            {"dynamodb:LeadingKeys": sorted(each.partitions)} if each.partitions else {},
        )
        for each in sorted(asked)
    ]
    verdicts = iam.judge(policy, cases)
    refused = [case for case, verdict in zip(cases, verdicts, strict=True) if not verdict.allowed]
    assert refused == []
    unused = [
        (each.action, each.partition)
        for each in permissions_of(operation)
        if not any(
            each.action == one.action
            and all(fnmatchcase(key, each.partition) for key in one.partitions)
            for one in asked
        )
    ]
    assert unused == []

"""Several writes in one request: transactions, and batches, which are not atomic."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autoforge.access.artefacts import ArtefactOfProject, update_artefact
from autoforge.access.events.patterns import (
    EventsOfProject,
)
from autoforge.access.projects.patterns import (
    ProjectById,
)
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.check import Check
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.transaction import Transaction
from autoforge.errors import (
    ConditionFailedError,
    InvalidTransactionError,
    ItemExistsError,
    ItemNotFoundError,
    ItemTooLargeError,
    VersionConflictError,
)
from autoforge.models import (
    ArtefactType,
    Escalation,
    Project,
    ProjectStatus,
)
from autoforge.testing.recording import watching
from tests.dynamodb.written import LATER, stored_item
from tests.factories import (
    a_project,
    an_artefact,
    an_escalation,
    an_event,
    new_id,
)
from tests.stores import put_raw


def test_a_transaction_that_was_made_before_is_success_for_who_may_repeat_it(store: Store) -> None:
    transaction = Transaction((Put(a_project(id=new_id())), Put(a_project(id=new_id()))))
    store.transact(transaction)

    replace(store, repeated=True).transact(transaction)

    with pytest.raises(ItemExistsError):
        store.transact(transaction)


def test_a_transaction_makes_all_of_its_writes(store: Store) -> None:
    artefact, escalation, gone, new = an_artefact(), an_escalation(), a_project(), a_project()
    store.put_all([artefact, escalation, gone])

    store.transact(
        Transaction(
            (
                update_artefact(
                    artefact.project_id, artefact.type, {"new": 1}, expected_version=1, at=LATER
                ),
                Delete(Project, {"id": gone.id}),
                Check(
                    Escalation, {"project_id": escalation.project_id, "id": escalation.id}, LATER
                ),
                Put(new),
            )
        )
    )

    after = store.require(ArtefactOfProject(artefact.project_id, artefact.type))
    assert (after.version, after.content) == (2, {"new": 1})
    assert store.get(ProjectById(gone.id)) is None
    assert store.get(ProjectById(new.id)) == new


def test_a_transaction_with_one_refusal_changes_nothing_and_says_which(store: Store) -> None:
    artefact, there, new = an_artefact(), a_project(), a_project()
    store.put_all([artefact, there])
    identity = artefact.project_id, artefact.type
    update = update_artefact(*identity, {"new": 1}, expected_version=1, at=LATER)
    stale = update_artefact(*identity, {"new": 1}, expected_version=9, at=LATER)
    check = Check(
        Project,
        {"id": there.id},
        LATER,
        condition=Project.status == ProjectStatus.ARCHIVED,
        requires="it must be archived",
    )

    with pytest.raises(ItemExistsError) as exists:
        store.transact(Transaction((Put(new), update, Put(there))))
    with pytest.raises(VersionConflictError) as conflict:
        store.transact(Transaction((Put(new), stale)))
    with pytest.raises(ItemNotFoundError):
        store.transact(Transaction((Put(new), Delete(Project, {"id": new_id()}))))
    refused = f"Project {there.id} does not meet the condition; it must be archived"
    with pytest.raises(ConditionFailedError, match=f"^{refused}$") as checked:
        store.transact(Transaction((Put(new), update, check)))

    assert (exists.value.item, checked.value.item) == (there, there)
    assert conflict.value.item == artefact
    assert store.get(ProjectById(new.id)) is None
    assert stored_item(store, artefact) == artefact.to_item()


def test_a_transaction_dynamodb_never_accepts_is_refused_before_the_call() -> None:
    put = Put(a_project())
    large = [Put(an_artefact(content={"pad": "x" * 390_000})) for _ in range(11)]

    with pytest.raises(InvalidTransactionError, match="1 to 100 writes, not 101"):
        Transaction(tuple(Put(a_project()) for _ in range(101)))
    with pytest.raises(InvalidTransactionError, match="1 to 100 writes, not 0"):
        Transaction(())
    with pytest.raises(InvalidTransactionError, match="METADATA is written twice"):
        Transaction((put, Delete(Project, {"id": put.item.id})))
    with pytest.raises(InvalidTransactionError, match="at most 4,194,304 bytes"):
        Transaction(tuple(large))
    assert len(Transaction(tuple(large[:10])).writes) == 10


def test_a_transaction_of_a_hundred_writes_is_made(store: Store) -> None:
    project_id = new_id()
    escalations = [an_escalation(project_id=project_id) for _ in range(100)]

    store.transact(Transaction(tuple(Put(each) for each in escalations)))

    assert len(list(store.keys_in(f"PROJECT#{project_id}"))) == 100


def test_an_item_too_large_in_a_transaction_is_refused_before_the_call(store: Store) -> None:
    transaction = Transaction((Put(an_artefact(content={"pad": "x" * 410_000})),))

    with watching(store.client) as watched, pytest.raises(ItemTooLargeError):
        store.transact(transaction)

    assert watched.sent == []


def test_batches_store_and_delete_any_number_of_items(store: Store) -> None:
    project_id = new_id()
    events = [an_event(project_id=project_id) for _ in range(60)]

    with watching(store.client) as watched:
        stored = store.put_all(iter(events))
    listed = list(store.each(EventsOfProject(project_id, order="asc"), page_size=7))
    deleted = store.delete_all(store.keys_in(f"PROJECT#{project_id}"))

    assert (stored, deleted, listed) == (60, 60, events)
    assert watched.operations == ["BatchWriteItem"] * 3
    assert list(store.keys_in(f"PROJECT#{project_id}")) == []
    assert store.put_all([]) == store.delete_all([]) == 0


def test_of_two_items_with_one_key_in_a_batch_the_later_is_stored(store: Store) -> None:
    first = a_project()
    second = a_project(id=first.id, name="Second")

    assert store.put_all([first, second]) == 1

    assert store.get(ProjectById(first.id)) == second


def test_the_keys_of_a_collection_are_all_its_keys_over_many_pages(store: Store) -> None:
    project_id = new_id()
    artefacts = [
        an_artefact(project_id=project_id, type=each, content={"pad": "x" * 300_000})
        for each in ArtefactType
    ]
    store.put_all(artefacts)
    put_raw(store, {"PK": {"S": f"PROJECT#{project_id}"}, "SK": {"S": "ZZZ"}})

    with watching(store.client) as watched:
        keys = list(store.keys_in(f"PROJECT#{project_id}"))

    assert [key.sort for key in keys] == [
        *sorted(str(each.rendered()["SK"]) for each in artefacts),
        "ZZZ",
    ]
    # Strongly consistent reads: the items written just before must be deleted too.
    assert [sent["ConsistentRead"] for _, sent in watched.sent] == [True, True]

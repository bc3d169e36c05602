"""A deletion removes a project with everything in it, however often it is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final, cast

import pytest
from botocore.exceptions import ClientError

from autoforge.access.events.patterns import (
    record_event,
)
from autoforge.access.projects import deletion as project_deletion
from autoforge.access.projects.deletion import DeleteProject
from autoforge.access.projects.patterns import (
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
)
from autoforge.access.tickets.patterns import LinearIssue, TicketByLinearIssue
from autoforge.access.tickets.sync import Synced, SyncedTicket, SyncTicket
from autoforge.dynamodb import Entity
from autoforge.dynamodb.patterns.request import KeyCondition
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.store.expected import Expected
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import (
    DeletionUnfinishedError,
    ItemNotFoundError,
)
from autoforge.forge import Forge
from autoforge.models import PLATFORM_DESIGN, AgentRun, Project, ProjectStatus
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Answer, Break, Fault, Lose, Pass, Refuse, injected
from autoforge.testing.recording import watching
from benchmarks.synthetic import entity_of
from tests.dynamodb.written import LATER, by_key
from tests.factories import (
    NOON,
    a_checkpoint,
    a_dependency,
    a_feature,
    a_feature_by_linear_issue,
    a_feature_graph,
    a_member,
    a_member_ref,
    a_project,
    a_request_record,
    a_run,
    a_run_ref,
    a_ticket,
    a_user,
    an_action,
    an_agent,
    an_agent_config,
    an_artefact,
    an_escalation,
    an_event,
    an_integration_config,
    feature_slots,
    new_id,
)
from tests.stores import fresh, put_raw, raw_items

#: A user and an agent id in the deleted project and in others.
_SHARED_USER: Final = "u"
_SHARED_AGENT: Final = "coder-1"

#: An error that is not retried.
_GONE: Final = ClientError({"Error": {"Code": "AccessDeniedException"}}, "made up")


def _everything_of(project_id: str, *, events: int = 12) -> list[Entity]:
    """Return a project with every entity that can belong to it, in its partition and elsewhere."""
    own = {"project_id": project_id}
    recorded = [
        write.item
        for _ in range(events)
        for write in record_event(an_event(**own)).writes
        if isinstance(write, Put)
    ]
    feature = a_feature(**own, linear_issue_id="ENG#1")
    run = a_run(**own, agent_id=_SHARED_AGENT, feature_id=feature.id)
    ended = a_run(**own, agent_id=_SHARED_AGENT, feature_id=feature.id, status="completed")
    related = [
        a_project(id=project_id),
        an_artefact(**own),
        an_escalation(**own),
        an_action(**own, held_until=NOON),
        a_checkpoint(**own),
        an_event(**own, created_at=NOON - timedelta(days=31)),
        *recorded,
        feature,
        a_feature(**own, dependencies=[feature.id]),
        a_dependency(**own, depends_on_id=feature.id),
        a_feature_by_linear_issue(**own, linear_issue_id="ENG#1", feature_id=feature.id),
        a_feature_graph(**own),
        feature_slots(**own, features=[feature.id]),
        an_agent(**own, id=_SHARED_AGENT),
        run,
        a_run_ref(**own, agent_id=_SHARED_AGENT, run_id=run.id),
        ended,
        a_run_ref(**own, agent_id=_SHARED_AGENT, run_id=ended.id, active=False),
        a_member(**own, user_id=_SHARED_USER),
        a_member_ref(**own, user_id=_SHARED_USER),
        a_ticket(**own, linear_issue_id="ENG#1", feature_id=feature.id),
        a_ticket(**own, linear_issue_id="ENG%231"),
        a_request_record(**own),
    ]
    # Entities in the project's partition without relations to others need no line above.
    others = {
        kind
        for kind in PLATFORM_DESIGN.entities
        if kind.primary_key.partition == "PROJECT#{project_id}"
    } - {type(each) for each in related}
    return [*related, *(_made(kind, project_id) for kind in others)]


def _made(kind: type[Entity], project_id: str) -> Entity:
    """Return an entity of a type that belongs to a project."""
    entity: Any = entity_of(kind, NOON)
    entity.project_id = project_id
    return cast(Entity, entity)


def _neighbours() -> list[Entity]:
    """Return what must survive: projects with similar ids, and entities of several or none."""
    event = an_event(project_id="p1")
    reference = record_event(event).writes[1]
    assert isinstance(reference, Put)
    own = {"project_id": "p1"}
    feature = a_feature(**own, linear_issue_id="ENG#2")
    run = a_run(**own, agent_id=_SHARED_AGENT)
    return [
        a_project(id="p1"),
        event,
        reference.item,
        feature,
        a_feature_by_linear_issue(**own, linear_issue_id="ENG#2", feature_id=feature.id),
        run,
        a_run_ref(**own, agent_id=_SHARED_AGENT, run_id=run.id),
        a_member(**own, user_id=_SHARED_USER),
        a_member_ref(**own, user_id=_SHARED_USER),
        a_ticket(**own, linear_issue_id="ENG"),
        a_user(id=_SHARED_USER),
        an_event(project_id=None),
        an_escalation(project_id="p-"),
        a_ticket(project_id="p-", linear_issue_id="ENG#"),
        an_agent_config(),
        an_integration_config(),
    ]


def _left(store: Store) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the items of a table, by key."""
    return by_key(raw_items(store))


def _stored(entities: Iterable[Entity]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the items that a table with these entities holds, by key."""
    return by_key([each.to_item() for each in entities])


def test_everything_that_can_be_of_a_project_is_deleted_here() -> None:
    of_a_project = {
        kind
        for kind in PLATFORM_DESIGN.entities
        if kind is Project or "project_id" in kind.get_attributes()
    }

    assert {type(each) for each in _everything_of("p")} == of_a_project


def test_deleting_a_project_removes_everything_of_it_and_nothing_else(store: Store) -> None:
    store = fresh(store.client)
    neighbours = _neighbours()
    store.put_all([*_everything_of("p"), *neighbours])
    put_raw(store, {"PK": {"S": "PROJECT#p"}, "SK": {"S": "NOTE#of-another-program"}})

    DeleteProject("p", NOON, new_id()).run(store)

    assert _left(store) == _stored(neighbours)
    with pytest.raises(ItemNotFoundError, match="there is no Project with projectId 'p'"):
        DeleteProject("p", NOON, new_id()).run(store)


def test_an_id_in_another_case_deletes_the_same_project(store: Store) -> None:
    store = fresh(store.client)
    project_id = new_id()
    store.put_all(_everything_of(project_id))

    DeleteProject(project_id.lower(), NOON, new_id()).run(store)

    assert _left(store) == {}


def test_deleting_a_project_counts_what_is_removed(store: Store) -> None:
    project = store.save(Put(a_project()))
    issue = {"linear_issue_id": f"LIN-{project.id}"}
    store.put_all([an_escalation(project_id=project.id) for _ in range(30)])
    store.put_all([a_ticket(**issue, project_id=project.id)])
    store.put_all([a_feature(**issue, project_id=project.id), a_feature_by_linear_issue(**issue)])

    # The look-up item belongs to another project.
    assert DeleteProject(project.id, NOON, new_id()).run(store) == 33


def test_deleting_a_project_that_was_never_there_finds_none(store: Store) -> None:
    with pytest.raises(ItemNotFoundError):
        DeleteProject(new_id(), NOON, new_id()).run(store)


def test_what_another_project_has_taken_over_stays(store: Store) -> None:
    store = fresh(store.client)
    everything = _everything_of("p")
    issue = {"linear_issue_id": "ENG#1", "project_id": "p1"}
    run = next(each for each in everything if isinstance(each, AgentRun))
    taken = [
        a_ticket(**issue),
        a_feature_by_linear_issue(**issue),
        a_run_ref(agent_id=_SHARED_AGENT, run_id=run.id, project_id="p1"),
    ]
    store.put_all([*everything, a_project(id="p1")])
    store.put_all(taken)

    DeleteProject("p", NOON, new_id()).run(store)

    left = _left(store)
    assert left.pop(("PROJECT#p1", "METADATA"))
    assert left == _stored(taken)


def test_a_ticket_that_moves_while_its_project_is_deleted_stays(store: Store) -> None:
    store = fresh(store.client)
    store.put_all([a_project(id="p"), a_project(id="p1")])
    issue = LinearIssue("ENG-1", "https://linear.app/acme/issue/ENG-1", "Passkeys", "Todo")
    SyncTicket("p", issue, new_id(), NOON).run(store)
    moved: list[SyncedTicket] = []

    def move(_: int, operation: str) -> Fault:
        # The index has shown the ticket under the deleted project.
        if operation == "TransactWriteItems" and not moved:
            moved.append(SyncedTicket(a_ticket(), Synced.UNCHANGED))
            moved[0] = SyncTicket("p1", issue, new_id(), LATER).run(store)
        return Pass()

    with injected(store.client, move):
        DeleteProject("p", NOON, new_id()).run(store)

    assert moved[0].synced == Synced.UPDATED
    assert store.get(TicketByLinearIssue("ENG-1")) == moved[0].ticket


def test_a_row_of_the_index_that_lags_behind_deletes_nothing(store: Store) -> None:
    store = fresh(store.client)
    gone, moved, spoilt = (a_ticket(project_id="p") for _ in range(3))
    there = a_ticket(linear_issue_id=moved.linear_issue_id, project_id="p1")
    broken = a_ticket(linear_issue_id=spoilt.linear_issue_id, project_id="p1").to_item()
    del broken["title"]
    store.put_all([a_project(id="p"), there])
    put_raw(store, broken)
    rows = Answer({"Items": [each.to_item() for each in (gone, moved, spoilt)]})
    queries: list[int] = []

    def lag(number: int, operation: str) -> Fault:
        if operation == "Query":
            queries.append(number)
        # The third query finds tickets; the first two find the project and its partition.
        return rows if operation == "Query" and len(queries) == 3 else Pass()

    with injected(store.client, lag):
        DeleteProject("p", NOON, new_id()).run(store)

    assert _left(store) == by_key([there.to_item(), broken])


def test_a_ticket_that_the_index_shows_only_later_goes_with_the_next_run(store: Store) -> None:
    store = fresh(store.client)
    ticket = a_ticket(project_id="p")
    store.put_all([a_project(id="p")])
    DeleteProject("p", NOON, new_id()).run(store)
    store.put_all([ticket])

    assert DeleteProject("p", LATER, new_id()).run(store) == 1
    assert _left(store) == {}


def test_what_another_program_wrote_amiss_stops_no_deletion(store: Store) -> None:
    store = fresh(store.client)
    store.put_all([a_project(id="p")])
    values: list[dict[str, Any]] = [{"S": "a b#"}, {"S": ""}, {"N": "5"}, {"NULL": True}]
    for number, value in enumerate(values):
        partition = {"PK": {"S": "PROJECT#p"}}
        put_raw(
            store,
            {**partition, "SK": {"S": f"RUN#r{number}"}, "agentId": value},
            {**partition, "SK": {"S": f"FEATURE#f{number}"}, "linearIssueId": value},
        )
    spoilt = a_ticket(project_id="p").to_item()
    del spoilt["title"]
    note = a_ticket(project_id="p", linear_issue_id="ENG").to_item()
    stray = {**note, "SK": {"S": "NOTE"}}
    put_raw(store, spoilt, {**note, "EntityType": {"S": "Note"}}, stray)

    DeleteProject("p", NOON, new_id()).run(store)

    # An item that the index shows but is not a ticket belongs to another program.
    assert {sort for _, sort in _left(store)} == {"TICKET", "NOTE"}
    assert {item["EntityType"]["S"] for item in _left(store).values()} == {"Note", "Ticket"}


def test_a_project_that_is_being_deleted_takes_nothing_in(
    store: Store, forge: Forge, clock: Clock
) -> None:
    project_id = str(forge.projects.create("Portal").id)
    forge.escalations.create(project_id, "Why?")
    user = a_user()
    store.put_all([user])
    issue = LinearIssue(f"LIN-{project_id}", "https://linear.app/acme", "Passkeys", "Todo")
    SyncTicket(project_id, issue, new_id(), NOON).run(store)
    with injected(store.client, _cut(2, after=True)), pytest.raises(ClientError):
        forge.projects.delete(project_id)

    for refused in (
        lambda: SyncTicket(project_id, issue, new_id(), LATER).run(store),
        lambda: forge.tickets.sync_all(project_id, [issue]),
        lambda: forge.escalations.create(project_id, "Why?"),
        lambda: forge.events.record(project_id, "e", "s"),
        lambda: forge.projects.update(project_id, name="Another"),
        lambda: forge.projects.add_member(project_id, str(user.id)),
    ):
        with pytest.raises(ItemNotFoundError, match="there is no Project"):
            refused()

    forge.projects.delete(project_id)
    assert list(store.keys_in(f"PROJECT#{project_id}")) == []
    assert store.get(TicketByLinearIssue(issue.linear_issue_id)) is None


@pytest.mark.one_engine
@pytest.mark.parametrize("expected", [None, lambda _: True], ids=["of any", "of what was read"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_deletion_cut_off_at_any_request_goes_on_and_meanwhile_reads_as_gone(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    expected: Expected[Project] | None,
    *,
    after: bool,
) -> None:
    monkeypatch.setattr(project_deletion, "_ROOM", 20)
    store = fresh(store.client)
    everything, neighbours = _everything_of("p"), _neighbours()
    store.put_all(neighbours)
    requests = 0
    finished = False

    while not finished:
        requests += 1
        store.put_all(everything)

        with injected(store.client, _cut(requests, after=after)) as attempts:
            try:
                DeleteProject("p", NOON, new_id(), expected).run(store)
                finished = True
            except ClientError:
                assert len(attempts.operations) == requests
        if requests > 2 - after:  # the first request only reads
            assert store.get(ProjectById("p")) is None
            assert store.answer(ProjectOverview("p")) is None
            active = store.page(ProjectsByStatus(ProjectStatus.ACTIVE), limit=9).items
            assert active == (neighbours[0],)
        if not finished and _is_anything_left(store):
            DeleteProject("p", LATER, new_id(), expected).run(store)
        assert _left(store) == _stored(neighbours)

    assert requests > 9


@pytest.mark.parametrize("number", [1, 60])
def test_a_deletion_sends_a_transaction_for_each_99_items(store: Store, number: int) -> None:
    store = fresh(store.client)
    own = {"project_id": "p"}
    runs = [a_run(**own) for _ in range(number)]
    references = [a_run_ref(**own, agent_id=each.agent_id, run_id=each.id) for each in runs]
    tickets = [a_ticket(**own) for _ in range(number)]
    store.put_all([a_project(id="p"), *runs, *references, *tickets])

    with watching(store.client) as watched:
        DeleteProject("p", NOON, new_id()).run(store)

    reads = [sent["ConsistentRead"] for operation, sent in watched.sent if operation == "Query"]
    # Queries of the project, its partition, the partition again until it is empty, and tickets.
    assert reads == [True, True, True, False]
    # A run is deleted with its reference.
    transactions = -(-number // 49) + -(-number // 99)
    assert sorted(watched.operations) == sorted(
        [*["Query"] * 4, "UpdateItem", *["TransactWriteItems"] * transactions, "DeleteItem"]
    )


def test_a_project_is_not_created_while_a_deletion_of_its_id_is_unfinished(
    store: Store, forge: Forge
) -> None:
    project_id = str(forge.projects.create("Portal", owner_id="ann").id)
    with injected(store.client, _cut(2, after=True)), pytest.raises(ClientError):
        forge.projects.delete(project_id)

    for owner in (None, "ann"):
        with pytest.raises(DeletionUnfinishedError, match="not deleted completely: delete it"):
            forge.projects.create("Portal", id=project_id, owner_id=owner)

    forge.projects.delete(project_id)
    assert forge.projects.create("Portal", id=project_id).id == project_id


def test_dynamodb_never_deletes_the_mark_of_a_deletion(store: Store, forge: Forge) -> None:
    project_id = str(forge.projects.create("Portal").id)
    with injected(store.client, _cut(2, after=True)), pytest.raises(ClientError):
        forge.projects.delete(project_id)

    (root,) = store.items_in(KeyCondition(TABLE, f"PROJECT#{project_id}"), "TTL", "GSI1PK")

    # DynamoDB keeps an item that expired more than five years ago (AWS, "Using time to live").
    assert int(root["TTL"]["N"]) < (NOON - timedelta(days=5 * 366)).timestamp()
    assert "GSI1PK" not in root


def test_items_of_more_than_a_transaction_may_hold_are_deleted_in_parts(store: Store) -> None:
    store = fresh(store.client)
    store.put_all([a_project(id="p"), *(an_event(project_id="p") for _ in range(8))])
    refused: list[int] = []

    def meet(_: int, operation: str) -> Fault:
        if operation == "TransactWriteItems" and len(refused) < 3:
            refused.append(1)
            return Refuse("ValidationException", message="the aggregate size exceeds 4 MB")
        return Pass()

    with injected(store.client, meet):
        DeleteProject("p", NOON, new_id()).run(store)

    assert (len(refused), _left(store)) == (3, {})


def _cut(request: int, *, after: bool) -> Callable[[int, str], Fault]:
    """Fail at a request, before or after its execution, and at every later one."""

    def fault(number: int, _: str) -> Fault:
        if number < request - 1:
            return Pass()
        return Lose(_GONE) if after and number == request - 1 else Break(_GONE)

    return fault


def _is_anything_left(store: Store) -> bool:
    return any(store.keys_in("PROJECT#p"))

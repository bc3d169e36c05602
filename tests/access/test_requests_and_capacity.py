"""Each pattern sends the requests it declares, and they consume what item sizes predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.access.actions import ActionById, ActionsOfProject, HeldActions
from autoforge.access.agent_config import AgentConfigOf, AgentConfigs
from autoforge.access.agents import AgentById, AgentsByStatus, AgentsOfProject
from autoforge.access.artefacts import ArtefactOfProject, ArtefactsOfProject
from autoforge.access.catalogue import CATALOGUE
from autoforge.access.checkpoints import CheckpointOf, CheckpointsOfProject
from autoforge.access.escalations import (
    EscalationById,
    EscalationsByStatus,
    EscalationsOfProject,
)
from autoforge.access.events.patterns import EventById, EventsOfDate, EventsOfProject, GlobalEvents
from autoforge.access.features.patterns import (
    DependenciesOfProject,
    DependentsOfFeature,
    FeatureById,
    FeatureByLinearIssue,
    FeatureGraphOf,
    FeatureOfLinearIssue,
    FeaturesById,
    FeaturesByStatus,
    FeatureSlotsOf,
    FeaturesOfLinearIssues,
    FeaturesOfProject,
    FeatureStats,
    ReadyFeatures,
)
from autoforge.access.integrations import IntegrationConfigOf
from autoforge.access.projects.members import MemberOfProject, MembersOfProject, ProjectsOfUser
from autoforge.access.projects.patterns import (
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
    ProjectWithArtefacts,
)
from autoforge.access.requests.patterns import RequestOf
from autoforge.access.runs.patterns import (
    ActiveRuns,
    RunById,
    RunsOfAgent,
    RunsOfFeature,
    RunsOfProject,
)
from autoforge.access.tickets.patterns import (
    TicketByLinearIssue,
    TicketsByLinearIssue,
    TicketsOfProject,
)
from autoforge.access.users import (
    UserByAuth0Id,
    UserByEmail,
    UserById,
    UserOfAuth0Id,
    UserOfEmail,
)
from autoforge.dynamodb import Entity
from autoforge.dynamodb.capacity import fetch_units, get_units, query_units, write_units
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate, Lookup
from autoforge.dynamodb.schema.item_size import LIMIT, item_size
from autoforge.dynamodb.store.reads import LOOKAHEAD
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.update import Update
from autoforge.dynamodb.writes.write import Delete, Put
from autoforge.errors import ItemTooLargeError
from autoforge.models import Artefact, ArtefactType, FeatureStatus
from tests.dynamodb.faults import Answer, injected
from tests.factories import (
    NOON,
    a_checkpoint,
    a_dependency,
    a_feature,
    a_feature_by_linear_issue,
    a_feature_graph,
    a_global_event_ref,
    a_member,
    a_member_ref,
    a_project,
    a_request_record,
    a_run,
    a_run_ref,
    a_ticket,
    a_user,
    a_user_by_auth0_id,
    a_user_by_email,
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
from tests.servers import Engine
from tests.stores import Watched, fresh, watching
from tests.strategies import documents

_PAD: Final = "x" * 3000
_PROJECT: Final = a_project(id="p", description=_PAD)
_ARTEFACTS: Final = [
    an_artefact(project_id="p", type=each, content={"pad": _PAD}) for each in ArtefactType
]
_EVENTS: Final = [an_event(project_id="p", summary=_PAD) for _ in range(5)]
_REFERENCES: Final = [
    a_global_event_ref(id=each.id, project_id="p", summary=_PAD) for each in _EVENTS
]
_ESCALATIONS: Final = [an_escalation(project_id="p", title=_PAD) for _ in range(5)]
_ACTIONS: Final = [an_action(project_id="p", description=_PAD, held_until=NOON) for _ in range(5)]
_CHECKPOINTS: Final = [
    a_checkpoint(project_id="p", checkpoint_key=f"k{n}", checkpoint_value=_PAD) for n in range(5)
]
_INTEGRATION: Final = an_integration_config(config_encrypted=_PAD)
_SETTINGS: Final = [an_agent_config(value=_PAD) for _ in range(5)]
_USER: Final = a_user(name=_PAD)
_BY_AUTH0_ID: Final = a_user_by_auth0_id(auth0_id=_USER.auth0_id, user_id=_USER.id)
_BY_EMAIL: Final = a_user_by_email(email=_USER.email, user_id=_USER.id)
_OF_USER: Final = [a_member(user_id=_USER.id, project_id=each) for each in ("p", "q", "r")]
_OWNED: Final = [_PROJECT, *(a_project(id=each, description=_PAD) for each in ("q", "r"))]
_MEMBERS: Final = [a_member_ref(project_id="p") for _ in range(40)]
_FEATURES: Final = [
    a_feature(project_id="p", linear_issue_id=f"F-{n}", description=_PAD) for n in range(5)
]
_FEATURE_IDS: Final = tuple(str(each.id) for each in _FEATURES)
_OF_ISSUE: Final = a_feature_by_linear_issue(
    linear_issue_id="F-2", project_id="p", feature_id=_FEATURE_IDS[2]
)
_EDGES: Final = [a_dependency(project_id="p", depends_on_id="f") for _ in range(40)]
_GRAPH: Final = a_feature_graph(project_id="p")
_REQUEST: Final = a_request_record(project_id="p", id="r")
_SLOTS: Final = feature_slots(project_id="p", features=_FEATURE_IDS)
_AGENTS: Final = [an_agent(project_id="p", name=_PAD) for _ in range(5)]
_RUNS: Final = [a_run(project_id="p", agent_id="a", feature_id="f", output=_PAD) for _ in range(20)]
_RUN_REFS: Final = [a_run_ref(agent_id="a", run_id=run.id, project_id="p") for run in _RUNS]
_TICKETS: Final = [a_ticket(project_id="p", description=_PAD) for _ in range(5)]
_ISSUES: Final = tuple(each.linear_issue_id for each in _TICKETS)
_OF_ISSUES: Final = [a_feature_by_linear_issue(linear_issue_id=each) for each in _ISSUES]
#: Everything that the cases below find; of no kind is all of it under 4 KB.
_ALL: Final[list[Entity]] = [
    _PROJECT, *_ARTEFACTS, *_EVENTS, *_REFERENCES, *_ESCALATIONS, *_ACTIONS, *_CHECKPOINTS,
    _INTEGRATION, *_SETTINGS, _USER, _BY_AUTH0_ID, _BY_EMAIL, *_OF_USER, *_OWNED[1:], *_MEMBERS,
    *_AGENTS, *_RUNS, *_RUN_REFS, *_TICKETS, *_OF_ISSUES,
    *_FEATURES, _OF_ISSUE, *_EDGES, _GRAPH, _SLOTS, _REQUEST,
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A pattern and the entities that it reads, in this order, from among all of them."""

    asked: Any
    read: Sequence[Entity]


CASES: Final = [
    Case(ProjectById("p"), [_PROJECT]),
    Case(ProjectsByStatus(_PROJECT.status), _OWNED),
    Case(ProjectOverview("p", 3), [_PROJECT, *_ARTEFACTS, *_ESCALATIONS[-3:]]),
    Case(ProjectWithArtefacts("p"), [_PROJECT, *_ARTEFACTS]),
    Case(ArtefactsOfProject("p"), _ARTEFACTS),
    Case(ArtefactOfProject("p", ArtefactType.RAID_LOG), [_ARTEFACTS[1]]),
    Case(EventsOfProject("p"), _EVENTS),
    Case(EventById("p", _EVENTS[2].id), [_EVENTS[2]]),
    Case(EventsOfDate(NOON.date()), _EVENTS),
    Case(GlobalEvents(), _REFERENCES),
    Case(EscalationsOfProject("p"), _ESCALATIONS),
    Case(EscalationById("p", _ESCALATIONS[2].id), [_ESCALATIONS[2]]),
    Case(EscalationsByStatus(_ESCALATIONS[0].status), _ESCALATIONS),
    Case(ActionsOfProject("p"), _ACTIONS),
    Case(ActionById("p", _ACTIONS[2].id), [_ACTIONS[2]]),
    Case(HeldActions(NOON), _ACTIONS),
    Case(CheckpointsOfProject("p"), _CHECKPOINTS),
    Case(CheckpointOf("p", "jira", "k2"), [_CHECKPOINTS[2]]),
    Case(IntegrationConfigOf(_INTEGRATION.integration), [_INTEGRATION]),
    Case(AgentConfigs(), _SETTINGS),
    Case(AgentConfigOf(_SETTINGS[2].config_key), [_SETTINGS[2]]),
    Case(UserById(_USER.id), [_USER]),
    Case(UserByAuth0Id(_USER.auth0_id), [_BY_AUTH0_ID, _USER]),
    Case(UserByEmail(_USER.email), [_BY_EMAIL, _USER]),
    Case(UserOfAuth0Id(_USER.auth0_id), [_BY_AUTH0_ID]),
    Case(UserOfEmail(_USER.email), [_BY_EMAIL]),
    Case(ProjectsOfUser(_USER.id), [*_OF_USER, *_OWNED]),
    Case(MembersOfProject("p"), _MEMBERS),
    Case(MemberOfProject("p", _USER.id), [_OF_USER[0]]),
    Case(FeaturesOfProject("p"), _FEATURES),
    Case(FeaturesByStatus("p", FeatureStatus.PENDING), _FEATURES),
    Case(ReadyFeatures("p"), _FEATURES),
    Case(FeatureById("p", _FEATURE_IDS[2]), [_FEATURES[2]]),
    Case(FeaturesById("p", _FEATURE_IDS), _FEATURES),
    Case(FeatureByLinearIssue("F-2"), [_OF_ISSUE, _FEATURES[2]]),
    Case(FeatureOfLinearIssue("F-2"), [_OF_ISSUE]),
    Case(FeaturesOfLinearIssues(_ISSUES), _OF_ISSUES),
    Case(DependentsOfFeature("p", "f"), _EDGES),
    Case(DependenciesOfProject("p"), _EDGES),
    Case(FeatureStats("p"), _FEATURES),
    Case(FeatureGraphOf("p"), [_GRAPH]),
    Case(FeatureSlotsOf("p"), [_SLOTS]),
    Case(AgentsOfProject("p"), _AGENTS),
    Case(AgentsByStatus("p", _AGENTS[0].status), _AGENTS),
    Case(AgentById("p", _AGENTS[2].id), [_AGENTS[2]]),
    Case(RunsOfProject("p"), _RUNS),
    Case(RunsOfFeature("p", "f"), _RUNS),
    Case(RunsOfAgent("a"), [*_RUN_REFS, *_RUNS]),
    Case(ActiveRuns("p"), [*_RUN_REFS, *_RUNS]),
    Case(RunById("p", _RUNS[2].id), [_RUNS[2]]),
    Case(TicketsOfProject("p"), _TICKETS),
    Case(TicketByLinearIssue(_ISSUES[2]), [_TICKETS[2]]),
    Case(TicketsByLinearIssue(_ISSUES), _TICKETS),
    Case(RequestOf("p", "r"), [_REQUEST]),
]
each_case: Final = pytest.mark.parametrize("case", CASES, ids=lambda c: type(c.asked).__name__)


@pytest.fixture(scope="module")
def full(client: Client) -> Store:
    """A Store on a table that everything above is in."""
    store = fresh(client)
    store.put_all(_ALL)
    return store


def test_every_pattern_of_the_catalogue_has_a_case() -> None:
    assert [type(case.asked) for case in CASES] == list(CATALOGUE)


@each_case
def test_a_pattern_sends_the_requests_it_declares_and_never_a_scan(full: Store, case: Case) -> None:
    with watching(full.client) as watched:
        _answer(full, case.asked)

    # Those of a composite are under way at once, in any order.
    order = sorted if isinstance(case.asked, Composite) else list
    assert order(watched.operations) == order(_operations(case.asked))
    assert len(watched.operations) == type(case.asked).requests
    assert sorted(call.operation for call in watched.calls) == sorted(watched.operations)


@each_case
def test_a_pattern_consumes_what_its_items_sizes_predict(
    full: Store, engine: Engine, case: Case
) -> None:
    _require_true_capacity(engine)
    on_index = isinstance(case.asked, Query) and not case.asked.index.consistent_reads

    for consistent in [False] if on_index else [False, True]:
        with watching(full.client) as watched:
            _answer(full, case.asked, consistent=consistent)

        assert _read_units(watched) == _predicted(case, consistent=consistent)


def test_a_get_that_finds_nothing_costs_the_least(full: Store, engine: Engine) -> None:
    _require_true_capacity(engine)

    with watching(full.client) as watched:
        full.get(ProjectById("nobody"))
        full.get(ProjectById("nobody"), consistent=True)

    assert [call.capacity["CapacityUnits"] for call in watched.calls] == [
        get_units(0),
        get_units(0, consistent=True),
    ]


@pytest.mark.parametrize(
    "asked", [EventsOfProject("p", after=_EVENTS[-1].id), GlobalEvents(after=_EVENTS[-1].id)]
)
def test_polling_for_what_is_newer_costs_half_a_unit_when_nothing_is(
    full: Store, engine: Engine, asked: Query[Any]
) -> None:
    with watching(full.client) as watched:
        page = full.page(asked, limit=25)

    assert (page.items, page.cursor, watched.operations) == ((), None, ["Query"])
    if engine.name != "moto":
        assert _read_units(watched) == 0.5


def test_a_long_run_of_expired_items_takes_few_requests(store: Store) -> None:
    project_id = new_id()
    dead = [
        an_event(project_id=project_id, created_at=NOON - timedelta(days=40)) for _ in range(300)
    ]
    alive = an_event(project_id=project_id)
    store.put_all([*dead, alive])

    with watching(store.client) as watched:
        page = store.page(EventsOfProject(project_id, order="asc"), limit=1)

    assert page.items == (alive,)
    # 2 + 4 + ... + 256 items: the 301st is in the eighth, and none follows it.
    assert [sent["Limit"] for _, sent in watched.sent] == [2**n for n in range(1, 9)]


def test_a_page_never_looks_ahead_further_than_a_bound(store: Store) -> None:
    key = {"PK": {"S": "PROJECT#p"}, "SK": {"S": "EVENT#"}}
    more = Answer({"Items": [], "LastEvaluatedKey": key})
    last = Answer({"Items": []})

    with (
        injected(store.client, lambda number, _: more if number < 12 else last),
        watching(store.client) as watched,
    ):
        page = store.page(EventsOfProject("p"), limit=100)

    limits = [sent["Limit"] for _, sent in watched.sent]
    assert (page.items, page.cursor) == ((), None)
    assert limits == [101, 202, 404, 808, *[LOOKAHEAD] * 9]


@given(document=documents(), above=st.integers(0, 2))
def test_an_item_weighs_exactly_what_dynamodb_counts(
    client: Client, engine: Engine, document: dict[str, Any], above: int
) -> None:
    _require_true_capacity(engine)
    store = fresh(client)
    item = an_artefact(content=document).to_item()
    item["pad"] = {"S": ""}
    padding = -item_size(item) % 1024 + above * 1024

    exact = _put(store, {**item, "pad": {"S": "x" * padding}})
    over = _put(store, {**item, "pad": {"S": "x" * (padding + 1)}})

    size = item_size(item) + padding
    assert size % 1024 == 0
    assert (
        (exact, over)
        == (write_units(0, size), write_units(0, size + 1))
        == (size // 1024, size // 1024 + 1)
    )


def test_a_write_consumes_the_larger_of_before_and_after(store: Store, engine: Engine) -> None:
    _require_true_capacity(engine)
    artefact = an_artefact(content={"pad": _PAD})
    identity = {"project_id": artefact.project_id, "type": artefact.type}
    before = item_size(artefact.to_item())

    with watching(store.client) as watched:
        store.save(Put(artefact))
        smaller = store.save(Update(Artefact, identity, NOON, values={"content": {}}))
        store.write(Delete(Artefact, identity))

    after = item_size(smaller.to_item())
    assert [call.capacity["CapacityUnits"] for call in watched.calls] == [
        write_units(0, before),
        write_units(before, after),
        write_units(after, 0),
    ]
    assert (write_units(0, before), write_units(before, after), write_units(after, 0)) == (4, 4, 1)


def test_an_item_of_exactly_the_limit_is_stored(store: Store, engine: Engine) -> None:
    if engine.name == "moto":
        pytest.skip("moto refuses an item of exactly 409,600 bytes; dynoxide takes it")
    artefact = _of_size(LIMIT)

    store.save(Put(artefact))

    assert store.get(ArtefactOfProject(artefact.project_id, artefact.type)) == artefact


def test_an_item_of_a_byte_more_is_refused_before_the_call(store: Store) -> None:
    artefact = _of_size(LIMIT + 1)

    with watching(store.client) as watched:
        with pytest.raises(ItemTooLargeError, match=r"409,601 bytes.*\(content 409,") as caught:
            store.save(Put(artefact))
        with pytest.raises(ItemTooLargeError):
            store.put_all([artefact])

    assert watched.sent == []
    assert caught.value.size == LIMIT + 1
    assert next(iter(caught.value.weights)) == "content"


def test_an_update_that_makes_the_item_too_large_is_refused(store: Store) -> None:
    artefact = _of_size(LIMIT - 20_000)
    store.save(Put(artefact))
    identity = {"project_id": artefact.project_id, "type": artefact.type}

    with pytest.raises(ItemTooLargeError) as caught:
        store.save(
            Update(Artefact, identity, NOON, values={"previous_version": {"pad": "x" * 30_000}})
        )

    assert caught.value.size is None
    assert store.get(ArtefactOfProject(artefact.project_id, artefact.type)) == artefact


def test_an_update_of_an_attribute_too_large_by_itself_is_refused_before_the_call(
    store: Store,
) -> None:
    artefact = an_artefact()
    identity = {"project_id": artefact.project_id, "type": artefact.type}

    with watching(store.client) as watched, pytest.raises(ItemTooLargeError, match="content 409,"):
        store.save(Update(Artefact, identity, NOON, values={"content": {"pad": "x" * LIMIT}}))

    assert watched.sent == []


def _require_true_capacity(engine: Engine) -> None:
    if engine.name == "moto":
        pytest.skip("moto answers constants for capacity; this runs on dynoxide")


def _operations(asked: Pattern[Any]) -> list[str]:
    match asked:
        case Lookup():
            return ["GetItem", "GetItem"]
        case Get():
            return ["GetItem"]
        case Hydrate():
            return ["Query", "BatchGetItem"]
        case Query():
            return ["Query"]
        case Fetch():
            return ["BatchGetItem"]
    assert isinstance(asked, Composite)
    return [operation for part in asked.parts() for operation in _operations(part.pattern)]


def _answer(store: Store, asked: Any, *, consistent: bool = False) -> None:
    match asked:
        case Get():
            assert store.get(asked, consistent=consistent) is not None
        case Query():
            assert store.page(asked, limit=100, consistent=consistent).items
        case Fetch():
            assert store.fetch(asked, consistent=consistent)
        case Composite():
            assert store.answer(asked, consistent=consistent) is not None


def _read_units(watched: Watched) -> float:
    """Units of all calls; a batch's are in a list, one entry for each table."""
    units = 0.0
    for call in watched.calls:
        tables = call.capacity if isinstance(call.capacity, list) else [call.capacity]
        units += sum(table["CapacityUnits"] for table in tables)
    return units


def _predicted(case: Case, *, consistent: bool) -> float:
    sizes = [item_size(entity.to_item()) for entity in case.read]
    match case.asked:
        case Get():
            return sum(get_units(size, consistent=consistent) for size in sizes)
        case Hydrate():
            references = [each for each in case.read if type(each) is case.asked.entities[1]]
            return query_units(sizes[: len(references)], consistent=consistent) + fetch_units(
                sizes[len(references) :], consistent=consistent
            )
        case Query():
            return query_units(sizes, consistent=consistent)
        case Fetch():
            return fetch_units(sizes, consistent=consistent)
        case FeatureStats():
            # All are pending; to learn that nothing is in another status costs the least each.
            return query_units(sizes) + (len(FeatureStatus) - 1) * query_units([])
    # The overview: the project and its artefacts in a batch, then its escalations.
    batch = len(_ARTEFACTS) + 1
    return fetch_units(sizes[:batch], consistent=consistent) + query_units(
        sizes[batch:], consistent=consistent
    )


def _put(store: Store, item: dict[str, Any]) -> float:
    key = {name: item[name] for name in ("PK", "SK")}
    answer = store.client.botocore.put_item(
        TableName=store.table_name, Item=item, ReturnConsumedCapacity="TOTAL"
    )
    store.client.botocore.delete_item(TableName=store.table_name, Key=key)
    return float(answer["ConsumedCapacity"]["CapacityUnits"])


def _of_size(size: int) -> Artefact:
    empty = an_artefact(content={"pad": ""})
    return an_artefact(
        id=empty.id,
        project_id=empty.project_id,
        content={"pad": "x" * (size - item_size(empty.to_item()))},
    )

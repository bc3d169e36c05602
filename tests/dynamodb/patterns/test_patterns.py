"""Patterns without a server: the declarations that are refused, and the requests of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest

from autoforge.access.actions import ActionById, HeldActions
from autoforge.access.agent_config import AgentConfigs
from autoforge.access.artefacts import ArtefactOfProject
from autoforge.access.catalogue import CATALOGUE, PLATFORM_TABLE
from autoforge.access.checkpoints import CheckpointsOfProject
from autoforge.access.events.patterns import EventById, EventsOfDate, EventsOfProject, GlobalEvents
from autoforge.access.projects.patterns import ProjectById, ProjectOverview, ProjectsByStatus
from autoforge.dynamodb import Entity
from autoforge.dynamodb.patterns.catalogue import Parameter, entry
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.explain import explain
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.table import Table
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.errors import DeclarationError, InvalidValueError
from autoforge.models import AgentCheckpoint, Event, ProjectStatus
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Answer, injected
from autoforge.testing.recording import watching
from tests.access.cases import CASES
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON, new_id
from tests.servers import Engine
from tests.stores import client_of, store_of


class Note(Entity):
    """An entity whose sort keys are a prefix of another's."""

    id: Id = Id()
    board: Id = Id()
    colour: Text = Text()

    key = Key("BOARD#{board}", "NOTE#{id}")
    by_colour = Key("COLOUR#{colour}", "{id}", index=GSI1)


class NoteTag(Entity):
    """An entity whose sort keys lie among those of the notes."""

    id: Id = Id()
    board: Id = Id()
    tag: Text = Text()

    key = Key("BOARD#{board}", "NOTE#{id}#TAG#{tag}")


@dataclass(frozen=True)
class NotesOfBoard(Query[Note]):
    """Which notes are on this board?"""

    source = "a test"
    key = Note.key

    board: str


@dataclass(frozen=True)
class NotesAndTags(Query[Note | NoteTag]):
    """Which notes and tags are on this board?"""

    source = "a test"
    key = Note.key

    board: str


def test_a_misspelt_parameter_is_refused_when_it_is_declared() -> None:
    with pytest.raises(DeclarationError, match=r"NotesHere: Note.key: no parameter 'board'"):

        class NotesHere(Query[Note]):
            key = Note.key

            bord: str


def test_a_misspelt_parameter_does_not_fall_back_to_another_partition() -> None:
    with pytest.raises(DeclarationError, match=r"EventsHere: Event.key: nothing uses proyect_id"):

        class EventsHere(Query[Event]):
            key = Event.key

            proyect_id: str


def test_a_rename_to_no_parameter_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"NoteHere: Note.key: no parameter 'note_id'"):

        class NoteHere(Get[Note]):
            key = Note.key
            renames = {"id": "note_id"}

            board: str
            id: str


def test_a_bound_that_is_no_parameter_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"EventsSince: Event.key: no parameter 'since'"):

        class EventsSince(Query[Event]):
            key = Event.key
            range = SortRange("created_at", at_least="since")

            project_id: str


def test_a_range_over_no_component_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"NotesFrom: Note.key: no component 'made_at'"):

        class NotesFrom(Query[Note]):
            key = Note.key
            range = SortRange("made_at", at_least="since")

            board: str
            since: datetime | None = None


def test_a_get_by_an_index_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"Note.by_colour is not a key of the table itself"):

        class NoteByColour(Get[Note]):
            key = Note.by_colour

            colour: str
            id: str


def test_a_pattern_without_a_key_is_refused() -> None:
    with pytest.raises(DeclarationError, match="Keyless declares no key"):

        class Keyless(Query[Note]):
            board: str


def test_a_pattern_over_another_entitys_key_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"Note.key is not a key of NoteTag$"):

        class Tags(Query[NoteTag]):
            key = Note.key

            board: str


def test_a_query_that_reaches_another_type_is_refused() -> None:
    with pytest.raises(
        DeclarationError, match=r"^Notes: NotesOfBoard reads items under NoteTag\.key, which"
    ):
        Table("Notes", (Note, NoteTag), (GSI1,), patterns=(NotesOfBoard, NotesAndTags))


def test_a_query_that_answers_with_all_it_reaches_is_accepted() -> None:
    assert Table("Notes", (Note, NoteTag), (GSI1,), patterns=(NotesAndTags,)).patterns == (
        NotesAndTags,
    )


def test_a_sort_key_given_in_full_is_compared_with_equals() -> None:
    @dataclass(frozen=True)
    class Exactly(Query[AgentCheckpoint]):
        key = AgentCheckpoint.key

        project_id: str
        integration: str
        checkpoint_key: str

    condition = Exactly("p", "jira", "a").condition(NOON)

    assert str(condition) == "PK = PROJECT#p AND SK = CHECKPOINT#jira#a"


@pytest.mark.parametrize(
    ("asked", "condition"),
    [
        (EventsOfProject("p"), "PK = PROJECT#p AND begins_with(SK, EVENT#)"),
        (
            EventsOfProject("p", since=NOON),
            "PK = PROJECT#p AND SK BETWEEN EVENT#2026-02-04T12:00:00.000Z AND EVENT$",
        ),
        (
            EventsOfProject("p", until=NOON),
            "PK = PROJECT#p AND SK BETWEEN EVENT# AND EVENT#2026-02-04T12:00:00.000Z",
        ),
        (
            EventsOfProject("p", since=NOON, until=NOON + MILLISECOND),
            (
                "PK = PROJECT#p AND SK BETWEEN EVENT#2026-02-04T12:00:00.000Z "
                "AND EVENT#2026-02-04T12:00:00.001Z"
            ),
        ),
        (
            EventsOfProject("p", after="01KGM8C3G00000000000000000"),
            (
                "PK = PROJECT#p AND SK BETWEEN "
                "EVENT#2026-02-04T12:00:00.000Z#01KGM8C3G00000000000000000# AND EVENT$"
            ),
        ),
        (
            EventsOfProject("p", after="01KGM8C3G00000000000000000", until=NOON),
            (
                # The range starts after its end: a key condition that no item meets.
                "PK = PROJECT#p AND SK BETWEEN EVENT## AND EVENT##"
            ),
        ),
        (
            EventsOfProject("p", after="01KGM8C3G00000000000000000", since=NOON + MILLISECOND),
            "PK = PROJECT#p AND SK BETWEEN EVENT#2026-02-04T12:00:00.001Z AND EVENT$",
        ),
        (EventsOfDate(date(2026, 2, 4)), "GSI1PK = EVENT#2026-02-04"),
        (
            EventsOfDate(date(2026, 2, 4), since=NOON),
            "GSI1PK = EVENT#2026-02-04 AND GSI1SK >= 2026-02-04T12:00:00.000Z",
        ),
        (
            EventsOfDate(date(2026, 2, 4), until=NOON),
            "GSI1PK = EVENT#2026-02-04 AND GSI1SK < 2026-02-04T12:00:00.000Z",
        ),
        (HeldActions(), "GSI1PK = ACTION#held AND GSI1SK < 2026-02-04T12:00:00.000Z$"),
        (
            HeldActions(NOON + MILLISECOND),
            "GSI1PK = ACTION#held AND GSI1SK < 2026-02-04T12:00:00.001Z$",
        ),
        (CheckpointsOfProject("p"), "PK = PROJECT#p AND begins_with(SK, CHECKPOINT#)"),
        (
            CheckpointsOfProject("p", "jira"),
            "PK = PROJECT#p AND begins_with(SK, CHECKPOINT#jira#)",
        ),
        (AgentConfigs(), "PK = AGENT AND begins_with(SK, CONFIG#)"),
        (
            ProjectsByStatus(ProjectStatus.ACTIVE),
            "GSI1PK = STATUS#active AND begins_with(GSI1SK, PROJECT#)",
        ),
    ],
    ids=str,
)
def test_a_query_asks_for_exactly_the_stretch_it_means(asked: Query[Any], condition: str) -> None:
    assert str(asked.condition(NOON)) == condition


def test_an_event_of_no_project_lies_in_the_global_feed() -> None:
    event_id = new_id()

    assert EventById(None, event_id).primary_key() == KeyValue(
        "GLOBAL", f"EVENT#2026-02-04T12:00:00.000Z#{event_id}"
    )


@pytest.mark.parametrize("kind", [EventById, ActionById])
def test_an_id_that_is_no_ulid_tells_no_moment_and_is_refused(kind: Any) -> None:
    with pytest.raises(InvalidValueError, match="'evt-1' is not a ULID"):
        kind("p", "evt-1").primary_key()


def test_a_parameter_that_cannot_stand_in_a_key_is_refused_naming_it() -> None:
    with pytest.raises(InvalidValueError, match="id: 'a#b' is not an id"):
        ProjectById("a#b").primary_key()
    with pytest.raises(InvalidValueError, match="type: 'essay' is not one of delivery_state"):
        ArtefactOfProject("p", "essay").primary_key()  # type: ignore[arg-type]  # as a caller may


@pytest.mark.parametrize(
    "asked",
    [
        EventsOfProject("p", since=NOON + MILLISECOND, until=NOON),
        EventsOfDate(NOON.date(), since=NOON + MILLISECOND, until=NOON),
        GlobalEvents(since=NOON + MILLISECOND, until=NOON),
    ],
)
def test_since_after_until_is_refused(asked: Query[Any]) -> None:
    with pytest.raises(InvalidValueError, match="since is after until"):
        asked.condition(NOON)


def test_a_strongly_consistent_read_of_an_index_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="GSI1 offers no strongly consistent reads"):
        ProjectsByStatus(ProjectStatus.ACTIVE).request("t", limit=1, now=NOON, consistent=True)


def test_a_batch_asks_for_each_key_once_and_for_no_more_than_a_hundred() -> None:
    @dataclass(frozen=True)
    class Projects(Fetch[Note]):
        ids: Sequence[str]

        def primary_keys(self) -> Sequence[KeyValue]:
            return [ProjectById(each).primary_key() for each in self.ids]

    hundred = [f"p{n}" for n in range(100)]
    request = Projects([*hundred, *hundred]).request("table")

    assert request.parameters["RequestItems"]["table"]["Keys"] == [
        {"PK": {"S": f"PROJECT#{each}"}, "SK": {"S": "METADATA"}} for each in hundred
    ]
    with pytest.raises(
        InvalidValueError, match="Projects reads 101 items; a batch has at most 100"
    ):
        Projects([*hundred, "one more"[:3]]).request("table")


@pytest.mark.parametrize("asked", CASES, ids=lambda asked: type(asked).__name__)
@pytest.mark.parametrize("consistent", [False, True])
def test_explain_tells_exactly_the_requests_that_are_sent(
    nowhere: Store, asked: Any, *, consistent: bool
) -> None:
    if isinstance(asked, Query) and not asked.index.consistent_reads:
        consistent = False

    with injected(nowhere.client, _empty), watching(nowhere.client) as watched:
        _ask(nowhere, asked, consistent=consistent)

    explained = explain(asked, table_name="a-table", now=NOON, limit=7, consistent=consistent)
    told = [(each.operation, dict(each.parameters)) for each in explained.requests]
    sent = [
        (operation, {n: v for n, v in parameters.items() if n != "ReturnConsumedCapacity"})
        for operation, parameters in watched.sent
    ]
    # The requests of a composite run concurrently, in any order.
    assert told == sent or (
        isinstance(asked, Composite) and sorted(map(str, told)) == sorted(map(str, sent))
    )
    assert (explained.pattern, len(explained.words)) == (type(asked).__name__, len(told))


def test_explain_says_in_words_what_a_get_sends() -> None:
    explained = explain(ProjectById("p"), table_name="t", now=NOON, consistent=True)

    assert explained.question == "Which project has this id?"
    assert explained.arguments == {"projectId": "p"}
    assert explained.words == ("Get the Project at PROJECT#p / METADATA, strongly consistently.",)


def test_explain_says_in_words_what_a_query_sends() -> None:
    explained = explain(EventsOfDate(date(2026, 2, 4)), table_name="t", now=NOON, limit=3)
    ascending = explain(EventsOfProject("p", order="asc"), table_name="t", now=NOON)

    assert explained.words == (
        (
            "Query index GSI1 for GSI1PK = EVENT#2026-02-04, largest sort key first, "
            "up to 3 items (Event), eventually consistently."
        ),
    )
    assert ascending.words == (
        (
            "Query the table for PK = PROJECT#p AND begins_with(SK, EVENT#), "
            "smallest sort key first, up to 25 items (Event), eventually consistently."
        ),
    )


def test_explain_says_in_words_what_a_composite_sends() -> None:
    explained = explain(ProjectOverview("p", 4), table_name="t", now=NOON)

    assert explained.words == (
        (
            "Get up to 5 items by their keys (Project or Artefact) in one batch, "
            "eventually consistently."
        ),
        (
            "Query the table for PK = PROJECT#p AND begins_with(SK, ESCALATION#), "
            "largest sort key first, up to 4 items (Escalation), eventually consistently."
        ),
    )


def test_the_catalogue_describes_a_pattern_from_its_declaration() -> None:
    described = entry(EventsOfProject)

    assert described.key_conditions == {
        "": "PK = PROJECT#<projectId> AND begins_with(SK, EVENT#)",
        "since": "PK = PROJECT#<projectId> AND SK BETWEEN EVENT#<since> AND EVENT$",
        "until": "PK = PROJECT#<projectId> AND SK BETWEEN EVENT# AND EVENT#<until>",
        "after": "PK = PROJECT#<projectId> AND SK BETWEEN EVENT#<afterCreatedAt>#<after># "
        "AND EVENT$",
    }
    assert described.parameters[:2] == (
        Parameter("projectId", "text", required=True),
        Parameter("since", "moment", required=False),
    )
    assert (described.operation, described.index, described.order) == (
        "Query",
        "table",
        "SK descending",
    )
    assert (described.consistent, described.requests, described.answers) == (True, 1, ("Event",))


def test_the_catalogue_derives_components_that_are_no_parameters() -> None:
    assert entry(EventById).key_conditions == {
        "": "PK = PROJECT#<projectId> AND SK = EVENT#<createdAt>#<eventId>"
    }
    assert entry(HeldActions).key_conditions == {
        "": "GSI1PK = ACTION#held AND GSI1SK < <now>$",
        "until": "GSI1PK = ACTION#held AND GSI1SK < <until>$",
    }
    assert not entry(HeldActions).consistent


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.__name__)
def test_every_pattern_says_its_question_its_source_and_its_answer(
    kind: type[Pattern[Any]],
) -> None:
    described = entry(kind)

    assert described.question.endswith("?")
    assert described.source
    assert described.answers
    assert PLATFORM_TABLE.pattern(described.name) is kind


def test_patterns_are_values() -> None:
    assert EventsOfProject("p") == EventsOfProject("p")
    assert hash(EventsOfProject("p")) == hash(EventsOfProject("p"))
    with pytest.raises(AttributeError):
        EventsOfProject("p").project_id = "q"  # type: ignore[misc]  # that is the point


@pytest.fixture(scope="module")
def nowhere() -> Store:
    """A Store that reaches no server."""
    return store_of(client_of(Engine("none", "http://127.0.0.1:9")), "a-table", Clock())


def _empty(_: int, operation: str) -> Answer:
    return Answer({"Items": [], "Count": 0} if operation == "Query" else {"Responses": {}})


def _ask(store: Store, asked: Any, *, consistent: bool) -> None:
    match asked:
        case Get():
            store.get(asked, consistent=consistent)
        case Query():
            store.page(asked, limit=7, consistent=consistent)
        case Fetch():
            store.fetch(asked, consistent=consistent)
        case Composite():
            store.answer(asked, consistent=consistent)

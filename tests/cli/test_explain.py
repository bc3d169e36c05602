"""``autoforge explain`` shows the requests of a pattern, with parameters given as text."""

import json
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoforge.access.catalogue import CATALOGUE
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.dynamodb.patterns.explain import explain
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.references import Hydrate, Lookup
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.timestamps import timestamp_text
from tests.cli.conftest import Command
from tests.factories import NOON
from tests.strategies import ids, key_texts, ulid_at

#: Parameters that are ids, and those whose ids must carry a timestamp.
IDS = {
    *("project_id", "escalation_id", "user_id", "feature_id", "depends_on_id"),
    *("agent_id", "run_id", "feature_ids", "id"),
}
ULIDS = {"event_id", "action_id", "after"}


def drawn(name: str, hint: Any) -> st.SearchStrategy[Any]:
    """Values of a parameter."""
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is tuple:
        texts = ids() if name in IDS else key_texts()
        return st.lists(texts, max_size=3).map(tuple)
    if get_origin(hint) is UnionType or NoneType in get_args(hint):
        (hint,) = [each for each in get_args(hint) if each is not NoneType]
        return drawn(name, hint)
    if name in IDS | ULIDS:
        randomness = st.binary(min_size=10, max_size=10)
        return ids() if name in IDS else st.builds(ulid_at, st.just(NOON), randomness)
    if issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    values: dict[Any, st.SearchStrategy[Any]] = {
        str: key_texts().filter(lambda text: "\0" not in text),
        int: st.integers(1, 100),
        datetime: st.just(NOON),
        date: st.dates(),
    }
    return values[hint]


def text_of(value: Any) -> str:
    """Write a value as a user would type it."""
    if isinstance(value, datetime):
        return timestamp_text(value)
    if isinstance(value, tuple):
        return json.dumps(value)
    return value.isoformat() if isinstance(value, date) else str(value)


@st.composite
def questions(draw: st.DrawFn, pattern: type[Pattern[Any]]) -> dict[str, Any]:
    """Values for all required parameters of a pattern, and for some optional ones."""
    hints = get_type_hints(pattern)
    required = {each.name: each.required for each in entry(pattern).parameters}
    return {
        each.name: draw(drawn(each.name, hints[each.name]))
        for each in pattern.parameters()
        if draw(st.just(required[camel_case(each.name)]) | st.booleans())
        or required[camel_case(each.name)]
    }


@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.__name__)
def test_every_pattern_is_explained_with_any_parameters(
    command: Command, pattern: type[Pattern[Any]]
) -> None:
    @settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(values=questions(pattern))
    def hold(values: dict[str, Any]) -> None:
        texts = [f"{camel_case(name)}={text_of(value)}" for name, value in values.items()]

        said = command(
            "explain", "--table-name", "a-table", "--limit", "7", "--", pattern.__name__, *texts
        )

        assert (said.code, said.err) == (0, "")
        heading, _, rest = said.out.partition("\n")
        assert heading == f"{pattern.__name__}: {pattern.question()}"
        expected = explain(pattern(**values), table_name="a-table", now=NOON, limit=7)
        if pattern.__name__ != "HeldActions" or "until" in values:  # else it depends on the time
            assert rest == "".join(
                f"\n{words}\n\n{request.operation}\n"
                f"{json.dumps(request.parameters, indent=2, ensure_ascii=False)}\n"
                for request, words in zip(expected.requests, expected.words, strict=True)
            )
        # The second request of these depends on the answer to the first.
        known = 1 if issubclass(pattern, Lookup | Hydrate) else pattern.requests
        assert len(expected.requests) == known

    hold()


def test_a_strongly_consistent_read_is_explained_as_one(command: Command) -> None:
    said = command("explain", "ProjectById", "projectId=p1", "--consistent")

    assert '"ConsistentRead": true' in said.out
    assert "strongly consistently" in said.out
    assert '"TableName": "AgenticPM"' in said.out


def test_the_table_is_the_one_of_the_settings(command: Command) -> None:
    said = command("explain", "ProjectById", "projectId=p1", AUTOFORGE_TABLE_NAME="of-settings")

    assert '"TableName": "of-settings"' in said.out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["Nope"], "Nope is not a pattern; expected one of ActionById, ActionsOfProject"),
        (["ProjectById"], "ProjectById needs projectId"),
        (["CheckpointOf", "projectId=p"], "CheckpointOf needs integration, checkpointKey"),
        (["ProjectById", "id=p"], "ProjectById got 'id=p'; expected NAME=VALUE for projectId"),
        (["ProjectById", "project_id=p"], "got 'project_id=p'; expected NAME=VALUE for projectId"),
        (["ProjectById", "projectId"], "got 'projectId'; expected NAME=VALUE for projectId"),
        (["ProjectsByStatus", "status=gone"], "status: Input should be 'active', 'paused'"),
        (["EventsOfDate", "date=2026-02-30"], "date: Input should be a valid date"),
        (
            ["EventsOfProject", "projectId=p", "since=noon"],
            "since: 'noon' is not an ISO 8601 timestamp",
        ),
        (["EventsOfProject", "projectId=p", "order=up"], "order: Input should be 'asc' or 'desc'"),
        (["ProjectOverview", "projectId=p", "escalations=x"], "escalations: Input should be a"),
        (["ProjectById", "projectId=a b"], "'a b' is not an id"),
        (["FeaturesById", "projectId=p", "featureIds=f1"], "featureIds: Invalid JSON"),
        (["EventById", "projectId=p", "eventId=x"], "'x' is not a ULID"),
        (["ProjectsByStatus", "status=active", "--consistent"], "GSI1 offers no strongly"),
        (["AgentConfigs", "--limit", "0"], "0 is not in the range x>=1"),
        (
            ["EventsOfProject", "projectId=p", "since=2026-02-05", "until=2026-02-04"],
            "since is after until",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_explained_is_a_wrong_call(
    command: Command, arguments: list[str], reason: str
) -> None:
    said = command("explain", *arguments)

    assert (said.code, said.out) == (2, "")
    assert reason in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "text",
    ["2026-02-04T12:00:00Z", "2026-02-04T12:00", "20260204T120000Z", "2026-02-04T13:00:00+01:00"],
)
def test_a_moment_is_taken_in_any_form_of_iso_8601(command: Command, text: str) -> None:
    said = command("explain", "EventsOfProject", "projectId=p", f"since={text}")

    assert '"EVENT#2026-02-04T12:00:00.000Z"' in said.out


def test_a_value_may_hold_the_sign_that_ends_a_name(command: Command) -> None:
    said = command("explain", "AgentConfigOf", "configKey=a=b")

    assert '"CONFIG#a=b"' in said.out


def test_a_pattern_of_another_table_is_explained_with_the_name_of_that_table(
    command: Command,
) -> None:
    arguments = (
        "--table",
        "tests.designs.devices:DEVICES",
        "explain",
        "StatesByLevel",
        "device=d1",
    )

    said = command(*arguments, "least=4", AUTOFORGE_TABLE_NAME="of-the-platform")
    renamed = command(*arguments, "--table-name", "another")

    assert (said.code, said.err) == (0, "")
    assert '"TableName": "DeviceStateLog"' in said.out
    assert '"IndexName": "LSI-Level"' in said.out
    assert '"TableName": "another"' in renamed.out

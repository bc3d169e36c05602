"""The catalogue of work states exactly what the writes of a Forge read and change."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from autoforge.access.actions import HeldActions
from autoforge.access.catalogue import CATALOGUE
from autoforge.access.events.patterns import EventById, EventsOfDate, EventsOfProject, GlobalEvents
from autoforge.access.features.patterns import FeatureStats, ReadyFeatures
from autoforge.access.operations import LOADING, WORK
from autoforge.access.projects.patterns import ProjectById, ProjectOverview
from autoforge.access.runs.patterns import ActiveRuns
from autoforge.access.tickets.patterns import TicketsByLinearIssue
from autoforge.access.users import UserByEmail
from autoforge.dynamodb.admin.operation import Operation
from autoforge.dynamodb.admin.permissions import permissions_of
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.permission import Permission
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.models import PLATFORM_DESIGN, Event
from autoforge.models.indexes import GSI1
from tests.access.heard import Heard, everything_asked
from tests.access.tours import READS, WRITES, names
from tests.factories import NOON
from tests.iam import Asked, asked_of_iam
from tests.servers import Engine
from tests.stores import client_of

pytestmark = pytest.mark.one_engine


@pytest.fixture(scope="module")
def heard(engine: Engine) -> Iterator[Heard]:
    """The IAM permissions that each method of a Forge needs."""
    client = client_of(engine)
    yield everything_asked(client)
    client.close()


def _covers(permission: Permission, asked: Asked, partition: str) -> bool:
    there = (permission.action, permission.on.name or "") == (asked.action, asked.index)
    return there and fnmatchcase(partition, permission.partition)


def test_the_catalogue_of_work_has_every_method_that_writes() -> None:
    named = [work.name for work in WORK]

    assert {*named} == names(WRITES)
    assert len(named) == len({*named})


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.name)
def test_a_method_sends_no_more_than_its_work_says(work: Operation, heard: Heard) -> None:
    declared = permissions_of(work)

    undeclared = [
        (asked.action, asked.index, partition)
        for asked in heard[work.name]
        for partition in asked.partitions
        if not any(_covers(permission, asked, partition) for permission in declared)
    ]

    assert undeclared == []


def test_work_says_no_more_than_methods_send(heard: Heard) -> None:
    everything = {
        (asked, each) for all_ in heard.values() for asked in all_ for each in asked.partitions
    }

    unused = [
        permission
        for permission in frozenset[Permission]().union(*map(permissions_of, WORK))
        if not any(_covers(permission, *each) for each in everything)
    ]

    assert unused == []


def test_reads_ask_no_more_than_the_catalogue_of_patterns_says(heard: Heard) -> None:
    allowed = frozenset[Permission]().union(*map(permissions_of, CATALOGUE))

    undeclared = [
        (name, asked)
        for name in names(READS)
        for asked in heard[name]
        for partition in asked.partitions
        if not any(_covers(permission, asked, partition) for permission in allowed)
    ]

    assert undeclared == []


@pytest.mark.parametrize(
    ("pattern", "permissions"),
    [
        (ProjectById, {("GetItem", TABLE, "PROJECT#*")}),
        (EventsOfProject, {("Query", TABLE, "PROJECT#*")}),
        (EventById, {("GetItem", TABLE, "PROJECT#*"), ("GetItem", TABLE, "GLOBAL")}),
        (GlobalEvents, {("Query", TABLE, "GLOBAL")}),
        (EventsOfDate, {("Query", GSI1, "EVENT#*")}),
        (HeldActions, {("Query", GSI1, "ACTION#held")}),
        (ReadyFeatures, {("Query", GSI1, "PROJECT#*#FEATURE#pending")}),
        (FeatureStats, {("Query", GSI1, "PROJECT#*#FEATURE#*")}),
        (TicketsByLinearIssue, {("BatchGetItem", TABLE, "LINEAR#*")}),
        (UserByEmail, {("GetItem", TABLE, "EMAIL#*"), ("GetItem", TABLE, "USER#*")}),
        (
            ActiveRuns,
            {("Query", GSI1, "PROJECT#*#RUN#active"), ("BatchGetItem", TABLE, "PROJECT#*")},
        ),
        (
            ProjectOverview,
            {("BatchGetItem", TABLE, "PROJECT#*"), ("Query", TABLE, "PROJECT#*")},
        ),
    ],
)
def test_what_a_pattern_needs_follows_from_its_declaration(
    pattern: type[Pattern[Any]], permissions: set[tuple[str, Index, str]]
) -> None:
    assert permissions_of(pattern) == permissions


def test_work_of_an_entity_with_two_partitions_needs_both() -> None:
    assert permissions_of(Operation("events.record", puts=(Event,))) == {
        ("PutItem", TABLE, "PROJECT#*"),
        ("PutItem", TABLE, "GLOBAL"),
    }


def test_loading_writes_batches_of_every_entity() -> None:
    partitions = {each.partition for each in permissions_of(LOADING)}

    assert {each.action for each in permissions_of(LOADING)} == {"BatchWriteItem"}
    for entity in PLATFORM_DESIGN.entities:
        for form in entity.primary_key.partitions:
            assert str(form).partition("{")[0] in {each.rstrip("*") for each in partitions}


@pytest.mark.parametrize(
    ("operation", "parameters", "asked"),
    [
        ("GetItem", {"Key": {"PK": {"S": "a"}, "SK": {"S": "b"}}}, [("GetItem", "", {"a"})]),
        ("DescribeTable", {"TableName": "t"}, [("DescribeTable", "", set())]),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"Item": {"PK": {"S": "a"}}}},
                    {"ConditionCheck": {"Key": {"PK": {"S": "b"}}}},
                    {"Update": {"Key": {"PK": {"S": "c"}}}},
                    {"Delete": {"Key": {"PK": {"S": "d"}}}},
                ]
            },
            [
                ("PutItem", "", {"a"}),
                ("ConditionCheckItem", "", {"b"}),
                ("UpdateItem", "", {"c"}),
                ("DeleteItem", "", {"d"}),
            ],
        ),
        (
            "BatchGetItem",
            {"RequestItems": {"t": {"Keys": [{"PK": {"S": "a"}}, {"PK": {"S": "b"}}]}}},
            [("BatchGetItem", "", {"a", "b"})],
        ),
        (
            "BatchWriteItem",
            {
                "RequestItems": {
                    "t": [
                        {"PutRequest": {"Item": {"PK": {"S": "a"}}}},
                        {"DeleteRequest": {"Key": {"PK": {"S": "b"}}}},
                    ]
                }
            },
            [("BatchWriteItem", "", {"a", "b"})],
        ),
    ],
)
def test_iam_is_asked_for_each_member_of_a_transaction_and_once_for_a_batch(
    operation: str, parameters: dict[str, Any], asked: list[tuple[str, str, set[str]]]
) -> None:
    expected = [Asked(action, index, frozenset(keys)) for action, index, keys in asked]

    assert list(asked_of_iam(operation, parameters)) == expected


@pytest.mark.parametrize("query", [EventsOfProject("p"), HeldActions(), ReadyFeatures("p")])
def test_iam_is_asked_for_the_index_and_the_partition_of_a_query(query: Query[Any]) -> None:
    request = query.request("t", limit=1, now=NOON)
    condition = query.condition(NOON)

    assert list(asked_of_iam(*request)) == [
        Asked("Query", condition.index.name or "", frozenset({condition.partition}))
    ]

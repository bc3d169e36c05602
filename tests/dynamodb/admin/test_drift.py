"""Each difference between a live table and the expected one is named and explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import pytest

from autoforge.dynamodb.admin.drift import DriftName, drifts
from autoforge.dynamodb.schema.indexes import GSI
from autoforge.models import PLATFORM_DESIGN
from tests.dynamodb.admin.described import a_recovery, a_table, an_expiry, an_index, schema, types
from tests.dynamodb.indexes import GSI1


def of_table(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The drifts of a table whose other descriptions are as expected."""
    return told(table, an_expiry(), a_recovery())


def told(*answers: Any) -> list[tuple[str, str]]:
    """The drifts, each as its name and its message about the state found and expected."""
    found = drifts(PLATFORM_DESIGN, *answers)
    for each in found:
        assert each.name in get_args(DriftName)
        assert "\n" not in each.says
        what, _, follows = each.says.partition(": ")
        assert what
        assert follows
    return [(each.name, each.says) for each in found]


def test_the_table_of_the_template_has_no_drift() -> None:
    assert drifts(PLATFORM_DESIGN, a_table(), an_expiry(), a_recovery()) == ()


@pytest.mark.parametrize(
    ("over", "name", "says"),
    [
        ({"TableStatus": "CREATING"}, "status", "the table is CREATING, not ACTIVE: it cannot be"),
        (
            {"TableStatus": "DELETING"},
            "status",
            "the table is DELETING, not ACTIVE: it is being deleted",
        ),
        (
            {"TableStatus": "INACCESSIBLE_ENCRYPTION_CREDENTIALS"},
            "status",
            "the table is INACCESSIBLE_ENCRYPTION_CREDENTIALS, not ACTIVE: DynamoDB may not use",
        ),
        ({"TableStatus": "ARCHIVED"}, "status", "the table is ARCHIVED, not ACTIVE: its KMS key"),
        ({"TableStatus": "UNHEARD_OF"}, "status", "the table is UNHEARD_OF, not ACTIVE: reads and"),
        (
            {"KeySchema": schema("ID", "SK")},
            "keys",
            "the table has the partition key ID, not PK: requests are refused; keys cannot be",
        ),
        ({"KeySchema": schema("PK", "when")}, "keys", "the table has the sort key when, not SK: "),
        (
            {"KeySchema": schema("PK", None)},
            "keys",
            "the table has no sort key, expected SK: ",
        ),
        (
            {"KeySchema": schema("SK", "PK")[::-1]},
            "keys",
            "the table has the partition key SK, not PK: ",
        ),
        (
            {"AttributeDefinitions": types(PK="B")},
            "keys",
            "the table has the partition key PK of type B, not S: ",
        ),
        (
            {"AttributeDefinitions": types(SK="N")},
            "keys",
            "the table has the sort key SK of type N, not S: ",
        ),
        (
            {"AttributeDefinitions": types(GSI1SK="N")},
            "index",
            (
                "index GSI1 has the sort key GSI1SK of type N, not S: its queries are refused,"
                " and so are writes"
            ),
        ),
        (
            {"GlobalSecondaryIndexes": None},
            "index",
            (
                "index GSI1 is missing: its queries are refused; create it with the partition key"
                " GSI1PK, the sort key GSI1SK and the projection ALL"
            ),
        ),
        ({"GlobalSecondaryIndexes": []}, "index", "index GSI1 is missing: "),
        (
            {"DeletionProtectionEnabled": False},
            "protection",
            "deletion protection is off, not on: one DeleteTable deletes every item",
        ),
        ({"DeletionProtectionEnabled": None}, "protection", "deletion protection is off, not on: "),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_wrong_with_a_table_is_said(over: dict[str, Any], name: str, says: str) -> None:
    found = of_table(a_table(**over))

    assert found[0][0] == name
    assert found[0][1].startswith(says)
    swapped = over.get("KeySchema", [{}])[0].get("KeyType") == "RANGE"
    assert len(found) == (2 if swapped else 1)


@pytest.mark.parametrize(
    ("over", "name", "says"),
    [
        (
            {"KeySchema": schema("STATUS", "GSI1SK")},
            "index",
            "index GSI1 has the partition key STATUS, not GSI1PK: its queries are refused",
        ),
        (
            {"KeySchema": schema("GSI1PK", "PK")},
            "index",
            "index GSI1 has the sort key PK, not GSI1SK: ",
        ),
        (
            {"KeySchema": schema("GSI1PK", None)},
            "index",
            "index GSI1 has no sort key, expected GSI1SK: ",
        ),
        (
            {"KeySchema": [*schema("GSI1PK", "GSI1SK"), *schema("Tenant", None)]},
            "index",
            "index GSI1 has the partition key GSI1PK and Tenant, not GSI1PK: ",
        ),
        (
            {"IndexStatus": "CREATING", "Backfilling": True},
            "index",
            "index GSI1 is CREATING, not ACTIVE: its queries are refused until it is built",
        ),
        (
            {"IndexStatus": "DELETING"},
            "index",
            "index GSI1 is DELETING, not ACTIVE: its queries are refused; create it again",
        ),
        (
            {"Projection": {"ProjectionType": "KEYS_ONLY"}},
            "projection",
            (
                "index GSI1 has the projection KEYS_ONLY (keys), not ALL: EntityType, TTL and every"
                " other attribute are missing, so its queries leave items out; "
            ),
        ),
        (
            {"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name", "TTL"]}},
            "projection",
            (
                "index GSI1 has the projection INCLUDE (keys, TTL and name), not ALL: EntityType"
                " and every other attribute are missing, "
            ),
        ),
        (
            {
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["TTL", "EntityType"],
                }
            },
            "projection",
            (
                "index GSI1 has the projection INCLUDE (keys, EntityType and TTL), not ALL: every"
                " other attribute is missing, "
            ),
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_wrong_with_an_index_is_said(over: dict[str, Any], name: str, says: str) -> None:
    ((found, said),) = of_table(a_table(GlobalSecondaryIndexes=[an_index(**over)]))

    assert found == name
    assert said.startswith(says)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (
            "GlobalSecondaryIndexes",
            "index ByOwner is not in the design: it makes writes cost more; delete",
        ),
        (
            "LocalSecondaryIndexes",
            (
                "local secondary index ByOwner is not in the design: it makes writes cost more and"
                " limits item collections to 10 GB"
            ),
        ),
        ("VectorIndexes", "vector index ByOwner is not in the design: "),
    ],
)
def test_an_index_of_no_model_is_said(place: str, says: str) -> None:
    table = a_table()
    table["Table"].setdefault(place, []).append(an_index(IndexName="ByOwner"))

    ((name, said),) = of_table(table)

    assert name == "unknown-index"
    assert said.startswith(says)


def test_a_local_index_does_not_stand_for_a_global_one_of_its_name() -> None:
    table = a_table(GlobalSecondaryIndexes=None, LocalSecondaryIndexes=[an_index()])

    assert [name for name, _ in of_table(table)] == ["index", "unknown-index"]


def test_an_index_that_is_added_to_the_models_is_demanded() -> None:
    grown = replace(PLATFORM_DESIGN, indexes=(GSI1, GSI("GSI2")))

    (found,) = drifts(grown, a_table(), an_expiry(), a_recovery())

    assert found.name == "index"
    assert found.says.startswith("index GSI2 is missing: its queries are refused; create it with")
    assert "GSI2PK" in found.says


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (an_expiry("DISABLED", None), "items never expire: time to live is off, not on for the"),
        (an_expiry("DISABLING"), "items never expire: time to live is being switched off, not on"),
        (
            an_expiry("ENABLED", "expires"),
            "items expire by the wrong attribute: time to live reads expires, not TTL",
        ),
        (an_expiry("ENABLING", "expires"), "items expire by the wrong attribute: "),
        ({}, "items never expire: time to live is off, not on for the attribute TTL"),
        (None, "time to live could not be checked: DescribeTimeToLive is not answered"),
    ],
    ids=str,
)
def test_what_is_wrong_with_the_expiry_is_said(answer: dict[str, Any] | None, says: str) -> None:
    ((name, said),) = told(a_table(), answer, a_recovery())

    assert name == "expiry"
    assert said.startswith(says)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (a_recovery("DISABLED"), "point-in-time recovery is off, not on: items deleted or"),
        (
            {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "DISABLED"}},
            "point-in-time recovery is off, not on: ",
        ),
        ({}, "point-in-time recovery is off, not on: "),
        (
            None,
            "point-in-time recovery could not be checked: DescribeContinuousBackups is not",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_with_the_recovery_is_said(answer: dict[str, Any] | None, says: str) -> None:
    ((name, said),) = told(a_table(), an_expiry(), answer)

    assert name == "recovery"
    assert said.startswith(says)


@pytest.mark.parametrize(
    ("table", "expiry"),
    [
        (a_table(TableStatus="UPDATING"), an_expiry()),
        (a_table(GlobalSecondaryIndexes=[an_index(IndexStatus="UPDATING")]), an_expiry()),
        (a_table(), an_expiry("ENABLING")),
        (a_table(AttributeDefinitions=types()[::-1], LocalSecondaryIndexes=[]), an_expiry()),
        (a_table(KeySchema=schema("PK", "SK")[::-1]), an_expiry()),
        (
            a_table(BillingModeSummary={"BillingMode": "PROVISIONED"}, StreamSpecification={}),
            an_expiry(),
        ),
    ],
    ids=[
        "table at work",
        "index at work",
        "expiry begins",
        "attributes in another order",
        "keys in another order",
        "parameters of the template",
    ],
)
def test_what_works_as_it_should_is_no_drift(table: dict[str, Any], expiry: dict[str, Any]) -> None:
    assert drifts(PLATFORM_DESIGN, table, expiry, a_recovery()) == ()


@pytest.mark.parametrize("reversed_", [False, True])
def test_several_drifts_stand_in_one_order_however_dynamodb_lists_them(*, reversed_: bool) -> None:
    indexes = [
        an_index(
            IndexStatus="CREATING",
            KeySchema=schema("A", "B"),
            Projection={"ProjectionType": "KEYS_ONLY"},
        ),
        an_index(IndexName="ByDate"),
        an_index(IndexName="ByAge"),
    ]
    table = a_table(
        TableStatus="DELETING",
        KeySchema=schema("ID", None),
        GlobalSecondaryIndexes=indexes[::-1] if reversed_ else indexes,
        LocalSecondaryIndexes=[an_index(IndexName="Aged")],
        DeletionProtectionEnabled=False,
    )

    found = told(table, an_expiry("DISABLED", None), a_recovery("DISABLED"))

    assert [name for name, _ in found] == [
        "status",
        *("keys", "keys"),
        *("index", "index", "index", "projection"),
        *("unknown-index", "unknown-index", "unknown-index"),
        "expiry",
        "recovery",
        "protection",
    ]
    assert [says.split(" is not in")[0] for name, says in found if name == "unknown-index"] == [
        "index ByAge",
        "index ByDate",
        "local secondary index Aged",
    ]
    assert [*dict.fromkeys(name for name, _ in found)] == [*get_args(DriftName)]


def test_an_answer_that_says_nothing_is_a_table_that_has_nothing() -> None:
    found = told({}, {}, {})

    assert found[0][1].startswith("the table is of unknown status, not ACTIVE: ")
    assert [name for name, _ in found] == [
        *("status", "keys", "keys", "index", "expiry", "recovery", "protection")
    ]


def test_a_local_table_may_be_deleted_and_need_not_be_recovered_where_that_is_not_known() -> None:
    unprotected = a_table(DeletionProtectionEnabled=False)

    assert drifts(PLATFORM_DESIGN, unprotected, an_expiry(), None, local=True) == ()
    assert [each.name for each in drifts(PLATFORM_DESIGN, unprotected, an_expiry(), None)] == [
        "recovery",
        "protection",
    ]

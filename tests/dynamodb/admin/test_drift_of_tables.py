"""Drifts of live tables, and reports of what could not be checked."""

from __future__ import annotations

from typing import Any, Final

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import TransportName
from autoforge.errors import ConfigurationError, TableNotFoundError, UnavailableError
from autoforge.testing.clock import Clock
from autoforge.testing.faults import Answer, Break, Fault, Pass, Refuse, injected
from autoforge.testing.recording import watching
from tests.dynamodb.admin.described import a_table, schema
from tests.factories import new_id
from tests.servers import Engine
from tests.stores import client_of, store_of

_OPERATIONS: Final = ["DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"]


def names(store: Store) -> list[str]:
    """The names of the drifts of a live table."""
    return [each.name for each in store.drifts()]


@pytest.fixture(scope="module", params=["auto", "botocore"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """Each transport in turn."""
    way: TransportName = request.param
    return way


@pytest.fixture(scope="module")
def client(engine: Engine, transport: TransportName) -> Client:
    """A client of the engine for each transport."""
    return client_of(engine, transport=transport)


def test_a_table_that_was_created_here_has_no_drift(client: Client) -> None:
    store = store_of(client, f"created-{new_id()}", Clock())

    store.create_table()

    assert store.drifts() == ()


def test_a_local_table_whose_recovery_was_switched_off_is_told_so(
    engine: Engine, client: Client
) -> None:
    if engine.name == "dynoxide":
        pytest.skip("dynoxide does not know of recovery")
    store = store_of(client, f"unrecoverable-{new_id()}", Clock())
    store.create_table()
    client.botocore.update_continuous_backups(
        TableName=store.table_name,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )

    assert names(store) == ["recovery"]


def test_a_table_that_was_made_wrongly_is_told_so(client: Client) -> None:
    store = store_of(client, f"wrong-{new_id()}", Clock())
    client.botocore.create_table(
        TableName=store.table_name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "ID", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "N"},
            {"AttributeName": "GSI1PK", "AttributeType": "S"},
            {"AttributeName": "owner", "AttributeType": "S"},
        ],
        KeySchema=schema("ID", "SK"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "GSI1",
                "KeySchema": schema("GSI1PK", None),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
            },
            {
                "IndexName": "ByOwner",
                "KeySchema": schema("owner", None),
                "Projection": {"ProjectionType": "ALL"},
            },
        ],
    )
    assert any(store.is_ready() for _ in range(3))
    client.botocore.update_time_to_live(
        TableName=store.table_name,
        TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True},
    )

    found = [(each.name, each.says.partition(":")[0]) for each in store.drifts()]

    assert [each for each in found if each[0] != "recovery"] == [
        ("keys", "the table has the partition key ID, not PK"),
        ("keys", "the table has the sort key SK of type N, not S"),
        ("index", "index GSI1 has no sort key, expected GSI1SK"),
        ("projection", "index GSI1 has the projection INCLUDE (keys and name), not ALL"),
        ("unknown-index", "index ByOwner is not in the design"),
        ("expiry", "items expire by the wrong attribute"),
    ]


def test_a_table_without_index_and_expiry_is_told_so(client: Client) -> None:
    store = store_of(client, f"bare-{new_id()}", Clock())
    client.botocore.create_table(
        TableName=store.table_name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")
        ],
        KeySchema=schema("PK", "SK"),
    )
    assert any(store.is_ready() for _ in range(3))

    assert names(store)[:2] == ["index", "expiry"]


def test_the_drifts_of_no_table_are_none_but_an_error(client: Client) -> None:
    store = store_of(client, "there-is-no-such-table", Clock())

    with pytest.raises(TableNotFoundError):
        store.drifts()


def test_a_table_is_asked_about_in_three_requests_that_change_nothing(store: Store) -> None:
    with watching(store.client) as watched:
        store.drifts()

    assert watched.operations == _OPERATIONS
    assert all(parameters == {"TableName": store.table_name} for _, parameters in watched.sent)


@pytest.mark.parametrize("operation", _OPERATIONS)
def test_what_the_credentials_may_not_ask_is_named(store: Store, operation: str) -> None:
    denied = Refuse("AccessDeniedException", message="no policy allows it")

    with (
        _refusing(store, operation, denied) as attempts,
        pytest.raises(ConfigurationError) as caught,
    ):
        store.drifts()

    assert str(caught.value) == (
        f"dynamodb:{operation} is not allowed on the table {store.table_name}: no policy allows it"
    )
    assert attempts.operations[-1] == operation


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (
            Refuse("ExpiredTokenException", message="it is old"),
            "DescribeTable is refused: ExpiredTokenException: it is old",
        ),
        (
            Refuse("UnknownOperationException"),
            "DescribeTable is refused: UnknownOperationException: made up",
        ),
        (
            Break(NoCredentialsError()),
            "no request can be sent to DynamoDB: Unable to locate credentials",
        ),
    ],
    ids=["expired", "no DynamoDB", "no credentials"],
)
def test_who_cannot_ask_learns_why(store: Store, fault: Fault, says: str) -> None:
    with _refusing(store, "DescribeTable", fault), pytest.raises(ConfigurationError) as caught:
        store.drifts()

    assert str(caught.value) == says
    assert isinstance(caught.value.__cause__, ClientError | NoCredentialsError)


@pytest.mark.parametrize(
    ("operation", "code", "unchecked"),
    [
        ("DescribeTimeToLive", "UnknownOperationException", "expiry"),
        ("DescribeTimeToLive", "ResourceNotFoundException", "expiry"),
        ("DescribeContinuousBackups", "UnknownOperationException", "recovery"),
        ("DescribeContinuousBackups", "TableNotFoundException", "recovery"),
    ],
)
def test_what_is_not_answered_of_a_table_that_is_there_could_not_be_checked(
    store: Store, operation: str, code: str, unchecked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A table on another machine: unknown recovery is a drift there, but not on a local engine.
    monkeypatch.setattr(store.client, "endpoint_url", "https://dynamodb.example.net")
    archived = Answer(a_table(TableStatus="ARCHIVED"))

    def faults(number: int, sent: str) -> Fault:
        del number
        if sent == operation:
            return Refuse(code)
        return archived if sent == "DescribeTable" else Pass()

    with injected(store.client, faults):
        found = {str(each.name): each.says for each in store.drifts()}

    assert next(iter(found)) == "status"
    assert f"could not be checked: {operation} is not answered" in found[unchecked]


def test_who_may_not_create_a_table_learns_that(client: Client) -> None:
    store = store_of(client, f"denied-{new_id()}", Clock())
    denied = Refuse("AccessDeniedException", message="no policy allows it")

    with (
        _refusing(store, "CreateTable", denied),
        pytest.raises(ConfigurationError, match="dynamodb:CreateTable is not allowed on the table"),
    ):
        store.create_table()


def test_a_dynamodb_that_does_not_answer_is_unavailable(store: Store) -> None:
    down = Refuse("InternalServerError", 500)

    with (
        _refusing(store, "DescribeContinuousBackups", down),
        pytest.raises(UnavailableError, match="DescribeContinuousBackups"),
    ):
        store.drifts()


def _refusing(store: Store, operation: str, fault: Fault) -> Any:
    """Inject a fault into each attempt at one operation."""
    return injected(store.client, lambda _, sent: fault if sent == operation else Pass())

"""``autoforge table``."""

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from autoforge.dynamodb.admin.drift import DriftName
from autoforge.dynamodb.client.client import Client
from autoforge.testing.clock import Clock
from tests.cli.conftest import Command, Said
from tests.dynamodb.misbehaving import always, http, serving
from tests.factories import new_id
from tests.servers import Engine
from tests.stores import store_of


def test_a_table_is_created_once_and_then_left_alone(
    command: Command, engine: Engine, client: Client
) -> None:
    name = f"of-the-command-line-{new_id()}"
    arguments = ("table", "create", "--endpoint-url", engine.endpoint_url, "--table-name", name)

    for _ in range(2):
        said = command(*arguments)

        assert (said.code, said.out, said.err) == (0, f"table {name} exists\n", "")
    assert store_of(client, name, Clock()).is_ready()
    described = client.botocore.describe_table(TableName=name)["Table"]
    assert described["KeySchema"] == [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "SK", "KeyType": "RANGE"},
    ]
    assert [index["IndexName"] for index in described["GlobalSecondaryIndexes"]] == ["GSI1"]
    expiry = client.botocore.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "TTL")


def test_a_table_is_created_in_a_dynamodb_that_is_named(command: Command) -> None:
    said = command("table", "create")

    assert said.code == 2
    assert "--endpoint-url" in said.err


#: What AWS returns for the table of the template, reduced to the checked fields.
_AS_PROMISED: tuple[dict[str, Any], ...] = (
    {
        "Table": {
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("PK", "SK", "GSI1PK", "GSI1SK")
            ],
            "KeySchema": [
                {"AttributeName": "PK", "KeyType": "HASH"},
                {"AttributeName": "SK", "KeyType": "RANGE"},
            ],
            "TableStatus": "ACTIVE",
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "GSI1",
                    "KeySchema": [
                        {"AttributeName": "GSI1PK", "KeyType": "HASH"},
                        {"AttributeName": "GSI1SK", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                    "IndexStatus": "ACTIVE",
                }
            ],
            "DeletionProtectionEnabled": True,
        }
    },
    {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "TTL"}},
    {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"},
        }
    },
)

Check = Callable[..., Said]


@pytest.fixture
def check(engine: Engine, client: Client, command: Command) -> Check:
    """Run ``table check`` with further arguments, on a table without an index or expiry."""
    name = f"checked-{new_id()}"
    client.botocore.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": "S"} for each in ("PK", "SK")
        ],
        KeySchema=[
            {"AttributeName": "PK", "KeyType": "HASH"},
            {"AttributeName": "SK", "KeyType": "RANGE"},
        ],
    )
    # The engines differ in what they report about recovery.
    table = ("--endpoint-url", engine.endpoint_url, "--table-name", name, "--ignore", "recovery")
    assert any(store_of(client, name, Clock()).is_ready() for _ in range(3))
    return lambda *arguments: command("table", "check", *table, *arguments)


def test_a_table_that_was_created_here_agrees(command: Command, engine: Engine) -> None:
    name = f"created-{new_id()}"
    table = ("--endpoint-url", engine.endpoint_url, "--table-name", name)
    assert command("table", "create", *table).code == 0

    said = command("table", "check", *table)

    assert (said.code, said.out, said.err) == (0, f"table {name} agrees\n", "")


def test_a_table_with_drifts_is_told_them_a_line_each_by_name(check: Check) -> None:
    said = check()

    index, expiry = said.out.splitlines()
    assert (said.code, said.err) == (1, "")
    assert index.startswith("[index] index GSI1 is missing: ")
    assert expiry.startswith("[expiry] items never expire: ")


def test_a_drift_that_is_ignored_is_none_and_the_others_stay(check: Check) -> None:
    said = check("--ignore", "index", "--ignore", "keys")

    (line,) = said.out.splitlines()
    assert (said.code, said.err) == (1, "")
    assert line.startswith("[expiry] ")


def test_a_table_whose_drifts_are_all_ignored_agrees_but_for_these(check: Check) -> None:
    said = check("--ignore", "expiry", "--ignore", "index", "--ignore", "keys")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("table checked-")
    assert " agrees, except for ignored drifts: index, expiry" in said.out


def test_a_table_that_is_as_promised_agrees(command: Command) -> None:
    with serving(always(*map(http, _AS_PROMISED))) as aws:
        said = command("table", "check", "--endpoint-url", aws.url)

    assert (said.code, said.out, said.err) == (0, "table AgenticPM agrees\n", "")


def test_the_table_of_the_settings_is_checked(command: Command) -> None:
    with serving(always(*map(http, _AS_PROMISED))) as aws:
        said = command(
            "table",
            "check",
            AUTOFORGE_ENDPOINT_URL=aws.url,
            AUTOFORGE_TABLE_NAME="OfTheSettings",
        )

    assert (said.code, said.out) == (0, "table OfTheSettings agrees\n")
    assert all(b'{"TableName":"OfTheSettings"}' in request for request in aws.requests)
    assert len(aws.requests) == len(_AS_PROMISED)


def test_a_check_is_answered_with_json_for_programs(check: Check) -> None:
    said = check("--json", "--ignore", "index")

    answer = json.loads(said.out)
    (drift,) = answer.pop("drifts")
    ignored = answer.pop("ignored")[0]
    assert (said.code, said.err) == (1, "")
    assert answer.pop("table").startswith("checked-")
    assert answer == {"agrees": False}
    assert (drift["name"], ignored["name"]) == ("expiry", "index")
    assert drift["says"].startswith("items never expire: ")
    assert ignored["says"].startswith("index GSI1 is missing: ")


def test_an_agreement_is_answered_with_json_too(check: Check) -> None:
    said = check("--json", "--ignore", "index", "--ignore", "expiry")

    answer = json.loads(said.out)
    assert said.code == 0
    assert (answer["agrees"], answer["drifts"]) == (True, [])
    assert [each["name"] for each in answer["ignored"]][:2] == ["index", "expiry"]


def test_what_is_no_name_of_a_drift_cannot_be_ignored(command: Command) -> None:
    said = command("table", "check", "--ignore", "everything")

    assert (said.code, said.out) == (2, "")
    assert "'everything' is not one of" in said.err
    assert all(name in said.err for name in get_args(DriftName))


def test_a_table_that_is_not_there_cannot_be_checked(command: Command, engine: Engine) -> None:
    name = f"nowhere-{new_id()}"

    said = command(
        "table", "check", "--endpoint-url", engine.endpoint_url, "--table-name", name, "--json"
    )

    (line,) = said.err.splitlines()
    assert (said.code, said.out) == (3, "")
    assert line.startswith("autoforge: ")
    assert name in line


def test_a_check_that_is_not_allowed_is_no_drift(command: Command) -> None:
    table, *_ = _AS_PROMISED
    denied = {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no policy"}
    answers = (http(table), http(denied, status="400 Bad Request"))

    with serving(always(*answers)) as aws:
        said = command("table", "check", "--endpoint-url", aws.url)

    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "autoforge: dynamodb:DescribeTimeToLive is not allowed on the table AgenticPM: no policy\n"
    )


def test_a_check_asks_for_a_region_of_aws(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)

    said = command("table", "check")

    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "autoforge: no region is chosen; set --region, AUTOFORGE_REGION or AWS_REGION\n"
    )


def test_the_help_of_a_check_says_what_can_be_ignored(command: Command) -> None:
    shown = command("table", "check", "--help")

    assert (shown.code, shown.err) == (0, "")
    assert all(name in shown.out for name in get_args(DriftName))
    assert "Nothing is changed." in shown.out
    assert all(name in command("table", "--help").out for name in ("create", "check"))

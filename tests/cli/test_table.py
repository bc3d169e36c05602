"""``autoforge table``."""

from autoforge.access.client import Client
from tests.cli.conftest import Command
from tests.factories import new_id
from tests.servers import Engine
from tests.stores import Clock, store_of


def test_a_table_is_created_once_and_then_left_alone(
    command: Command, engine: Engine, client: Client
) -> None:
    name = f"of-the-command-line-{new_id()}"
    arguments = ("table", "create", "--endpoint-url", engine.endpoint_url, "--table-name", name)

    for _ in range(2):
        said = command(*arguments)

        assert (said.code, said.out, said.err) == (0, f"table {name} is there\n", "")
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

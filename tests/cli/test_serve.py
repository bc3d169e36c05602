"""``autoforge serve`` reports an error in one line, before it starts anything."""

import logging
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.transport.endpoint import require_endpoint
from tests.cli.conftest import Command
from tests.factories import new_id
from tests.servers import Engine, dynoxide_binary

#: A PATH without dynoxide.
PATH = "/usr/bin:/bin"


@pytest.fixture(autouse=True)
def process() -> Iterator[None]:
    """Restore the logging and the signal handler of the test process."""
    logger = logging.getLogger("autoforge")
    kept = (logger.handlers, logger.level, logger.propagate)
    handler = signal.getsignal(signal.SIGTERM)
    yield
    logger.handlers, logger.level, logger.propagate = kept
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def port() -> int:
    """A port that no process listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def error_for(command: Command, *arguments: str, **environment: str) -> str:
    """Return the error with which the server refuses to start."""
    said = command("serve", *arguments, PATH=PATH, **environment)

    assert (said.code, said.out) == (2, "")
    (line,) = said.err.splitlines()
    return line


def test_a_port_that_is_taken_is_refused(command: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        line = error_for(command, "--embedded", "--port", str(port))

    assert line == f"autoforge: cannot listen on 127.0.0.1, port {port}: Address already in use"


def test_durable_data_without_dynoxide_is_refused(
    command: Command, tmp_path: Path, port: int
) -> None:
    data = str(tmp_path / "data.db")

    line = error_for(command, "--embedded", "--data", data, "--port", str(port))

    assert line.startswith("autoforge: dynoxide is not on PATH: durable data needs it")
    assert list(tmp_path.iterdir()) == []


def test_a_dynoxide_that_is_not_there_is_refused(command: Command, tmp_path: Path) -> None:
    line = error_for(command, "--embedded", AUTOFORGE_DYNOXIDE=str(tmp_path / "nothing"))

    assert line == "autoforge: AUTOFORGE_DYNOXIDE: Path does not point to a file"


@pytest.mark.skipif(dynoxide_binary() is None, reason="npm ci --prefix tests/engines")
def test_data_that_cannot_be_kept_is_refused(command: Command, tmp_path: Path, port: int) -> None:
    data = str(tmp_path / "no" / "such" / "data.db")

    line = error_for(
        command,
        *("--embedded", "--data", data, "--port", str(port)),
        AUTOFORGE_DYNOXIDE=str(dynoxide_binary()),
    )

    assert line == "autoforge: dynoxide did not start"


def test_a_demo_of_no_repository_is_refused(command: Command, tmp_path: Path, port: int) -> None:
    said = command("serve", "--embedded", "--demo", str(tmp_path), "--port", str(port))

    assert said.code == 2
    started, reached, refused = said.err.splitlines()
    assert started.startswith("Embedded DynamoDB at http://127.0.0.1:")
    assert reached.startswith("For the AWS CLI and other programs: export AWS_ENDPOINT_URL")
    assert refused.startswith(f"autoforge: git cannot read {tmp_path}")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["--embedded", "--endpoint-url", "http://127.0.0.1:9"],
            "--embedded and --endpoint-url exclude each other; choose one",
        ),
        (["--data", "data.db"], "--data is given without --embedded, which it needs"),
        (
            ["--embedded", "--region", "eu-west-1"],
            "--embedded and --region exclude each other; choose one",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_options_that_contradict_each_other_are_refused(
    command: Command, arguments: list[str], reason: str
) -> None:
    with socket.socket() as taken:  # a taken port ends a server that starts by mistake
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        line = error_for(command, *arguments, "--port", str(taken.getsockname()[1]))

    assert line == f"autoforge: {reason}"


def test_aws_is_not_asked_before_a_region_is_chosen(
    command: Command, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)

    line = error_for(command, "--port", str(port))

    assert line == "autoforge: no region is chosen; set --region, AUTOFORGE_REGION or AWS_REGION"


#: URLs that requests cannot be sent to.
MALFORMED = [
    "http://[",
    "http://[::1",
    "foo",
    "//localhost:8000",
    "ftp://localhost",
    "http://",
    "http://:8000",
    "http://localhost:99999",
    "http://localhost:0",
    "http://localhost:http",
    "http://local host",
    "http://localhost:8000?a=b",
    "http://localhost:8000#a",
    "http://me:s3cr3t@localhost",
]

COMMANDS = {
    "serve": ("serve", "--port"),
    "table check": ("table", "check"),
    "table create": ("table", "create"),
}


@pytest.mark.parametrize("url", MALFORMED)
@pytest.mark.parametrize("of", COMMANDS)
def test_a_malformed_endpoint_is_refused_by_each_command(
    command: Command, of: str, url: str, port: int
) -> None:
    arguments = [*COMMANDS[of], *([str(port)] if of == "serve" else []), "--endpoint-url", url]

    said = command(*arguments)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("autoforge: the endpoint is ")
    assert said.err.endswith("; expected http[s]://host[:port]\n")
    assert len(said.err.splitlines()) == 1
    assert "s3cr3t" not in said.err


@pytest.mark.parametrize("url", ["http://[", "foo", "http://localhost:99999"])
@pytest.mark.parametrize(
    "name",
    ["AUTOFORGE_ENDPOINT_URL", "AUTOFORGE_KMS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"],
)
def test_a_malformed_endpoint_in_the_environment_is_refused(
    command: Command, name: str, url: str, port: int
) -> None:
    for arguments in (("serve", "--port", str(port)), ("table", "check")):
        said = command(*arguments, **{name: url})

        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("autoforge: the endpoint is ")
        assert said.err.endswith("; expected http[s]://host[:port]\n")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000",
        "https://dynamodb.eu-west-1.amazonaws.com/",
        "http://[::1]:8000",
        "http://dynamodb_local:8000",
        "http://127.0.0.1/path",
    ],
)
def test_an_endpoint_may_be_any_server(url: str) -> None:
    require_endpoint(url)


def test_a_table_that_is_not_there_is_refused(command: Command, engine: Engine, port: int) -> None:
    said = command(
        *("serve", "--endpoint-url", engine.endpoint_url),
        *("--table-name", "not-there", "--port", str(port)),
    )

    assert (said.code, said.out) == (3, "")
    assert said.err == (
        "autoforge: table not-there does not exist; create it with autoforge table create "
        f"--endpoint-url {engine.endpoint_url}, or start with --wait-for-table\n"
    )


def test_a_table_of_another_shape_is_refused(
    command: Command, engine: Engine, client: Client, port: int
) -> None:
    name = f"another-{new_id()}"
    client.botocore.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "ID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "ID", "KeyType": "HASH"}],
    )

    said = command(
        *("serve", "--endpoint-url", engine.endpoint_url),
        *("--table-name", name, "--port", str(port)),
    )

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(
        f"autoforge: the table {name} does not fit the design AgenticPM:"
        " the table has the partition key ID, not PK"
    )
    assert "index GSI1 is missing" in said.err


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_what_is_no_port_is_a_wrong_call(command: Command, port: str) -> None:
    said = command("serve", "--port", port)

    assert said.code == 2
    assert "Invalid value for '--port'" in said.err

"""Embedded engines answer programs that know their access key, and refuse web pages."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import pytest

from autoforge import Forge
from autoforge.dynamodb.local.guard import Guard
from autoforge.dynamodb.transport.http1 import Answer
from tests.servers import dynoxide_binary

#: The headers of a request, with its signature.
Headers = list[tuple[str, str]]

_CLI = [str(Path(sys.executable).with_name("aws")), "--output", "json"]


@pytest.fixture(scope="module", params=["moto", "dynoxide"])
def forge(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Forge]:
    """A Forge on each embedded engine, with one project."""
    binary = dynoxide_binary()
    if request.param == "dynoxide" and binary is None:
        pytest.skip("dynoxide is not installed: npm ci --prefix tests/engines")
    data = tmp_path_factory.mktemp("data") / "forge.db" if request.param == "dynoxide" else None
    with Forge.embedded(data=data, dynoxide=binary) as forge:
        forge.projects.create("Secret", id="p1")
        yield forge


def signature(access_key_id: str) -> str:
    """An Authorization header with an arbitrary signature: no engine verifies it."""
    scope = f"{access_key_id}/20260204/us-east-1/dynamodb/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=00"


def scan(forge: Forge) -> tuple[Headers, bytes]:
    """A scan of the whole table, as a program that knows the key sends it."""
    body = json.dumps({"TableName": forge.store.table_name}).encode()
    headers = [
        ("Host", urlsplit(forge.environment["AWS_ENDPOINT_URL_DYNAMODB"]).netloc),
        ("Content-Length", str(len(body))),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("X-Amz-Target", "DynamoDB_20120810.Scan"),
        ("X-Amz-Date", "20260204T120000Z"),
        ("Authorization", signature(forge.environment["AWS_ACCESS_KEY_ID"])),
    ]
    return headers, body


def sent(
    forge: Forge, headers: Headers, body: bytes = b"", *, method: str = "POST", target: str = "/"
) -> tuple[HTTPResponse, bytes]:
    """Send a request unchanged, and return the answer and its body."""
    where = urlsplit(forge.environment["AWS_ENDPOINT_URL_DYNAMODB"])
    connection = HTTPConnection(str(where.hostname), where.port, timeout=30)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer, read


def replaced(headers: Headers, **given: str) -> Headers:
    """Return the headers with the given ones replaced."""
    new = {name.replace("_", "-").lower(): value for name, value in given.items()}
    return [(name, new.get(name.lower(), value)) for name, value in headers]


def without(headers: Headers, name: str) -> Headers:
    return [each for each in headers if each[0] != name]


def test_a_program_that_knows_the_key_is_answered_without_permission_for_pages(
    forge: Forge,
) -> None:
    headers, body = scan(forge)

    answer, read = sent(forge, headers, body)

    assert answer.status == 200
    assert "p1" in read.decode()
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


#: Scans that a web page can make a browser send, and scans without the key.
ATTACKS: Final[dict[str, Callable[[Headers], Headers]]] = {
    "a page of another site": lambda own: [*own, ("Origin", "https://evil.example")],
    "a page of no site": lambda own: [*own, ("Origin", "null")],
    "a page of this machine": lambda own: [*own, ("Origin", f"http://{own[0][1]}")],
    "a page that sends no origin": lambda own: [*own, ("Sec-Fetch-Site", "cross-site")],
    "a page of the same site": lambda own: [*own, ("Sec-Fetch-Site", "same-origin")],
    "a name that leads to loopback": lambda own: replaced(own, host="evil.example"),
    "that name with the port": lambda own: replaced(
        own, host=f"evil.example:{own[0][1].partition(':')[2]}"
    ),
    "another port": lambda own: replaced(own, host="127.0.0.1:80"),
    "no port": lambda own: replaced(own, host="127.0.0.1"),
    "no host": lambda own: without(own, "Host"),
    "two hosts": lambda own: [*own, ("Host", "evil.example")],
    "two hosts, the other first": lambda own: [("Host", "evil.example"), *own],
    "no signature": lambda own: without(own, "Authorization"),
    "another key": lambda own: replaced(own, authorization=signature("local")),
    "no key": lambda own: replaced(own, authorization=signature("")),
    "the key and more": lambda own: replaced(
        own, authorization=re.sub(r"=(\w+)/", r"=\1x/", own[5][1], count=1)
    ),
    "the beginning of the key": lambda own: replaced(
        own, authorization=re.sub(r"=(\w+)\w/", r"=\1/", own[5][1], count=1)
    ),
    "the key elsewhere": lambda own: replaced(
        own, authorization=f"{signature('local')}, {own[5][1]}"
    ),
    "two signatures": lambda own: [*own, ("Authorization", signature("local"))],
    "another kind of signature": lambda own: replaced(own, authorization="Bearer 1234"),
    "a simple request": lambda own: [
        own[0],
        own[1],
        ("Content-Type", "text/plain"),
        ("Origin", "https://evil.example"),
    ],
}


def test_a_program_may_call_the_host_by_its_name(forge: Forge) -> None:
    headers, body = scan(forge)
    port = headers[0][1].partition(":")[2]

    answer, _ = sent(forge, [("Host", f"localhost:{port}"), *headers[1:]], body)

    assert answer.status == 200


def test_no_header_of_an_engine_lets_in_pages() -> None:
    guard = Guard(
        lambda _: Answer(200, {"access-control-allow-origin": "*", "x-amz-crc32": "1"}, b"{}")
    )
    where = urlsplit(guard.endpoint_url)
    connection = HTTPConnection(str(where.hostname), where.port, timeout=30)
    connection.request("POST", "/", headers={"Authorization": signature(guard.credentials[0])})
    headers = connection.getresponse().headers
    connection.close()
    guard.close()

    assert headers["x-amz-crc32"] == "1"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("attack", ATTACKS)
def test_nobody_else_is_answered(forge: Forge, attack: str) -> None:
    headers, body = scan(forge)

    answer, read = sent(forge, ATTACKS[attack](headers), body)

    assert answer.status == 403
    assert "AccessDeniedException" in json.loads(read)["__type"]
    assert "p1" not in read.decode()
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nobody_else_writes(forge: Forge, attack: str) -> None:
    headers, _ = scan(forge)
    written = {"PK": {"S": "PROJECT#p1"}, "SK": {"S": "METADATA"}}
    body = json.dumps({"TableName": forge.store.table_name, "Key": written}).encode()
    deleting = replaced(
        headers, x_amz_target="DynamoDB_20120810.DeleteItem", content_length=str(len(body))
    )

    sent(forge, ATTACKS[attack](deleting), body)

    assert forge.projects.get("p1").name == "Secret"


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "HEAD", "PUT", "DELETE", "TRACE"])
@pytest.mark.parametrize("target", ["/", "/shell/", "/moto-api/reset", "/?X-Amz-Credential=local"])
def test_no_method_and_no_path_gets_past_the_guard(forge: Forge, method: str, target: str) -> None:
    (host, *_), _ = scan(forge)
    asked = [
        host,
        ("Origin", "https://evil.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "x-amz-target,authorization"),
    ]

    answer, _ = sent(forge, asked, method=method, target=target)

    assert answer.status == 403
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_a_key_in_the_query_does_not_count(forge: Forge) -> None:
    headers, body = scan(forge)
    scope = f"{forge.environment['AWS_ACCESS_KEY_ID']}%2F20260204%2Fus-east-1%2Fdynamodb"

    answer, _ = sent(
        forge,
        without(headers, "Authorization"),
        body,
        target=f"/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope}&X-Amz-Signature=0",
    )

    assert answer.status == 403


def test_boto3_works_with_the_variables_of_the_forge(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    for name, value in forge.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_REGION")
    client: Any = boto3.session.Session().client("dynamodb")
    table = forge.store.table_name

    items = [{"PK": {"S": f"BOTO3#{number}"}, "SK": {"S": "x" * 1000}} for number in range(25)]
    client.batch_write_item(
        RequestItems={table: [{"PutRequest": {"Item": each}} for each in items]}
    )

    keys = {item["PK"]["S"] for item in client.scan(TableName=table)["Items"]}
    assert keys >= {each["PK"]["S"] for each in items}
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName="none")


def test_the_aws_cli_works_with_the_variables_of_the_forge(forge: Forge) -> None:
    table = forge.store.table_name

    written = _cli(
        forge.environment,
        *("dynamodb", "put-item", "--table-name", table),
        *("--item", '{"PK": {"S": "CLI"}, "SK": {"S": "x"}}'),
    )
    counted = _cli(
        forge.environment, "dynamodb", "scan", "--table-name", table, "--select", "COUNT"
    )

    assert written.returncode == 0, written.stderr
    assert json.loads(counted.stdout)["Count"] >= 2


def test_the_aws_cli_is_told_what_is_wrong_with_another_key(forge: Forge) -> None:
    refused = _cli({**forge.environment, "AWS_ACCESS_KEY_ID": "other"}, "dynamodb", "list-tables")

    assert refused.returncode > 0
    assert "the request is not signed with the access key id of this DynamoDB" in refused.stderr


def _cli(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "AWS_SESSION_TOKEN"}
    return subprocess.run(
        [*_CLI, *arguments],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_each_start_has_a_key_of_its_own() -> None:
    keys = []
    for _ in range(2):
        with Forge.embedded() as forge:
            keys.append(forge.environment["AWS_ACCESS_KEY_ID"])

    assert len({*keys}) == 2
    assert all(re.fullmatch(r"\w{32}", key) for key in keys)


def test_a_forge_on_another_dynamodb_leads_nowhere() -> None:
    with Forge.connect(
        table_name="none", region="us-east-1", endpoint_url="http://127.0.0.1:9"
    ) as forge:
        assert forge.environment == {}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_dynoxide_listens_where_no_page_finds_it(forge: Forge) -> None:
    direct = urlsplit(str(forge.store.client.endpoint_url))
    if direct.netloc in str(forge.endpoint_url):
        pytest.skip("moto is behind the guard within this process")
    host, port = str(direct.hostname), int(direct.port or 0)

    assert re.fullmatch(r"127\.\d+\.\d+\.\d+", host)
    assert 10_000 <= port < 32_768
    for near in ("127.0.0.1", "::1", _own_address()):
        with pytest.raises(OSError, match=r"refused|unreachable|assign"):
            socket.create_connection((near, port), 5)


def _own_address() -> str:
    """Return an address of this machine outside loopback; 127.0.0.2 if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.2"
        return str(probe.getsockname()[0])


def test_two_starts_listen_at_different_places(tmp_path: Path) -> None:
    binary = dynoxide_binary()
    if binary is None:
        pytest.skip("dynoxide is not installed: npm ci --prefix tests/engines")
    urls = []
    for _ in range(2):
        with Forge.embedded(data=tmp_path / "forge.db", dynoxide=binary) as forge:
            urls.append(forge.store.client.endpoint_url)

    assert len({*urls}) == 2

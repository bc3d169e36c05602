"""``autoforge serve`` as a separate process."""

import gc
import json
import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
import uvloop
from litestar import Litestar
from litestar.concurrency import get_asyncio_executor
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from autoforge.dynamodb.local import EmbeddedDynamoDB
from autoforge.dynamodb.transport.endpoint import is_loopback
from autoforge.errors import ConfigurationError
from autoforge.http.server import THRESHOLDS, reserve, serve, server_config
from autoforge.settings import Settings
from tests.servers import dynoxide_binary

#: The command, as the installed script runs it.
COMMAND = [sys.executable, "-c", "from autoforge.cli.main import main; main()"]

needs_dynoxide = pytest.mark.skipif(
    dynoxide_binary() is None, reason="dynoxide is not installed: npm ci --prefix tests/engines"
)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**given: str) -> dict[str, str]:
    """Return the process's environment, with a PATH on which dynoxide cannot be found."""
    return {**os.environ, "PATH": "/usr/bin:/bin", **given}


def refused(*arguments: str, **given: str) -> str:
    """Run ``serve``; check that it exits with code 2, and return the one line it prints."""
    process = subprocess.run(
        [*COMMAND, "serve", *arguments],
        env=environment(**given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 2, process.stderr
    assert process.stdout == ""
    (line,) = process.stderr.splitlines()
    return line


@dataclass
class Served:
    """A server that answers requests."""

    process: subprocess.Popen[str]
    url: str

    @property
    def address(self) -> tuple[str, int]:
        """The host and port."""
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 0)

    def get(self, path: str, **given: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers=given, timeout=30)

    def put(self, path: str, body: object) -> httpx.Response:
        return httpx.put(f"{self.url}{path}", json=body, timeout=30)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send it a signal; return its exit code and output."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def served(*arguments: str, host: str = "127.0.0.1", **given: str) -> Iterator[Served]:
    """Start a server on a free port, and yield it once it answers."""
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "serve", "--host", host, "--port", str(port), *arguments],
        env=environment(**given),
        stderr=subprocess.PIPE,
        text=True,
    )
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    transport = httpx.HTTPTransport()
    try:
        with httpx.Client(transport=transport) as client:
            _await(client, f"{url}/health", process)
        yield Served(process, url)
    finally:
        process.kill()
        process.communicate()


def _await(client: httpx.Client, url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(400):
        try:
            assert client.get(url, timeout=30).json() == {"status": "ok"}
        except httpx.TransportError:
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            assert process.stderr is not None
            pytest.fail(process.stderr.read())
        else:
            return
    pytest.fail("the server does not answer")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with two commits."""
    path = tmp_path / "portal"
    path.mkdir()
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    for arguments in (
        ("init", "--quiet"),
        (*who, "commit", "--quiet", "--allow-empty", "--message", "Plan the migration"),
        (*who, "commit", "--quiet", "--allow-empty", "--message", "Move the first page"),
    ):
        subprocess.run(["git", *arguments], cwd=path, check=True, capture_output=True)
    return path


def error_for(host: str) -> str:
    """Return the reason for refusing a host."""
    return (
        f"the host {host!r} is not loopback; the API has no authentication yet, so it can "
        "listen on loopback only"
    )


def test_a_server_that_others_could_reach_does_not_start() -> None:
    assert refused("--embedded", "--host", "0.0.0.0") == f"autoforge: {error_for('0.0.0.0')}"


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.5", "2001:db8::1", "example.org", "127.example.org", "127", ""],
)
def test_a_host_that_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{re.escape(error_for(host))}$"):
        reserve(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost"])
def test_a_host_of_this_machine_alone_is_taken(host: str) -> None:
    with reserve(host, 0) as listener:
        assert listener.getsockname()[0].startswith("127.")
    assert is_loopback("::1")


def test_the_demo_is_there_at_once(repository: Path) -> None:
    with served("--embedded", "--demo", str(repository)) as server:
        page = server.get("/docs")
        script = server.get("/docs/assets/swagger-ui-bundle.js")
        (project,) = server.get("/projects").json()["items"]
        events = server.get(f"/projects/{project['id']}/events").json()["items"]
        foreign = server.get("/health", origin="http://evil.example")
        code, said = server.stop(signal.SIGTERM)

    assert page.status_code == 200
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)
    assert loaded
    assert all(path.startswith("/docs/assets/") for path in loaded)
    assert "SwaggerUIBundle" in script.text
    assert script.headers["content-type"].startswith("text/javascript")
    assert project["name"] == "portal"
    summaries = " ".join(event["summary"] for event in events)
    assert "Plan the migration" in summaries
    assert "Move the first page" in summaries
    assert foreign.status_code == 403
    assert code == 0
    assert "in memory, gone when this process ends" in said
    assert f"API documentation: {server.url}/docs" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@needs_dynoxide
def test_data_outlives_the_server_secrets_included(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "data.db"
    arguments = ("--embedded", "--data", str(data))
    given = {"AUTOFORGE_DYNOXIDE": str(dynoxide_binary()), "AUTOFORGE_LOG_JSON": "true"}

    with served(*arguments, **given) as server:
        assert server.put("/agent/config/interval", {"value": 15}).status_code == 201
        secret = {"config": {"token": "s3cr3t"}}
        assert server.put("/integrations/jira", secret).status_code == 201
        children = _children(server.process.pid)
        code, said = server.stop(number)

    assert code == 0
    assert f"kept in {data}" in said
    assert "s3cr3t" not in said
    logged = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {each["event"] for each in logged} == {"http.request"}
    assert len(children) == 1
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    key = data.with_name("data.db.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600

    again = (
        "from pathlib import Path; from autoforge import Forge; import sys;"
        "forge = Forge.embedded(data=Path(sys.argv[1]), dynoxide=Path(sys.argv[2]));"
        "print(forge.agent_config.get('interval').value, forge.integrations.reveal('jira'));"
        "forge.close()"
    )
    read = subprocess.run(
        [sys.executable, "-c", again, str(data), str(dynoxide_binary())],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert read.stdout == "15 {'token': 's3cr3t'}\n"


def test_a_server_whose_log_nobody_reads_answers_all_the_same() -> None:
    with served("--embedded") as server, httpx.Client(base_url=server.url, timeout=30) as client:
        statuses = {client.get("/health").status_code for _ in range(1500)}
        code, said = server.stop()

    assert statuses == {200}
    assert code == 0
    assert said.count("http.request") > 1000


@needs_dynoxide
def test_a_server_whose_engine_is_killed_starts_it_again(tmp_path: Path) -> None:
    arguments = ("--embedded", "--data", str(tmp_path / "data.db"))
    given = {"AUTOFORGE_DYNOXIDE": str(dynoxide_binary()), "AUTOFORGE_LOG_JSON": "true"}

    with served(*arguments, **given) as server:
        assert server.put("/agent/config/interval", {"value": 15}).status_code == 201
        (engine,) = _children(server.process.pid)
        os.kill(engine, signal.SIGKILL)
        answers = [server.get("/agent/config/interval") for _ in range(20)]
        (another,) = _children(server.process.pid)
        code, said = server.stop()

    assert {each.status_code for each in answers} <= {200, 503}
    assert answers[-1].json()["value"] == 15
    assert another != engine
    logged = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    (ended,) = (each for each in logged if each["event"] == "engine.ended")
    assert (ended["engine"], ended["code"]) == ("dynoxide", -signal.SIGKILL)
    assert code == 0


@needs_dynoxide
def test_a_server_whose_engine_cannot_be_started_again_ends_and_says_so(tmp_path: Path) -> None:
    program, data = tmp_path / "dynoxide", tmp_path / "data.db"
    program.symlink_to(str(dynoxide_binary()))

    with served("--embedded", "--data", str(data), AUTOFORGE_DYNOXIDE=str(program)) as server:
        (engine,) = _children(server.process.pid)
        program.unlink()
        os.kill(engine, signal.SIGKILL)
        _, said = server.process.communicate(timeout=30)

    assert server.process.returncode == 4
    assert (
        said.splitlines()[-1] == f"autoforge: dynoxide ended and could not be restarted on {data}"
    )
    assert "Traceback" not in said


@needs_dynoxide
def test_an_engine_does_not_outlive_a_server_that_is_killed(tmp_path: Path) -> None:
    given = {"AUTOFORGE_DYNOXIDE": str(dynoxide_binary())}
    with served("--embedded", "--data", str(tmp_path / "data.db"), **given) as server:
        (engine,) = _children(server.process.pid)
        watched = os.pidfd_open(engine)
        server.process.kill()

        assert select.select([watched], [], [], 30)[0]
        os.close(watched)


def _children(pid: int) -> list[int]:
    """Return the ids of the processes that any thread of a process started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # the thread may have ended
            found += map(int, (task / "children").read_text().split())
    return found


def test_a_path_that_is_sent_as_raw_bytes_gets_an_answer(tmp_path: Path) -> None:
    with served("--embedded") as server:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"GET /agent/config/\xe9 HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = connection.makefile("rb").readline()
        assert answer.split()[1] == b"400"
        assert server.get("/health").status_code == 200


def test_a_server_answers_to_the_names_of_loopback_and_of_its_settings_alone() -> None:
    with served("--embedded", AUTOFORGE_ALLOWED_HOSTS="forge.internal") as server:
        assert server.get("/projects", host="forge.internal").status_code == 200
        assert server.get("/projects", host="evil.example").status_code == 403


@pytest.fixture
def collector() -> Iterator[None]:
    """A garbage collector that examines everything; restores its settings after the test."""
    thresholds = gc.get_threshold()
    gc.unfreeze()
    yield
    gc.freeze()
    gc.set_threshold(*thresholds)


def test_while_it_serves_a_process_looks_for_garbage_seldom_and_not_in_what_stays(
    collector: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def run(server: uvicorn.Server, sockets: object) -> None:
        seen.append((gc.get_threshold(), gc.get_freeze_count() > 10_000, get_asyncio_executor()))

    monkeypatch.setattr(uvicorn.Server, "run", run)
    with reserve("127.0.0.1", 0) as listener:
        serve(Litestar([]), listener, threads=3)

    ((thresholds, frozen, executor),) = seen
    assert thresholds == THRESHOLDS
    assert frozen
    assert isinstance(executor, ThreadPoolExecutor)
    assert executor._max_workers == 3
    assert get_asyncio_executor() is None


def test_a_process_that_imports_the_library_keeps_its_own_garbage_collector() -> None:
    program = (
        "import gc; before = gc.get_threshold(); import autoforge.forge, autoforge.http.server;"
        "assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)"
    )

    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_interrupted_a_server_ends_as_if_it_were_told_to(
    collector: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(server: uvicorn.Server, sockets: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "run", run)
    with reserve("127.0.0.1", 0) as listener:
        serve(Litestar([]), listener)

    assert get_asyncio_executor() is None


def test_a_server_takes_the_fast_loop_and_parser_where_there_are_any() -> None:
    config = server_config(Litestar([]))

    assert issubclass(config.http_protocol_class, HttpToolsProtocol)
    assert config.get_loop_factory() is uvloop.new_event_loop


def test_a_server_does_without_the_fast_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    without = "import sys; sys.modules['uvloop'] = None;"
    monkeypatch.setattr("tests.http.test_server.COMMAND", [*COMMAND[:2], without + COMMAND[2]])

    with served("--embedded") as server:
        projects = server.get("/projects")
        made = server.put("/agent/config/interval", {"value": 15})

    assert projects.json() == {"items": [], "nextCursor": None}
    assert made.status_code == 201


def test_a_server_may_be_told_to_wait_for_its_table() -> None:
    with (
        EmbeddedDynamoDB(access_key_id=os.environ["AWS_ACCESS_KEY_ID"]) as engine,
        served("--endpoint-url", engine.endpoint_url, "--wait-for-table") as server,
    ):
        before = server.get("/ready")
        made = [*COMMAND, "table", "create", "--endpoint-url", engine.endpoint_url]
        subprocess.run(made, env=environment(), check=True, timeout=60)
        after = server.get("/ready")
        _, said = server.stop()

    assert (before.status_code, after.status_code) == (503, 200)
    assert "Waiting: table AgenticPM does not exist; /ready reports when it does" in said


def test_an_idle_connection_is_kept_for_as_long_as_is_set() -> None:
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with (
        served("--embedded", AUTOFORGE_KEEP_ALIVE="2") as server,
        socket.create_connection(server.address, timeout=30) as connection,
    ):
        stream = connection.makefile("rb")
        began = time.monotonic()
        for _ in range(2):
            connection.sendall(request)
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            while stream.readline() != b"\r\n":
                pass
            assert json.loads(stream.read(len('{"status":"ok"}'))) == {"status": "ok"}
        assert stream.read() == b""  # the server has closed it
        assert time.monotonic() - began >= 2


def test_connections_are_kept_longer_than_load_balancers_keep_theirs() -> None:
    config = server_config(Litestar([]), keep_alive=Settings().keep_alive)

    assert config.timeout_keep_alive == 75


def test_a_server_is_up_before_its_dynamodb_is() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"

    with served("--endpoint-url", nowhere, AUTOFORGE_THREADS="2") as server:
        health, ready = server.get("/health"), server.get("/ready")
        code, said = server.stop()

    assert health.status_code == 200
    assert ready.status_code == 503
    assert code == 0
    assert "DynamoDB cannot be reached yet: " in said

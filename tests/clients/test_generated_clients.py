"""Clients generated from the OpenAPI document send exactly what their callers pass."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests import servers
from tests.docs.running import serving_with
from tests.generated import openapi_document

Json = dict[str, Any]

_HERE: Final = Path(__file__).parent
_PYTHON: Final = Path(sys.executable)
#: Values that differ between runs: timestamps, generated ids and durations.
_VARYING: Final = re.compile(
    r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"|"[0-7][0-9A-HJKMNP-TV-Z]{25}"'
    r'|(?<="durationMs":)\d+'
)

_PORTAL: Final = "/projects/portal"
#: The calls of ``calls.py`` and ``calls.ts``, as HTTP requests.
CALLS: Final[Sequence[tuple[str, str, Any]]] = (
    ("POST", "/projects", {"name": "Portal", "id": "portal", "maxConcurrency": 50}),
    ("PATCH", _PORTAL, {"description": "Where customers sign in"}),
    ("PUT", f"{_PORTAL}/artefacts/raid_log", {"content": {"risks": ["late"]}}),
    ("POST", f"{_PORTAL}/events", {"eventType": "heartbeat", "summary": "Checked"}),
    ("POST", f"{_PORTAL}/escalations", {"title": "Defer it?", "id": "defer"}),
    ("POST", f"{_PORTAL}/escalations/defer/decide", {"userDecision": "Yes"}),
    ("POST", f"{_PORTAL}/actions", {"actionType": "send", "description": "Send it"}),
    ("PUT", f"{_PORTAL}/checkpoints/jira/sync", {"checkpointValue": "7"}),
    ("PUT", "/agent/config/model", {"value": "small"}),
    ("PUT", "/users", {"auth0Id": "auth0|ann", "email": "ann@example.org", "name": "Ann"}),
    ("POST", f"{_PORTAL}/agents", {"name": "Coder", "id": "coder"}),
    ("PATCH", f"{_PORTAL}/agents/coder", {"status": "running"}),
    (
        "POST",
        f"{_PORTAL}/features",
        [
            {"name": "Sign in", "id": "sign-in", "priority": 5},
            {"name": "Sign out", "id": "sign-out", "dependencies": ["sign-in"]},
        ],
    ),
    ("PATCH", f"{_PORTAL}/features/sign-in", {"category": "security"}),
    ("POST", f"{_PORTAL}/features/claim", {"agentId": "coder"}),
    ("POST", f"{_PORTAL}/runs", {"agentId": "coder", "featureId": "sign-in", "id": "first"}),
    ("PATCH", f"{_PORTAL}/runs/first", {"appendOutput": "Tests pass. "}),
    ("POST", f"{_PORTAL}/runs/first/finish", {"status": "completed"}),
    ("POST", f"{_PORTAL}/features/sign-in/pass", {"version": 3}),
    ("GET", f"{_PORTAL}/features", None),
)


@pytest.fixture(scope="module")
def without_a_client() -> list[Json]:
    """The answers to the calls, sent without a generated client."""
    answers = []
    with serving_with("--embedded") as url, httpx.Client(base_url=url) as http:
        for method, path, body in CALLS:
            response = http.request(method, path, json=body)
            assert response.is_success, response.text
            answers.append(f'{{"status":{response.status_code},"answer":{response.text}}}')
    return _comparable(answers)


@pytest.fixture(scope="session")
def typescript() -> Path:
    """The folder with the TypeScript compiler and client generator; skip if not installed."""
    if "typescript" not in servers.available():
        pytest.skip("TypeScript is not installed: npm ci --prefix tests/engines")
    return servers.NODE_MODULES


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """The file of the OpenAPI document, in a new folder."""
    file = tmp_path / "openapi.json"
    file.write_text(openapi_document())
    return file


def _comparable(answers: Sequence[str]) -> list[Json]:
    """Replace the values that differ between runs."""
    return [json.loads(_VARYING.sub('"varies"', answer)) for answer in answers]


def _run(*command: str | Path, cwd: Path) -> str:
    """Run a program and return its output; fail with the output if the program fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_calls_that_leave_out_what_they_may_change_nothing_else(
    without_a_client: list[Json],
) -> None:
    answers = [each["answer"] for each in without_a_client]

    assert answers[1]["maxConcurrency"] == 50
    assert answers[13]["priority"] == 5
    assert answers[16]["status"] == answers[15]["status"]
    assert [each["name"] for each in answers[19]["items"]] == ["Sign in", "Sign out"]


def test_a_client_generated_for_python_sends_what_its_caller_says(
    document: Path, tmp_path: Path, without_a_client: list[Json]
) -> None:
    generator = _PYTHON.with_name("openapi-python-client")
    (tmp_path / "config.yaml").write_text("post_hooks: []\n")
    given = ("--path", document, "--config", "config.yaml", "--output-path", "autoforge_client")
    _run(generator, "generate", *given, "--meta", "none", "--fail-on-warning", cwd=tmp_path)
    calls = shutil.copy(_HERE / "calls.py", tmp_path)

    # Check the types of the calls only, not of the generated code.
    strictly = ("--strict", "--follow-imports", "silent", "--cache-dir", "types")
    _run(_PYTHON, "-m", "mypy", *strictly, calls, cwd=tmp_path)
    with serving_with("--embedded") as url:
        answered = _run(_PYTHON, calls, url, cwd=tmp_path)

    assert _comparable(answered.splitlines()) == without_a_client


def test_a_client_generated_for_typescript_sends_what_its_caller_says(
    typescript: Path, document: Path, tmp_path: Path, without_a_client: list[Json]
) -> None:
    (tmp_path / "node_modules").symlink_to(typescript)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    programs = typescript / ".bin"
    # A module, since the types of declaration files are not checked.
    _run(programs / "openapi-typescript", document, "-o", "document.ts", cwd=tmp_path)
    for each in ("calls.ts", "tsconfig.json"):
        shutil.copy(_HERE / each, tmp_path)

    _run(programs / "tsc", cwd=tmp_path)
    with serving_with("--embedded") as url:
        answered = _run("node", "built/calls.js", url, cwd=tmp_path)

    assert _comparable(answered.splitlines()) == without_a_client

"""Every example runs as a program, and repeats nothing where it says so."""

from __future__ import annotations

import json
import os
import subprocess
from ast import literal_eval
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from autoforge.dynamodb.local import EmbeddedDynamoDB
from tests.docs.pages import EXAMPLES
from tests.docs.repositories import commit, make_repository
from tests.docs.running import PYTHON, run, serving

IDLE = {"recorded": 0, "version": 1, "held": 0, "asked": 0, "executed": 0}


def test_every_example_has_its_test() -> None:
    tested = {name.removeprefix("test_the_example_").partition("_does_")[0] for name in globals()}

    assert {path.stem for path in EXAMPLES.glob("*.py")} <= tested


def test_the_example_watch_repository_does_nothing_twice_in_three_turns(tmp_path: Path) -> None:
    repository = make_repository(tmp_path)

    turns = run(PYTHON, str(EXAMPLES / "watch_repository.py"), cwd=repository).splitlines()

    assert [literal_eval(turn) for turn in turns] == [
        {**IDLE, "recorded": 3, "held": 1, "asked": 1},
        {**IDLE, "executed": 1},
        IDLE,
    ]


def test_the_example_watch_repository_does_nothing_twice_when_it_is_started_again(
    tmp_path: Path,
) -> None:
    repository = make_repository(tmp_path)
    with EmbeddedDynamoDB(access_key_id=os.environ["AWS_ACCESS_KEY_ID"]) as dynamodb:
        turn = _loop(repository, dynamodb.endpoint_url)

        assert turn() == {**IDLE, "recorded": 3, "held": 1, "asked": 1}
        assert turn() == {**IDLE, "executed": 1}
        commit(repository, "Return books", datetime.now(UTC))
        assert turn() == {**IDLE, "recorded": 1, "version": 2, "held": 1}
        assert turn() == {**IDLE, "version": 2, "executed": 1}
        assert turn() == {**IDLE, "version": 2}


def test_the_example_agent_loop_does_build_what_depends_on_each_other(tmp_path: Path) -> None:
    program = (PYTHON, str(EXAMPLES / "agent_loop.py"), "--workshop", str(tmp_path))

    died, *features, end = run(*program, cwd=tmp_path).splitlines()

    # The number of runs of a feature depends on the machine: a slow agent loses its claim.
    outcomes = dict(each.split(" is passing after runs ") for each in features)
    assert died == "agent-0 died with code 1"
    assert {*outcomes} == {"words", "counts", "average", "report"}
    assert all(each.endswith("completed") for each in outcomes.values())
    assert "failed" in outcomes["average"]
    assert end == "4 features pass, 4 agents are idle"
    for name in outcomes:
        run(PYTHON, "-m", "doctest", f"{name}.py", cwd=tmp_path)


def test_the_example_poll_does_print_what_is_new_and_nothing_else(tmp_path: Path) -> None:
    with serving(make_repository(tmp_path)) as url:
        (project,) = _get(f"{url}/projects")["items"]
        feed = f"{url}/projects/{project['id']}/events"
        poll = [PYTHON, "-u", str(EXAMPLES / "poll.py"), url, "--turns", "3", "--pause", "2"]
        with subprocess.Popen(poll, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            began = process.stdout.readline()
            for summary in ("MCU-156 is in progress", "MCU-157 is blocked"):
                _post(feed, {"eventType": "signal_detected", "summary": summary})
            printed = process.stdout.read().splitlines()

    assert process.returncode == 0
    assert began.startswith(f"overview: {tmp_path.name}: delivery_state")
    events = [line.partition("info")[2].strip() for line in printed if "info" in line]
    assert events == ["MCU-156 is in progress", "MCU-157 is blocked"]
    assert {line for line in printed if "info" not in line} == {"overview: as before"}


def test_the_example_another_domain_does_lend_a_book_once(tmp_path: Path) -> None:
    printed = run(PYTHON, str(EXAMPLES / "another_domain.py"), cwd=tmp_path).splitlines()

    assert printed == [
        "lent to Ann",
        "refused: Book 978-0-262-51087-5 is lent to Ann; only a book on the shelf can be lent",
        "due back from Ann on 2026-02-18T09:00:00.000Z",
        "still due: []",
        "loans so far: ['Ann']",
        (
            "Query index ByDue for ByDuePK = LOAN#out AND ByDueSK < 2026-02-18T09:00:00.000Z$, "
            "smallest sort key first, up to 25 items (Loan), eventually consistently."
        ),
        "Library: Book.key and Shelf.key could be the same key",
    ]


def test_the_example_repositories_does_number_issues_and_count_stars_once(tmp_path: Path) -> None:
    printed = run(PYTHON, str(EXAMPLES / "repositories.py"), cwd=tmp_path).splitlines()

    repository = "<Repository REPOSITORY#ann#parser / REPOSITORY>"
    assert printed == [
        "Account with email 'ann@example.org' exists already: it is at ACCOUNT#ann / ACCOUNT",
        "Star with owner 'ann', repository 'parser', account 'ben' exists already",
        (
            f"({repository}, <Issue REPOSITORY#ann#parser / ISSUE#000003>, "
            "<Issue REPOSITORY#ann#parser / ISSUE#000002>)"
        ),
        f"({repository}, <Star REPOSITORY#ann#parser / STAR#ben>)",
        "['Faster lists', 'Crash on empty input']",
        (
            "(<Account ACCOUNT#ann / ACCOUNT>, "
            f"<Repository REPOSITORY#ann#printer / REPOSITORY>, {repository})"
        ),
        "['parser']",
        "['Crash on empty input', 'Faster lists', 'Typo']",
        "<Account ACCOUNT#ben / ACCOUNT>",
    ]


def _loop(repository: Path, endpoint_url: str) -> Callable[[], object]:
    """Return a function that runs the loop once, as a program, on a persistent DynamoDB."""
    command = (PYTHON, str(EXAMPLES / "watch_repository.py"), "--endpoint-url", endpoint_url)
    return lambda: literal_eval(run(*command, cwd=repository))


def _get(url: str) -> Any:
    with urlopen(url, timeout=60) as answer:
        return json.load(answer)


def _post(url: str, body: object) -> None:
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=60):
        pass


def test_the_example_library_does_run_every_pattern(tmp_path: Path) -> None:
    printed = run(PYTHON, str(EXAMPLES / "library.py"), cwd=tmp_path).splitlines()

    assert printed == [
        "Dynamo",
        "ann",
        "ben",
        "['Emma', 'Dynamo']",
        "['l1', 'l2']",
        "['l2']",
        "['l2']",
    ]

"""Every command works with odd tables, and ``ask`` prints every kind of answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.json_items import to_json
from tests.cli.conftest import Command, Said
from tests.designs.asked import ASKED, ODD_TABLES, answered, texts_of
from tests.servers import Engine
from tests.stores import fresh


class Asked:
    """A table, and what the command line needs to find it."""

    def __init__(self, name: str, client: Client, engine: Engine) -> None:
        self.name, (self.table, fill) = name, ODD_TABLES[name]
        self.store = fresh(client, None, self.table)
        fill(self.store)
        self.path = ("--table", f"tests.designs.asked:{name}")
        self.where = (
            *("--endpoint-url", engine.endpoint_url),
            *("--table-name", self.store.table_name),
        )

    @property
    def questions(self) -> Iterator[tuple[str, list[str], list[Any]]]:
        """The patterns with their parameters, and the JSON that the Store answers, in lines."""
        for pattern, query, _ in ASKED[self.name]:
            known = to_json(answered(self.store, self.table, pattern, query))
            yield pattern, texts_of(query), known if isinstance(known, list) else [known]


@pytest.fixture(params=list(ODD_TABLES))
def odd(request: pytest.FixtureRequest, client: Client, engine: Engine) -> Asked:
    """Each odd table in turn, filled."""
    return Asked(request.param, client, engine)


def objects(said: Said) -> list[Any]:
    """Return the printed JSON, a value for each line."""
    assert said.code == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


def test_every_pattern_prints_the_json_of_its_answer(command: Command, odd: Asked) -> None:
    for pattern, given, known in odd.questions:
        said = command(*odd.path, "ask", pattern, *given, *odd.where, "--json")

        assert objects(said) == known
        assert said.err == ""


def test_every_answer_is_printed_for_people(command: Command, odd: Asked) -> None:
    for pattern, given, known in odd.questions:
        said = command(*odd.path, "ask", pattern, *given, *odd.where)

        assert said.code == 0, said.err
        assert bool(said.out) == bool(known)


def test_every_pattern_is_explained_listed_and_documented(command: Command, odd: Asked) -> None:
    listed = command(*odd.path, "patterns")
    page = command(*odd.path, "page")

    assert [line.split()[0] for line in listed.out.splitlines()] == [
        each.__name__ for each in odd.table.patterns
    ]
    for pattern, given, _ in odd.questions:
        assert f"## {pattern}\n" in page.out
        said = command(*odd.path, "explain", pattern, *given)
        assert said.code == 0, said.err
        assert said.out.startswith(f"{pattern}: {odd.table.pattern(pattern).question()}\n")


def test_the_page_of_a_table_with_local_indexes_says_what_they_cost_for_good(
    command: Command,
) -> None:
    said = (
        "Local indexes: by.day, ByStars. For good: a table gets local secondary indexes only when"
    )

    assert said in command("--table", "tests.designs.asked:DIARY", "page").out
    assert "10 GB" not in command("--table", "tests.designs.asked:METERS", "page").out


def test_the_table_is_created_and_agrees_with_its_declaration(
    command: Command, odd: Asked, engine: Engine
) -> None:
    where = ("--endpoint-url", engine.endpoint_url)

    assert command(*odd.path, "table", "create", *where).code == 0
    assert command(*odd.path, "table", "check", *where) == Said(
        0, f"table {odd.table.name} agrees\n", ""
    )


@pytest.mark.one_engine
def test_the_installed_program_prints_the_same(odd: Asked) -> None:
    for pattern, given, known in [*odd.questions][-3:]:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "autoforge", *odd.path, "ask", pattern, *given),
                *(*odd.where, "--json"),
            ],
            capture_output=True,
            check=True,
        )

        lines = done.stdout.decode().splitlines()
        assert [json.loads(line) for line in lines] == known
        assert done.stderr == b""

"""Every command works with odd tables, and ``ask`` prints every kind of answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from autoforge.cli.parameters import read_pattern
from autoforge.dynamodb import Composite, Fetch, Query
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.json_items import to_json
from tests.cli.conftest import Command, Said
from tests.odd_tables import ASKED, ODD_TABLES, texts_of
from tests.servers import Engine
from tests.stores import fresh


class Asked:
    """A table, and what the command line needs to find it."""

    def __init__(self, name: str, client: Client, engine: Engine) -> None:
        self.name, (self.table, fill) = name, ODD_TABLES[name]
        self.store = fresh(client, None, self.table)
        fill(self.store)
        self.path = ("--table", f"tests.odd_tables:{name}")
        self.where = (
            *("--endpoint-url", engine.endpoint_url),
            *("--table-name", self.store.table_name),
        )

    @property
    def questions(self) -> Iterator[tuple[str, list[str]]]:
        """The patterns with their parameters."""
        return ((pattern, texts_of(query)) for pattern, query, _ in ASKED[self.name])

    def known(self, pattern: str, given: list[str]) -> list[Any]:
        """Return the JSON of what the Store answers, a member for each line."""
        asked: Any = read_pattern(self.table, pattern, given)
        if isinstance(asked, Query):
            return [to_json(each) for each in self.store.each(asked)]
        if isinstance(asked, Fetch):
            return [to_json(each) for each in self.store.fetch(asked)]
        run = self.store.answer if isinstance(asked, Composite) else self.store.require
        return [to_json(run(asked))]


@pytest.fixture(params=list(ODD_TABLES))
def odd(request: pytest.FixtureRequest, client: Client, engine: Engine) -> Asked:
    """Each odd table in turn, filled."""
    return Asked(request.param, client, engine)


def objects(said: Said) -> list[Any]:
    """Return the printed JSON, a value for each line."""
    assert said.code == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


def test_every_pattern_prints_the_json_of_its_answer(command: Command, odd: Asked) -> None:
    for pattern, given in odd.questions:
        said = command(*odd.path, "ask", pattern, *given, *odd.where, "--json")

        assert objects(said) == odd.known(pattern, given)
        assert said.err == ""


def test_every_answer_is_printed_for_people(command: Command, odd: Asked) -> None:
    for pattern, given in odd.questions:
        said = command(*odd.path, "ask", pattern, *given, *odd.where)

        assert said.code == 0, said.err
        assert bool(said.out) == bool(odd.known(pattern, given))


def test_every_pattern_is_explained_listed_and_documented(command: Command, odd: Asked) -> None:
    listed = command(*odd.path, "patterns")
    page = command(*odd.path, "page")

    assert [line.split()[0] for line in listed.out.splitlines()] == [
        each.__name__ for each in odd.table.patterns
    ]
    for pattern, given in odd.questions:
        assert f"## {pattern}\n" in page.out
        said = command(*odd.path, "explain", pattern, *given)
        assert said.code == 0, said.err
        assert said.out.startswith(f"{pattern}: {odd.table.pattern(pattern).question()}\n")


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
    for pattern, given in [*odd.questions][-3:]:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "autoforge", *odd.path, "ask", pattern, *given),
                *(*odd.where, "--json"),
            ],
            capture_output=True,
            check=True,
        )

        lines = done.stdout.decode().splitlines()
        assert [json.loads(line) for line in lines] == odd.known(pattern, given)
        assert done.stderr == b""

"""The programs with other libraries store and answer exactly what ours do, on one table."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from botocore.exceptions import ClientError

from autoforge.dynamodb import Store, Table
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.testing.clock import Clock
from docs.examples.other_libraries.beside_electrodb import shop as electrodb_shop
from docs.examples.other_libraries.with_autoforge import shop
from tests import servers
from tests.docs.pages import EXAMPLES, ROOT, blocks
from tests.servers import Engine
from tests.stores import raw_items, store_of

_FOLDER: Final = EXAMPLES / "other_libraries"
_PAGE: Final = ROOT / "docs" / "how-to" / "come-from-another-library.md"
_WRITTEN: Final = ["there already: 1", "there already: 2", "there already: 3", "not open: 2"]
_READ: Final = ["open: 1", "page: 1-open 2-paid", "page: 3-open", "orders: 3"]
#: What no other library writes, and a transaction of ours may.
_MARK: Final = {"S": "TransactionMark"}

#: Runs a program with a command, and returns the lines that it prints.
Run = Callable[..., list[str]]


@pytest.fixture
def run(engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a program of the folder on the engine, in this process."""

    def run_python(name: str, command: str) -> list[str]:
        program = str(_FOLDER / f"{name}.py")
        monkeypatch.setattr(sys, "argv", [program, engine.endpoint_url, command])
        runpy.run_path(program, run_name="__main__")
        return capsys.readouterr().out.splitlines()

    return run_python


@pytest.fixture(scope="session")
def electrodb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with ElectroDB, beside the installed packages; skip if not installed."""
    if "electrodb" not in servers.available():
        pytest.skip("ElectroDB is not installed: npm ci --prefix tests/engines")
    folder = tmp_path_factory.mktemp("electrodb")
    (folder / "node_modules").symlink_to(servers.NODE_MODULES)
    return Path(shutil.copy2(_FOLDER / "with_electrodb.mjs", folder))


@pytest.fixture
def tables(client: Client) -> Iterator[Callable[[Table], Store]]:
    """Makes the table of a program, under its own name."""
    made: list[str] = []

    def make(table: Table) -> Store:
        store = store_of(client, table.name, Clock(), table)
        # The programs name their table, and a test of another file may have left one of that name.
        with suppress(ClientError):
            client.botocore.delete_table(TableName=table.name)
        store.create_table()
        made.append(table.name)
        return store

    yield make
    for name in made:
        client.botocore.delete_table(TableName=name)


def _lines(*command: str) -> list[str]:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, "NODE_NO_WARNINGS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _items(store: Store) -> list[Item]:
    found = [each for each in raw_items(store) if each.get("EntityType") != _MARK]
    return sorted(found, key=lambda item: sorted(map(str, item.items())))


@pytest.mark.parametrize("library", ["with_boto3", "with_pynamodb"])
def test_another_library_and_ours_store_the_same_items_and_read_those_of_each_other(
    tables: Callable[[Table], Store], run: Run, library: str
) -> None:
    store = tables(shop)
    assert run("with_autoforge", "write") == _WRITTEN
    assert run("with_autoforge", "read") == run(library, "read") == _READ
    ours = _items(store)
    assert len(ours) == 4

    store.delete_all([*store.keys_in("CUSTOMER#ann")])
    assert run(library, "write") == _WRITTEN

    assert _items(store) == ours
    assert run("with_autoforge", "read") == _READ


def test_electrodb_and_ours_store_the_same_items_and_read_those_of_each_other(
    tables: Callable[[Table], Store], run: Run, engine: Engine, electrodb: Path
) -> None:
    store = tables(electrodb_shop)

    def run_node(command: str) -> list[str]:
        return _lines("node", str(electrodb), engine.endpoint_url, command)

    assert run("beside_electrodb", "write") == _WRITTEN
    assert run("beside_electrodb", "read") == run_node("read") == _READ
    ours = _items(store)
    assert len(ours) == 4

    store.delete_all([*store.keys_in("$shop#customer_ann")])
    assert run_node("write") == _WRITTEN

    assert _items(store) == ours
    assert run("beside_electrodb", "read") == _READ


def test_the_page_shows_what_the_programs_run() -> None:
    programs = [path.read_text(encoding="utf-8") for path in _FOLDER.iterdir() if path.is_file()]
    shown = [each for each in blocks(_PAGE) if each.language in {"python", "js"}]

    assert len(shown) > 4
    for each in shown:
        assert any(each.text in program for program in programs), f"{_PAGE}:{each.line}"

"""The embedded engines are atomic under threads, isolated from each other, and durable if asked."""

from __future__ import annotations

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from autoforge.access.events.patterns import GlobalEvents
from autoforge.access.projects.patterns import ProjectById
from autoforge.dynamodb.local import DynoxideDynamoDB, EmbeddedDynamoDB
from autoforge.errors import (
    ConfigurationError,
    ItemExistsError,
    ItemNotFoundError,
    UnavailableError,
    VersionConflictError,
)
from autoforge.forge import Forge
from autoforge.models import ArtefactType
from autoforge.testing.clock import Clock
from tests.servers import Engine, dynoxide_binary
from tests.stores import client_of, store_of

_THREADS = 8


def test_racing_conditional_writes_on_the_embedded_engine_have_one_winner() -> None:
    with Forge.embedded() as forge:
        project = forge.projects.create("Racing")
        for attempt in range(10):
            version = attempt + 1
            if attempt == 0:
                forge.artefacts.create(project.id, ArtefactType.RAID_LOG, {})
            won = _race(
                lambda n, version=version: forge.artefacts.update(  # type: ignore[misc]  # bound now
                    project.id, ArtefactType.RAID_LOG, {"n": n}, expected_version=version
                )
            )

            assert won == 1
        assert forge.artefacts.get(project.id, ArtefactType.RAID_LOG).version == 11


def test_racing_creations_on_the_embedded_engine_have_one_winner() -> None:
    with Forge.embedded() as forge:
        for attempt in range(10):
            won = _race(lambda n, id_=f"p{attempt}": forge.projects.create(f"{n}", id=id_))  # type: ignore[misc]  # bound now

            assert won == 1


def test_two_embedded_forges_in_one_process_do_not_see_each_other() -> None:
    with Forge.embedded(table_name="Same") as one, Forge.embedded(table_name="Same") as two:
        project = one.projects.create("Mine")
        one.events.record(project.id, "happened", "once")

        with pytest.raises(ItemNotFoundError):
            two.projects.get(project.id)
        assert two.store.page(GlobalEvents(), limit=5).items == ()
        two.projects.create("Theirs", id=project.id)
        assert one.projects.get(project.id).name == "Mine"


def test_what_was_in_an_embedded_forge_is_gone_once_it_is_closed() -> None:
    forge = Forge.embedded(table_name="Same")
    project = forge.projects.create("Gone")
    forge.close()

    with pytest.raises(UnavailableError):
        forge.projects.get(project.id)
    with Forge.embedded(table_name="Same") as again:
        assert again.store.get(ProjectById(project.id)) is None


def test_creating_the_table_twice_at_once_leaves_one() -> None:
    with EmbeddedDynamoDB() as engine:
        client = client_of(Engine("moto", engine.endpoint_url), credentials=engine.credentials)
        store = store_of(client, "the-table", Clock())

        assert _race(lambda _: store.create_table()) == _THREADS
        assert store.is_ready()


def test_data_survives_a_restart_with_dynoxide_and_its_file(tmp_path: Path) -> None:
    binary = _binary()
    data = tmp_path / "data.db"
    with Forge.embedded(data=data, dynoxide=binary) as forge:
        project = forge.projects.create("Durable")
        event = forge.events.record(project.id, "happened", "once")
        forge.integrations.save("jira", {"token": "secret"})
        first = forge.events.feed(limit=1)

    with Forge.embedded(data=data, dynoxide=binary) as forge:
        assert forge.projects.get(project.id) == project
        assert forge.events.of_project(project.id).items == (event,)
        assert forge.events.feed().items == first.items
        assert forge.integrations.reveal("jira") == {"token": "secret"}

    key = tmp_path / "data.db.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_durable_data_without_dynoxide_is_refused_saying_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigurationError, match="npm install @dynoxide/linux-x64"):
        Forge.embedded(data=tmp_path / "data.db")


def test_a_program_that_does_not_serve_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "dynoxide"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o700)

    with pytest.raises(ConfigurationError, match="dynoxide did not start"):
        DynoxideDynamoDB(tmp_path / "data.db", binary=program)


def _race(act: Callable[[int], object]) -> int:
    """Run a function in several threads at once and return how many succeed."""
    barrier = Barrier(_THREADS)

    def run(number: int) -> bool:
        barrier.wait()
        try:
            act(number)
        except (VersionConflictError, ItemExistsError):
            return False
        return True

    with ThreadPoolExecutor(_THREADS) as pool:
        return sum(pool.map(run, range(_THREADS)))


def _binary() -> Path:
    binary = dynoxide_binary()
    if binary is None:
        pytest.skip("dynoxide is not installed: npm ci --prefix tests/engines")
    return binary

"""Two deletions of a project race while another caller reuses its id."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from autoforge.dynamodb.client.client import Call
from autoforge.errors import ItemExistsError, ItemNotFoundError
from autoforge.forge import Forge
from autoforge.models import ArtefactType
from tests.adversarial.effort import Effort
from tests.adversarial.interleaving import Board
from tests.adversarial.laws import require_finished
from tests.servers import Engine
from tests.stores import client_of

_ATTEMPTS = 10_000


def test_a_project_that_is_created_while_deletions_of_its_id_race_stays_whole(
    board: Board, engine: Engine, effort: Effort
) -> None:
    for number in effort.rounds():
        project_id = f"p{number}"
        _create(board.process(), project_id)
        begun, finished = (Event(), Event()), Event()
        deletions = [_deletion(board, engine, project_id, each, finished) for each in begun]
        for thread in deletions:
            thread.start()

        # Both deletions have read the old project, and one of them has finished.
        assert all(each.wait(30) for each in (*begun, finished))
        _create_once_free(board.process(), project_id)
        for thread in deletions:
            thread.join()

        board.process().artefacts.get(project_id, ArtefactType.RAID_LOG, consistent=True)
        there = require_finished(board.store, board.clock.now)
        assert project_id in there.projects
        assert len(list(board.store.keys_in(f"PROJECT#{project_id}"))) == _ITEMS


#: A project, its artefact, an event, and two features with an edge and the guard item.
_ITEMS = 7


def _create(forge: Forge, project_id: str) -> None:
    forge.projects.create("Portal", id=project_id)
    forge.artefacts.create(project_id, ArtefactType.RAID_LOG, {"risks": []})
    forge.events.record(project_id, "started", "Begun")
    forge.features.create(project_id, "a", id="a")
    forge.features.create(project_id, "b", id="b", dependencies=["a"])


def _create_once_free(forge: Forge, project_id: str) -> None:
    for _ in range(_ATTEMPTS):
        with suppress(ItemExistsError):
            _create(forge, project_id)
            return
    raise AssertionError(f"{project_id} never was free")


def _deletion(
    board: Board, engine: Engine, project_id: str, begun: Event, finished: Event
) -> Thread:
    """Return a thread that deletes a project as another process; events mark start and end."""
    client = client_of(engine)
    client.observers.append(_telling(begun))

    def delete() -> None:
        with suppress(ItemNotFoundError):
            board.process(client).projects.delete(project_id)
        finished.set()
        client.close()

    return Thread(target=delete)


def _telling(begun: Event) -> Callable[[Call], None]:
    def told(_: Call, /) -> None:
        begun.set()

    return told

"""A project goes with everything of it, however often its deletion is cut off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from autoforge.access.events import (
    record_event,
)
from autoforge.access.projects import (
    DeleteProject,
    ProjectById,
    ProjectOverview,
    ProjectsByStatus,
)
from autoforge.access.store import Store
from autoforge.access.writing import Put, Write
from autoforge.errors import (
    ItemNotFoundError,
)
from autoforge.models import (
    Entity,
    Project,
    ProjectStatus,
)
from tests.access.faults import Fault, Pass, Refuse, injected
from tests.access.written import LATER, by_key
from tests.factories import (
    NOON,
    a_checkpoint,
    a_project,
    an_action,
    an_agent_config,
    an_artefact,
    an_escalation,
    an_event,
    an_integration_config,
    new_id,
)
from tests.stores import Clock, fresh, put_raw, raw_items


def _everything_of(project: Project) -> tuple[list[Entity], list[Write[Any]]]:
    """What lies in a project, and the writes that record its events."""
    own = {"project_id": project.id}
    events = [an_event(**own) for _ in range(30)]
    writes = [write for event in events for write in record_event(event).writes]
    others = [
        an_artefact(**own),
        an_escalation(**own),
        an_action(**own, held_until=NOON),
        a_checkpoint(**own),
        an_event(**own, created_at=NOON - timedelta(days=31)),
    ]
    return [project, *others, *(write.item for write in writes if isinstance(write, Put))], writes


def _neighbours() -> list[Entity]:
    """What must survive: another project whose id begins alike, and the feed's other events."""
    event = an_event(project_id="p1")
    reference = record_event(event).writes[1]
    assert isinstance(reference, Put)
    return [
        a_project(id="p1"),
        event,
        reference.item,
        an_event(project_id=None),
        an_escalation(project_id="p-"),
        an_agent_config(),
        an_integration_config(),
    ]


def test_deleting_a_project_removes_everything_of_it_and_nothing_else(store: Store) -> None:
    store = fresh(store.client)
    everything, _ = _everything_of(a_project(id="p"))
    neighbours = _neighbours()
    store.put_all([*everything, *neighbours])
    put_raw(store, {"PK": {"S": "PROJECT#p"}, "SK": {"S": "NOTE#of-another-program"}})

    DeleteProject("p", NOON).run(store)

    assert by_key(raw_items(store)) == by_key([each.to_item() for each in neighbours])
    with pytest.raises(ItemNotFoundError, match="there is no Project with projectId 'p'"):
        DeleteProject("p", NOON).run(store)


def test_deleting_a_project_counts_what_is_removed(store: Store) -> None:
    project = store.save(Put(a_project()))
    store.put_all([an_escalation(project_id=project.id) for _ in range(30)])

    assert DeleteProject(project.id, NOON).run(store) == 31


def test_deleting_a_project_that_was_never_there_finds_none(store: Store) -> None:
    with pytest.raises(ItemNotFoundError):
        DeleteProject(new_id(), NOON).run(store)


def test_a_deletion_cut_off_after_any_request_goes_on_and_meanwhile_reads_as_gone(
    store: Store,
) -> None:
    everything, _ = _everything_of(a_project(id="p"))
    neighbours = _neighbours()
    cut_off = Refuse("AccessDeniedException")
    requests = 0
    finished = False

    while not finished:
        requests += 1
        store = fresh(store.client, Clock(NOON))
        store.put_all([*everything, *neighbours])

        def cut(number: int, _: str, *, after: int = requests) -> Fault:
            return Pass() if number < after else cut_off

        with injected(store.client, cut) as attempts:
            try:
                DeleteProject("p", NOON).run(store)
                finished = True
            except ClientError:
                assert len(attempts.operations) == requests + 1
        if requests > 1:  # the first one only looks what there is
            assert store.get(ProjectById("p")) is None
            assert store.answer(ProjectOverview("p")) is None
            assert store.page(ProjectsByStatus(ProjectStatus.ACTIVE), limit=9).items == (
                neighbours[0],
            )
        if not finished:
            DeleteProject("p", LATER).run(store)
        assert by_key(raw_items(store)) == by_key([each.to_item() for each in neighbours])

    assert requests > 4

"""What the parts of a Forge share: its Store, its clock, its ids and its cipher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from autoforge import access
from autoforge.access.events.recording import RecordBound
from autoforge.dynamodb.encryption import Cipher
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import as_timestamp

#: Items of a page where the caller does not say.
PAGE_SIZE = 25


@dataclass(frozen=True)
class ForgeContext:
    """What the methods of a Forge work with; each is passed in, none is looked up."""

    store: Store
    #: Tells the time.
    clock: Callable[[], datetime]
    #: Mints an id from a moment.
    new_id: Callable[[datetime], str]
    #: Encrypts integration credentials; None where no key is configured.
    cipher: Cipher | None
    #: How long after its moment an event is recorded.
    record_bound: RecordBound


class Resource:
    """One kind of thing a Forge keeps."""

    def __init__(self, tools: ForgeContext) -> None:
        self._tools = tools
        self._store = tools.store

    def _now(self) -> datetime:
        return as_timestamp(self._tools.clock())

    def _require_project(self, project_id: str) -> None:
        """Refuse what would lie in the partition of a project that is not there.

        A read before the write and no transaction: a condition check on the project's item in
        every write would make all agents of a project conflict with each other (ADR 0006).

        Raises:
            ItemNotFoundError: if there is no such project.
        """
        self._store.require(access.ProjectById(project_id), consistent=True)

"""The base class of the parts of a Forge, and the Store, clock, ids and cipher that they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from autoforge import access
from autoforge.access.events.recording import RecordBound
from autoforge.dynamodb.encryption import Cipher
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import as_timestamp

#: The default number of items of a page.
PAGE_SIZE = 25


@dataclass(frozen=True)
class ForgeContext:
    """The collaborators of the methods of a Forge, all passed in."""

    store: Store
    #: Returns the current time.
    clock: Callable[[], datetime]
    #: Mints an id from a time.
    new_id: Callable[[datetime], str]
    #: Encrypts integration credentials; None if no key is configured.
    cipher: Cipher | None
    #: How long after its creation time an event may be recorded.
    record_bound: RecordBound


class Resource:
    """The base class of the parts of a Forge, one for each concept."""

    def __init__(self, context: ForgeContext) -> None:
        self._context = context
        self._store = context.store

    def _now(self) -> datetime:
        return as_timestamp(self._context.clock())

    def _require_project(self, project_id: str) -> None:
        """Require that a project exists before an item is written to its partition.

        This is a read before the write, not a transaction: a condition check on the project's item
        in every write would make all agents of a project conflict with each other (ADR 0006).

        Raises:
            ItemNotFoundError: if there is no such project.
        """
        self._store.require(access.ProjectById(project_id), consistent=True)

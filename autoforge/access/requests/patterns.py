"""Requests identified by an id that the caller chooses (the idempotency key)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.store.store import Store
from autoforge.errors import InvalidValueError, RequestReusedError
from autoforge.models.requests import RequestRecord

#: The most characters of a request id.
LONGEST_REQUEST_ID: Final = 255


@dataclass(frozen=True)
class RequestOf(Get[RequestRecord]):
    """What did the request with this id come to, in this project or outside of all?"""

    source = "Part of requests that may be repeated"
    key = RequestRecord.key

    project_id: str | None
    id: str


@dataclass(frozen=True)
class RepeatableRequest:
    """The identity and the content of a request, as hashes.

    Attributes:
        project_id: The project that the request is made in; None for none.
        id: A hash of the caller's request id, the operation and the items it is applied to.
        content: A hash of the content.
    """

    project_id: str | None
    id: str
    content: str

    @classmethod
    def of(
        cls, request_id: str, operation: Sequence[str | None], content: Any, project_id: str | None
    ) -> RepeatableRequest:
        """Hash the caller's request id, the operation and the content.

        Args:
            request_id: The caller's id of the request.
            operation: The operation and the ids of the items it is applied to. The same request id
                with another operation is another request.
            content: The content, as JSON values.
            project_id: The project that the request is made in; None for none.

        Raises:
            InvalidValueError: if the request id is not 1 to 255 printable ASCII characters.
        """
        if not 0 < len(request_id) <= LONGEST_REQUEST_ID or not _is_printable(request_id):
            raise InvalidValueError(
                f"a request's id has 1 to {LONGEST_REQUEST_ID} printable ASCII characters"
            )
        return cls(project_id, _hash([*operation, request_id]), _hash(content))

    def new_record(self, minted: str, now: datetime) -> RequestRecord:
        """The record to store before the request is run.

        Args:
            minted: The first id that the request mints.
            now: The time at which the request takes effect.
        """
        return RequestRecord(
            project_id=self.project_id,
            id=self.id,
            content=self.content,
            moment=now,
            minted=minted,
            created_at=now,
        )

    def record(self, store: Store) -> RequestRecord | None:
        """The stored record of the request; None if it was not made in the last day.

        Raises:
            RequestReusedError: if the request id was used with other content.
        """
        record = store.get(RequestOf(self.project_id, self.id), consistent=True)
        if record is not None and record.content != self.content:
            raise RequestReusedError("the id of the request was used for another request")
        return record


def _hash(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable()

"""Requests that are known by an id of their caller's: repeated, they come to the same."""

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

#: Characters that an id of a request has at most.
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
    """What a request is known by.

    Attributes:
        project_id: The project it is made in; None for none.
        id: A hash of the caller's id, the operation and what it is made on.
        content: A hash of what is sent.
    """

    project_id: str | None
    id: str
    content: str

    @classmethod
    def of(
        cls, request_id: str, operation: Sequence[str | None], content: Any, project_id: str | None
    ) -> RepeatableRequest:
        """Make it of what the caller gave.

        Args:
            request_id: The caller's id of the request.
            operation: What is done, and to what: the same id on another is another request.
            content: What is sent, as JSON has it.
            project_id: The project it is made in.

        Raises:
            InvalidValueError: if the id has none, or more than 255 characters, or others than
                ASCII's printable ones.
        """
        if not 0 < len(request_id) <= LONGEST_REQUEST_ID or not _is_printable(request_id):
            raise InvalidValueError(
                f"a request's id has 1 to {LONGEST_REQUEST_ID} printable ASCII characters"
            )
        return cls(project_id, _hash([*operation, request_id]), _hash(content))

    def new_record(self, minted: str, now: datetime) -> RequestRecord:
        """What is stored of the request when it is made."""
        return RequestRecord(
            project_id=self.project_id,
            id=self.id,
            content=self.content,
            moment=now,
            minted=minted,
            created_at=now,
        )

    def record(self, store: Store) -> RequestRecord | None:
        """What is known of the request; None if it was not made in the last day.

        Raises:
            RequestReusedError: if it was made with other content.
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

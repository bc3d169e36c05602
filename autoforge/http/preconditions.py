"""If-Match and ETags where the version of an item is its ETag (RFC 9110, 13.1.1)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from litestar.exceptions import HTTPException

_VERSION: Final = re.compile(r'"([1-9][0-9]{0,14})"')


def version_tag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def expected_version(if_match: str) -> int | None:
    """Read the version that a client expects; None where it sends ``*`` for any.

    Raises:
        HTTPException: 412 if the header names no version an item could have.
    """
    if if_match.strip() == "*":
        return None
    match = _VERSION.fullmatch(if_match.strip())
    if match is None:
        raise HTTPException(
            'If-Match takes the ETag of one version, such as "3", or *',
            status_code=HTTPStatus.PRECONDITION_FAILED,
        )
    return int(match[1])

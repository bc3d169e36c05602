"""Idempotency-Key: a POST that is sent again under its key comes to the same."""

from __future__ import annotations

from typing import Annotated, Final

from litestar.exceptions import ClientException
from litestar.params import HeaderParameter

from autoforge.http.bodies import JsonRequest

HEADER: Final = "Idempotency-Key"
_RAW: Final = HEADER.lower().encode()

_Given = Annotated[
    str | None,
    HeaderParameter(
        name=HEADER,
        pattern="^[!-~]([ -~]{0,253}[!-~])?$",
        description="Names this request: sent again under it within a day, it is made once.",
        schema_extra={"examples": ["8e03978e-40d5-43e8-bc93-6894a57f9324"]},
    ),
]


def given_key(request: JsonRequest, key: _Given = None) -> str | None:
    """What the client names its request by.

    Raises:
        ClientException: if it gives more than one name.
    """
    if sum(name == _RAW for name, _ in request.scope["headers"]) > 1:
        raise ClientException(f"{HEADER} is given more than once")
    return key

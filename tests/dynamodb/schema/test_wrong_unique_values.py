"""Unique values that a look-up item could not keep unique are refused where they are declared."""

from __future__ import annotations

from types import new_class

import pytest

from autoforge.dynamodb import (
    Derived,
    Entity,
    EnumCodec,
    Id,
    Integer,
    Key,
    Moment,
    Text,
    Unique,
)
from autoforge.errors import DeclarationError


@pytest.mark.parametrize(
    ("templates", "error"),
    [
        (["FLIGHT#{number}#{departs:date}"], r"^Flight.value0: only a part of departs would be un"),
        (["GATE#{gate}"], r"^Flight.value0: gate is derived: a unique value is made of attributes"),
        (["AT#{updated_at}"], r"^Flight.value0: every update sets updated_at: it cannot be unique"),
        (["NO#{number}", "NO#{number}"], r"^Flight.value0 and Flight.value1 are one unique value:"),
    ],
)
def test_a_value_that_cannot_be_unique_is_refused(templates: list[str], error: str) -> None:
    members = {
        "id": Id(),
        "number": Text(),
        "seats": Integer(default=0),
        "departs": Moment(),
        "updated_at": Moment(default=None),
        "gate": Derived(EnumCodec(("A", "B")), lambda seats: "A" if seats else "B", "seats"),
        "key": Key("FLIGHT#{id}", "FLIGHT"),
        **{f"value{place}": Unique(each) for place, each in enumerate(templates)},
    }

    with pytest.raises(DeclarationError, match=error):
        new_class("Flight", (Entity,), {}, lambda body: body.update(members))

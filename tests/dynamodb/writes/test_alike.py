"""What DynamoDB returns is alike to what was written, whatever form each has."""

from __future__ import annotations

from typing import Any

import pytest

from autoforge.dynamodb.writes.alike import alike


@pytest.mark.parametrize(
    ("written", "returned", "another"),
    [
        ({"S": "a"}, {"S": "a"}, {"S": "b"}),
        ({"N": "1e-7"}, {"N": "0.0000001"}, {"N": "1"}),
        ({"B": b"xx"}, {"B": "eHg="}, {"B": "eHk="}),
        ({"BS": [b"a", b"xx"]}, {"BS": ["eHg=", "YQ=="]}, {"BS": ["YQ=="]}),
        ({"NS": ["1.0", "1e-7"]}, {"NS": ["0.0000001", "1"]}, {"NS": ["1"]}),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}, {"SS": ["a"]}),
        ({"L": [{"B": b"xx"}]}, {"L": [{"B": "eHg="}]}, {"L": []}),
        ({"M": {"a": {"N": "1.0"}}}, {"M": {"a": {"N": "1"}}}, {"M": {"b": {"N": "1"}}}),
        ({"NULL": True}, {"NULL": True}, {"BOOL": True}),
    ],
)
def test_a_value_is_alike_in_any_form(
    written: dict[str, Any], returned: dict[str, Any], another: dict[str, Any]
) -> None:
    assert alike(written, returned)
    assert alike(returned, written)
    assert not alike(written, another)

"""The OpenAPI document says what parameters and members mean, as their attributes do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar

from autoforge.http.api import routes_of
from tests.designs.described import DESCRIBED


@pytest.fixture(scope="module")
def document() -> Iterator[Any]:
    """The document of the described table."""
    with DESCRIBED.embedded() as store:
        yield Litestar(routes_of(DESCRIBED, store)).openapi_schema.to_schema()


def test_a_parameter_says_what_it_is_and_what_it_selects(document: Any) -> None:
    described = {
        (path, each["name"]): each.get("description")
        for path, operations in document["paths"].items()
        for each in operations["get"]["parameters"]
    }

    assert described["/book-by-isbn", "number"] == "The number on its back. Selects by isbn."
    assert described["/books-due", "by"] == (
        "The day of the inventory. Selects by dueAt: this, or before it."
    )
    assert described["/books-due", "since"] == (
        "When it must be back. Selects by dueAt: this, or after it."
    )
    assert described["/books-of-reader", "reader"] == "Who has it."
    assert described["/books-of-reader", "copies"] is None
    assert described["/books", "numbers"] == "Numbers on backs."


def test_a_member_of_an_answer_says_what_it_is(document: Any) -> None:
    schemas = document["components"]["schemas"]
    members = {
        name: each.get("description") for name, each in schemas["Book"]["properties"].items()
    }

    assert members == {
        "entityType": None,
        "isbn": "The number on its back.",
        "title": "The title on the cover.",
        "state": "How it is.",
        "price": "In euros.",
        "reader": "Who has it.",
        "dueAt": "When it must be back.",
        "subjects": "What it is about.",
        "copies": None,
        "expiresAt": None,
    }
    assert schemas["Book"]["properties"]["price"]["pattern"].startswith("^-?[0-9]+")
    assert schemas["TitleOfBook"]["properties"]["reader"] == {
        "oneOf": [{"type": "string"}, {"type": "null"}],
        "description": "Who has it.",
    }

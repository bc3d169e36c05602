"""Every pattern of odd tables is served, as the document says, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator
from litestar import Litestar

from autoforge.dynamodb import Query
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.json_items import to_json
from autoforge.http.api import routes_of
from autoforge.testing.clock import Clock
from tests.designs.asked import ASKED, ODD_TABLES, answered
from tests.http.serving import listening
from tests.stores import fresh

pytestmark = pytest.mark.every_engine

JsonObject = dict[str, Any]


class Served:
    """A table that is served over HTTP."""

    def __init__(self, name: str, client: Client) -> None:
        self.table, fill = ODD_TABLES[name]
        self.store = fresh(client, Clock(), self.table)
        fill(self.store)
        self.app = Litestar(routes_of(self.table, self.store))
        self.document = self.app.openapi_schema.to_schema()
        self.url = ""

    def get(self, pattern: str, query: Mapping[str, Any]) -> httpx.Response:
        """Ask for the answer of a pattern."""
        return httpx.get(self.url + self._path(pattern), params=dict(query), trust_env=False)

    def known(self, pattern: str, query: Mapping[str, Any]) -> Any:
        """Return the JSON of what the Store answers, read without a short cut."""
        return to_json(answered(self.store, self.table, pattern, query))

    def validator(self, pattern: str) -> Draft202012Validator:
        """Return what judges the answers of a pattern by the document, and by nothing else."""
        operation = self.document["paths"][self._path(pattern)]["get"]
        content = operation["responses"]["200"]["content"]["application/json"]
        schemas = {name: closed(each) for name, each in self._schemas().items()}
        schema = {**content["schema"], "components": {"schemas": schemas}}
        return Draft202012Validator(schema, validate_formats=True)

    def _schemas(self) -> JsonObject:
        schemas: JsonObject = self.document["components"]["schemas"]
        return schemas

    def _path(self, pattern: str) -> str:
        """Return the path of a pattern, which is its name in kebab case."""
        paths: list[str] = [*self.document["paths"]]
        return next(path for path in paths if path.replace("-", "") == f"/{pattern.lower()}")


def closed(schema: JsonObject) -> JsonObject:
    """Return a schema that admits no members which it does not name."""
    return {**schema, "additionalProperties": False} if "properties" in schema else schema


@pytest.fixture(scope="module", params=list(ODD_TABLES))
def served(request: pytest.FixtureRequest, client: Client) -> Iterator[Served]:
    """Each table in turn, served over HTTP."""
    served = Served(request.param, client)
    with listening(served.app) as url:
        served.url = url
        yield served


def asked(served: Served) -> list[tuple[str, Mapping[str, Any], int]]:
    """Return the questions about a table."""
    return next([*ASKED[name]] for name, (table, _) in ODD_TABLES.items() if table is served.table)


def test_every_answer_is_complete_and_valid_by_the_schema_of_the_document(served: Served) -> None:
    for pattern, query, count in asked(served):
        answer = served.get(pattern, query)

        assert answer.status_code == HTTPStatus.OK, (pattern, answer.text)
        shown = answer.json()
        assert shown.get("items", shown) == served.known(pattern, query)
        assert len(shown.get("items", ())) == max(count, 0), (pattern, shown)
        faults = [each.message for each in served.validator(pattern).iter_errors(shown)]
        assert faults == [], (pattern, shown)


def test_every_pattern_of_the_tables_is_asked(served: Served) -> None:
    assert {name for name, _, _ in asked(served)} == {
        each.__name__ for each in served.table.patterns
    }


def test_pages_of_one_item_are_followed_by_their_cursors(served: Served) -> None:
    for pattern, query, count in asked(served):
        if not issubclass(served.table.pattern(pattern), Query):
            continue
        found: list[JsonObject] = []
        cursor: dict[str, str] = {}
        while True:
            page = served.get(pattern, {**query, **cursor, "limit": 1}).json()
            found += page["items"]
            if page["nextCursor"] is None:
                break
            cursor = {"cursor": page["nextCursor"]}
        assert found == served.get(pattern, query).json()["items"]
        assert len(found) == count

"""``routes_of`` serves the patterns of any table in an application that knows nothing else."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, make_dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from litestar import Litestar, Request, Router, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.testing import TestClient
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from autoforge.dynamodb import Composite, Part, Query, Store, Table
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.json_items import to_json
from autoforge.errors import DeclarationError
from autoforge.http.api import routes_of
from autoforge.testing.clock import Clock
from autoforge.testing.recording import watching
from tests.designs.devices import DEVICES, fill_devices
from tests.designs.library import (
    LIBRARY,
    Book,
    BookByIsbn,
    BookByTitle,
    Genre,
    HistoryOfBook,
    Loan,
    LoansOfBook,
    a_book,
    a_loan,
    fill_library,
)
from tests.http.serving import CONFUSABLE, assert_invalid, assert_problem
from tests.stores import fresh, store_of

Api = TestClient[Litestar]

_SCHEMA: Final = "/schema/openapi.json"
_CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def library(client: Client) -> Store:
    """A library with three books, a magazine and three loans."""
    store = fresh(client, Clock(), LIBRARY)
    fill_library(store)
    return store


@pytest.fixture(scope="module")
def devices(client: Client) -> Store:
    """The states of a device."""
    store = fresh(client, Clock(), DEVICES)
    fill_devices(store)
    return store


@pytest.fixture(scope="module")
def app(library: Store, devices: Store) -> Litestar:
    """The routes of two tables in one application, with nothing besides."""
    return Litestar([*routes_of(LIBRARY, library), *routes_of(DEVICES, devices)])


@pytest.fixture
def called_app(library: Store, devices: Store) -> Litestar:
    """The same application, for schemathesis, whose calls have event loops of their own."""
    return Litestar([*routes_of(LIBRARY, library), *routes_of(DEVICES, devices)])


@pytest.fixture(scope="module")
def api(app: Litestar) -> Iterator[Api]:
    """A client of the application."""
    with TestClient(app, raise_server_exceptions=False) as api:
        yield api


@pytest.fixture(scope="module")
def document(app: Litestar) -> dict[str, Any]:
    """The OpenAPI document of the application."""
    return app.openapi_schema.to_schema()


def test_every_pattern_has_one_get_at_its_name(document: dict[str, Any]) -> None:
    operations = [
        (path, method, operation["operationId"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]

    assert operations == [
        (f"/{name}", "get", name.replace("-", "_"))
        for name in (
            *("book-by-isbn", "book-of-title", "books-by-isbn", "on-shelf", "loans-of-book"),
            *("loans-due-on", "loans-of-reader", "history-of-book", "counts"),
            *("states-of-device", "state-at", "states-of-operator", "states-by-level"),
        )
    ]


def test_an_item_is_shown_as_json_with_an_etag_and_304_if_it_is_unchanged(
    api: Api, library: Store
) -> None:
    found = api.get("/book-by-isbn", params={"isbn": "b1"})
    again = api.get(
        "/book-by-isbn", params={"isbn": "b1"}, headers={"if-none-match": found.headers["etag"]}
    )

    assert found.status_code == HTTPStatus.OK
    assert found.json() == to_json(library.get(BookByIsbn("b1")))
    assert (again.status_code, again.content) == (HTTPStatus.NOT_MODIFIED, b"")


def test_an_item_that_does_not_exist_is_404(api: Api) -> None:
    for path, detail in (
        ("/book-by-isbn?isbn=b9", "there is no Book with isbn 'b9'"),
        ("/book-of-title?title=b9", "there is no Book with title 'b9'"),
        ("/history-of-book?isbn=b9", "there is no HistoryOfBook with isbn 'b9', loans 2"),
    ):
        assert_problem(api.get(path), 404, detail, kind="item-not-found")


def test_pages_are_followed_by_their_cursors_in_both_directions(api: Api) -> None:
    for order, ids in (("asc", ["l0", "l1", "l2"]), ("desc", ["l2", "l1", "l0"])):
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            parameters = {"isbn": "b1", "limit": "1", "order": order, **cursor}
            page = api.get("/loans-of-book", params=parameters).json()
            found += [each["id"] for each in page["items"]]
            if page["nextCursor"] is None:
                break
            cursor = {"cursor": page["nextCursor"]}
        assert found == ids


def test_a_cursor_of_another_pattern_or_parameter_is_refused(api: Api, library: Store) -> None:
    page = api.get("/loans-of-book", params={"isbn": "b1", "limit": "1"}).json()

    for path, asked in (
        ("/loans-of-book", {"isbn": "b2"}),
        ("/loans-of-reader", {"reader": "Ann"}),
        ("/states-of-device", {"device": "d1"}),
    ):
        with watching(library.client) as watched:
            refused = api.get(path, params={**asked, "cursor": page["nextCursor"]})
        detail = "the cursor was not issued for this query"
        assert_problem(refused, 400, detail, kind="invalid-cursor")
        assert watched.sent == []


def test_items_of_several_types_are_told_apart(api: Api, library: Store) -> None:
    shelf = api.get("/on-shelf", params={"shelf": "A", "since": "2026-02-05T00:00:00+00:00"}).json()

    assert [each["entityType"] for each in shelf["items"]] == ["Magazine", "Book"]
    assert shelf["nextCursor"] is None


def test_every_kind_of_parameter_is_read(api: Api) -> None:
    def ids(path: str, **given: Any) -> list[str]:
        answer = api.get(path, params=given)
        assert answer.status_code == HTTPStatus.OK, answer.text
        return [each.get("id") or each.get("isbn") for each in answer.json()["items"]]

    assert ids("/books-by-isbn", isbns=["b3", "b9", "b1"]) == ["b3", "b1"]
    assert ids("/loans-due-on", day="2026-02-04") == ["l0", "l1", "l2"]
    assert ids("/loans-of-reader", reader="Ann") == ["l0", "l1", "l2"]
    levels = api.get("/states-by-level", params={"device": "d1", "least": "4"}).json()["items"]
    assert [each["Level"] for each in levels] == [4, 9]
    state = api.get(
        "/state-at", params={"device": "d1", "state": "WARNING1", "date": "2026-02-04T12:01Z"}
    )
    assert state.json()["State"] == "WARNING1"
    assert api.get("/counts", params={"isbns": "b1", "genre": "novel"}).json() == {"novel": 1}


def test_a_composite_is_shown_by_its_parts(api: Api, library: Store) -> None:
    answer = api.get("/history-of-book", params={"isbn": "b1", "loans": "1"})

    assert answer.json() == to_json(library.answer(HistoryOfBook("b1", 1)))
    assert {*answer.json()} == {"book", "latestLoans", "total"}


@pytest.mark.parametrize("title", [*CONFUSABLE, "null", "%00", "a\0b", "x" * 900])
def test_a_text_is_found_exactly_as_it_was_sent(api: Api, library: Store, title: str) -> None:
    isbn = f"t-{title.encode().hex()[:50]}"
    library.put_all(
        [a_book(isbn=isbn, title=title, shelf="texts"), BookByTitle(title=title, isbn=isbn)]
    )

    found = api.get("/book-of-title", params={"title": title})

    assert found.status_code == HTTPStatus.OK, found.text
    assert found.json()["title"] == title


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/book-by-isbn", "Missing required query parameter 'isbn' for path /book-by-isbn"),
        ("/book-by-isbn?isbn=b1&colour=red&a=b", "unknown query parameters: a, colour"),
        ("/book-by-isbn?isbn=b1&limit=1", "unknown query parameters: limit"),
        ("/counts?given_genre=novel", "unknown query parameters: given_genre"),
    ],
)
def test_a_request_with_other_parameters_is_refused(api: Api, path: str, detail: str) -> None:
    assert_problem(api.get(path), 400, detail)


@pytest.mark.parametrize(
    ("path", "where", "message"),
    [
        ("/counts?genre=poem", "query.genre", "Input should be 'novel' or 'science'"),
        ("/loans-of-book?isbn=b1&order=up", "query.order", "Input should be 'asc' or 'desc'"),
        ("/loans-of-book?isbn=b1&limit=0", "query.limit", "Expected `int` >= 1"),
        ("/loans-of-book?isbn=b1&limit=101", "query.limit", "Expected `int` <= 100"),
        ("/on-shelf?shelf=A&since=null", "query.since", "null is not a value of this parameter"),
        ("/history-of-book?isbn=b1&loans=x", "query.loans", "Expected `int`, got `str`"),
        ("/states-by-level?device=d&least=1.5", "query.least", "Expected `int | null`, got `str`"),
        ("/loans-due-on?day=2026-02-30", "query.day", "Invalid RFC3339 encoded date"),
    ],
)
def test_a_parameter_with_another_value_is_refused_by_its_name(
    api: Api, path: str, where: str, message: str
) -> None:
    assert_invalid(api.get(path), (where, message))


@pytest.mark.parametrize(
    "path",
    [
        "/book-by-isbn?isbn=a%20b",
        "/book-by-isbn?isbn=",
        "/book-by-isbn?isbn=..%2F..",
        f"/book-by-isbn?isbn={'a' * 65}",
        "/on-shelf?shelf=",
        "/on-shelf?shelf=A&since=noon",
        "/on-shelf?shelf=A&since=",
        "/on-shelf?shelf=A&since=2026-02-05&until=2026-02-04",
        "/on-shelf?shelf=A&since=9999-12-31T23:59:59-23:59",
        f"/states-by-level?device=d1&least={'9' * 39}",
        f"/states-by-level?device=d1&least={'9' * 5000}",
        "/history-of-book?isbn=b1&loans=0",
        "/history-of-book?isbn=b1&loans=-1",
        "/books-by-isbn",
        "/books-by-isbn?" + "&".join(f"isbns=b{number}" for number in range(101)),
        "/loans-of-book?isbn=b1&cursor=",
        "/loans-of-book?isbn=b1&cursor=%F0%9F%98%80",
    ],
)
def test_a_value_that_no_key_can_have_is_refused(api: Api, path: str) -> None:
    answer = api.get(path)

    assert answer.status_code == HTTPStatus.BAD_REQUEST, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_value_is_given_once_and_the_values_of_a_list_each_by_itself(api: Api) -> None:
    twice = api.get("/loans-of-book?isbn=b1&isbn=b3&limit=1&limit=2")
    listed = api.get("/counts?isbns=b1&isbns=b3&genre=novel")

    once = "given 2 times; this parameter takes one value"
    assert_invalid(twice, ("query.isbn", once), ("query.limit", once))
    assert listed.status_code == HTTPStatus.OK


def test_head_answers_as_get_without_a_body_and_options_names_the_methods(api: Api) -> None:
    for path in ("/book-by-isbn?isbn=b1", "/loans-of-book?isbn=b1"):
        shown, head, options = (api.request(method, path) for method in ("GET", "HEAD", "OPTIONS"))

        assert (head.status_code, head.content) == (HTTPStatus.OK, b"")
        assert head.headers == shown.headers
        assert options.status_code == HTTPStatus.NO_CONTENT
        assert options.headers["allow"] == "GET, HEAD, OPTIONS"


def test_no_body_is_sent_after_the_head_that_was_asked_for(app: Litestar) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "method": "HEAD", "path": "/book-by-isbn", "headers": []}
    scope |= {"raw_path": b"/book-by-isbn", "query_string": b"isbn=b1", "http_version": "1.1"}
    asyncio.run(app(scope, receive, send))

    assert [message.get("status") for message in sent] == [HTTPStatus.OK, None]
    assert sent[1]["body"] == b""


def test_an_error_of_dynamodb_is_a_problem_that_hides_the_address(client: Client) -> None:
    store = store_of(client, "not-there", Clock(), LIBRARY)
    with TestClient(Litestar(routes_of(LIBRARY, store))) as api:
        answer = api.get("/book-by-isbn", params={"isbn": "b1"})

    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["type"] == "urn:autoforge:problem:table-not-found"
    assert answer.headers["retry-after"] == "1"


def test_an_unforeseen_error_is_a_problem_without_its_details(library: Store) -> None:
    def crash() -> datetime:
        raise RuntimeError("s3cr3t")

    store = replace(library, clock=crash)
    with TestClient(Litestar(routes_of(LIBRARY, store)), raise_server_exceptions=False) as api:
        answer = api.get("/loans-of-book", params={"isbn": "b1"})

    assert_problem(answer, 500, "an unexpected error; see the log of the server")


def test_the_routes_keep_to_the_rules_of_the_application_around_them(library: Store) -> None:
    def refuse(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        if "authorization" not in connection.headers:
            raise NotAuthorizedException("log in first")

    seen: list[str] = []

    async def note(request: Request[Any, Any, Any]) -> None:
        seen.append(request.url.path)

    @get("/", sync_to_thread=False)
    def own() -> str:
        return "mine"

    @post("/library/book-by-isbn", sync_to_thread=True)
    def buy() -> str:
        return "bought"

    app = Litestar(
        [Router("/library", route_handlers=routes_of(LIBRARY, library)), buy, own],
        guards=[refuse],
        before_request=note,
    )
    allowed = {"authorization": "yes"}
    with TestClient(app) as api:
        assert_problem(api.get("/library/book-by-isbn?isbn=b1"), 401, "log in first")
        found = api.get("/library/book-by-isbn?isbn=b1", headers=allowed)
        bought = api.post("/library/book-by-isbn", headers=allowed)
        mine = api.get("/", headers=allowed)

    assert found.json()["isbn"] == "b1"
    assert (bought.text, mine.text) == ("bought", "mine")
    assert seen == ["/library/book-by-isbn", "/library/book-by-isbn", "/"]


def test_a_table_may_be_served_in_part_and_twice(library: Store) -> None:
    some = [*routes_of(LIBRARY, library, patterns=[BookByIsbn, LoansOfBook])]
    app = Litestar([*some, Router("/again", route_handlers=routes_of(LIBRARY, library))])

    with TestClient(app) as api:
        assert (
            api.get("/book-by-isbn?isbn=b1").json() == api.get("/again/book-by-isbn?isbn=b1").json()
        )
        assert api.get("/on-shelf?shelf=A").status_code == HTTPStatus.NOT_FOUND
        assert api.get("/again/on-shelf?shelf=A").status_code == HTTPStatus.OK


def test_the_document_says_what_each_pattern_asks_and_answers(document: dict[str, Any]) -> None:
    book, shelf = (document["paths"][path]["get"] for path in ("/book-by-isbn", "/on-shelf"))
    schemas = document["components"]["schemas"]

    assert book["summary"] == "Which book has this ISBN?"
    assert book["description"] == "A book without a copy is not found.\n\nIt is the second note."
    assert {*book["responses"]} == {"200", "400", "404", "503"}
    assert {*shelf["responses"]} == {"200", "400", "503"}
    parameters = {each["name"]: each for each in shelf["parameters"]}
    assert [*parameters] == ["order", "shelf", "since", "until", "limit", "cursor"]
    assert [name for name, each in parameters.items() if each["required"]] == ["shelf"]
    assert parameters["since"]["description"] == "Selects by addedAt: this, or after it."
    assert parameters["since"]["schema"] == {
        "type": "string",
        "format": "date-time",
        "description": "Selects by addedAt: this, or after it.",
        "examples": ["2026-02-04T10:30:00Z"],
    }
    assert parameters["order"]["schema"]["enum"] == ["asc", "desc"]
    assert schemas["Book"]["properties"]["in-print?"] == {"type": "boolean"}
    assert schemas["Book"]["properties"]["addedAt"] == {"type": "string", "format": "date-time"}
    assert schemas["Book"]["properties"]["entityType"]["const"] == "Book"
    assert schemas["Genre"]["enum"] == ["novel", "science"]
    assert {*schemas["Book"]["required"]} == {*schemas["Book"]["properties"]}
    assert schemas["State"]["properties"]["Level"] == {
        "oneOf": [{"type": "integer"}, {"type": "null"}]
    }
    assert schemas["History"]["properties"]["latestLoans"]["items"]["allOf"] == [
        {"$ref": "#/components/schemas/Loan"}
    ]
    assert schemas["Book"]["description"] == "A book, of which the library has one copy."


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_no_request_gets_an_answer_that_the_document_does_not_foresee(
    mode: GenerationMode, called_app: Litestar
) -> None:
    schema = schemathesis.openapi.from_asgi(_SCHEMA, called_app)
    operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]

    for operation in operations:
        strategy = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=settings().max_examples,
            database=None,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def hold(case: Any) -> None:
            case.validate_response(case.call(), checks=_CHECKS)

        hold()

    assert len(operations) == len(LIBRARY.patterns) + len(DEVICES.patterns)


def test_every_answer_is_valid_by_the_schema_of_the_document(called_app: Litestar) -> None:
    schema = schemathesis.openapi.from_asgi(_SCHEMA, called_app)
    asked: dict[str, dict[str, Any]] = {
        "/book-by-isbn": {"isbn": "b1"},
        "/book-of-title": {"title": "Dune"},
        "/books-by-isbn": {"isbns": ["b1", "b2"]},
        "/on-shelf": {"shelf": "A", "limit": 2},
        "/loans-of-book": {"isbn": "b1"},
        "/history-of-book": {"isbn": "b1"},
        "/counts": {"isbns": ["b1"]},
        "/states-by-level": {"device": "d1"},
    }

    for path, query in asked.items():
        case = schema[path]["GET"].Case(query=query)
        answer = case.call()
        assert answer.status_code == HTTPStatus.OK
        case.validate_response(answer, checks=_CHECKS)


def test_a_client_generated_for_python_reads_the_answers(
    document: dict[str, Any], api: Api, tmp_path: Path
) -> None:
    (tmp_path / "document.json").write_text(json.dumps(document))
    (tmp_path / "config.yaml").write_text("post_hooks: []\n")
    shelf = api.get("/on-shelf", params={"shelf": "A"}).json()
    history = api.get("/history-of-book", params={"isbn": "b1"}).json()
    (tmp_path / "answers.json").write_text(json.dumps([shelf, history]))
    (tmp_path / "read.py").write_text(
        "import json\n"
        "from client.models import Book, History, Magazine, OnShelfPage\n"
        "shelf, history = json.load(open('answers.json'))\n"
        "page, told = OnShelfPage.from_dict(shelf), History.from_dict(history)\n"
        "assert [type(each) for each in page.items] == [Book, Magazine, Book]\n"
        "assert page.items[0].added_at.year == 2026\n"
        "assert told.book.isbn == 'b1' and len(told.latest_loans) == 2\n"
    )
    generator = Path(sys.executable).with_name("openapi-python-client")
    given = ("--path", "document.json", "--config", "config.yaml", "--output-path", "client")

    for command in (
        [str(generator), "generate", *given, "--meta", "none", "--fail-on-warning"],
        [sys.executable, "read.py"],
    ):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class Many:
    """An answer with parts of many types."""

    moment: datetime
    price: Decimal | None
    raw: bytes
    by_genre: dict[Genre, list[Book | Loan]]
    kind: Literal["a", "b"]
    pair: tuple[int, str]
    anything: Any


@dataclass(frozen=True)
class AnswerOf(Composite[Any]):
    """What is asked?"""

    entities = (Book,)

    def parts(self) -> Sequence[Part]:
        """Nothing is read."""
        return ()

    def combine(self, answers: Sequence[Sequence[Any]]) -> Any:
        """Return nothing."""
        return None


def answering(kind: Any, value: Any) -> type[AnswerOf]:
    """Return a pattern that answers with a value of a type."""

    @dataclass(frozen=True)
    class Asked(AnswerOf, Composite[kind]):
        """What is asked?"""

        def combine(self, answers: Sequence[Sequence[Any]]) -> Any:
            """Return the value."""
            return value

    return Asked


_BOOK: Final = a_book()
_MANY: Final = Many(
    moment=datetime.fromisoformat("2026-02-04T12:00Z"),
    price=Decimal("1.5"),
    raw=b"a",
    by_genre={Genre.NOVEL: [_BOOK, a_loan(1)]},
    kind="a",
    pair=(1, "b"),
    anything=None,
)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Book | None, _BOOK, to_json(_BOOK)),
        (tuple[Book, ...], (_BOOK,), {"items": [to_json(_BOOK)], "nextCursor": None}),
        (list[Book | Loan], [], {"items": [], "nextCursor": None}),
        (int, 5, {"answer": 5}),
        (Genre, Genre.NOVEL, {"answer": "novel"}),
        (dict[str, Decimal], {"a": Decimal(3)}, {"a": "3"}),
        (Many, _MANY, to_json(_MANY)),
        (Book | Loan, _BOOK, {"answer": to_json(_BOOK)}),
    ],
    ids=str,
)
def test_a_composite_may_answer_with_any_type_whose_json_is_known(
    library: Store, kind: Any, value: Any, shown: Any
) -> None:
    asked = answering(kind, value)
    table = Table("Library", LIBRARY.entities, LIBRARY.indexes, (asked,))
    app = Litestar(routes_of(table, library))

    case = schemathesis.openapi.from_asgi(_SCHEMA, app)["/asked"]["GET"].Case()
    answer = case.call()

    assert answer.json() == shown
    case.validate_response(answer, checks=_CHECKS)


@pytest.mark.parametrize("kind", [set[object], object, complex, dict[str, object]], ids=str)
def test_a_composite_that_answers_with_another_type_is_refused(library: Store, kind: Any) -> None:
    table = Table("Library", LIBRARY.entities, LIBRARY.indexes, (answering(kind, None),))

    with pytest.raises(
        DeclarationError, match=r"^Asked: the JSON of \w+ is not known: answer with"
    ):
        routes_of(table, library)


def with_parameter(kind: Any) -> Table:
    """Return a table with a pattern that has a parameter of a type."""
    made = make_dataclass("Asked", [("given", kind, None)], bases=(AnswerOf,), frozen=True)
    return Table("Library", LIBRARY.entities, LIBRARY.indexes, (made,))


@pytest.mark.parametrize("kind", [bool, Decimal, float, UUID, Literal["a"], int | str])
def test_a_parameter_of_any_type_that_a_query_gives_has_a_route(library: Store, kind: Any) -> None:
    with TestClient(Litestar(routes_of(with_parameter(kind), library))) as api:
        wrong = api.get("/asked?given=%F0%9F%98%80&colour=red")

    assert_problem(wrong, 400, "unknown query parameters: colour")


def test_a_default_that_a_function_returns_is_that_of_each_request(library: Store) -> None:
    given: list[int] = []

    def next_number() -> int:
        given.append(len(given))
        return given[-1]

    @dataclass(frozen=True)
    class Numbered(Composite[int]):
        """Which number is next?"""

        entities = (Book,)

        number: int = field(default_factory=next_number)

        def parts(self) -> Sequence[Part]:
            """Nothing is read."""
            return ()

        def combine(self, answers: Sequence[Sequence[Any]]) -> int:
            """Return the number."""
            return self.number

    table = Table("Library", LIBRARY.entities, LIBRARY.indexes, (Numbered,))
    with TestClient(Litestar(routes_of(table, library))) as api:
        shown = [api.get("/numbered").json()["answer"] for _ in range(2)]

    assert shown[1] == shown[0] + 1


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (timedelta, "Asked.given: a query string cannot give a value of type timedelta"),
        (dict[str, str], "a query string cannot give a value of type dict"),
        (tuple[datetime, ...], "a query string cannot give a value of type tuple"),
        (tuple[str, str], "a query string cannot give a value of type tuple"),
        (datetime | int, "a query string cannot give a value of type"),
    ],
    ids=str,
)
def test_a_parameter_that_no_query_string_gives_is_refused(
    library: Store, kind: Any, wrong: str
) -> None:
    with pytest.raises(DeclarationError) as refused:
        routes_of(with_parameter(kind), library)

    assert wrong in str(refused.value)


@dataclass(frozen=True)
class LimitedLoans(Query[Loan]):
    """Which loans of this book are within a limit?"""

    key = Loan.key

    isbn: str
    limit: int | None = None

    @property
    def most(self) -> int:
        """The limit."""
        return self.limit or 0


def test_a_parameter_with_a_name_of_paging_is_refused(library: Store) -> None:
    table = Table("Library", LIBRARY.entities, LIBRARY.indexes, (LimitedLoans,))

    with pytest.raises(DeclarationError, match=r"^LimitedLoans has a parameter 'limit', as every "):
        routes_of(table, library)


def test_a_pattern_of_another_table_is_refused(library: Store) -> None:
    with pytest.raises(DeclarationError, match=r"^BookByIsbn is not a pattern of DeviceStateLog$"):
        routes_of(DEVICES, library, patterns=[BookByIsbn])

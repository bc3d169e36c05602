"""``autoforge ask`` runs a pattern of any table and prints what it answers."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from autoforge.access.catalogue import PLATFORM_TABLE
from autoforge.cli.main import INTERRUPTED
from autoforge.cli.shown import WIDEST, Listing, described, text, width
from autoforge.dynamodb import Table
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.patterns.json_items import to_json
from tests.cli.conftest import Command, Said
from tests.designs.devices import DEVICES, fill_devices
from tests.designs.library import LIBRARY, Magazine, a_book, a_loan, fill_library
from tests.dynamodb.misbehaving import always, http, serving
from tests.factories import NOON, a_project
from tests.servers import Engine
from tests.stores import fresh

Ask = Callable[..., Said]


def asking(
    command: Command, engine: Engine, client: Client, table: Table, fill: Callable[..., object]
) -> Ask:
    """Fill a table, and return how to ask it."""
    store = fresh(client, None, table)
    fill(store)
    where = ("--endpoint-url", engine.endpoint_url, "--table-name", store.table_name)
    path = "tests.designs.library:LIBRARY" if table is LIBRARY else "tests.designs.devices:DEVICES"
    return lambda *arguments, **given: command("--table", path, "ask", *where, *arguments, **given)


@pytest.fixture
def ask(command: Command, engine: Engine, client: Client) -> Ask:
    """Ask a library with three books, a magazine and three loans."""
    return asking(command, engine, client, LIBRARY, fill_library)


@pytest.fixture
def ask_devices(command: Command, engine: Engine, client: Client) -> Ask:
    """Ask about the states of a device."""
    return asking(command, engine, client, DEVICES, fill_devices)


def objects(said: Said) -> list[Any]:
    """Return the printed JSON, a value for each line."""
    assert said.code == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


def test_items_are_printed_in_columns_and_the_next_page_by_its_cursor(ask: Ask) -> None:
    first = ask("LoansOfBook", "isbn=b1", "--limit", "2")
    (cursor,) = re.findall("^next page: --cursor (\\S+)\n$", first.err)
    second = ask("LoansOfBook", "isbn=b1", "--limit", "2", "--cursor", cursor)

    head, *rows = first.out.splitlines()
    assert head.split() == ["isbn", "id", "reader", "dueAt", "createdAt", "expiresAt"]
    assert [row.split()[1] for row in rows] == ["l2", "l1"]
    assert rows[0].index("l2") == head.index("id ")
    assert [row.split()[1] for row in second.out.splitlines()[1:]] == ["l0"]
    assert second.err == ""


def test_all_pages_are_read_and_the_items_counted(ask: Ask) -> None:
    said = ask("LoansOfBook", "isbn=b1", "--all", "--limit", "1", "--json")

    assert [each["id"] for each in objects(said)] == ["l2", "l1", "l0"]
    assert said.err == "3 items\n"


def test_the_json_is_that_of_the_entities_an_object_for_each_line(ask: Ask) -> None:
    items = objects(ask("OnShelf", "shelf=A", "--json"))

    assert [each["entityType"] for each in items] == ["Book", "Magazine", "Book"]
    magazine = Magazine(issn="m1", shelf="A", added_at=NOON + timedelta(days=1))
    assert items[1] == to_json(magazine)


def test_the_order_and_the_range_are_those_that_are_given(ask: Ask) -> None:
    turned = objects(ask("LoansOfBook", "isbn=b1", "--order", "asc", "--json"))
    by_parameter = objects(ask("LoansOfBook", "isbn=b1", "order=asc", "--json"))
    ranged = objects(ask("OnShelf", "shelf=A", "since=2026-02-05", "until=2026-02-06", "--json"))

    assert [each["id"] for each in turned] == ["l0", "l1", "l2"]
    assert turned == by_parameter
    assert [each["entityType"] for each in ranged] == ["Magazine"]


@pytest.mark.parametrize(
    "asked", [("BookByIsbn", "isbn=b1"), ("BookOfTitle", "title=Dune")], ids=lambda each: each[0]
)
def test_one_item_is_printed_an_attribute_a_line(ask: Ask, asked: tuple[str, str]) -> None:
    said = ask(*asked)
    (shown,) = objects(ask(*asked, "--json"))

    assert (said.code, said.err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in said.out.splitlines())
    assert lines["isbn"] == "b1"
    assert lines["in-print?"] == "true"
    assert lines["authors"] == '["a-second", "herbert"]'
    assert "reader" not in lines  # nobody has it
    assert {name for name, value in shown.items() if value is not None} == {*lines}


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        (("BookByIsbn", "isbn=b9"), "there is no Book with isbn 'b9'"),
        (("BookOfTitle", "title=b9"), "there is no Book with title 'b9'"),
        (("HistoryOfBook", "isbn=b9"), "there is no HistoryOfBook with isbn 'b9', loans 2"),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_an_item_that_does_not_exist_is_said_with_exit_code_1(
    ask: Ask, asked: tuple[str, str], missing: str
) -> None:
    assert ask(*asked) == Said(1, "", f"autoforge: {missing}\n")
    assert ask(*asked, "--json") == Said(1, "", f"autoforge: {missing}\n")


def test_an_empty_page_is_no_error(ask: Ask) -> None:
    assert ask("LoansOfBook", "isbn=b9") == Said(0, "", "")
    assert ask("LoansOfBook", "isbn=b9", "--all") == Said(0, "", "0 items\n")
    assert ask("BooksByIsbn", 'isbns=["b9"]') == Said(0, "", "")


def test_the_items_of_several_keys_come_in_the_order_of_the_keys(ask: Ask) -> None:
    items = objects(ask("BooksByIsbn", 'isbns=["b3", "b9", "b1"]', "--json"))

    assert [each["isbn"] for each in items] == ["b3", "b1"]


def test_a_composite_is_printed_by_its_parts(ask: Ask) -> None:
    said = ask("HistoryOfBook", "isbn=b1")
    (shown,) = objects(ask("HistoryOfBook", "isbn=b1", "loans=1", "--json"))

    total, _, book, *rest = said.out.splitlines()
    assert (total, book) == ("total  3", "book:")
    assert "latestLoans:" in rest
    assert rest[-2].split()[1] == "l2"
    assert {*shown} == {"book", "latestLoans", "total"}
    assert [each["id"] for each in shown["latestLoans"]] == ["l2"]


def test_a_composite_that_answers_with_a_mapping_is_printed_by_its_keys(ask: Ask) -> None:
    said = ask("Counts", 'isbns=["b1", "b3"]')

    assert said == Said(0, "novel    1\nscience  1\n", "")


def test_references_are_followed_and_dates_are_read(ask: Ask) -> None:
    assert len(objects(ask("LoansOfReader", "reader=Ann", "--json"))) == 3
    assert len(objects(ask("LoansDueOn", "day=2026-02-04", "--json"))) == 3


def test_a_table_with_names_of_its_own_is_asked_as_well(ask_devices: Ask) -> None:
    levels = objects(ask_devices("StatesByLevel", "device=d1", "least=4", "--consistent", "--json"))
    (state,) = objects(
        ask_devices("StateAt", "device=d1", "state=WARNING1", "date=2026-02-04T12:01", "--json")
    )

    assert [each["Level"] for each in levels] == [4, 9]
    assert state == {
        "DeviceID": "d1",
        "State": "WARNING1",
        "Date": "2026-02-04T12:01:00.000Z",
        "Operator": "Liz",
        "Level": 1,
        "entityType": None,
    }


def test_the_table_of_the_platform_is_asked_without_the_option(
    command: Command, engine: Engine, client: Client
) -> None:
    store = fresh(client, None, PLATFORM_TABLE)
    store.put_all([a_project(id="p1")])

    where = ("--endpoint-url", engine.endpoint_url, "--table-name", store.table_name)
    one = objects(command("ask", "ProjectById", "projectId=p1", *where, "--json"))
    first = command("ask", "ProjectsByStatus", "status=active", *where, "--json")

    assert [each["id"] for each in one] == ["p1"]
    assert objects(first) == one


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["LoansOfBok"], "LoansOfBok is not a pattern; did you mean 'LoansOfBook'?"),
        (["zzz"], "zzz is not a pattern; expected one of BookByIsbn, BookOfTitle"),
        (["LoansOfBook", "isbm=b1"], "expected NAME=VALUE for isbn, order; did you mean 'isbn'?"),
        (["LoansOfBook", "isbn"], "got 'isbn'; expected NAME=VALUE for isbn, order\n"),
        (["LoansOfBook", "isbn=b1", "isbn=b2"], "LoansOfBook got isbn twice"),
        (["LoansOfBook", "isbn=b1", "order=asc", "--order", "desc"], "got order twice"),
        (["LoansOfBook"], "LoansOfBook needs isbn"),
        (["LoansOfBook", "isbn=b 1"], "isbn: 'b 1' is not an id"),
        (["LoansOfBook", "isbn=\udcff"], "isbn: "),
        (["OnShelf", "shelf="], "is not a text with at least one character"),
        (["OnShelf", "shelf=A", "since=noon"], "since: 'noon' is not an ISO 8601 timestamp"),
        (["LoansDueOn", "day=2026-02-30"], "day: Input should be a valid date"),
        (["BooksByIsbn", "isbns=b1"], "isbns: Invalid JSON"),
        (["BooksByIsbn", f"isbns={json.dumps([str(n) for n in range(101)])}"], "at most 100"),
        (["Counts", "genre=poem"], "genre: Input should be 'novel' or 'science'"),
        (["BookByIsbn", "isbn=b1", "--all"], "BookByIsbn has no pages; --all is for a query"),
        (["BookByIsbn", "isbn=b1", "--limit", "5"], "--limit is for a query"),
        (["BookByIsbn", "isbn=b1", "--cursor", "x"], "--cursor is for a query"),
        (["BookByIsbn", "isbn=b1", "--order", "asc"], "BookByIsbn got 'order=asc'"),
        (["OnShelf", "shelf=A", "--consistent"], "ByShelf offers no strongly consistent reads"),
        (["LoansOfBook", "isbn=b1", "--cursor", "x"], "the cursor was not issued for this query"),
        (["LoansOfBook", "isbn=b1", "--limit", "0"], "0 is not in the range x>=1"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
@pytest.mark.one_engine
def test_a_wrong_question_is_refused_and_nothing_is_sent(
    command: Command, arguments: list[str], wrong: str
) -> None:
    with serving(always(http({}))) as dynamodb:
        said = command(
            *("--table", "tests.designs.library:LIBRARY", "ask", "--endpoint-url", dynamodb.url),
            *arguments,
        )

    assert (said.code, said.out) == (2, "")
    assert wrong in said.err
    assert "Traceback" not in said.err
    assert not dynamodb.requests


def test_a_part_of_a_composite_that_cannot_be_read_is_refused(ask: Ask) -> None:
    said = ask("HistoryOfBook", "isbn=b1", "loans=0")

    assert (said.code, said.out) == (2, "")
    assert said.err == "autoforge: the limit of a page is 0; it must be at least 1\n"


def test_a_cursor_of_another_question_is_refused(ask: Ask) -> None:
    said = ask("LoansOfBook", "isbn=b1", "--limit", "1")
    cursor = said.err.split()[-1]

    for asked in (("LoansOfBook", "isbn=b2"), ("LoansOfReader", "reader=Ann")):
        refused = ask(*asked, "--cursor", cursor)
        assert refused == Said(2, "", "autoforge: the cursor was not issued for this query\n")


def test_a_cursor_is_signed_by_the_secret_of_the_settings(ask: Ask) -> None:
    secret = {"AUTOFORGE_CURSOR_SECRETS": "a-secret-of-more-than-thirty-two-characters"}
    cursor = ask("LoansOfBook", "isbn=b1", "--limit", "1", **secret).err.split()[-1]

    assert ask("LoansOfBook", "isbn=b1", "--cursor", cursor, **secret).code == 0
    assert ask("LoansOfBook", "isbn=b1", "--cursor", cursor).code == 2


def test_a_table_that_does_not_exist_is_said_with_exit_code_3(
    command: Command, engine: Engine
) -> None:
    said = command(
        *("--table", "tests.designs.library:LIBRARY", "ask", "BookByIsbn", "isbn=b1"),
        *("--endpoint-url", engine.endpoint_url, "--table-name", "not-there"),
    )

    assert said.code == 3
    assert said.err.startswith("autoforge: ")
    assert "not-there" in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.one_engine
def test_an_interrupted_command_ends_as_shells_expect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as dynamodb:
        url = f"http://127.0.0.1:{dynamodb.getsockname()[1]}"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "autoforge", "--table", "tests.designs.library:LIBRARY"),
                *("ask", "LoansOfBook", "isbn=b1", "--json", "--all", "--endpoint-url", url),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = dynamodb.accept()
        with connection:
            assert connection.recv(1)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate()

    assert (process.returncode, out, err) == (INTERRUPTED, "", "\n")


@pytest.mark.one_engine
def test_credentials_that_are_missing_are_named(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)

    said = command(
        *("--table", "tests.designs.library:LIBRARY", "ask", "BookByIsbn", "isbn=b1"),
        *("--region", "eu-west-1"),
    )

    assert said == Said(
        2, "", "autoforge: no request can be sent to DynamoDB: Unable to locate credentials\n"
    )


@pytest.mark.one_engine
def test_a_permission_that_is_missing_is_named(command: Command) -> None:
    denied = http({"__type": "AccessDeniedException", "message": "no"}, status="400 Bad Request")
    with serving(always(denied)) as aws:
        said = command(
            *("--table", "tests.designs.library:LIBRARY", "ask", "BookByIsbn", "isbn=b1"),
            *("--endpoint-url", aws.url),
        )

    assert said.code == 2
    assert said.err == "autoforge: dynamodb:GetItem is not allowed on the table Library: no\n"


def test_nothing_that_is_stored_controls_the_terminal() -> None:
    shown = text("a\x1b[31mb\nc\u009bd\u202ee é 日本")

    assert shown == "a\\x1b[31mb\\nc\\x9bd\\u202ee é 日本"
    assert text({"a\x1b": ["\u009b"]}) == '{"a\\u001b": ["\\x9b"]}'


def test_columns_are_as_wide_as_their_values_appear() -> None:
    items = [to_json(a_book(title="日本")), to_json(a_book(isbn="b22", title="e\u0301"))]

    head, *rows = Listing().lines(items)

    assert [width(row[: row.index("novel")]) for row in rows] == [head.index("genre")] * 2


def test_a_long_value_is_cut_in_columns_and_whole_by_itself() -> None:
    book = to_json(a_book(title="x" * 100))

    _, row = Listing().lines([book])

    assert f" {'x' * (WIDEST - 1)}… " in row
    assert any(line.endswith("x" * 100) for line in described(book))


def test_a_page_with_other_columns_repeats_the_head() -> None:
    listing = Listing()

    first = [*listing.lines([to_json(a_book())])]
    second = [*listing.lines([to_json(a_book(isbn="b2"))])]
    third = [*listing.lines([to_json(a_book(pages=5))])]
    mixed = [*listing.lines([to_json(a_book()), to_json(a_loan(1))])]

    assert [len(first), len(second), len(third), len(mixed)] == [2, 1, 2, 3]
    assert "pages" in third[0].split()
    assert "entityType" in mixed[0].split()

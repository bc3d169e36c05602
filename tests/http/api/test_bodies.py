"""Bodies are read exactly and within limits, and long ones do not delay other clients."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from http import HTTPStatus
from threading import get_ident
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, post
from litestar.exceptions import ClientException
from litestar.params import JSONBody
from litestar.testing import TestClient
from pydantic import field_validator

from autoforge.http.api.bodies import AT_ONCE, MOST_NAMES, JsonRequest, read_json
from autoforge.http.api.problem import MOST_FAULTS
from autoforge.http.api.pydantic_schemas import examples
from autoforge.http.api.schemas import Body, InvalidBodyError
from tests import strategies
from tests.http.serving import DOCUMENT, WITH_BODY, Api, Route, faults, send

JSON: Final = {"content-type": "application/json"}
#: The largest answer to a refused request, in bytes.
SHORT: Final = 8 * 1024
with_body = pytest.mark.parametrize("route", WITH_BODY, ids=str)


def limit_of(route: Route) -> int:
    """Return the limit in bytes that the document states for bodies of the route."""
    body = DOCUMENT["paths"][route.template][route.method.lower()]["requestBody"]
    return int(body["x-max-bytes"])


@given(value=strategies.json_values())
def test_json_is_read_as_python_reads_it(value: Any) -> None:
    text = json.dumps(value)

    assert repr(read_json(text.encode())) == repr(json.loads(text))


@given(
    name=strategies.texts(),
    members=st.lists(strategies.texts(), max_size=3),
    around=st.lists(st.booleans(), max_size=3),
)
def test_a_key_that_stands_twice_is_refused_wherever_it_is(
    name: str, members: list[str], around: list[bool]
) -> None:
    pairs = [json.dumps(each) + ": 1" for each in (name, *members, name)]
    text = "{" + ", ".join(pairs) + "}"
    for in_list in around:
        text = f"[{text}]" if in_list else f'{{"a": {text}}}'

    with pytest.raises(ClientException, match="duplicate key"):
        read_json(text.encode())


@pytest.mark.parametrize(
    "number",
    [
        *("1e309", "-1e400", "1e-400", "-1e-999", "1e99999999999999999999", "1e0400", "1e-0400"),
        *("1e-99999999999999999999", f"0.{'0' * 330}1", f"{'1' * 400}.5", f"0.{'0' * 250}1e-99"),
    ],
)
def test_a_number_that_no_float_is_near_to_is_refused_naming_its_place(number: str) -> None:
    with pytest.raises(InvalidBodyError) as caught:
        read_json(f'{{"a": [1, {{"b": {number}}}]}}'.encode())

    assert caught.value.faults == (("a.1.b", "the number is outside the range of DynamoDB"),)


@pytest.mark.parametrize("number", ["1e308", "1e-300", "0e-400", "-0.0e999", "1e100", "1" * 310])
def test_a_number_that_a_float_or_an_int_holds_is_read(number: str) -> None:
    text = f'["1e-400 in a text", {number}]'

    assert repr(read_json(text.encode())) == repr(json.loads(text))


@pytest.mark.every_engine
@given(number=strategies.numbers() | st.floats(1e21, 9.99e125))
def test_a_number_comes_back_as_it_was_sent(module_api: Api, number: float) -> None:
    path = "/agent/config/a-number"
    sent = json.dumps({"value": {"a": [number]}})

    assert module_api.put(path, content=sent, headers=JSON).is_success

    assert module_api.get(path).json()["value"] == {"a": [number]}


@pytest.mark.every_engine
@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("1e23", "1e23"),
        ("1e100", "1e100"),
        ("1E+125", "1e125"),
        ("100000000000000000000000", "100000000000000000000000"),
        ("1" + "0" * 100, "1" + "0" * 100),
        ("18446744073709551616", "18446744073709551616"),
        ("9" * 38, "9" * 38),
    ],
)
def test_a_large_number_comes_back_in_the_form_it_was_sent(
    module_api: Api, number: str, shown: str
) -> None:
    path = "/agent/config/a-large-number"

    assert module_api.put(path, content=f'{{"value":{number}}}', headers=JSON).is_success

    text = module_api.get(path).text.replace("e+", "e")
    assert f'"value":{shown},' in text


@pytest.mark.parametrize("number", ["1" * 310, "1e126", "1e-131", "1" * 39, "-1e400", "1e-400"])
@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/projects", '{{"name": "a", "config": {{"a": {}}}}}', "config.a"),
        ("/events", '{{"eventType": "a", "summary": "", "detail": {{"a": {}}}}}', "detail.a"),
    ],
)
def test_a_number_that_dynamodb_cannot_hold_is_refused_naming_its_field(
    module_api: Api, path: str, body: str, place: str, number: str
) -> None:
    response = module_api.post(path, content=body.format(number), headers=JSON)

    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert place in response.text


def hostile(route: Route, room: int) -> Iterator[bytes]:
    """Yield bodies of about ``room`` bytes that are invalid in as many places as possible."""
    fields: list[str] = []
    schema = DOCUMENT["components"]["schemas"][body_of(route)]
    schema = DOCUMENT["components"]["schemas"].get(
        schema.get("oneOf", [{}])[0].get("$ref", "").rpartition("/")[2], schema
    )
    fields.extend(schema["properties"])
    yield b'{"' + b"x" * room + b'": 1}'
    yield b"{" + b",".join(b'"k%d":1' % n for n in range(room // 12)) + b"}"
    yield b"[" + b"1," * (room // 2) + b"1]"
    yield b"[" + b"{}," * (room // 3) + b"{}]"
    yield b"[" * room
    for name in fields:
        yield b'{"%b":[' % name.encode() + b"1," * (room // 2) + b"1]}"
    wrong = json.dumps(dict.fromkeys(fields, [1] * 900)).encode()
    yield b"[" + b",".join([wrong] * min(1000, room // len(wrong))) + b"]"


def body_of(route: Route) -> str:
    """Return the name of the schema of the route's body."""
    operation = DOCUMENT["paths"][route.template][route.method.lower()]
    media = operation["requestBody"]["content"]["application/json"]
    return str(media["schema"]["$ref"].rpartition("/")[2])


def faults_of(taken: type[Body], body: bytes) -> int:
    """Return the number of faults found in a body."""
    try:
        taken.model_validate(read_json(body))
    except InvalidBodyError as error:
        return len(error.faults)
    except ClientException:
        return 1
    return 0


@with_body
def test_no_body_has_more_faults_than_its_items_have_fields(route: Route) -> None:
    """The cost of a refusal is thus bounded by the schema, whatever was sent."""
    taken: Any = examples()[body_of(route)]
    most = 1000 * (len(taken.model_fields) + 20)

    for body in hostile(route, 200_000):
        assert faults_of(taken, body) <= most


@with_body
def test_a_refusal_is_short_whatever_was_sent(detached: Api, route: Route) -> None:
    for body in hostile(route, min(limit_of(route), 300_000) - 1000):
        answer = send(detached, route, content=body, headers=JSON)

        assert answer.status_code in {400, 404, 413, 503}, answer.text[:200]
        assert len(answer.content) < SHORT
        if "errors" in answer.json():
            assert len(faults(answer)) <= MOST_FAULTS + 1


@with_body
def test_a_body_over_the_limit_of_its_route_is_refused_unread(detached: Api, route: Route) -> None:
    most = limit_of(route)

    answer = send(detached, route, content=b" " * (most + 1), headers=JSON)

    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert answer.json()["detail"] == f"the body has more than {most:,} bytes"
    assert send(detached, route, content=b" " * most, headers=JSON).status_code == 400


class Watched(Body):
    """A body that records which thread validates it."""

    text: str
    thread: int = 0

    @field_validator("thread", mode="before")
    @classmethod
    def note(cls, given: Any) -> int:
        """Record the thread."""
        del given
        return get_ident()


@post("/", sync_to_thread=False, request_max_body_size=1_000_000)
def tell_threads(data: JSONBody[Watched]) -> list[int]:
    """Return the ids of the thread that read the body and of the event loop's thread."""
    return [data.thread, get_ident()]


@pytest.mark.parametrize(
    ("size", "apart"), [(0, False), (AT_ONCE - 40, False), (AT_ONCE + 1, True), (900_000, True)]
)
def test_a_long_body_is_not_read_by_the_event_loop(size: int, apart: bool) -> None:
    app = Litestar([tell_threads], request_class=JsonRequest, openapi_config=None)
    with TestClient(app) as api:
        body, loop = api.post("/", json={"text": "x" * size, "thread": 1}).json()

    assert (body != loop) is apart


def test_a_body_may_have_exactly_as_many_names_as_is_said() -> None:
    names = [b'{"a":1}'] * MOST_NAMES

    assert len(read_json(b"[" + b",".join(names) + b"]")) == MOST_NAMES
    with pytest.raises(ClientException, match="more than 100,000 names"):
        read_json(b"[" + b",".join([*names, b'{"a":1}']) + b"]")


def test_the_numbers_of_json_are_finite() -> None:
    for text in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(ClientException, match="the body is not JSON"):
            read_json(text.encode())
    assert math.isfinite(read_json(b"1e308"))

"""Items are projected to JSON exactly as their entities and views would show them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import BeforeValidator, Field, computed_field
from pydantic_core import to_json

from autoforge.dynamodb import Entity
from autoforge.dynamodb.patterns.readers import Reading, readers_of
from autoforge.dynamodb.schema.choice_attributes import Boolean
from autoforge.dynamodb.schema.entity import Item, entity_fields
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer, Number
from autoforge.dynamodb.schema.set_attributes import TextSet
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Expiry, Moment
from autoforge.errors import UnreadableItemError
from autoforge.http.api import paging as answers
from autoforge.http.api.paging import json_response
from autoforge.http.api.projection import JsonObject, is_compiled, read_as_view, slow_projection
from autoforge.http.api.schemas import Ids, Timestamp, View
from autoforge.http.events import EventView
from autoforge.http.projects import routes as projects
from autoforge.http.runs import RunWithOutputView
from autoforge.http.views import VIEWS
from autoforge.models import AgentAction, AgentRun, Event, Ticket
from tests.factories import NOON, a_ticket, an_event
from tests.http.serving import READS, Api, Route, World, new_project
from tests.strategies import entities, json_values, texts

#: Every entity with each view that shows it.
PAIRS: Final[tuple[tuple[type[Entity], type[View]], ...]] = (
    *VIEWS.items(),
    (AgentRun, RunWithOutputView),
)

pairs = pytest.mark.parametrize(("kind", "view"), PAIRS, ids=lambda each: each.__name__)

#: Timestamps in the formats of other programs, and texts that only look like timestamps.
_MOMENTS: Final = (
    "2026-02-04T10:30:00Z", "2026-02-04T10:30:00.123456+00:00", "2026-02-04T11:30+01:00",
    "2026-02-04", "20260204T103000Z", "2026-W06-3T10:30:00.000Z", "2026-02-04 10:30:00.000Z",
    "2026-02-04t10:30:00.000z", "2026-02-04T24:00:00.000Z", "2026-02-30T10:30:00.000Z",
    "2026-02-04T10:30:00.00\u0661Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "soon",
)  # fmt: skip
#: Numbers in the formats of DynamoDB and other programs, up to 38 digits, and invalid ones.
_NUMBERS: Final = (
    "0", "-0", "1", "-1", "007", "1.0", "1.5", "1e3", "1E+3", "1E-7", "0.1", "1e16", "-0.0",
    "\u0661\u0662",
    "1" * 19, "9" * 38, "-" + "9" * 38, "9" * 39, "1e125", "1e126", "1_000", " 1", "NaN", "", "one",
    "1770206400", "1770206399", "1770206401", "99999999999", "100000000000", "1770206400.9",
)  # fmt: skip
#: Attribute values that could be stored under any attribute.
_WIRES: Final[tuple[dict[str, Any], ...]] = (
    {"NULL": True}, {"BOOL": True}, {"BOOL": "true"}, {"S": ""}, {"S": "unheard-of"}, {"M": {}},
    {"S": 'a"b\\c\n\t\x00\x1f\x7f\u2028é\U0001f600'}, {"L": []}, {"L": [{"S": "a"}, {"N": "1"}]},
    {"SS": ["b", "a"]}, {"NS": ["2", "1"]}, {"B": "AA=="}, {"M": {"": {"NULL": True}}}, {"N": 1},
    {"S": "p q"}, {"S": "01hrwxyz123456789012345678"}, {"X": "1"}, {}, {"S": "1", "N": "1"},
    {"M": {"a": {"N": "1e16"}, "b": {"N": "1E-7"}, "c": {"N": "9" * 38}, "d": {"N": "0.1"}}},
)  # fmt: skip

#: All of them, and None for a missing attribute.
_ALL_WIRES: Final[tuple[dict[str, Any] | None, ...]] = (
    *_WIRES,
    *({"S": text} for text in _MOMENTS),
    *({"N": text} for text in _NUMBERS),
    None,
)


def wires(kind: type[Any]) -> SearchStrategy[dict[str, Any]]:
    """Draw values that another program could have stored for an attribute type."""
    anything = st.sampled_from(_WIRES)
    if kind is Moment:
        return st.sampled_from(_MOMENTS).map(lambda text: {"S": text}) | anything
    if kind in {Expiry, Integer}:
        return st.sampled_from(_NUMBERS).map(lambda text: {"N": text}) | anything
    return anything


@st.composite
def items(draw: st.DrawFn, kind: type[Entity]) -> Item:
    """Draw items of an entity, as this project writes them or as other programs might."""
    item: Item = draw(entities(kind)).to_item()
    if draw(st.booleans()):
        item["notOurs"] = draw(st.sampled_from(_WIRES))
    attributes = {each.stored_name: type(each.attribute) for each in entity_fields(kind)}
    for name in draw(st.lists(st.sampled_from(sorted(attributes)), max_size=3)):
        if draw(st.booleans()):
            item.pop(name, None)
        else:
            item[name] = draw(wires(attributes[name]))
    return item


def outcome(call: Callable[[], bytes | None]) -> object:
    """Return the JSON, or how the call was refused."""
    try:
        return call()
    except UnreadableItemError as error:
        return str(error)
    except ValueError as error:  # the view does not accept a value of the entity
        return type(error)


def at_once(view: type[View], kind: type[Entity], item: Item, now: datetime) -> object:
    """Return what the API shows of an item."""

    def show() -> bytes | None:
        shown = read_as_view(view)(kind)(item, now)
        return None if shown is None else bytes(json_response(shown).content)

    return outcome(show)


def by_the_view(view: type[View], kind: type[Entity], item: Item, now: datetime) -> object:
    """Return what the view shows of the item's entity."""

    def show() -> bytes | None:
        entity = kind.from_item(item)
        if not entity.is_live(now):
            return None
        return to_json(view.of(entity), by_alias=True, inf_nan_mode="null")

    return outcome(show)


@pairs
def test_an_item_is_shown_as_its_view_would_show_it(kind: type[Entity], view: type[View]) -> None:
    moments = st.sampled_from([NOON, NOON.replace(microsecond=1), datetime.min.replace(tzinfo=UTC)])

    @given(item=items(kind), now=moments)
    def check(item: Item, now: datetime) -> None:
        before = deepcopy(item)

        assert at_once(view, kind, item, now) == by_the_view(view, kind, item, now)
        assert item == before

    check()


@pairs
def test_every_attribute_that_is_stored_otherwise_is_shown_as_its_view_would(
    kind: type[Entity], view: type[View]
) -> None:
    # Few examples, because each is combined with every value.
    @settings(max_examples=2)
    @given(entity=entities(kind))
    def check(entity: Entity) -> None:
        item = entity.to_item()
        for each in entity_fields(kind):
            for wire in _ALL_WIRES:
                changed = {name: own for name, own in item.items() if name != each.stored_name}
                if wire is not None:
                    changed[each.stored_name] = wire

                shown = at_once(view, kind, changed, NOON)

                assert shown == by_the_view(view, kind, changed, NOON), (each.name, wire)

    check()


@given(value=json_values(), text=texts())
def test_documents_are_shown_as_they_are(value: Any, text: str) -> None:
    event = an_event(detail={"value": value, "text": text}, summary=text)
    item = event.to_item()

    assert at_once(EventView, Event, item, NOON) == by_the_view(EventView, Event, item, NOON)


def test_all_but_what_follows_from_several_attributes_is_shown_at_once() -> None:
    slow = {kind for kind, view in PAIRS if not is_compiled(view, kind)}

    assert slow == {AgentAction}


def test_a_label_that_is_no_text_is_refused_as_the_view_refuses_it() -> None:
    view = VIEWS[Ticket]
    item = a_ticket(labels=["a"]).to_item()
    spoilt = {**item, "labels": {"L": [{"S": "a"}, {"N": "1"}]}}

    assert isinstance(at_once(view, Ticket, item, NOON), bytes)
    assert at_once(view, Ticket, spoilt, NOON) == by_the_view(view, Ticket, spoilt, NOON)
    assert not isinstance(at_once(view, Ticket, spoilt, NOON), bytes)


class Thing(Entity):
    """An entity without its own methods or defaults."""

    id: Id = Id()
    text: Text = Text()
    at: Moment = Moment()
    flag: Boolean = Boolean()
    note: Text[None] = Text(default=None)

    key = Key("THING#{id}", "METADATA")


class ShortLived(Thing):
    """An entity that overrides ``is_live``."""

    key = Key("SHORT#{id}", "METADATA")

    def is_live(self, now: datetime) -> bool:
        return False


class Defaulting(Thing):
    """An entity with a default for a missing attribute."""

    title: Text = Text(default="untitled")
    key = Key("DEFAULTING#{id}", "METADATA")


class Priced(Thing):
    """An entity with an exact number and a set of texts."""

    price: Number = Number(default=Decimal("0.10"))
    tags: TextSet = TextSet()
    key = Key("PRICED#{id}", "METADATA")


class Insistent(View):
    """A view that requires a note."""

    note: str


class Titled(View):
    """A view of a title."""

    title: str


class PriceTag(View):
    """A view of an exact number and a set of texts."""

    price: Decimal
    tags: Ids


class Loud(View):
    """A view that changes a text."""

    text: Annotated[str, BeforeValidator(str.upper)]


class Counted(View):
    """A view with a computed field."""

    text: str

    @computed_field
    def length(self) -> int:
        return len(self.text)


class Narrow(View):
    """A view that refuses long texts."""

    text: str = Field(max_length=3)


class Own(View):
    """A view that overrides ``of``."""

    text: str

    @classmethod
    def of(cls, entity: Entity) -> Own:
        return cls(text="own")


class Sparse(View):
    """A view with optional fields that the entity does not have."""

    text: str
    at: Timestamp
    more: list[str] = []
    none: int | None = None


class Lacking(View):
    """A view with a required field that the entity does not have."""

    text: str
    more: str


class Sometimes(View):
    """A view that declares a required text as optional."""

    text: str | None


class Hidden(View):
    """A view that excludes a field."""

    text: str = Field(exclude=True)


def a_thing(kind: type[Thing] = Thing, **given: Any) -> Item:
    """Return a stored item of a thing."""
    return kind(**{"id": "t", "text": "quiet", "at": NOON, "flag": True, **given}).to_item()


@pytest.mark.parametrize("wire", [*_ALL_WIRES, {"N": "1E+5"}, {"SS": ["b", "a"]}])
@pytest.mark.parametrize("name", ["price", "tags"])
def test_exact_numbers_and_sets_are_shown_as_their_view_would(
    name: str, wire: dict[str, Any] | None
) -> None:
    item = a_thing(Priced, price=Decimal("12.50"), tags={"b", "a"})
    if wire is None:
        del item[name]
    else:
        item[name] = wire

    shown = at_once(PriceTag, Priced, item, NOON)

    assert shown == by_the_view(PriceTag, Priced, item, NOON)


@pytest.mark.parametrize(
    ("kind", "view", "compiled"),
    [
        (Thing, Sparse, True),
        (Thing, Sometimes, True),
        (Thing, Loud, False),
        (Thing, Counted, False),
        (Thing, Narrow, False),
        (Thing, Own, False),
        (Thing, Lacking, False),
        (Thing, Hidden, False),
        (Thing, Insistent, False),
        (ShortLived, Sparse, False),
        (Defaulting, Titled, True),
        (Priced, PriceTag, True),
    ],
    ids=lambda each: each.__name__ if isinstance(each, type) else str(each),
)
def test_what_is_not_said_plainly_is_left_to_the_entity_and_the_view(
    kind: type[Thing], view: type[View], compiled: bool
) -> None:
    item = a_thing(kind)
    item.pop("title", None)

    assert is_compiled(view, kind) is compiled
    assert at_once(view, kind, item, NOON) == by_the_view(view, kind, item, NOON)


def test_a_whole_number_of_any_size_is_answered_exactly(api: Api) -> None:
    path = f"/projects/{new_project(api)}/events"
    large = 10**37 + 1
    body = {"eventType": "e", "summary": "s", "detail": {"n": large, "é": "\u2028", "x": 1e16}}
    assert api.post(path, json=body).is_success

    answer = api.get(path)

    assert f'"n":{large}' in answer.text
    assert answer.json()["items"][0]["detail"] == body["detail"]
    assert answer.headers["content-length"] == str(len(answer.content))


@cache
def slowly(view: type[View]) -> Reading[JsonObject]:
    """Return a reading that shows items through their entities and views."""

    def read_as(entity: type[Entity], /) -> Any:
        return slow_projection(view, entity)

    return read_as


@pytest.mark.parametrize("route", READS, ids=str)
def test_every_route_answers_as_its_views_would(
    world: World, monkeypatch: pytest.MonkeyPatch, route: Route
) -> None:
    path = world.paths[route.operation]
    shown = world.api.get(path)
    monkeypatch.setattr(answers, "read_as_view", slowly)
    monkeypatch.setattr(projects, "read_as_view", slowly)
    readers_of.cache_clear()

    by_views = world.api.get(path)

    readers_of.cache_clear()
    assert shown.status_code == 200
    assert shown.content == by_views.content
    assert shown.headers["etag"] == by_views.headers["etag"]

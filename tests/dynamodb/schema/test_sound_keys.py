"""An entity whose keys can never be right is refused when it is declared."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest

from autoforge.dynamodb import Entity
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.derived import Derived
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.indexes import GSI, Index
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.set_attributes import IdSet
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.text_codecs import EnumCodec, TextCodec
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.schema.value_codecs import NumberCodec
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.errors import DeclarationError
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON


class Lamp(StrEnum):
    """The states of a lamp."""

    ON = "on"
    OFF = "off"


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (GSI("GSI2"), "index GSI2, which is not an index of the table: add it to indexes"),
        (GSI("GSI1", "GSI2PK", "GSI2SK"), "another index GSI1 than the table has: "),
    ],
)
def test_a_key_in_an_index_that_the_table_does_not_have_is_refused(
    index: Index, message: str
) -> None:
    class Lantern(Entity):
        id: Id = Id()
        place: Text = Text()
        key = Key("LANTERN#{id}", "LANTERN")
        by_place = Key("PLACE#{place}", "{id}", index=index)

    with pytest.raises(DeclarationError, match=f"^Lanterns: Lantern.by_place is in {message}"):
        Design("Lanterns", (Lantern,), (GSI1,))


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        ({"lit": "false"}, "lit is 'false', not true or false"),
        ({"lit": 0}, "lit is 0, not true or false"),
        ({"state": "broken"}, "state: 'broken' is not one of on, off"),
        ({"height": "3"}, "height is '3', not a whole number"),
        ({"since": "yesterday"}, "since: 'yesterday' is not an ISO 8601 timestamp"),
        ({"lit": None}, "lit is None: the attribute must be optional"),
    ],
    ids=str,
)
def test_a_condition_on_a_value_that_no_item_has_is_refused(
    where: dict[str, Any], fault: str
) -> None:
    with pytest.raises(DeclarationError, match=f"^Lantern.by_state: where: {fault}$"):

        class Lantern(Entity):
            id: Id = Id()
            lit: Boolean = Boolean()
            state: Choice[Lamp] = Choice(Lamp)
            height: Integer = Integer()
            since: Moment = Moment()
            key = Key("LANTERN#{id}", "LANTERN")
            by_state = Key("LANTERNS", "{id}", index=GSI1, where=where)


@pytest.mark.parametrize(
    ("where", "inside"),
    [
        ({"since": "2026-02-04T13:00+01:00"}, {"since": NOON}),
        ({"state": "on"}, {"state": Lamp.ON}),
        ({"state": Lamp.ON}, {"state": "on"}),
        ({"wires": ()}, {"wires": set()}),
        ({"wires": None}, {}),
        ({"note": None}, {"note": None}),
    ],
    ids=str,
)
def test_a_condition_is_held_against_values_as_an_entity_has_them(
    where: dict[str, Any], inside: dict[str, Any]
) -> None:
    class Lantern(Entity):
        id: Id = Id()
        state: Choice[Lamp, None] = Choice(Lamp, default=None)
        since: Moment[None] = Moment(default=None)
        wires: IdSet = IdSet()
        note: Text[None] = Text(default=None)
        key = Key("LANTERN#{id}", "LANTERN")
        by_state = Key("LANTERNS", "{id}", index=GSI1, where=where)

    outside: dict[str, Any] = {
        "since": NOON + MILLISECOND,
        "state": "off",
        "wires": {"a"},
        "note": "x",
    }
    (name,) = where

    assert Lantern(id="a", **inside).rendered().get("GSI1PK") == "LANTERNS"
    assert Lantern(id="a", **{name: outside[name]}).rendered().get("GSI1PK") is None


def test_a_key_made_of_an_expiry_that_follows_from_a_lifetime_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"by_end: expires_at follows from the lifetime"):

        class Candle(Entity):
            lifetime = timedelta(days=1)
            id: Id = Id()
            created_at: Moment = Moment()
            year = Derived(NumberCodec(4), lambda at: at and at.year, "expires_at")
            key = Key("CANDLE#{id}", "CANDLE")
            by_end = Key("CANDLES", "{year}#{id}", index=GSI1)


def test_derived_texts_are_written_as_their_place_demands() -> None:
    class Candle(Entity):
        id: Id = Id()
        colour: Text = Text()
        shade = Derived(TextCodec(), lambda colour: colour, "colour")
        key = Key("CANDLE#{id}", "CANDLE")
        by_shade = Key("CANDLES", "{shade}#{shade}", index=GSI1)

    assert Candle(id="a", colour="a b").rendered().get("GSI1SK") == "a%20b#a b"


def test_a_derived_value_that_no_key_shows_as_it_is_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"by_shade: shade: 'a#b' would have to be encoded"):

        class Candle(Entity):
            id: Id = Id()
            shade = Derived(EnumCodec(("a", "a#b")), lambda _: "a", "id")
            key = Key("CANDLE#{id}", "CANDLE")
            by_shade = Key("CANDLES", "{shade}", index=GSI1)

"""Attributes validate values, and write and read them in one canonical form."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute

from autoforge.dynamodb import Entity, Key, primary_key
from autoforge.dynamodb.schema.attribute import EntityAttribute, attribute_to_wire
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.document_attributes import Array, Document, Json
from autoforge.dynamodb.schema.key_codecs import component_codec
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.schema.number_attributes import Integer, Number
from autoforge.dynamodb.schema.optional import optional
from autoforge.dynamodb.schema.set_attributes import TextSet
from autoforge.dynamodb.schema.stored_values import wire_to_attribute
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.text_codecs import TextCodec
from autoforge.dynamodb.schema.time_attributes import Expiry, Moment
from autoforge.dynamodb.schema.value_codecs import NumberCodec
from autoforge.errors import DeclarationError, InvalidValueError, UnreadableItemError
from tests import strategies


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Spaced(StrEnum):
    FINE = "fine"
    NOT = "not fine"


class Thing:
    """A class with one attribute of each kind, as an entity has them."""

    text_value: Text = Text()
    id_value: Id = Id()
    enum_value: Choice[Colour] = Choice(Colour)
    moment_value: Moment = Moment()
    expiry_value: Expiry = Expiry(attr_name="TTL")
    integer_value: Integer = Integer()
    exact_value: Number = Number()
    texts_value: TextSet = TextSet()
    boolean_value: Boolean = Boolean()
    document_value: Document = Document()
    list_value: Array = Array()
    json_value: Json = Json()
    theirs = UnicodeAttribute(attr_name="theirs")
    number = NumberAttribute()
    stamp = UTCDateTimeAttribute()


NOON = datetime(2026, 2, 4, 12, tzinfo=UTC)


def test_an_attribute_is_named_in_camel_case_unless_it_is_given_a_name() -> None:
    assert (Thing.text_value.attr_name, Thing.expiry_value.attr_name) == ("textValue", "TTL")
    assert [camel_case(name) for name in ("id", "created_at", "source_project_key")] == [
        "id",
        "createdAt",
        "sourceProjectKey",
    ]


@pytest.mark.parametrize(
    ("attribute", "given_value", "held", "stored"),
    [
        (Thing.text_value, "", "", {"S": ""}),
        (Thing.text_value, "a#é", "a#é", {"S": "a#é"}),
        (Thing.id_value, UUID(int=10), f"{UUID(int=10)}", {"S": f"{UUID(int=10)}"}),
        (Thing.enum_value, "red", Colour.RED, {"S": "red"}),
        (Thing.enum_value, Colour.GREEN, Colour.GREEN, {"S": "green"}),
        (Thing.moment_value, "2026-02-04T13:00+01:00", NOON, {"S": "2026-02-04T12:00:00.000Z"}),
        (Thing.expiry_value, "2026-02-04T12:00:00.999Z", NOON, {"N": "1770206400"}),
        (
            Thing.expiry_value,
            "1969-12-31T23:59:59.5Z",
            datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
            {"N": "-1"},
        ),
        (Thing.integer_value, 10**37, 10**37, {"N": f"1{'0' * 37}"}),
        (
            Thing.integer_value,
            1186601248221942513664,
            1186601248221942513664,  # exactly representable as a float
            {"N": "1186601248221942513664"},
        ),
        (Thing.boolean_value, False, False, {"BOOL": False}),
        (Thing.exact_value, Decimal("1.50"), Decimal("1.50"), {"N": "1.5"}),
        (Thing.exact_value, Decimal("-1E+20"), Decimal("-1E+20"), {"N": "-1" + "0" * 20}),
        (
            Thing.exact_value,
            Decimal("0." + "1" * 38),
            Decimal("0." + "1" * 38),
            {"N": "0." + "1" * 38},
        ),
        (Thing.exact_value, 7, Decimal(7), {"N": "7"}),
        (Thing.texts_value, ["b", "a", "b"], frozenset({"a", "b"}), {"SS": ["a", "b"]}),
        (
            Thing.document_value,
            {"a": (1, None)},
            {"a": [1, None]},
            {"M": {"a": {"L": [{"N": "1"}, {"NULL": True}]}}},
        ),
        (Thing.list_value, ({"a": 1.0},), [{"a": 1}], {"L": [{"M": {"a": {"N": "1"}}}]}),
        (Thing.json_value, 15, 15, {"N": "15"}),
        (Thing.json_value, "15", "15", {"S": "15"}),
        (Thing.json_value, [], [], {"L": []}),
    ],
)
def test_a_value_is_held_in_its_canonical_form_and_stored_and_read_back_so(
    attribute: EntityAttribute[Any], given_value: Any, held: Any, stored: dict[str, Any]
) -> None:
    value = attribute.check(given_value)

    assert (value, type(value)) == (held, type(held))
    assert attribute_to_wire(attribute, value) == stored
    assert wire_to_attribute(attribute, stored) == held


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        (Thing.text_value, 7, "textValue is 7, not a text"),
        (Thing.text_value, b"x", "textValue is b'x', not a text"),
        (Thing.text_value, "\ud800", r"textValue: '\ud800' cannot be written in UTF-8"),
        (Thing.id_value, "a b", "idValue: 'a b' is not an id"),
        (Thing.enum_value, "blue", "enumValue: 'blue' is not one of red, green"),
        (Thing.moment_value, "noon", "momentValue: 'noon' is not an ISO 8601 timestamp"),
        (Thing.expiry_value, 1770206400, "TTL: 1770206400 is not an ISO 8601 timestamp"),
        (Thing.integer_value, 1.0, "integerValue is 1.0, not a whole number"),
        (Thing.integer_value, True, "integerValue is True, not a whole number"),
        (Thing.integer_value, Decimal(1), "integerValue is Decimal('1'), not a whole number"),
        (Thing.integer_value, 10**38 + 1, "integerValue has more than 38 significant digits"),
        (Thing.boolean_value, 1, "booleanValue is 1, not true or false"),
        (Thing.exact_value, 1.5, "exactValue is 1.5, not a Decimal or whole number"),
        (Thing.exact_value, True, "exactValue is True, not a Decimal or whole number"),
        (Thing.exact_value, Decimal("Infinity"), "exactValue is Infinity, not a finite number"),
        (Thing.exact_value, Decimal("1" * 39), "exactValue has more than 38 significant digits"),
        (
            Thing.exact_value,
            Decimal("1E+126"),
            "exactValue is 1.0000E+126, outside DynamoDB's range",
        ),
        (Thing.texts_value, "ab", "textsValue is 'ab', not a set of texts"),
        (Thing.texts_value, [1], "textsValue: 1 is not a text"),
        (Thing.document_value, [], "documentValue is [], not an object"),
        (Thing.document_value, "{}", "documentValue is '{}', not an object"),
        (Thing.document_value, {"a": {1}}, "documentValue.a is {1}, not a JSON value"),
        (Thing.list_value, {}, "listValue is {}, not a list"),
        (Thing.list_value, "ab", "listValue is 'ab', not a list"),
        (Thing.list_value, [float("nan")], "listValue.0 is nan, not a JSON number"),
        (Thing.json_value, {1}, "jsonValue is {1}, not a JSON value"),
    ],
)
def test_a_value_the_attribute_cannot_hold_is_refused_naming_it(
    attribute: EntityAttribute[Any], value: Any, message: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        attribute.check(value)

    assert str(caught.value).startswith(message)


def test_a_document_is_a_copy_to_its_leaves() -> None:
    document: dict[str, Any] = {"a": [{"b": 1}]}

    held = [
        Thing.document_value.check(document),
        Thing.list_value.check([document]),
        Thing.json_value.check(document),
    ]
    document["a"][0]["b"] = 2

    assert held == [{"a": [{"b": 1}]}, [{"a": [{"b": 1}]}], {"a": [{"b": 1}]}]


@pytest.mark.parametrize(
    ("attribute", "wire"),
    [
        (Thing.text_value, {"N": "1"}),
        (Thing.text_value, {"S": None}),
        (Thing.text_value, {}),
        (Thing.id_value, {"S": "a b"}),
        (Thing.id_value, {"S": ""}),
        (Thing.enum_value, {"S": "blue"}),
        (Thing.moment_value, {"S": "noon"}),
        (Thing.moment_value, {"N": "1770206400"}),
        (Thing.expiry_value, {"N": "1E20"}),
        (Thing.expiry_value, {"N": "1E125"}),
        (Thing.expiry_value, {"N": "-1E15"}),
        (Thing.expiry_value, {"N": "NaN"}),
        (Thing.expiry_value, {"N": "soon"}),
        (Thing.expiry_value, {"S": "1770206400"}),
        (Thing.integer_value, {"N": "1.5"}),
        (Thing.integer_value, {"N": "x"}),
        (Thing.integer_value, {"N": "Infinity"}),
        (Thing.boolean_value, {"BOOL": "true"}),
        (Thing.document_value, {"M": None}),
        (Thing.document_value, {"M": {"a": {}}}),
        (Thing.document_value, {"M": {"a": {"N": "1E999999999"}}}),
        (Thing.document_value, {"L": []}),
        (Thing.list_value, {"L": [{"N": "x"}]}),
        (Thing.json_value, {"X": 1}),
        (Thing.json_value, {"N": "x"}),
        (Thing.number, {"N": "x"}),
        (Thing.number, {"N": None}),
        (Thing.stamp, {"S": "2026-02-04T10:30:00Z"}),
    ],
)
def test_a_malformed_stored_value_is_unreadable_and_the_message_names_the_attribute(
    attribute: Attribute[Any], wire: dict[str, Any]
) -> None:
    with pytest.raises(UnreadableItemError, match=rf"^{attribute.attr_name} is stored as "):
        wire_to_attribute(attribute, wire)


def test_null_reads_as_none_whatever_the_attribute_is() -> None:
    for attribute in (Thing.text_value, Thing.expiry_value, Thing.json_value, Thing.theirs):
        assert wire_to_attribute(attribute, {"NULL": True}) is None


@pytest.mark.parametrize(("stored", "seconds"), [("1770206400.9", 0), ("1.770206401E9", 1)])
def test_an_expiry_of_another_writer_is_cut_to_its_second(stored: str, seconds: int) -> None:
    read = wire_to_attribute(Thing.expiry_value, {"N": stored})

    assert read == NOON.replace(second=seconds)


def test_a_whole_number_of_another_writer_is_read_whatever_its_form() -> None:
    assert wire_to_attribute(Thing.integer_value, {"N": "3.0"}) == 3


@given(strategies.moments())
def test_an_expiry_comes_back_to_the_second(moment: datetime) -> None:
    held = Thing.expiry_value.check(moment)

    assert held == moment.replace(microsecond=0)
    assert (
        wire_to_attribute(Thing.expiry_value, attribute_to_wire(Thing.expiry_value, held)) == held
    )


@given(strategies.documents(), st.lists(strategies.json_values(), max_size=3))
def test_a_document_is_held_as_it_will_be_read_back(
    document: dict[str, Any], array: list[Any]
) -> None:
    for attribute, value in ((Thing.document_value, document), (Thing.list_value, array)):
        held = attribute.check(value)

        assert held == value
        assert repr(wire_to_attribute(attribute, attribute_to_wire(attribute, held))) == repr(held)


def test_pynamodbs_expressions_take_a_documents_value_without_its_type() -> None:
    wire = Thing.document_value.serialize({"a": 1})

    assert wire == {"a": {"N": "1"}}
    assert Thing.document_value.deserialize(wire) == {"a": 1}


def test_an_attribute_of_a_new_kind_must_say_what_it_holds() -> None:
    with pytest.raises(NotImplementedError):
        EntityAttribute[str]().check("x")


def test_an_optional_attribute_may_be_absent() -> None:
    assert (Text().null, optional(Text()).null) == (False, True)


def test_pynamodbs_own_attributes_stand_in_a_key_too() -> None:
    assert component_codec(Thing.theirs, "", last=False) == TextCodec(last=False)
    assert component_codec(Thing.number, "5", last=True) == NumberCodec(5)
    with pytest.raises(DeclarationError, match=r"^NumberAttribute needs a width in a key"):
        component_codec(Thing.number, "", last=True)
    with pytest.raises(DeclarationError, match=r"^UTCDateTimeAttribute cannot stand in a key"):
        component_codec(Thing.stamp, "", last=True)


@pytest.mark.parametrize(
    "attribute",
    [
        Thing.boolean_value,
        Thing.document_value,
        Thing.expiry_value,
        Thing.json_value,
        Thing.list_value,
    ],
)
def test_an_attribute_whose_values_have_no_text_of_their_own_cannot_stand_in_a_key(
    attribute: EntityAttribute[Any],
) -> None:
    with pytest.raises(DeclarationError, match=r"^\w+ cannot stand in a key$"):
        component_codec(attribute, "", last=True)


def test_an_enumeration_stands_in_a_key_only_if_a_key_shows_its_members_as_they_are() -> None:
    with pytest.raises(DeclarationError, match=r"^'not fine' would have to be encoded"):
        component_codec(Choice(Spaced), "", last=True)


def test_a_whole_number_is_stored_as_its_digits_even_if_it_has_a_name() -> None:
    class Level(int, Enum):
        LOW = 1

    class Tank(Entity):
        level: Integer = Integer()
        key = Key("TANKS", "TANK#{level:3}")

    item = Tank(level=Level.LOW).to_item()

    assert (item["level"], item["SK"]) == ({"N": "1"}, {"S": "TANK#001"})
    assert primary_key(Tank, {"level": Level.LOW}).sort == "TANK#001"


class Shade(str, Enum):  # noqa: UP042 - unlike a StrEnum, its members have another str()
    """Members that are texts, but show themselves otherwise."""

    RED = "red"
    ULID = "01KGM8C3G0CXZR34GWQD3DP72N"


@pytest.mark.parametrize("member", Shade)
def test_a_member_of_an_enum_of_texts_is_its_text_everywhere(member: Shade) -> None:
    class Lamp(Entity):
        id: Id = Id()
        kind: Text = Text()
        document: Document = Document()
        array: Array = Array()
        names: TextSet = TextSet()

        key = Key("LAMP#{id}", "{kind}#{id}")

    lamp = Lamp(id=member, kind=member, document={member: member}, array=[member], names={member})

    text = member.value
    assert lamp.to_item() == {
        "id": {"S": text},
        "kind": {"S": text},
        "document": {"M": {text: {"S": text}}},
        "array": {"L": [{"S": text}]},
        "names": {"SS": [text]},
        "EntityType": {"S": "Lamp"},
        "PK": {"S": f"LAMP#{text}"},
        "SK": {"S": f"{text}#{text}"},
    }
    assert type(lamp.kind) is type(lamp.id) is str


@pytest.mark.parametrize("value", ["", 0, 0.0, False, {"a": 1}, {}])
def test_a_set_of_texts_is_not_made_of_what_is_no_collection_of_them(value: Any) -> None:
    class Named(Entity):
        id: Id = Id()
        names: TextSet = TextSet()
        key = Key("NAMED#{id}", "NAMED")

    with pytest.raises(InvalidValueError, match=r"^names is .*, not a set of texts$"):
        Named(id="a", names=value)
    with pytest.raises(InvalidValueError, match=r"^names is .*, not a set of texts$"):
        Named.names.set(value)

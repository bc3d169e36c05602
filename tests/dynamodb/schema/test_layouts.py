"""Tables with names of their own: key attributes, types of items, expiry, and any indexes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import pytest

from autoforge.dynamodb import (
    GSI,
    LSI,
    Document,
    Entity,
    Id,
    Index,
    Integer,
    Key,
    Layout,
    Moment,
    Text,
)
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import KeyValue, key_of
from autoforge.dynamodb.schema.transaction_mark import TransactionMark, mark_in
from autoforge.errors import DeclarationError, InvalidValueError, UnreadableItemError
from tests.factories import NOON

ORDERS = Layout("customer", "number", sort_type="N", entity_type=None, expiry=None)
BY_CLERK = GSI("ByClerk", "clerk", "number", sort_type="N")
BY_TOTAL = LSI("ByTotal", "total", sort_type="N")


class Order(Entity):
    """An order of a table whose key attributes are attributes of the item."""

    layout = ORDERS

    customer: Text = Text()
    number: Integer = Integer()
    total: Integer = Integer()
    clerk: Text[None] = Text(default=None)

    key = Key("{customer}", "{number}")
    of_clerk = Key("{clerk}", "{number}", index=BY_CLERK)
    by_total = Key("{customer}", "{total}", index=BY_TOTAL)


def test_a_plain_key_attribute_is_stored_once_and_not_encoded() -> None:
    order = Order(customer="50% off #1", number=7, total=-3, clerk="a#b")

    assert order.to_item() == {
        "customer": {"S": "50% off #1"},
        "number": {"N": "7"},
        "total": {"N": "-3"},
        "clerk": {"S": "a#b"},
    }
    assert Order.from_item(order.to_item()) == order
    assert Order.from_item(order.to_item()).unknown == {}
    assert order.rendered() == {}


@pytest.mark.parametrize("text", ["a", "a#b", "#", "%23", "x\0y", "é#", "$"])
def test_a_plain_key_is_decoded_to_what_it_was_made_of(text: str) -> None:
    value = Order.key.render({"customer": text, "number": 12})

    assert value == KeyValue(text, "12")
    assert Order.key.decode(value) == {"customer": text, "number": 12}


@pytest.mark.parametrize(
    ("stored", "number"), [("12", 12), ("12.0", 12), ("1.2E1", 12), ("-0", 0), ("1E20", 10**20)]
)
def test_a_number_is_the_same_key_however_it_is_written(stored: str, number: int) -> None:
    item = {"customer": {"S": "a"}, "number": {"N": stored}}

    assert key_of(item, Order.layout.primary) == Order.key.render(
        {"customer": "a", "number": number}
    )


def test_an_empty_text_is_no_key() -> None:
    with pytest.raises(InvalidValueError, match=r"^customer: a key cannot be an empty text$"):
        Order.key.render({"customer": "", "number": 1})


def test_an_item_without_a_plain_key_attribute_is_not_in_the_index() -> None:
    assert Order.of_clerk.render({"customer": "a", "number": 1}) is None
    assert "clerk" not in Order(customer="a", number=1, total=0).to_item()


def test_a_layout_names_the_attributes_of_type_and_expiry() -> None:
    class Note(Entity):
        layout = Layout("pk", "sk", entity_type="kind", expiry="goneAt")
        type_name = "note"
        lifetime = timedelta(hours=1)

        id: Id = Id()
        created_at: Moment = Moment()
        key = Key("NOTE#{id}", "NOTE")

    note = Note(id="n", created_at=NOON)
    item = note.to_item()

    assert item.keys() == {"pk", "sk", "kind", "goneAt", "id", "createdAt"}
    assert item["kind"] == {"S": "note"}
    assert Note.from_item(item).expires_at == NOON + timedelta(hours=1)
    assert Note.from_item(item).unknown == {}


def test_a_table_without_expiry_has_items_that_never_expire() -> None:
    assert "expires_at" not in Order.get_attributes()
    assert Order(customer="a", number=1, total=0).is_live(NOON)
    with pytest.raises(
        DeclarationError, match=r"^Lasting has a lifetime, but its layout has no expiry$"
    ):

        class Lasting(Order):
            lifetime = timedelta(days=1)


class Parcel(Entity):
    """An item whose type is told by its key."""

    layout = Layout(entity_type=None)

    id: Id = Id()
    weight: Integer = Integer()
    key = Key("#META#{id}", "PARCEL")


class Stop(Entity):
    """Another item of the same partition."""

    layout = Layout(entity_type=None)

    parcel: Id = Id()
    number: Integer = Integer()
    key = Key("#META#{parcel}", "STOP#{number:2}")


def test_a_type_that_is_not_stored_is_told_by_the_form_of_the_key() -> None:
    parcel, stop = Parcel(id="p", weight=2).to_item(), Stop(parcel="p", number=1).to_item()

    assert parcel == {
        "PK": {"S": "#META#p"},
        "SK": {"S": "PARCEL"},
        "id": {"S": "p"},
        "weight": {"N": "2"},
    }
    assert [Parcel.recognises(each) for each in (parcel, stop, {})] == [True, False, False]
    with pytest.raises(
        UnreadableItemError, match=r"^Parcel at #META#p / STOP#01 has not the key of the type$"
    ):
        Parcel.from_item(stop)


def test_a_type_attribute_of_another_program_is_kept_where_the_key_tells_the_type() -> None:
    item = Parcel(id="p", weight=2).to_item() | {"EntityType": {"S": "parcel/v1"}}

    assert Parcel.from_item(item).to_item() == item


def test_an_index_has_key_attributes_of_its_name_unless_they_are_named() -> None:
    assert GSI("ByDue").types == {"ByDuePK": "S", "ByDueSK": "S"}
    assert GSI("ByDue", "due").types == {"due": "S", "ByDueSK": "S"}
    assert GSI("ByDue", "due", None, partition_type="N").types == {"due": "N"}
    assert LSI("ByDue").within(Layout("owner", "n")).types == {"owner": "S", "ByDueSK": "S"}


def test_an_index_that_includes_attributes_also_has_the_type_and_the_expiry() -> None:
    index = GSI("ByDue", projection=("title", "PK"))

    assert index.included(Layout()) == ("title", "EntityType", "TTL")
    assert index.included(ORDERS) == ("title", "PK")
    assert GSI("ByDue", projection="KEYS_ONLY").included(Layout()) == ()
    with pytest.raises(
        DeclarationError, match=r"^index ByDue projects 'title'; expected ALL, KEYS_ONLY or names"
    ):
        GSI("ByDue", projection="title")


def test_a_local_index_and_the_table_are_read_consistently_and_a_global_index_is_not() -> None:
    assert [each.consistent_reads for each in (TABLE, LSI("L"), GSI("G"))] == [True, True, False]


def _declared(layout: Layout = Layout(), /, **members: Any) -> type[Entity]:  # noqa: B008 - frozen
    return type(
        "Thing",
        (Entity,),
        {
            "layout": layout,
            "__module__": __name__,
            "id": Id(),
            "key": Key("T#{id}", "T"),
            **members,
        },
    )


@pytest.mark.parametrize(
    ("layout", "members", "message"),
    [
        (
            Layout(sort_type="N"),
            {},
            "Thing.key: SK is a number in the table: 'T' must be one component in braces, a",
        ),
        (
            Layout(sort_key=None),
            {},
            "Thing.key has the sort key 'T', but the table has none",
        ),
        (Layout(), {"key": Key("T#{id}")}, "Thing.key has no sort key, but the table has SK"),
        (
            Layout("id", sort_key=None),
            {"key": Key("T#{id}")},
            "Thing.id is stored as id, which Thing.key renders as 'T#{id}': give it another",
        ),
        (
            Layout("id", "map", entity_type=None),
            {"map": Document(), "key": Key("{id}", "{map}")},
            "Thing.key: map is stored as M, but it is a key attribute of the table of type S",
        ),
        (
            Layout("id", sort_key=None),
            {"key": Key("{id}|NONE")},
            "Thing.key: an attribute that is the key attribute itself has no alternatives",
        ),
        (
            Layout(),
            {"local": Key("U#{id}", "{id}", index=LSI("L"))},
            "Thing.local renders PK as 'U#{id}', and Thing.key as 'T#{id}': an item has one value",
        ),
        (
            Layout(),
            {"turned": Key("T", "T#{id}", index=GSI("Turned", "SK", "PK"), where={"id": "a"})},
            "Thing.turned: where: every item with SK and PK is in index Turned, because it",
        ),
        (
            Layout(),
            {"again": Key("T#{id}", "T")},
            "Thing declares two keys in the table",
        ),
    ],
)
def test_a_key_that_does_not_fit_its_index_is_refused(
    layout: Layout, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        _declared(layout, **members)

    assert str(caught.value).startswith(message)


TURNED = GSI("Turned", "SK", "PK")
BY_RANK = GSI("ByRank", "rank", None, partition_type="N")


@pytest.mark.parametrize(
    ("entities", "indexes", "message"),
    [
        ((Order, Parcel), (BY_CLERK, BY_TOTAL), "Parcel and Order name the primary key or the"),
        ((Order,), (BY_CLERK,), "Order.by_total is in index ByTotal, which is not an index of"),
        (
            (Parcel,),
            (GSI("A", "rank"), GSI("B", "rank", partition_type="N")),
            "rank is of type S in index A and of type N in index B: a key attribute has one type",
        ),
        ((Parcel,), (GSI("A"), GSI("A", "x")), "two indexes are named A"),
        ((Parcel,), (TABLE,), "the primary key is no index: name it in the layout"),
        ((Parcel,), (GSI("A", "PK", partition_type="N"),), "PK is of type S in the table and of"),
        (
            (Parcel,),
            (TURNED,),
            "Parcel stores SK and PK, so its items are in index Turned: declare the key of Parcel",
        ),
        (
            (_declared(rank=Text()),),
            (BY_RANK,),
            "Thing stores rank as S, but it is a key attribute of type N",
        ),
        (
            (_declared(rank=Integer()),),
            (BY_RANK,),
            "Thing stores rank, so its items are in index ByRank: declare the key of Thing",
        ),
        (
            (_declared(Layout(sort_key=None), key=Key("T#{id}")),),
            (LSI("L"),),
            "a table without a sort key has no local indexes",
        ),
        ((Parcel,), [LSI(f"L{n}") for n in range(6)], "the table has 6 local indexes; DynamoDB"),
        ((Parcel,), [GSI(f"G{n}") for n in range(21)], "the table has 21 global indexes; DynamoDB"),
        ((Parcel,), [GSI("A B")], "an index is named 'A B': DynamoDB takes 3 to 255 letters"),
        ((Parcel,), [GSI("By", "x", "y")], "an index is named 'By': DynamoDB takes 3 to 255"),
        ((Parcel,), [GSI("Ünder", "x", "y")], "an index is named 'Ünder': DynamoDB takes"),
        (
            (Parcel,),
            [GSI("Long", "é" * 128)],
            "index Long names the attribute 'éééééééééééééééééééé', of 256 bytes: DynamoDB takes",
        ),
        (
            (Parcel,),
            [GSI("Long", projection=("x" * 256,))],
            "names the attribute 'xxxxxxxxxxxxxxxxxxxx', of 256 bytes",
        ),
        (
            (Parcel,),
            [GSI(f"G{n}x", projection=[f"a{m}" for m in range(20)]) for n in range(5)],
            "the indexes together include 105 attributes, the type and the expiry of items with",
        ),
        (
            (_declared(key=Key("TRANSACTION#{id}", "MARK")),),
            (),
            "Thing.key and TransactionMark.key could be the same key",
        ),
    ],
)
def test_a_design_that_dynamodb_or_its_keys_contradict_is_refused(
    entities: tuple[type[Entity], ...], indexes: list[Index], message: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        Design("Things", entities, tuple(indexes))

    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["ab", "x" * 256, "a table", "tisch-ü", ""])
def test_a_name_that_dynamodb_refuses_is_refused(name: str) -> None:
    with pytest.raises(DeclarationError, match=f"the table is named '{name}': DynamoDB takes 3 to"):
        Design(name, (Parcel,))


def test_as_much_as_dynamodb_allows_is_accepted() -> None:
    including = [GSI(f"G{n}x", projection=[f"a{m}" for m in range(18)]) for n in range(5)]
    Design("x" * 255, (Parcel,), tuple(including))
    Design("a.b", (Parcel,), (GSI("A_-", "é" * 127, "s"), LSI("L" * 255, "s2")))


def test_a_design_without_entities_or_with_what_is_no_index_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Empty has no entities; a table stores at least"):
        Design("Empty", ())
    with pytest.raises(DeclarationError, match=r"^Things: 'ByDue' is not an index: write GSI\("):
        Design("Things", (Parcel,), ("ByDue",))  # type: ignore[arg-type]  # a user's slip


def test_an_index_of_the_tables_own_key_attributes_is_a_key_of_each_entity() -> None:
    turned = Key("T", "T#{id}", index=TURNED)
    thing = _declared(turned=turned)

    assert Design("Things", (thing,), (TURNED,)).indexes == (TURNED,)
    assert thing(id="a").to_item().keys() == {"PK", "SK", "EntityType", "id"}


@pytest.mark.parametrize(
    ("layout", "keys"),
    [
        (Layout(), {"PK": "TRANSACTION#t", "SK": "MARK"}),
        (Layout("pk", None, entity_type="kind"), {"pk": "TRANSACTION#t"}),
        (Layout(entity_type=None), {"PK": "TRANSACTION#t", "SK": "MARK"}),
        (Layout(expiry=None), None),
        (Layout(partition_type="N"), None),
        (Layout(sort_type="N"), None),
        (Layout("token", None), None),
    ],
)
def test_a_transaction_leaves_its_mark_where_the_table_can_have_one(
    layout: Layout, keys: dict[str, str] | None
) -> None:
    entity = mark_in(layout)

    assert (entity is None) == (keys is None)
    if entity is not None and keys is not None:
        item = entity(token="t", created_at=NOON).to_item()
        assert {name: item[name]["S"] for name in keys} == keys
        assert issubclass(entity, TransactionMark)
        assert entity.from_item(item).token == "t"


class Visit(Entity):
    """A visit whose time stands in keys only, in the form of another program."""

    layout = Layout(naming="PascalCase", expiry=None)

    guest: Text = Text()
    room_number: Integer = Integer(stored=False)
    at: Moment = Moment(form="%Y-%m-%dT%H:%M:%S", stored=False)
    note: Text[None] = Text(default=None)

    key = Key("GUEST#{guest}", "ROOM#{room_number:3}")
    by_time = Key("VISITS", "{at}", index=GSI("ByTime"))


def test_an_attribute_that_is_only_in_keys_is_read_from_them_and_not_stored() -> None:
    visit = Visit(guest="a", room_number=7, at=NOON, note="late")

    item = visit.to_item()

    assert item == {
        "PK": {"S": "GUEST#a"},
        "SK": {"S": "ROOM#007"},
        "ByTimePK": {"S": "VISITS"},
        "ByTimeSK": {"S": "2026-02-04T12:00:00"},
        "EntityType": {"S": "Visit"},
        "Guest": {"S": "a"},
        "Note": {"S": "late"},
    }
    assert Visit.from_item(item) == visit
    assert (Visit.from_item(item).room_number, Visit.from_item(item).at) == (7, NOON)


def test_entities_that_differ_in_what_is_only_in_keys_are_not_equal() -> None:
    visit = Visit(guest="a", room_number=7, at=NOON)

    assert visit == Visit(guest="a", room_number=7, at=NOON)
    assert visit != Visit(guest="a", room_number=8, at=NOON)


def test_what_is_only_in_keys_is_not_stored_on_the_careful_path_either() -> None:
    visit = Visit(guest="a", room_number=7, at=NOON)
    visit.note = "late"

    assert visit._write_carefully().keys() == {"Guest", "Note", "EntityType"}


def test_an_attribute_that_another_program_stores_beside_the_key_is_kept() -> None:
    item = Visit(guest="a", room_number=7, at=NOON).to_item() | {"RoomNumber": {"S": "seven"}}

    assert Visit.from_item(item).room_number == 7
    assert Visit.from_item(item).to_item() == item


def test_an_item_without_the_key_that_an_attribute_is_only_in_is_unreadable() -> None:
    item = Visit(guest="a", room_number=7, at=NOON).to_item()
    del item["ByTimeSK"]

    with pytest.raises(UnreadableItemError, match=r"^Visit at GUEST#a / ROOM#007 has no At$"):
        Visit.from_item(item)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"code": Text(stored=False)}, "Thing.code is not stored, so a key must have it in every"),
        (
            {
                "code": Text(stored=False),
                "coded": Key("C#{code}", "C", index=GSI("C"), where={"id": "a"}),
            },
            "Thing.code is not stored, so a key must have it in every item: an item may be in",
        ),
        (
            {
                "at": Moment(stored=False),
                "of_day": Key("DAY#{at:date}", "DAY", index=GSI("D")),
            },
            "Thing.at is not stored, so a key must have it in every item: no key has it",
        ),
    ],
)
def test_an_attribute_that_could_be_lost_with_its_key_is_refused(
    members: dict[str, Any], message: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        _declared(**members)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("naming", "name"),
    [("camelCase", "roomNumber"), ("PascalCase", "RoomNumber"), ("snake_case", "room_number")],
)
def test_a_layout_says_how_the_names_of_attributes_are_written(
    naming: Literal["camelCase", "PascalCase", "snake_case"], name: str
) -> None:
    thing = _declared(Layout(naming=naming), room_number=Integer())

    assert name in thing(id="a", room_number=1).to_item()

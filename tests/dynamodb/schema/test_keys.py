"""Keys are rendered from components, decoded to them, and matched by prefixes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.dynamodb.patterns.permission import partition_form
from autoforge.dynamodb.patterns.shared import SharedSort
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.codec import Codec
from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.dynamodb.schema.key_codecs import component_codec
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.sort_order import prefix_end
from autoforge.dynamodb.schema.template import Component, Label, Template
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.timestamps import timestamp_text
from autoforge.errors import DeclarationError, InvalidValueError
from autoforge.models.integrations import IntegrationStatus
from tests import strategies
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON

ATTRIBUTES: dict[str, Any] = {
    "id": Id(),
    "name": Text(),
    "other": Text(),
    "status": Choice(IntegrationStatus),
    "priority": Integer(),
    "at": Moment(),
    "flag": Boolean(),
}


def lookup(name: str, spec: str, last: bool) -> Codec:
    if name not in ATTRIBUTES:
        raise DeclarationError("no such attribute")
    return component_codec(ATTRIBUTES[name], spec, last=last)


def a_key(partition: str, sort: str, index: Index = TABLE, **over: Any) -> Key:
    key = Key(partition, sort, index=index, **over)
    key.bind("Thing", "key", lookup)
    return key


def a_template(text: str) -> Template:
    return a_key("THING", text).sort_template


EVERYTHING = a_key("ID#{id}#{name}", "{status}#{priority:5}#{at}#{other}")
#: The same with literals in front of the components, as ElectroDB writes keys.
PREFIXED = a_key(
    "$thing#id_{id}#name_{name}",
    "$thing_1#status_{status}#priority_{priority:5}#at_{at}#other-{other}",
)
BOTH = pytest.mark.parametrize("key", [EVERYTHING, PREFIXED], ids=["bare", "prefixed"])

values_of_everything = st.fixed_dictionaries(
    {
        "id": strategies.ids(),
        "name": strategies.key_texts(),
        "status": st.sampled_from(IntegrationStatus),
        "priority": st.integers(0, 99_999),
        "at": strategies.moments(),
        "other": strategies.key_texts(),
    }
)


@BOTH
@given(values=values_of_everything)
def test_a_key_decodes_to_the_components_it_was_made_of(key: Key, values: dict[str, Any]) -> None:
    rendered = key.render(values)

    assert rendered is not None
    assert key.decode(rendered) == values


def test_a_literal_stands_in_front_of_a_component() -> None:
    values = {"id": "a", "name": "b c", "status": "active", "priority": 7, "at": NOON, "other": "d"}

    assert PREFIXED.render(values) == (
        "$thing#id_a#name_b c",
        "$thing_1#status_active#priority_00007#at_2026-02-04T12:00:00.000Z#other-d",
    )
    assert str(PREFIXED.sort_template) == PREFIXED.sort
    assert PREFIXED.decode(KeyValue("$thing#a#b", "")) is None
    assert partition_form(PREFIXED.partitions[0]) == "$thing#id_*#name_*"


def test_a_label_stands_after_the_literal_of_its_component() -> None:
    assert a_template("X#name_{name}").render({"name": Label("name")}) == "X#name_<name>"


@given(values_of_everything)
def test_one_attribute_is_written_in_each_place_as_that_place_demands(
    values: dict[str, Any],
) -> None:
    key = a_key("THING#{name}#{at:date}#END", "{name}#{at}#{name}")

    rendered = key.render({**values, "name": "a b"})

    day, moment = timestamp_text(values["at"])[:10], timestamp_text(values["at"])
    assert rendered == (f"THING#a%20b#{day}#END", f"a%20b#{moment}#a b")


@BOTH
@given(one=values_of_everything, other=values_of_everything, data=st.data())
def test_different_components_give_different_keys(
    key: Key, one: dict[str, Any], other: dict[str, Any], data: st.DataObject
) -> None:
    # Random values rarely give similar keys; values that share some components are the hard case.
    same = data.draw(st.sets(st.sampled_from(sorted(one))))
    near = {name: one[name] if name in same else value for name, value in other.items()}

    assert (key.render(one) == key.render(near)) == (one == near)


@BOTH
@given(some=st.lists(values_of_everything))
def test_sort_keys_sort_as_the_tuples_of_their_components_do(
    key: Key, some: list[dict[str, Any]]
) -> None:
    template = key.sort_template
    names = [component.name for component in template.components]

    written = sorted(template.render(values).encode() for values in some)

    by_value = sorted(some, key=lambda values: tuple(values[name] for name in names))
    assert written == [template.render(values).encode() for values in by_value]


@given(strategies.ids(), st.lists(st.tuples(strategies.key_texts(), strategies.key_texts())))
def test_checkpoints_sort_by_integration_and_then_by_name(
    project: str, some: list[tuple[str, str]]
) -> None:
    template = a_template("CHECKPOINT#{name}#{other}")

    written = sorted(template.render({"name": n, "other": o}).encode() for n, o in some)

    assert written == [template.render({"name": n, "other": o}).encode() for n, o in sorted(some)]


@given(values_of_everything, st.integers(0, 4))
def test_a_prefix_begins_exactly_the_keys_that_have_its_values(
    values: dict[str, Any], count: int
) -> None:
    template = EVERYTHING.sort_template
    names = [component.name for component in template.components]
    fixed = {name: values[name] for name in names[:count]}

    prefix = SharedSort.of(template).prefix(fixed)

    assert template.fixed(fixed) == count
    assert template.render(values).startswith(prefix)
    assert prefix.endswith("#") == (0 < count < len(names))


@given(values_of_everything, values_of_everything)
def test_a_prefix_begins_no_key_of_other_values(one: dict[str, Any], other: dict[str, Any]) -> None:
    template = a_template("X#{name}#{other}")
    prefix = SharedSort.of(template).prefix({"name": one["name"]})

    rendered = template.render(other)

    assert rendered.startswith(prefix) == (one["name"] == other["name"])
    assert (prefix <= rendered < prefix_end(prefix)) == (one["name"] == other["name"])


def test_a_prefix_goes_as_far_as_values_are_given() -> None:
    template = a_template("X#{name}#{other}")

    assert SharedSort.of(template).prefix({}) == "X#"
    assert SharedSort.of(template).prefix({"other": "b"}) == "X#"
    assert SharedSort.of(template).prefix({"name": "a"}) == "X#a#"
    assert SharedSort.of(template).prefix({"name": "a", "other": "b"}) == "X#a#b"
    assert SharedSort.of(a_template("{name}#{other}")).prefix({}) == ""


def test_a_prefix_ends_before_the_next_text_that_it_does_not_begin() -> None:
    assert prefix_end("EVENT#") == "EVENT$"


def test_a_key_takes_the_first_partition_whose_components_are_all_there() -> None:
    key = a_key("PROJECT#{id}|GLOBAL", "{name}")

    assert key.render({"id": "p", "name": "n"}) == KeyValue("PROJECT#p", "n")
    assert key.render({"id": None, "name": "n"}) == KeyValue("GLOBAL", "n")
    assert key.decode(KeyValue("PROJECT#p", "n")) == {"id": "p", "name": "n"}
    assert key.decode(KeyValue("GLOBAL", "n")) == {"name": "n"}


@pytest.mark.parametrize("values", [{"id": "p"}, {"name": "n"}, {"id": "p", "name": None}, {}])
def test_a_key_without_all_its_components_is_absent(values: dict[str, Any]) -> None:
    assert a_key("PROJECT#{id}", "{name}").render(values) is None


def test_a_key_is_absent_where_an_attribute_has_another_value_than_it_demands() -> None:
    key = a_key("HELD", "{name}", GSI1, where={"flag": False})

    assert key.render({"name": "n", "flag": False}) == KeyValue("HELD", "n")
    assert key.render({"name": "n", "flag": True}) is None
    assert key.render({"name": "n"}) is None


@pytest.mark.parametrize(
    ("partition", "sort"),
    [
        ("PROJECT#p", "Y#n"),
        ("PROJECT#p", "X"),
        ("PROJECT#p", "X#n#m"),
        ("PROJECT#p", "X#"),
        ("PROJECT#p", "X#%FF"),
        ("PROJECT#p q", "X#n"),
        ("PROJECT", "X#n"),
        ("GLOBAL", "X#n"),
        ("", ""),
    ],
)
def test_a_key_does_not_decode_what_it_did_not_make(partition: str, sort: str) -> None:
    assert a_key("PROJECT#{id}", "X#{name}").decode(KeyValue(partition, sort)) is None


@pytest.mark.parametrize("partition", ["ID#{id}", "ID#{id}#{other}|ID#{id}"])
def test_a_component_in_both_parts_of_a_key_has_one_value(partition: str) -> None:
    key = a_key(partition, "X#{id}")

    assert key.decode(KeyValue("ID#p", "X#p")) == {"id": "p"}
    assert key.decode(KeyValue("ID#p", "X#q")) is None


@pytest.mark.parametrize("partition", ["AT#{at}", "AT#{at}#{id}|AT#{at}"])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_component_is_read_from_the_part_of_a_key_that_shows_all_of_it(
    partition: str, *, is_reversed: bool
) -> None:
    time = datetime(2026, 2, 4, 12, 30, tzinfo=UTC)
    key = a_key("DAY#{at:date}", "{at}") if is_reversed else a_key(partition, "{at:date}")

    value = key.render({"at": time})

    assert value is not None
    assert key.decode(value) == {"at": time}


def test_a_value_that_cannot_stand_in_a_key_is_refused_naming_its_component() -> None:
    with pytest.raises(InvalidValueError, match=r"^id: 'a#b' is not an id"):
        a_key("PROJECT#{id}", "X").render({"id": "a#b"})


def test_a_partition_key_has_at_most_2048_bytes_and_a_sort_key_1024() -> None:
    key = a_key("{name}", "{other}")

    assert key.render({"name": "é" * 1024, "other": "é" * 512}) is not None
    with pytest.raises(
        InvalidValueError, match=r"^Thing.key of 2049 bytes is over the limit of 2048"
    ):
        key.render({"name": "é" * 1024 + "a", "other": "a"})
    with pytest.raises(
        InvalidValueError, match=r"^Thing.key of 1025 bytes is over the limit of 1024"
    ):
        key.render({"name": "a", "other": "é" * 512 + "a"})


def test_a_key_counts_the_bytes_of_what_it_writes_and_not_of_what_it_is_given() -> None:
    with pytest.raises(InvalidValueError, match=r"of 1026 bytes"):
        a_key("X", "{other}").render({"other": "#" * 342})


@pytest.mark.parametrize(
    ("partition", "sort", "message"),
    [
        ("PROJECT#{nmae}", "X", "Thing.key: nmae: no such attribute"),
        ("PROJECT", "X#{nmae}", "Thing.key: nmae: no such attribute"),
        ("PROJECT#{id", "X", "Thing.key: '{id' is neither a literal nor one component in braces"),
        ("{id}-PROJECT", "X", "Thing.key: '{id}-PROJECT' is neither a literal nor one component"),
        ("{id}{id}", "X", "Thing.key: '{id}{id}' is neither a literal nor one component"),
        ("PROJECT#${id}", "X", "Thing.key: '${id}' is neither a literal nor one component"),
        ("PROJECT#$", "X", "Thing.key: '$' is neither a literal nor one component"),
        ("PROJECT$", "X", "Thing.key: 'PROJECT$' is neither a literal nor one component"),
        ("PROJECT#", "X", "Thing.key: '' is neither a literal nor one component"),
        ("", "X", "Thing.key: '' is neither a literal nor one component"),
        ("PROJECT|", "X", "Thing.key: '' is neither a literal nor one component"),
        ("PROJECT é", "X", "Thing.key: 'PROJECT é' is neither a literal nor one component"),
        ("PROJECT", "{flag}", "Thing.key: flag: Boolean cannot stand in a key"),
        ("PROJECT", "{priority}", "Thing.key: priority: Integer needs a width in a key"),
        ("PROJECT", "{priority:0}", "Thing.key: priority: Integer needs a width"),
        (
            "PROJECT",
            "{at:month}",
            "Thing.key: at: Moment cannot be written as 'month' in a key",
        ),
        ("PROJECT", "{id:5}", "Thing.key: id: Id cannot be written as '5' in a key"),
        ("PROJECT", "{id:raw}", "Thing.key: id: an Id is not encoded in a key: leave out 'raw'"),
        ("PROJECT", "{at:raw}", "Thing.key: at: Moment cannot be written as 'raw' in a key"),
        ("PROJECT", "{name:row}", "Thing.key: name: Text cannot be written as 'row' in a key"),
        ("{name:raw}|GLOBAL", "X", "Thing.key: {name:raw} and GLOBAL could be the same key"),
        ("{id}|{name}", "X", "Thing.key: {id} and {name} could be the same key"),
        ("A#{id}|B#{id}|A#{at}|A#b", "X", "Thing.key: A#{id} and A#b could be the same key"),
    ],
)
def test_a_wrong_template_is_refused_naming_entity_key_and_component(
    partition: str, sort: str, message: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        a_key(partition, sort)

    assert str(caught.value).startswith(message)


def test_a_key_belongs_to_one_entity() -> None:
    key = a_key("PROJECT#{id}", "X")

    with pytest.raises(DeclarationError, match=r"Thing.key is declared again as Other.key"):
        key.bind("Other", "key", lookup)


def test_a_template_shows_itself_as_it_was_declared() -> None:
    text = "EVENT#{at:date}#{priority:5}#{name}"

    assert str(a_template(text)) == text


def test_a_key_knows_its_components() -> None:
    key = a_key("PROJECT#{id}|GLOBAL", "X#{at:date}#{name}")

    assert key.components == {"id", "at", "name"}
    assert key.shortened == {"at"}
    assert not a_key("DAY#{at:date}", "{at}#{id}").shortened


def test_a_label_stands_in_a_key_as_it_is() -> None:
    rendered = a_key("PROJECT#{id}", "X#{at}").render({"id": Label("projectId"), "at": NOON})

    assert rendered == KeyValue("PROJECT#<projectId>", "X#2026-02-04T12:00:00.000Z")


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (("PROJECT#{id}", "X"), ("PROJECT#{id}", "X"), True),
        (("PROJECT#{id}", "X"), ("PROJECT#{id}", "Y"), False),
        (("PROJECT#{id}", "X"), ("USER#{id}", "X"), False),
        (("PROJECT#{id}", "X"), ("PROJECT", "X"), False),
        (("PROJECT#{id}", "X"), ("PROJECT#GLOBAL", "X"), True),
        (("PROJECT#{id}", "{name}"), ("PROJECT#{id}", "METADATA"), True),
        (("PROJECT#{id}", "{status}"), ("PROJECT#{id}", "active"), True),
        (("PROJECT#{id}", "{status}"), ("PROJECT#{id}", "METADATA"), False),
        (("PROJECT#{id}", "{name}#A"), ("PROJECT#{id}", "B#{name}"), True),
        (("PROJECT#{id}", "{name}#A"), ("PROJECT#{id}", "B#C"), False),
        (("PROJECT#{id}|GLOBAL", "X"), ("GLOBAL", "X"), True),
        (("PROJECT#{id}|GLOBAL", "X"), ("GLOBE", "X"), False),
        (("{at}", "X"), ("{id}", "X"), False),
        (("{at:date}", "X"), ("{id}", "X"), True),
        (("a_{id}", "X"), ("a_{name}", "X"), True),
        (("a_{at}", "X"), ("a_{id}", "X"), False),
        (("a_{id}", "X"), ("b_{id}", "X"), False),
        (("a_{id}", "X"), ("a_b_{id}", "X"), True),
        (("a_{id}", "X"), ("{name}", "X"), True),
        (("$a_{id}", "X"), ("{status}", "X"), False),
        (("act{id}", "X"), ("{status}", "X"), True),
        (("a_{id}", "X"), ("a_b", "X"), True),
        (("a_{id}", "X"), ("a_", "X"), False),
        (("a_{id}", "X"), ("b_a", "X"), False),
        (("A#{name:raw}", "X"), ("A#B", "X"), True),
        (("A#{name:raw}", "X"), ("A", "X"), False),
        (("A#{name:raw}", "X"), ("A#{id}#{name:raw}", "X"), False),
        (("A#{name:raw}", "X"), ("A#{name}", "X"), True),
        (("A#{name:raw}", "X"), ("A#{priority:3}", "X"), True),
        (("A#{name:raw}", "X"), ("A#{at}", "X"), True),
        (("A#b_{name:raw}", "X"), ("A#c_{id}", "X"), False),
        (("A#b_{name:raw}", "X"), ("A#b_c_{id}", "X"), True),
        (("A#b_{name:raw}", "X"), ("A#{status}", "X"), False),
    ],
)
def test_two_keys_overlap_when_some_item_of_each_could_have_one_key(
    one: tuple[str, str], other: tuple[str, str], *, overlap: bool
) -> None:
    mine, theirs = a_key(*one), a_key(*other)

    assert (mine.overlaps(theirs), theirs.overlaps(mine)) == (overlap, overlap)


def test_keys_in_different_indexes_do_not_overlap() -> None:
    assert not a_key("PROJECT#{id}", "X").overlaps(a_key("PROJECT#{id}", "X", GSI1))


@pytest.mark.parametrize(
    ("leading", "other", "reached"),
    [
        (0, "Y", True),
        (1, "X", False),
        (1, "X#{id}", True),
        (1, "X#{id}#{name}", True),
        (1, "Y#{id}", False),
        (2, "X#{id}", False),
        (2, "X#{id}#{name}#{other}", True),
        (3, "X#{id}#{name}", True),
        (3, "X#{id}#{name}#{other}", False),
    ],
)
def test_a_prefix_reaches_another_template_that_goes_on_after_the_same_segments(
    leading: int, other: str, *, reached: bool
) -> None:
    template = a_template("X#{id}#{other}")

    lengths = SharedSort.of(template).lengths[leading]

    assert template.reaches(a_template(other), leading, lengths) == reached


@given(
    values_of_everything,
    values_of_everything,
    st.sampled_from(
        [
            "X#{id}",
            "{name}#{id}",
            "{at}#{id}",
            "X#{at}#{other}",
            "X#{status}",
            "X#{priority:3}",
            "{id}#active",
            "{name:raw}#{id}",
            "X#{other:raw}",
            "X#act{id}",
            "act{id}#{status}",
        ]
    ),
    st.sampled_from(
        [
            "X#{name}",
            "X#{at}",
            "X#{id}#{other}",
            "{status}#{id}",
            "X#active",
            "{id}#{name}",
            "X#act{other}",
            "X#act{other:raw}",
            "X#{name:raw}",
            "{name:raw}#{other}",
            "X#a{id}",
        ]
    ),
)
def test_templates_that_do_not_overlap_never_write_one_text(
    one: dict[str, Any], other: dict[str, Any], mine: str, theirs: str
) -> None:
    one["priority"] %= 1000
    for values in (one, other):
        values["name"] = values["name"].replace("#", "") or "a"
        values["other"] = values["other"].replace("#", "") or "a"
    first, second = a_template(mine), a_template(theirs)

    text = first.render(one)

    assert first.overlaps(second) or second.decode(text) is None
    assert first.overlaps(second) or text != second.render(other)


#: Texts as they are, followed by nothing, by a text, and behind a literal.
RAW = a_key("ID#{id}#{name:raw}", "{status}#of_{name:raw}#{at}#{other:raw}")
values_of_raw = values_of_everything.flatmap(
    lambda values: st.fixed_dictionaries(
        {
            **{name: st.just(value) for name, value in values.items() if name != "priority"},
            "name": strategies.raw_texts(),
            "other": strategies.raw_texts(),
        }
    )
)


@given(values_of_raw)
def test_a_key_of_raw_texts_has_them_as_they_are_and_decodes_to_them(
    values: dict[str, Any],
) -> None:
    at, name = timestamp_text(values["at"]), values["name"]

    rendered = RAW.render(values)

    assert rendered == (
        f"ID#{values['id']}#{name}", f"{values['status']}#of_{name}#{at}#{values['other']}"
    )  # fmt: skip
    assert RAW.decode(rendered) == values


@given(one=values_of_raw, other=values_of_raw, data=st.data())
def test_different_raw_texts_give_different_keys(
    one: dict[str, Any], other: dict[str, Any], data: st.DataObject
) -> None:
    same = data.draw(st.sets(st.sampled_from(sorted(one))))
    near = {name: one[name] if name in same else value for name, value in other.items()}

    assert (RAW.render(one) == RAW.render(near)) == (one == near)


@given(strategies.ids(), st.lists(strategies.raw_texts()))
def test_sort_keys_that_end_in_a_raw_text_sort_as_the_texts_do(
    project: str, some: list[str]
) -> None:
    template = a_template("X#{id}#{name:raw}")

    written = sorted(template.render({"id": project, "name": n}).encode() for n in some)

    assert written == [f"X#{project}#{n}".encode() for n in sorted(some)]


def test_a_raw_text_before_another_component_does_not_sort_as_the_texts_do() -> None:
    template = a_template("{name:raw}#{id}")
    shorter, longer = ({"name": name, "id": "a"} for name in ("jira", "jira cloud"))

    assert template.render(longer) < template.render(shorter)
    assert not template.components[0].codec.keeps_order
    assert not a_template("a_{name:raw}#{id}").components[0].codec.keeps_order
    assert a_template("X#{name:raw}").components[0].codec.keeps_order


@given(strategies.raw_texts(), values_of_raw)
def test_the_prefix_of_a_raw_text_begins_exactly_the_keys_that_have_it(
    name: str, other: dict[str, Any]
) -> None:
    template = a_template("X#{name:raw}#{other:raw}")
    prefix = SharedSort.of(template).prefix({"name": name})

    rendered = template.render(other)

    assert rendered.startswith(prefix) == (name == other["name"])
    assert (prefix <= rendered < prefix_end(prefix)) == (name == other["name"])


@given(strategies.raw_texts(), values_of_raw)
def test_a_beginning_of_a_raw_text_begins_exactly_the_keys_whose_text_begins_so(
    start: str, other: dict[str, Any]
) -> None:
    for text in ("X#{name:raw}#{other:raw}", "X#{id}#{name:raw}", "a_{name:raw}#{id}"):
        template = a_template(text)
        component = next(each for each in template.components if each.name == "name")
        place = template.segments.index(component)
        before = "".join(f"{each}#" for each in template.render(other).split("#")[:place])

        beginning = f"{before}{component.prefix(start)}"

        assert template.render(other).startswith(beginning) == other["name"].startswith(start)


def test_a_raw_text_counts_towards_the_size_of_its_key() -> None:
    key = a_key("{name:raw}", "X#{other:raw}")

    assert key.render({"name": "%" * 2048, "other": "%" * 1022}) is not None
    with pytest.raises(InvalidValueError, match=r"of 2049 bytes is over the limit of 2048"):
        key.render({"name": "%" * 2049, "other": "a"})
    with pytest.raises(InvalidValueError, match=r"of 1025 bytes is over the limit of 1024"):
        key.render({"name": "a", "other": "%" * 1023})


def test_a_raw_text_is_not_written_like_an_encoded_one_nor_like_one_at_another_place() -> None:
    template = a_template("X#{name:raw}")

    assert template.agrees(a_template("X#{other:raw}")) == 2
    assert template.agrees(a_template("X#{name}")) == 1
    assert template.agrees(a_template("X#{name:raw}#{id}")) == 1
    assert a_template("{name:raw}#X").agrees(a_template("{other:raw}#{id}")) == 1


@pytest.mark.parametrize(
    ("text", "other", "lengths", "to_end", "reached"),
    [
        # The end of the range from "X#…" is "X$", which a raw text may be.
        ("X#{id}", "{name:raw}", (False, True), True, True),
        ("X#{id}", "{name:raw}", (False, True), False, False),
        ("X#{id}", "{name}", (False, True), True, False),
        ("X#{id}", "{other}#{name:raw}", (False, True), True, True),
        ("{status}#{id}", "a{name:raw}", (False, True), True, True),
        ("{status}#{id}", "b{name:raw}", (False, True), True, False),
        ("{id}#{at}", "{name:raw}", (False, True), True, True),
        ("{id}#{at}", "{name}", (False, True), True, False),
        ("{id}#{at}", "{priority:3}", (False, True), True, False),
        ("a{id}#{at}", "b{name:raw}", (False, True), True, False),
        # Between "X" and "X$" are texts such as "X!" and "X!#…".
        ("X", "X{name}", (True, True), False, True),
        ("X", "X{name}#{id}", (True, True), False, False),
        ("X", "X{name:raw}#{id}", (True, True), False, True),
        ("X", "X{id}", (True, True), False, False),
        ("X", "Y{name:raw}", (True, True), False, False),
        ("X", "XY", (True, True), False, False),
    ],
)
def test_a_range_reaches_the_texts_that_go_on_with_a_character_before_the_separator(
    text: str, other: str, lengths: tuple[bool, bool], *, to_end: bool, reached: bool
) -> None:
    template = a_template(text)

    assert template.reaches(a_template(other), 1, lengths, to_end=to_end) == reached


def test_a_component_writes_its_moment_at_one_width() -> None:
    component = Component("at", lookup("at", "", last=True))

    assert component.encode(datetime.fromisoformat("2026-02-04T13:00+01:00")) == (
        "2026-02-04T12:00:00.000Z"
    )

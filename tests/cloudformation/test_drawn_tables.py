"""The template of any design declares the table that a local engine gets for it."""

from __future__ import annotations

import re
from types import new_class
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from autoforge.cloudformation import template_of
from autoforge.dynamodb import GSI, LSI, Entity, Id, Integer, Key, Layout, Table
from autoforge.dynamodb.admin.create import table_definition
from autoforge.dynamodb.schema.indexes import Index, KeyType
from tests.cfn.resolved import parsed, resolved

_TEXT_OR_NUMBER: Final[tuple[KeyType, ...]] = ("S", "N")
_KINDS: Final = st.sampled_from(_TEXT_OR_NUMBER)
#: Few letters, so that names of indexes are often alike.
_NAMES: Final = st.text("aA1.-_", min_size=3, max_size=5)
_ATTRIBUTES: Final = st.text("bB#-é ", min_size=1, max_size=4)
_PROJECTIONS: Final = st.one_of(
    st.sampled_from(("ALL", "KEYS_ONLY")),
    st.lists(_ATTRIBUTES.map("more{}".format), min_size=1, max_size=3, unique=True),
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a table with one entity, whose layout and indexes have names and types of their own."""
    attributes = iter(draw(st.lists(_ATTRIBUTES, min_size=16, max_size=16, unique=True)))
    partition_type, sort_type = draw(_KINDS), draw(_KINDS)
    sort_key = draw(st.sampled_from((next(attributes), None)))
    layout = Layout(
        next(attributes),
        sort_key,
        draw(st.sampled_from(("Type", None))),
        draw(st.sampled_from(("Expiry", None))),
        partition_type=partition_type,
        sort_type=sort_type,
    )
    indexes: list[Index] = []
    for name in draw(st.lists(_NAMES, max_size=6, unique=True)):
        if sort_key is not None and draw(st.booleans()):
            if sum(each.is_local for each in indexes) < 5:
                local: Any = {"projection": draw(_PROJECTIONS), "sort_type": draw(_KINDS)}
                indexes.append(LSI(name, next(attributes), **local))
            continue
        sort = draw(st.sampled_from((next(attributes), None)))
        kinds: Any = {"partition_type": draw(_KINDS), "sort_type": draw(_KINDS)}
        indexes.append(GSI(name, next(attributes), sort, projection=draw(_PROJECTIONS), **kinds))
    namespace = {
        "__module__": __name__,
        "layout": layout,
        **_key(layout),
    }
    entity = new_class("Thing", (Entity,), exec_body=lambda body: body.update(namespace))
    return Table("Drawn", (entity,), tuple(indexes))


def _key(layout: Layout) -> dict[str, Any]:
    """The primary key of the entity: numbers are attributes of their own, texts are rendered."""
    one: Any = Integer(attr_name=layout.partition_key) if layout.partition_type == "N" else Id()
    if layout.sort_key is None:
        return {"one": one, "key": Key("{one}" if layout.partition_type == "N" else "A#{one}", "")}
    other: Any = Integer(attr_name=layout.sort_key) if layout.sort_type == "N" else Id()
    partition = "{one}" if layout.partition_type == "N" else "A#{one}"
    sort = "{other}" if layout.sort_type == "N" else "B#{other}"
    return {"one": one, "other": other, "key": Key(partition, sort)}


@given(tables())
def test_keys_types_and_projections_are_those_of_create_table(table: Table) -> None:
    created = table_definition(table, "Drawn").parameters

    made = resolved(parsed(template_of(table)), BillingMode="PROVISIONED")

    deployed = made.properties("Table")
    for name in ("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes"):
        assert deployed.get(name) == created.get(name)
    parts = ("IndexName", "KeySchema", "Projection")
    assert [
        {part: each[part] for part in parts} for each in deployed.get("GlobalSecondaryIndexes", [])
    ] == created.get("GlobalSecondaryIndexes", [])
    assert ("TimeToLiveSpecification" in deployed) == (table.layout.expiry is not None)
    assert ("Metadata" in made.resources["Table"]) == bool(table.local_indexes)


@given(tables())
def test_every_part_of_an_index_has_a_name_of_its_own(table: Table) -> None:
    made = resolved(parsed(template_of(table)), BillingMode="PROVISIONED")

    targets = made.of_type("AWS::ApplicationAutoScaling::ScalableTarget")
    assert len(targets) == 2 * (1 + len(table.global_indexes))
    values = [each["Value"] for name, each in made.outputs.items() if "/index/" in each["Value"]]
    assert sorted(values) == sorted(f"<Table.Arn>/index/{each.name}" for each in table.indexes)
    assert all(re.fullmatch("[A-Za-z0-9]+", name) for name in (*made.resources, *made.outputs))

"""Two entities for tests of writes, and helpers that read stored items."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from autoforge.dynamodb import Entity
from autoforge.dynamodb.schema.choice_attributes import Boolean
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.store.store import Store
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON

#: One minute after noon.
LATER: Final = NOON + timedelta(minutes=1)


class Task(Entity):
    """An entity whose index is sparse for every possible reason."""

    id: Id = Id()
    owner: Text[None] = Text(default=None)
    rank: Text = Text(default="a")
    open: Boolean = Boolean(default=True)
    note: Text[None] = Text(default=None)
    due: Moment[None] = Moment(default=None)

    key = Key("TASK#{id}", "TASK")
    by_owner = Key("OWNER#{owner}#{rank}|NOBODY", "{rank}#{id}", index=GSI1, where={"open": True})


class Line(Entity):
    """An entity that is always in the index; each half of its key has its own attribute."""

    id: Id = Id()
    colour: Text = Text()
    length: Text = Text()

    key = Key("LINE#{id}", "LINE")
    by_colour = Key("COLOUR#{colour}", "{length}#{id}", index=GSI1)


def stored_item(store: Store, entity: Entity) -> dict[str, Any]:
    """An item as DynamoDB returns it through botocore."""
    key = {"PK": {"S": entity.rendered()["PK"]}, "SK": {"S": entity.rendered()["SK"]}}
    answer = store.client.botocore.get_item(
        TableName=store.table_name, Key=key, ConsistentRead=True
    )
    item: dict[str, Any] = answer["Item"]
    return item


def by_key(items: Sequence[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(item["PK"]["S"], item["SK"]["S"]): item for item in items}

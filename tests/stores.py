"""Stores for tests, on fresh tables of an engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any, Final

from autoforge.dynamodb.admin.create import table_definition
from autoforge.dynamodb.client.client import Client, RetryPolicy
from autoforge.dynamodb.encryption import Cipher, LocalCipher
from autoforge.dynamodb.patterns.cursor import Cursors
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import IdMint
from autoforge.forge import Forge
from autoforge.models import PLATFORM_DESIGN
from autoforge.testing.clock import Clock, Waits
from tests.factories import NOON
from tests.servers import Engine

_numbers: Final = count(1)
_mint: Final = IdMint()
_CIPHER: Final = LocalCipher(["an encryption key"])


class _Anything(Design):
    """The platform's table, into which items of every entity may be written."""

    def admits(self, entity: type[Entity]) -> bool:
        """Admit every entity, such as those that a test declares."""
        del entity
        return True


ANYTHING: Final = _Anything("AgenticPM", PLATFORM_DESIGN.entities, PLATFORM_DESIGN.indexes)


def client_of(engine: Engine, **given: Any) -> Client:
    """A client of an engine that never really waits between attempts."""
    waits = Waits()
    return Client(
        region="eu-west-1",
        endpoint_url=engine.endpoint_url,
        **{"sleep": waits.sleep, "timer": waits.timer, "retries": RetryPolicy(), **given},
    )


def store_of(
    client: Client,
    table_name: str,
    clock: Callable[[], datetime],
    design: Design | None = None,
) -> Store:
    """A Store on a table that need not exist yet; without a design it accepts every entity."""
    return Store(
        table_name=table_name,
        client=client,
        cursors=Cursors(["a signing key"]),
        clock=clock,
        new_token=lambda: _mint(NOON),
        design=design or ANYTHING,
    )


def forge_of(
    store: Store,
    *,
    new_id: Callable[[datetime], str] | None = None,
    cipher: Cipher | None = _CIPHER,
) -> Forge:
    """A Forge with the Store's clock and caches that it shares with no other Forge."""
    return Forge(store, clock=store.clock, new_id=new_id or IdMint(), cipher=cipher)


def fresh(client: Client, clock: Clock | None = None, design: Design | None = None) -> Store:
    """A Store on a new, empty table: that of a design, else the platform's."""
    store = store_of(client, f"fresh-table-{next(_numbers)}", clock or Clock(), design)
    client.send(table_definition(design or ANYTHING, store.table_name))
    # dynoxide reports CREATING once before it reports ACTIVE.
    assert any(store.is_ready() for _ in range(3))
    return store


def raw_items(store: Store) -> list[Item]:
    """Read every item of a table as DynamoDB returns it; the Store has no operation for that."""
    items: list[Item] = []
    start: dict[str, Any] = {}
    while True:
        answer = store.client.botocore.scan(TableName=store.table_name, **start)
        items += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return items
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def put_raw(store: Store, *items: Item) -> None:
    """Put items past the Store, as another program would."""
    for item in items:
        store.client.botocore.put_item(TableName=store.table_name, Item=item)

"""The writes of a Store in batches, which have no conditions and are no transactions."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.request import wire_key
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.item_size import require_size
from autoforge.dynamodb.schema.key_value import KeyValue, key_of, shown_key
from autoforge.dynamodb.store import batch
from autoforge.dynamodb.store.mistakes import not_several, require_key
from autoforge.dynamodb.store.reads import Reads
from autoforge.dynamodb.writes.identity import require_entity


class BatchWrites(Reads):
    """Stores and deletes many items in batches."""

    def put_all(self, entities: Iterable[Entity]) -> int:
        """Store entities in batches, replacing existing items, and return how many.

        For loading: a batch has no conditions and is not a transaction. Throttling slows it down.

        Raises:
            DeclarationError: if one is not an entity, or has a unique value, which needs a
                condition.
            InvalidValueError: if an entity cannot be stored; its batch was not sent.
            IncompleteBatchError: if DynamoDB leaves items unprocessed and accepts none for the
                ``patience`` of the retry policy.
            ThrottledError: if whole batches are throttled for as long.

        Examples:
            >>> store.put_all(Book(isbn=f"n{number}", title="New") for number in range(30))
            30
        """
        try:
            members = map(self._put_member, entities)
        except TypeError:
            raise not_several(entities, "entities") from None
        return self._write_all(members)

    def delete_all(self, keys: Iterable[KeyValue]) -> int:
        """Delete items in batches, and return how many keys; a key may have no item.

        A batch has no conditions and is not a transaction. Throttling slows it down.

        Args:
            keys: The primary keys.

        Raises:
            DeclarationError: if one is not a primary key, or is that of an entity with a unique
                value: its look-up item would stay. What came before is deleted.
            IncompleteBatchError: if DynamoDB leaves keys unprocessed and accepts none for the
                ``patience`` of the retry policy.
            ThrottledError: if whole batches are throttled for as long.

        Examples:
            >>> store.delete_all(store.keys_in("BOOK#b1"))
            3
        """
        try:
            members = map(self._delete_member, keys)
        except TypeError:
            raise not_several(keys, "primary keys") from None
        return self._write_all(members)

    def _put_member(self, entity: Entity) -> batch.Member:
        try:
            self._require_own(type(entity))
            if entity.uniques:
                raise DeclarationError(
                    f"{entity.uniques[0]} is unique, and a batch has no conditions: store "
                    f"{type(entity).__name__} by Put"
                )
            item = entity.to_item()
        except (AttributeError, TypeError):
            require_entity(entity)
            raise
        require_size(entity.type_name, item)
        return key_of(item, entity.layout.primary), {"PutRequest": {"Item": item}}

    def _delete_member(self, key: KeyValue) -> batch.Member:
        try:
            for entity in self._known_design.with_unique_values:
                if entity.primary_key.decode(key) is not None:
                    raise DeclarationError(
                        f"{entity.uniques[0]} is unique, and a batch would leave its look-up item: "
                        f"delete {shown_key(key)} by Delete"
                    )
            return key, {"DeleteRequest": {"Key": wire_key(key, self.layout.primary)}}
        except (AttributeError, TypeError, ValueError):
            require_key(key)
            raise

    def _write_all(self, members: Iterable[batch.Member]) -> int:
        """Send writes in batches; paced as a bulk even if the Store is not."""
        pace = self.pace or self.client.pace()
        send = partial(self._send, subject=self, pace=pace)
        primary = self.layout.primary
        return batch.write(self.client, send, self.table_name, members, primary, pace=pace)

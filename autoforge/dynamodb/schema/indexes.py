"""The names of the table's key attributes, of its index and of its time-to-live attribute.

They are written here only; the template, the Store and the keys read them from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Index:
    """The key attributes of the table itself or of a global secondary index."""

    #: The index name; None for the table itself.
    name: str | None
    partition_key: str
    sort_key: str
    #: The projection of the index, such as ``ALL``; None for the table itself.
    projection: str | None = None

    @property
    def consistent_reads(self) -> bool:
        """Whether DynamoDB offers strongly consistent reads here (never on a GSI)."""
        return self.name is None


TABLE: Final = Index(name=None, partition_key="PK", sort_key="SK")
GSI1: Final = Index(name="GSI1", partition_key="GSI1PK", sort_key="GSI1SK", projection="ALL")

#: All global secondary indexes of the table.
GSIS: Final = (GSI1,)

#: The attribute with the type name of an item's entity.
ENTITY_TYPE: Final = "EntityType"
#: The time-to-live attribute, in Unix seconds.
TTL: Final = "TTL"

#: The key attributes of the table and its indexes: rendered from others, never set by a caller.
KEY_ATTRIBUTES: Final = frozenset(
    name for index in (TABLE, *GSIS) for name in (index.partition_key, index.sort_key)
)

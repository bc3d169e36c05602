"""The table's shape: names of its key attributes, its index and its expiry attribute.

Nothing else may spell these names; the template, the Store and the keys read them from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Index:
    """A table's own keys, or those of a global secondary index."""

    #: The index name; None for the table itself.
    name: str | None
    partition_key: str
    sort_key: str
    #: What the index carries of an item; None for the table, which carries all.
    projection: str | None = None

    @property
    def consistent_reads(self) -> bool:
        """Whether DynamoDB offers strongly consistent reads here (never on a GSI)."""
        return self.name is None


TABLE: Final = Index(name=None, partition_key="PK", sort_key="SK")
GSI1: Final = Index(name="GSI1", partition_key="GSI1PK", sort_key="GSI1SK", projection="ALL")

#: Every global secondary index of the table.
GSIS: Final = (GSI1,)

#: Attribute that says which entity an item is.
ENTITY_TYPE: Final = "EntityType"
#: Attribute that DynamoDB's time-to-live reads, in Unix seconds.
TTL: Final = "TTL"

#: Every attribute that is rendered from others and never set by a caller.
KEY_ATTRIBUTES: Final = frozenset(
    name for index in (TABLE, *GSIS) for name in (index.partition_key, index.sort_key)
)

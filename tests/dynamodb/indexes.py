"""An index for the entities that tests declare, and all key attributes of their tables."""

from __future__ import annotations

from typing import Final

from autoforge.dynamodb.schema.indexes import GSI, TABLE

GSI1: Final = GSI("GSI1")

KEY_ATTRIBUTES: Final = frozenset((*TABLE.attributes, *GSI1.attributes))

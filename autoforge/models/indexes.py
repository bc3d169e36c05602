"""The index of the platform's table, for look-ups by status and by date."""

from __future__ import annotations

from typing import Final

from autoforge.dynamodb.schema.indexes import GSI

GSI1: Final = GSI("GSI1")

"""DeployedTable: the table of a template, and the names by which other parts refer to it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from troposphere import GetAtt, Ref, Sub

from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.indexes import Index

#: The name of the table itself in logical ids, where an index has its own name.
_TABLE: Final = "Table"
#: Names that an index cannot have in logical ids: an output named ``<one of these>Arn`` exists.
_TAKEN: Final = (_TABLE, "AlarmTopic", "Stream")
#: The most characters of an index in a logical id. The name of an alarm has 255 at most, of which
#: the stack may take 128.
_LONGEST: Final = 64
_DIGEST: Final = 8


@dataclass(frozen=True)
class DeployedTable:
    """The table of a template.

    Attributes:
        design: Its keys, indexes and expiry.
        logical_id: Its logical id in the template.
    """

    design: Design
    logical_id: str = _TABLE

    @property
    def name(self) -> Ref:
        """A reference to its name."""
        return Ref(self.logical_id)

    @property
    def arn(self) -> GetAtt:
        """A reference to its ARN."""
        return GetAtt(self.logical_id, "Arn")

    def arn_of(self, index: Index) -> Any:
        """A reference to the ARN of the table or of one of its indexes."""
        return self.arn if index.is_table else Sub(f"${{{self.logical_id}.Arn}}/index/{index.name}")

    @property
    def metered(self) -> tuple[Index, ...]:
        """What has capacity of its own: the table and the global indexes.

        A local index uses the capacity of the table.
        """
        return (self.design.primary, *self.design.global_indexes)

    def identifier(self, index: Index) -> str:
        """The name of the table or an index in logical ids: unique, letters and digits only."""
        return self._identifiers[index.name]

    @cached_property
    def _identifiers(self) -> dict[str | None, str]:
        names = [str(index.name) for index in self.design.indexes]
        counted = Counter([*map(_plain, names), *_TAKEN])
        identifiers: dict[str | None, str] = {None: _TABLE}
        for name in names:
            plain = _plain(name)
            identifiers[name] = plain if counted[plain] == 1 else _digested(name)
        return identifiers


def _plain(name: str) -> str:
    plain = re.sub("[^A-Za-z0-9]", "", name)
    return plain if 0 < len(plain) <= _LONGEST else _digested(name)


def _digested(name: str) -> str:
    """An identifier that no other name has, even if both have the same letters and digits."""
    plain = re.sub("[^A-Za-z0-9]", "", name)[: _LONGEST - _DIGEST]
    return f"{plain}{sha256(name.encode()).hexdigest()[:_DIGEST]}"

"""What DynamoDB refuses in the definition of a table, in words that name what to change.

The limits are those of AWS, "Quotas in Amazon DynamoDB" and "Supported data types and naming rules
in Amazon DynamoDB".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from autoforge.dynamodb.schema.indexes import Index, Layout

#: The most indexes of a table.
GLOBAL_INDEXES: Final = 20
LOCAL_INDEXES: Final = 5
#: The most attributes that all indexes of a table together name in ``INCLUDE``; an attribute that
#: two indexes name counts twice.
INCLUDED: Final = 100
#: The most bytes of the name of a key attribute, and of one that an index includes.
ATTRIBUTE_NAME: Final = 255
#: What a table with local indexes is, for good (AWS, "Local secondary indexes").
LOCAL_INDEXES_FOR_GOOD: Final = (
    "a table gets local secondary indexes only when it is created, and all items with one partition"
    " key, together with their entries in local indexes, may then take 10 GB"
)

_NAME: Final = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_NAMES: Final = "DynamoDB takes 3 to 255 letters, digits, underscores, hyphens and dots"


def faults_of_table(name: str, layout: Layout, indexes: Sequence[Index]) -> Iterator[str]:
    """Yield what DynamoDB would refuse about a table and its indexes."""
    if not _NAME.fullmatch(name):
        yield f"the table is named {name!r}: {_NAMES}"
    for each in indexes:
        if each.name is not None and not _NAME.fullmatch(each.name):
            yield f"an index is named {each.name!r}: {_NAMES}"
    for each in (layout.primary, *indexes):
        for attribute in (*each.attributes, *each.included(layout)):
            size = len(attribute.encode())
            if not 0 < size <= ATTRIBUTE_NAME:
                yield (
                    f"{each.shown} names the attribute {attribute[:20]!r}, of {size:,} bytes: "
                    f"DynamoDB takes 1 to {ATTRIBUTE_NAME}"
                )
    included = sum(len(each.included(layout)) for each in indexes)
    if included > INCLUDED:
        yield (
            f"the indexes together include {included} attributes, the type and the expiry of "
            f"items with them; DynamoDB allows {INCLUDED}: project ALL, or include fewer"
        )
    for found, most, word in (
        ([each for each in indexes if not each.is_local], GLOBAL_INDEXES, "global"),
        ([each for each in indexes if each.is_local], LOCAL_INDEXES, "local"),
    ):
        if len(found) > most:
            yield f"the table has {len(found)} {word} indexes; DynamoDB allows {most}"

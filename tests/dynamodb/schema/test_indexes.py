"""The key schema of the table and its indexes."""

from __future__ import annotations

from autoforge.dynamodb.schema.indexes import ENTITY_TYPE, GSI, TABLE, TTL, Index
from tests.dynamodb.indexes import GSI1, KEY_ATTRIBUTES


def test_the_table_is_shaped_as_the_database_analysis_says() -> None:
    assert Index(None, "PK", "SK") == TABLE
    assert GSI("GSI1", "GSI1PK", "GSI1SK", projection="ALL") == GSI1
    assert (ENTITY_TYPE, TTL) == ("EntityType", "TTL")


def test_every_key_attribute_of_table_and_indexes_is_rendered() -> None:
    assert {"PK", "SK", "GSI1PK", "GSI1SK"} == KEY_ATTRIBUTES


def test_only_the_table_itself_is_read_consistently() -> None:
    assert (TABLE.consistent_reads, GSI1.consistent_reads) == (True, False)

"""The key schema of the table and its indexes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from autoforge.dynamodb import LSI, Entity, Expiry, Id, Key, Layout
from autoforge.dynamodb.errors import DeclarationError
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


@pytest.mark.parametrize("names", [["title", "author"], ("title", "author")], ids=["list", "tuple"])
def test_attributes_to_include_are_named_in_any_sequence(names: list[str]) -> None:
    assert GSI("ByTitle", projection=names).projection == ("title", "author")
    assert LSI("ByTitle", projection=names).projection == ("title", "author")


def test_a_projection_that_is_none_is_refused() -> None:
    with pytest.raises(DeclarationError, match="expected ALL, KEYS_ONLY or names of attributes"):
        GSI("ByTitle", projection="SOME")


def test_items_expire_by_the_attribute_of_their_layout() -> None:
    class Session(Entity):
        layout = Layout("pk", "sk", expiry="expires")

        id: Id = Id()

        key = Key("SESSION#{id}", "SESSION")

    class Remembered(Session):
        key = Key("REMEMBERED#{id}", "SESSION")

    at = datetime(2026, 2, 4, tzinfo=UTC)

    assert Session(id="a", expires_at=at).to_item()["expires"] == {"N": "1770163200"}
    assert Remembered(id="a", expires_at=at).to_item()["expires"] == {"N": "1770163200"}


def test_an_expiry_of_one_s_own_is_refused() -> None:
    with pytest.raises(DeclarationError, match="expires_at: Entity itself needs this name"):

        class Session(Entity):
            layout = Layout(expiry="expires")

            id: Id = Id()
            expires_at = Expiry()

            key = Key("SESSION#{id}", "SESSION")

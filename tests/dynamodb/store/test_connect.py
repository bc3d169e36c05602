"""``Store.connect`` makes a Store for the table of a design, and sends nothing."""

from __future__ import annotations

import pytest

from autoforge.dynamodb import Entity, Id, Key, Put, Store
from autoforge.dynamodb.schema.design import Design
from autoforge.errors import ConfigurationError, DeclarationError


class Room(Entity):
    """A room of a hotel."""

    id: Id = Id()

    key = Key("ROOM#{id}", "METADATA")


class Guest(Entity):
    """An entity that the design below does not have."""

    id: Id = Id()

    key = Key("GUEST#{id}", "METADATA")


HOTEL = Design("Hotel", (Room,))
#: Nothing listens there: a request would fail.
NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize("design", [HOTEL, lambda: HOTEL], ids=["design", "function"])
def test_the_table_has_the_name_of_the_design_unless_another_is_given(design: Design) -> None:
    def connected(table_name: str | None = None) -> Store:
        return Store.connect(
            design, region="eu-west-1", table_name=table_name, endpoint_url=NOWHERE
        )

    assert connected().table_name == "Hotel"
    assert connected("Hotel-test").table_name == "Hotel-test"


@pytest.mark.parametrize("design", [HOTEL, lambda: HOTEL], ids=["design", "function"])
def test_an_entity_of_another_design_is_refused_before_anything_is_sent(design: Design) -> None:
    store = Store.connect(design, region="eu-west-1", endpoint_url=NOWHERE)

    with pytest.raises(DeclarationError, match="Guest is not an entity of Hotel"):
        store.write(Put(Guest(id="ann")))


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://"])
def test_an_endpoint_that_no_request_can_be_sent_to_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="expected http"):
        Store.connect(HOTEL, region="eu-west-1", endpoint_url=url)

"""An entity that never expires has no expiry to store, to read or to demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest

from autoforge.dynamodb import (
    GSI,
    Entity,
    Get,
    Id,
    Integer,
    Key,
    Moment,
    Projection,
    Put,
    Query,
    Table,
    Text,
    Update,
    optional,
)
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.errors import DeclarationError, InvalidValueError
from autoforge.testing.recording import watching
from tests.factories import NOON
from tests.stores import fresh, put_raw

BY_CITY = GSI("ByCity", projection="KEYS_ONLY")


class Station(Entity):
    """A station, which is there for good."""

    never_expires = True

    id: Id = Id()
    city: Text = Text()
    trains: Integer = Integer(default=0)

    key = Key("STATION#{id}", "STATION")
    in_city = Key("CITY#{city}", "{id}", index=BY_CITY)


class Delay(Entity):
    """A delay, in the same table, which expires."""

    id: Id = Id()
    minutes: Integer = Integer(default=0)

    key = Key("DELAY#{id}", "DELAY")


@dataclass(frozen=True)
class Place(Projection[Station]):
    """What the index has of a station."""

    id: str
    city: str


@dataclass(frozen=True)
class StationById(Get[Station]):
    """Which station is this?"""

    key = Station.key
    id: str


@dataclass(frozen=True)
class StationsInCity(Query[Place]):
    """Which stations are in this city?"""

    key = Station.in_city
    city: str


RAILWAY = Table(
    "Railway",
    entities=(Station, Delay),
    indexes=(BY_CITY,),
    patterns=(StationById, StationsInCity),
)


@pytest.fixture
def railway(client: Client) -> Store:
    return fresh(client, design=RAILWAY)


def test_an_index_of_keys_alone_answers_with_entities_that_never_expire(
    railway: Store,
) -> None:
    railway.save(Put(Station(id="s1", city="Leeds")))

    assert list(railway.each(StationsInCity("Leeds"))) == [Place("s1", "Leeds")]


def test_its_items_take_no_expiry() -> None:
    with pytest.raises(InvalidValueError, match=r"^Station has no attribute 'expires_at'"):
        Station(id="s1", city="Leeds", expires_at=NOON)
    with pytest.raises((DeclarationError, InvalidValueError), match="expires_at"):
        Update(Station, {"id": "s1"}, NOON, changes={"expires_at": NOON})


def test_its_updates_demand_nothing_about_an_expiry(railway: Store) -> None:
    arrival = [Station.trains.add(1), Station.city.set("York")]
    with watching(railway) as watched:
        railway.save(Update(Station, {"id": "s1"}, NOON, changes=arrival, initial={}))
        railway.save(Update(Delay, {"id": "d1"}, NOON, changes=[Delay.minutes.add(1)], initial={}))

    assert ["TTL" in str(parameters) for _, parameters in watched.sent] == [False, True]


def test_what_another_program_stored_as_its_expiry_is_kept(railway: Store) -> None:
    item = Station(id="s1", city="Leeds").to_item() | {"TTL": {"N": "1"}}
    put_raw(railway, item)

    found = railway.require(StationById("s1"))

    assert found.expiry is None
    assert found.unknown == {"TTL": 1}
    assert found.to_item() == item


def test_an_entity_cannot_both_expire_and_never_expire() -> None:
    with pytest.raises(DeclarationError, match=r"^Brief has a lifetime, but never_expires$"):

        class Brief(Entity):
            never_expires = True
            lifetime = timedelta(days=1)
            id: Id = Id()
            created_at: Moment = Moment()
            key = Key("BRIEF#{id}", "BRIEF")

    with pytest.raises(DeclarationError, match=r"^Marked has a deletion_mark, whose items expire"):

        class Marked(Entity):
            never_expires = True
            deletion_mark = "deleted"
            id: Id = Id()
            deleted: Any = optional(Text())
            key = Key("MARKED#{id}", "MARKED")


def test_an_entity_may_expire_though_its_base_never_does() -> None:
    class Stop(Station):
        never_expires: ClassVar[bool] = False
        type_name = "Stop"

    stop = Stop(id="s1", city="Leeds", expires_at=datetime(2026, 2, 5).astimezone())

    assert stop.to_item()["TTL"]
    assert "TTL" not in Station(id="s1", city="Leeds").to_item()

"""A Store on tables that are not laid out as ours: every read and write, on every engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest

from autoforge.dynamodb import (
    GSI,
    Array,
    Check,
    Delete,
    Document,
    Entity,
    Fetch,
    Get,
    Id,
    Integer,
    Json,
    Key,
    Layout,
    Moment,
    Put,
    Query,
    SortRange,
    Store,
    Table,
    Text,
    Transaction,
    Update,
)
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.errors import (
    ConditionFailedError,
    DeclarationError,
    InvalidCursorError,
    ItemExistsError,
    ItemNotFoundError,
)
from autoforge.testing.clock import Clock
from tests.factories import NOON
from tests.stores import fresh, put_raw, raw_items

pytestmark = pytest.mark.every_engine

# A table without a sort key, whose items expire under a name of its own.


class Session(Entity):
    """A session of a browser."""

    layout = Layout("session-id", None, entity_type="kind", expiry="gone.at")
    lifetime = timedelta(hours=1)

    token: Id = Id(attr_name="session-id")
    user: Text[None] = Text(default=None)
    created_at: Moment = Moment()

    key = Key("{token}")
    of_user = Key("{user}", "{created_at}", index=GSI("By.User", "user", "createdAt"))


@dataclass(frozen=True)
class SessionByToken(Get[Session]):
    """Whose session is this?"""

    source = "a website"
    key = Session.key

    token: str


@dataclass(frozen=True)
class SessionsOfUser(Query[Session]):
    """Which sessions has this user, newest first?"""

    source = "a website"
    key = Session.of_user
    newest_first = True

    user: str


@dataclass(frozen=True)
class SessionsByToken(Fetch[Session]):
    """Whose sessions are these?"""

    source = "a website"

    tokens: tuple[str, ...]

    def primary_keys(self) -> list[KeyValue]:
        return [SessionByToken(token).primary_key() for token in self.tokens]


SESSIONS = Table(
    "Sessions",
    (Session,),
    (GSI("By.User", "user", "createdAt"),),
    (SessionByToken, SessionsOfUser, SessionsByToken),
)


@pytest.fixture
def sessions(client: Client, clock: Clock) -> Store:
    """An empty table of sessions."""
    return fresh(client, clock, SESSIONS)


def _session(token: str, user: str | None = "ann", minutes: int = 0) -> Session:
    return Session(token=token, user=user, created_at=NOON + timedelta(minutes=minutes))


def test_a_table_without_a_sort_key_is_written_and_read(sessions: Store) -> None:
    sessions.save(Put(_session("a")))
    sessions.put_all([_session("b", minutes=1), _session("c", user=None)])

    assert sessions.require(SessionByToken("a"), consistent=True) == _session("a")
    assert [each.token for each in sessions.each(SessionsOfUser("ann"), page_size=1)] == ["b", "a"]
    assert [each.token for each in sessions.fetch(SessionsByToken(("c", "x", "a")))] == ["c", "a"]
    assert raw_items(sessions)[0].keys() >= {"session-id", "kind", "gone.at", "createdAt"}
    with pytest.raises(ItemExistsError):
        sessions.save(Put(_session("a")))


def test_an_update_of_a_plain_key_attribute_moves_the_item_in_the_index(sessions: Store) -> None:
    sessions.save(Put(_session("a")))

    moved = sessions.save(Update(Session, {"token": "a"}, NOON, changes={"user": "bob#1"}))
    assert [each.token for each in sessions.each(SessionsOfUser("bob#1"))] == ["a"]
    left = sessions.save(Update(Session, {"token": "a"}, NOON, changes={"user": None}))

    assert (moved.user, left.user) == ("bob#1", None)
    assert (
        [*sessions.each(SessionsOfUser("bob#1"))] == [*sessions.each(SessionsOfUser("ann"))] == []
    )


def test_an_update_of_one_plain_key_attribute_need_not_give_the_other(sessions: Store) -> None:
    sessions.put_all([_session("a"), _session("b", minutes=1)])
    later = NOON + timedelta(minutes=2)

    sessions.save(Update(Session, {"token": "a"}, NOON, changes={"created_at": later}))

    assert [each.token for each in sessions.each(SessionsOfUser("ann"))] == ["a", "b"]


def test_an_update_may_create_an_item_under_a_plain_key(sessions: Store) -> None:
    write = Update(
        Session, {"token": "a"}, NOON, changes={"user": "ann"}, initial={"created_at": NOON}
    )

    assert sessions.save(write) == sessions.save(write)
    assert sessions.require(SessionByToken("a")).expires_at == NOON + timedelta(hours=1)


def test_items_expire_by_the_attribute_that_the_layout_names(sessions: Store, clock: Clock) -> None:
    sessions.save(Put(_session("a")))
    clock.now = NOON + timedelta(hours=1)

    assert sessions.get(SessionByToken("a")) is None
    assert [*sessions.each(SessionsOfUser("ann"))] == []
    with pytest.raises(ItemNotFoundError):
        sessions.save(Update(Session, {"token": "a"}, clock.now, changes={"user": "bob"}))
    replaced = sessions.save(Put(_session("a", minutes=60), expired_by=clock.now))
    assert sessions.get(SessionByToken("a")) == replaced


def test_a_transaction_in_another_layout_is_all_or_nothing_and_leaves_its_mark(
    sessions: Store,
) -> None:
    sessions.save(Put(_session("a")))
    both = [Put(_session("b")), Check(Session, {"token": "a"}, NOON)]

    sessions.transact(Transaction(both, marked=True))
    sessions.delete_all([KeyValue("b")])
    with pytest.raises(ConditionFailedError):
        sessions.transact(
            Transaction(
                [
                    Put(_session("b")),
                    Update(
                        Session,
                        {"token": "a"},
                        NOON,
                        changes={"user": "eve"},
                        expected={"user": "bob"},
                    ),
                ]
            )
        )
    sessions.write(Delete(Session, {"token": "a"}))

    (mark,) = raw_items(sessions)
    assert mark["kind"] == {"S": "TransactionMark"}
    assert str(mark["session-id"]["S"]).startswith("TRANSACTION#")


def test_a_cursor_of_another_layout_is_bound_to_its_query(sessions: Store) -> None:
    sessions.put_all([_session(token, minutes=n) for n, token in enumerate("abc")])
    first = sessions.page(SessionsOfUser("ann"), limit=1)

    with pytest.raises(InvalidCursorError):
        sessions.page(SessionsOfUser("bob"), limit=1, cursor=first.cursor)
    second = sessions.page(SessionsOfUser("ann"), limit=1, cursor=first.cursor)
    assert [each.token for each in (*first.items, *second.items)] == ["c", "b"]


# A table whose items store no type, with an index that is the table turned round.

TURNED = GSI("Turned", "child", "parent")


class Node(Entity):
    """An element of a graph."""

    layout = Layout("parent", "child", entity_type=None, expiry=None)

    id: Id = Id()
    name: Text = Text()
    key = Key("NODE#{id}", "NODE#{id}")
    turned = Key("NODE#{id}", "NODE#{id}", index=TURNED)


class Edge(Entity):
    """A connection of two elements."""

    layout = Layout("parent", "child", entity_type=None, expiry=None)

    start: Id = Id(stored=False)
    end: Id = Id(stored=False)
    weight: Integer = Integer()
    key = Key("NODE#{start}", "EDGE#{end}")
    turned = Key("EDGE#{end}", "NODE#{start}", index=TURNED)


@dataclass(frozen=True)
class EdgesFrom(Query[Edge]):
    """Where does this element lead?"""

    source = "a graph"
    key = Edge.key

    start: str


@dataclass(frozen=True)
class EdgesTo(Query[Edge]):
    """Which elements lead here?"""

    source = "a graph"
    key = Edge.turned

    end: str


GRAPH = Table("Graph", (Node, Edge), (TURNED,), (EdgesFrom, EdgesTo))


@pytest.fixture
def graph(client: Client) -> Store:
    """A graph of three elements and four edges, with items of another program among them."""
    store = fresh(client, design=GRAPH)
    store.put_all(Node(id=each, name=each) for each in "abc")
    for start, end in ("ab", "ac", "bc", "ca"):
        store.save(Put(Edge(start=start, end=end, weight=1)))
    put_raw(
        store,
        {"parent": {"S": "NODE#a"}, "child": {"S": "EDGE#c#2"}, "weight": {"N": "9"}},
        {"parent": {"S": "NODE#a"}, "child": {"S": "edge"}},
    )
    return store


def test_items_of_a_partition_are_told_apart_by_their_keys(graph: Store) -> None:
    found = [*graph.each(EdgesFrom("a"), page_size=1)]

    assert [(each.start, each.end) for each in found] == [("a", "b"), ("a", "c")]


def test_an_index_of_the_tables_own_key_attributes_turns_it_round(graph: Store) -> None:
    found = [*graph.each(EdgesTo("c"), page_size=1)]

    assert [(each.start, each.end) for each in found] == [("a", "c"), ("b", "c")]
    graph.save(Update(Edge, {"start": "a", "end": "c"}, NOON, changes={"weight": 5}))
    assert [each.weight for each in graph.each(EdgesTo("c"))] == [5, 1]
    graph.write(Delete(Edge, {"start": "a", "end": "c"}))
    assert [each.start for each in graph.each(EdgesTo("c"))] == ["b"]


def test_a_write_by_key_does_not_meet_an_item_of_another_type(graph: Store) -> None:
    missing: list[Any] = [
        Update(Edge, {"start": "a", "end": "x"}, NOON, changes={"weight": 1}),
        Delete(Edge, {"start": "a", "end": "x"}),
    ]
    for write in missing:
        with pytest.raises(ItemNotFoundError):
            graph.write(write)


# A numeric partition key and a numeric sort key.


class Reading(Entity):
    """What a sensor measured."""

    layout = Layout("sensor", "at", partition_type="N", sort_type="N", expiry=None)

    sensor: Integer = Integer()
    at: Integer = Integer()
    value: Integer = Integer()
    key = Key("{sensor}", "{at}")


@dataclass(frozen=True)
class Readings(Query[Reading]):
    """What did this sensor measure?"""

    source = "sensors"
    key = Reading.key
    range = SortRange("at", at_least="since", below="until", above=("after",))

    sensor: int
    since: int | None = None
    until: int | None = None
    after: int | None = None


SENSORS = Table("Sensors", (Reading,), patterns=(Readings,))
TIMES = [-(10**20), -5, -1, 0, 1, 9, 10, 100, 10**20]


@pytest.fixture
def sensors(client: Client) -> Store:
    """Readings of two sensors, whose times sort otherwise as texts."""
    store = fresh(client, design=SENSORS)
    store.put_all(Reading(sensor=each, at=at, value=0) for each in (7, -7) for at in TIMES)
    return store


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("since", [None, -1, 0, 2, 10])
@pytest.mark.parametrize("until", [None, 0, 10, 101])
@pytest.mark.parametrize("after", [None, -5, 0, 5])
def test_numbers_are_compared_as_numbers(
    sensors: Store, since: int | None, until: int | None, after: int | None, *, newest_first: bool
) -> None:
    if since is not None and until is not None and since > until:
        return
    query = Readings(7, since, until, after, order="desc" if newest_first else "asc")

    found = [each.at for each in sensors.each(query, page_size=3)]

    expected = [
        at
        for at in TIMES
        if (since is None or at >= since)
        and (until is None or at < until)
        and (after is None or at > after)
    ]
    assert found == (expected[::-1] if newest_first else expected)


def test_a_table_of_numbers_takes_every_write(sensors: Store) -> None:
    sensors.save(Update(Reading, {"sensor": 7, "at": 10}, NOON, changes={"value": 3}))
    sensors.transact(
        Transaction(
            [Delete(Reading, {"sensor": 7, "at": 9}), Put(Reading(sensor=8, at=1, value=1))]
        )
    )
    sensors.delete_all([KeyValue("7", "100"), KeyValue("-7", "0")])

    assert [each.value for each in sensors.each(Readings(7, since=5))] == [3, 0]
    assert [*sensors.keys_in("8")] == [KeyValue("8", "1")]


# Attributes that stand only in keys.


class Visit(Entity):
    """A visit of a room, whose time is only in an index key."""

    layout = Layout(expiry=None)

    room: Id = Id(stored=False)
    guest: Text = Text()
    at: Moment = Moment(stored=False)
    bill: Integer = Integer(default=0)

    key = Key("ROOM#{room}", "VISIT")
    by_time = Key("VISITS", "{at}", index=GSI("ByTime"))


VISITS = Table("Visits", (Visit,), (GSI("ByTime"),))


def test_an_update_leaves_what_stands_only_in_keys_as_it_is(client: Client) -> None:
    store = fresh(client, design=VISITS)
    visit = Visit(room="7", guest="Ann", at=NOON)
    store.save(Put(visit))

    changed = store.save(Update(Visit, {"room": "7"}, NOON, changes=(Visit.bill.add(5),)))

    assert (changed.room, changed.at, changed.bill) == ("7", NOON, 5)
    (item,) = raw_items(store)
    assert item.keys() == {"PK", "SK", "ByTimePK", "ByTimeSK", "EntityType", "guest", "bill"}


def test_an_update_of_what_stands_only_in_keys_is_refused() -> None:
    with pytest.raises(
        DeclarationError, match=r"^Visit.at is not stored but in keys: an update cannot change or"
    ):
        Update(Visit, {"room": "7"}, NOON, changes=(Visit.at.set(NOON),))


class Profile(Entity):
    """An item of another program, with documents of any types."""

    layout = Layout("pk", "sk", entity_type=None, expiry=None)

    id: Id = Id(stored=False)
    settings: Document = Document()
    history: Array = Array(default=[])
    extra: Json[None] = Json(default=None)
    nickname: Text[None] = Text(default=None)
    seen: Moment[None] = Moment(form="%Y-%m-%d", default=None)
    visits: Integer = Integer(default=0)

    key = Key("PROFILE#{id}", "PROFILE")


def test_documents_and_nulls_of_another_program_are_written_back_as_they_were(
    client: Client, clock: Clock
) -> None:
    store = fresh(client, clock, Table("Profiles", (Profile,)))
    session = boto3.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name="eu-west-1"
    )
    address = store.client.botocore.meta.endpoint_url
    table = session.resource("dynamodb", endpoint_url=address).Table(store.table_name)
    nested = {"tags": {"b", "a"}, "sizes": {Decimal(2), Decimal("0.5")}, "raw": b"\x00\xff"}
    exact = Decimal("0.1234567890123456789012345678901234567")
    table.put_item(
        Item={
            "pk": "PROFILE#p", "sk": "PROFILE",
            "settings": {**nested, "exact": exact, "blobs": {b"x"}, "none": None, "m": nested},
            "history": [nested, exact, 10**37],
            "extra": None, "nickname": None, "seen": None, "visits": 1,
        }
    )  # fmt: skip
    (before,) = raw_items(store)
    (page,) = store.admin.scan()
    (read,) = [each.entity for each in page.items]
    assert isinstance(read, Profile)

    store.save(Put(read, replace=True))
    (after,) = raw_items(store)
    assert _unordered(after) == _unordered(before)
    store.save(Put(Profile(id="copy", settings=read.settings, history=read.history)))
    copied = next(each for each in raw_items(store) if each["pk"]["S"] == "PROFILE#copy")
    assert _unordered(copied["settings"]) == _unordered(before["settings"])
    assert _unordered(copied["history"]) == _unordered(before["history"])
    same = Profile.settings.equals(read.settings)
    store.save(
        Update(
            Profile, {"id": "p"}, NOON,
            changes=[Profile.visits.add(1)], condition=same,
        )
    )  # fmt: skip
    updated = next(each for each in raw_items(store) if each["pk"]["S"] == "PROFILE#p")
    assert _unordered(updated) == _unordered(before) | {"visits": {"N": "2"}}


def _unordered(wire: Any) -> Any:
    """Return stored values whose sets have an order."""
    if isinstance(wire, list):
        return [_unordered(each) for each in wire]
    if not isinstance(wire, dict):
        return wire
    return {
        name: sorted(each) if name in {"SS", "NS", "BS"} else _unordered(each)
        for name, each in wire.items()
    }

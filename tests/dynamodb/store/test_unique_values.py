"""A value that at most one item has, on every write, whoever else writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from autoforge.dynamodb import (
    ByUnique,
    Delete,
    Entity,
    Get,
    Id,
    Integer,
    Key,
    Layout,
    Moment,
    Operation,
    Put,
    Query,
    Store,
    Table,
    Text,
    Transaction,
    Unique,
    Update,
    permissions_of,
)
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import key_of
from autoforge.dynamodb.transport.transport import Transport
from autoforge.errors import (
    AutoforgeError,
    ConditionFailedError,
    DeclarationError,
    InvalidTransactionError,
    ItemExistsError,
    ItemNotFoundError,
    NotUniqueError,
)
from autoforge.testing.clock import Clock
from autoforge.testing.recording import WrappedTransport, watching
from tests.factories import NOON
from tests.stores import fresh, put_raw, raw_items

pytestmark = pytest.mark.every_engine


class User(Entity):
    """A person with an e-mail address and perhaps a badge."""

    id: Id = Id()
    email: Text = Text()
    badge: Integer[None] = Integer(default=None)
    logins: Integer = Integer(default=0)

    key = Key("USER#{id}", "USER")
    by_email = Unique("EMAIL#{email}")
    by_badge = Unique("BADGE#{badge:4}")


class Robot(Entity):
    """A robot, which shares the e-mail addresses with people."""

    id: Id = Id()
    email: Text = Text()

    key = Key("ROBOT#{id}", "ROBOT")
    by_email = Unique("EMAIL#{email}")


@dataclass(frozen=True)
class UserById(Get[User]):
    """Who is this?"""

    key = User.key
    id: str


@dataclass(frozen=True)
class UserByEmail(ByUnique[User]):
    """Who has this e-mail address?"""

    unique = User.by_email
    email: str


@dataclass(frozen=True)
class UserByBadge(ByUnique[User]):
    """Who has this badge?"""

    unique = User.by_badge
    badge: int


PEOPLE = Table("People", (User, Robot), patterns=(UserById, UserByEmail, UserByBadge))


@pytest.fixture
def people(client: Client) -> Store:
    """An empty table of people."""
    return fresh(client, design=PEOPLE)


def _look_ups(store: Store) -> dict[str, str]:
    """The look-up items, each with the partition key of its owner."""
    items = [item for item in raw_items(store) if item["SK"] == {"S": "UNIQUE"}]
    return {item["PK"]["S"]: item["ownerPartition"]["S"] for item in items}


def _in_order(store: Store) -> list[Item]:
    return sorted(raw_items(store), key=lambda item: key_of(item, TABLE))


def _agree(store: Store) -> bool:
    """Whether the look-up items are exactly those of the people and robots."""
    expected: dict[str, str] = {}
    for item in raw_items(store):
        owner = item["PK"]["S"]
        if "email" in item and item["SK"] != {"S": "UNIQUE"}:
            expected[f"EMAIL#{item['email']['S']}"] = owner
        if "badge" in item and item["SK"] != {"S": "UNIQUE"}:
            expected[f"BADGE#{int(item['badge']['N']):04}"] = owner
    return _look_ups(store) == expected


def _ann(**over: Any) -> User:
    return User(**{"id": "ann", "email": "ann@x", "badge": 7, **over})


def test_an_item_is_found_by_each_of_its_unique_values(people: Store) -> None:
    people.save(Put(_ann()))

    assert people.require(UserByEmail("ann@x"), consistent=True) == _ann()
    assert people.require(UserByBadge(7)).id == "ann"
    assert people.get(UserByEmail("bob@x")) is None
    assert _look_ups(people) == {"EMAIL#ann@x": "USER#ann", "BADGE#0007": "USER#ann"}


def test_a_value_that_is_taken_is_refused_and_says_by_whom(people: Store) -> None:
    people.save(Put(_ann()))
    taking: list[Put[Any]] = [
        Put(User(id="bob", email="ann@x")),
        Put(User(id="bob", email="bob@x", badge=7)),
        Put(Robot(id="bob", email="ann@x")),
    ]

    for put in taking:
        with pytest.raises(NotUniqueError, match=r"exists already: it is at USER#ann / USER$"):
            people.save(put)
    with pytest.raises(ItemExistsError, match=r"^User with id 'ann' exists already$"):
        people.save(Put(_ann(email="other@x", badge=None)))
    assert _agree(people)
    assert [item["SK"]["S"] for item in _in_order(people)] == ["UNIQUE", "UNIQUE", "MARK", "USER"]


@pytest.mark.parametrize(
    ("changes", "email", "badge"),
    [
        ((User.email.set("new@x"),), "new@x", 7),
        ((User.badge.set(8),), "ann@x", 8),
        ((User.badge.remove(),), "ann@x", None),
        ((User.email.set("new@x"), User.badge.set(9)), "new@x", 9),
        ((User.email.set("ann@x"), User.logins.add(1)), "ann@x", 7),
    ],
)
def test_an_update_moves_the_look_up_items(
    people: Store, changes: Any, email: str, badge: int | None
) -> None:
    people.save(Put(_ann()))

    changed = people.save(Update(User, {"id": "ann"}, NOON, changes=changes))

    assert (changed.email, changed.badge) == (email, badge)
    assert people.require(UserByEmail(email)).id == "ann"
    assert _agree(people)


def test_an_update_of_other_attributes_is_one_request(people: Store) -> None:
    people.save(Put(_ann()))

    with watching(people.client) as watched:
        people.save(Update(User, {"id": "ann"}, NOON, changes=(User.logins.add(2),)))

    assert watched.operations == ["UpdateItem"]


def test_a_value_is_free_again_once_its_item_is_gone_or_has_another(people: Store) -> None:
    people.save(Put(_ann()))
    people.save(Update(User, {"id": "ann"}, NOON, changes=(User.email.set("a@x"),)))
    people.save(Put(Robot(id="r", email="ann@x")))
    people.write(Delete(User, {"id": "ann"}))
    people.save(Put(User(id="bob", email="a@x", badge=7)))

    assert _agree(people)
    assert people.require(UserByEmail("a@x")).id == "bob"


def test_a_refused_write_changes_no_look_up_item(people: Store) -> None:
    people.save(Put(_ann()))
    people.save(Put(User(id="bob", email="bob@x")))
    before = _in_order(people)
    refused: list[tuple[Any, type[AutoforgeError]]] = [
        (Update(User, {"id": "ann"}, NOON, changes={"email": "bob@x"}), NotUniqueError),
        (
            Update(
                User, {"id": "ann"}, NOON, changes={"email": "new@x"}, expected={"email": "old@x"}
            ),
            ConditionFailedError,
        ),
        (Update(User, {"id": "eve"}, NOON, changes={"email": "new@x"}), ItemNotFoundError),
        (Delete(User, {"id": "eve"}), ItemNotFoundError),
        (
            Delete(User, {"id": "ann"}, condition=User.logins.above(3)),
            ConditionFailedError,
        ),
    ]

    for write, error in refused:
        with pytest.raises(error):
            people.write(write)
    assert _in_order(people) == before
    people.write(Delete(User, {"id": "eve"}, missing_ok=True))
    assert _in_order(people) == before


def test_an_overwriting_put_moves_the_look_up_items_of_what_it_overwrites(people: Store) -> None:
    people.save(Put(_ann()))

    people.save(Put(_ann(email="new@x", badge=None), replace=True))
    people.save(Put(User(id="bob", email="bob@x"), replace=True))

    assert _agree(people)
    assert people.get(UserByBadge(7)) is None


def test_an_update_that_creates_an_item_makes_its_look_up_items(people: Store) -> None:
    write = Update(
        User, {"id": "ann"}, NOON, changes=(User.email.set("ann@x"),), initial={"badge": 3}
    )

    created = people.save(write)
    again = people.save(write)

    assert created == again == _ann(badge=3)
    assert _agree(people)


def test_several_items_change_together_or_not_at_all(people: Store) -> None:
    people.transact(Transaction([Put(_ann()), Put(User(id="bob", email="bob@x"))]))
    with pytest.raises(NotUniqueError):
        people.transact(
            Transaction(
                [
                    Update(User, {"id": "bob"}, NOON, changes=(User.badge.set(1),)),
                    Put(Robot(id="r", email="ann@x")),
                ]
            )
        )

    assert _agree(people)
    assert people.require(UserById("bob")).badge is None


def test_a_batch_which_has_no_conditions_is_refused(people: Store) -> None:
    with pytest.raises(
        DeclarationError, match=r"^User.by_email is unique, and a batch has no conditions: store"
    ):
        people.put_all([_ann()])
    assert raw_items(people) == []


def test_a_batch_does_not_delete_an_item_and_leave_its_look_up_item(people: Store) -> None:
    ann = people.save(Put(_ann()))
    key = ann.primary_key.render(ann.attribute_values)
    assert key is not None

    with pytest.raises(
        DeclarationError, match=r"^User.by_email is unique, and a batch would leave its look-up"
    ):
        people.delete_all([key])
    assert _agree(people)


@pytest.mark.one_engine
def test_of_many_that_take_a_value_at_once_one_gets_it(people: Store) -> None:
    def race(count: int, write: Callable[[int], Any]) -> list[Any]:
        start = Barrier(count)

        def run(number: int) -> Any:
            start.wait()
            try:
                return people.write(write(number))
            except NotUniqueError as error:
                return error

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(run, range(count)))

    made = race(8, lambda n: Put(User(id=f"u{n}", email="one@x")))
    assert sum(isinstance(each, User) for each in made) == 1
    people.save(Put(_ann()))
    race(8, lambda n: Update(User, {"id": "ann"}, NOON, changes=(User.email.set(f"{n % 3}@x"),)))

    assert _agree(people)


class Seat(Entity):
    """A seat that is held for an hour."""

    lifetime = timedelta(hours=1)

    id: Id = Id()
    place: Text = Text()
    created_at: Moment = Moment()
    key = Key("SEAT#{id}", "SEAT")
    one = Unique("PLACE#{place}")


class Interposed(WrappedTransport):
    """A transport that lets another caller write before the first transaction is sent."""

    def __init__(self, sound: Transport, between: Callable[[], object]) -> None:
        self._sound, self._between = sound, between

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        between = self._between
        if operation == "TransactWriteItems":
            self._between = lambda: None
            between()
        return self._sound.exchange(operation, parameters)


@pytest.mark.parametrize(
    "write",
    [
        Update(User, {"id": "ann"}, NOON, changes=(User.email.set("late@x"),)),
        Put(_ann(email="late@x"), replace=True),
        Delete(User, {"id": "ann"}),
        Update(User, {"id": "ann"}, NOON, changes={"email": "late@x"}, initial={"badge": 4}),
    ],
    ids=["update", "put", "delete", "upsert"],
)
@pytest.mark.parametrize("rival", ["moves", "moves and returns", "deletes", "creates"])
def test_a_write_that_another_overtakes_leaves_no_look_up_item_behind(
    people: Store, write: Any, rival: str
) -> None:
    if rival != "creates":
        people.save(Put(_ann()))
    sound = people.client.active_transport

    def between() -> None:
        people.client.active_transport = sound
        match rival:
            case "creates":
                people.save(Put(_ann()))
            case "deletes":
                people.write(Delete(User, {"id": "ann"}))
            case _:
                people.save(Update(User, {"id": "ann"}, NOON, changes={"email": "early@x"}))
        if rival == "moves and returns":
            people.save(Update(User, {"id": "ann"}, NOON, changes={"email": "ann@x"}))
        people.client.active_transport = interposed

    interposed = Interposed(sound, between)
    people.client.active_transport = interposed
    try:
        people.write(write)
    except ItemNotFoundError:
        assert rival in {"deletes", "creates"}
    finally:
        people.client.active_transport = sound

    assert _agree(people)


def test_an_expired_item_gives_its_value_up(client: Client, clock: Clock) -> None:
    store = fresh(client, clock, Table("Seats", (Seat,)))
    store.save(Put(Seat(id="a", place="1A", created_at=NOON)))
    clock.now = NOON + timedelta(hours=1)
    later = Seat(id="b", place="1A", created_at=clock.now)

    with pytest.raises(NotUniqueError):
        store.save(Put(later))
    assert store.save(Put(later, expired_by=clock.now)) == later


class Guest(Entity):
    """A guest of a house, who may leave, and whose name at the door no other guest has."""

    house: Id = Id()
    id: Id = Id()
    name: Text = Text()

    key = Key("HOUSE#{house}", "GUEST#{id}")
    by_name = Unique("NAME#{name}")


@dataclass(frozen=True)
class GuestByName(ByUnique[Guest]):
    """Who is at the door?"""

    unique = Guest.by_name
    name: str


@pytest.fixture
def guests(client: Client, clock: Clock) -> Store:
    """An empty table of guests."""
    return fresh(client, clock, Table("Guests", (Guest,), patterns=(GuestByName,)))


@pytest.mark.parametrize("house", ["h", "another"])
@pytest.mark.parametrize(
    "leaving",
    [
        Delete(Guest, {"house": "h", "id": "1"}),
        Put(Guest(house="h", id="1", name="Eve"), replace=True),
    ],
    ids=["delete", "put"],
)
def test_an_expired_item_leaves_its_value_to_the_item_that_took_it(
    guests: Store, clock: Clock, house: str, leaving: Any
) -> None:
    guests.save(Put(Guest(house="h", id="1", name="Ann", expires_at=clock.now)))
    taking = Put(Guest(house=house, id="2", name="Ann"), expired_by=clock.now)
    guests.save(taking)

    guests.write(leaving)

    assert guests.require(GuestByName("Ann")).id == "2"
    with pytest.raises(NotUniqueError):
        guests.save(Put(Guest(house="h", id="3", name="Ann")))


@pytest.mark.parametrize(
    ("write", "names"),
    [
        (Update(Guest, {"house": "h", "id": "1"}, NOON, {"name": "Eve"}), ["Eve"]),
        (Update(Guest, {"house": "h", "id": "1"}, NOON, {"name": "Ann"}), ["Ann"]),
        (Put(Guest(house="h", id="1", name="Eve"), replace=True), ["Eve"]),
        (Put(Guest(house="h", id="1", name="Ann"), replace=True), ["Ann"]),
        (Delete(Guest, {"house": "h", "id": "1"}), []),
    ],
    ids=["moved", "set again", "replaced", "put again", "deleted"],
)
def test_an_item_that_is_older_than_its_unique_value_is_written(
    guests: Store, write: Any, names: list[str]
) -> None:
    put_raw(guests, Guest(house="h", id="1", name="Ann").to_item())

    guests.write(write)

    assert [each for each in ("Ann", "Eve") if guests.get(GuestByName(each))] == names


def test_a_look_up_item_expires_with_its_item(guests: Store, clock: Clock) -> None:
    guests.save(Put(Guest(house="h", id="1", name="Ann", expires_at=NOON + timedelta(hours=1))))
    later = NOON + timedelta(hours=9)

    guests.save(Update(Guest, {"house": "h", "id": "1"}, NOON, {"expires_at": later}))
    clock.now = NOON + timedelta(hours=2)

    assert guests.require(GuestByName("Ann")).expires_at == later
    with pytest.raises(NotUniqueError):
        guests.save(Put(Guest(house="h", id="2", name="Ann"), expired_by=clock.now))


def test_items_exchange_their_values_in_a_transaction(people: Store) -> None:
    people.save(Put(_ann()))
    people.save(Put(User(id="bob", email="bob@x", badge=8)))

    people.transact(
        Transaction(
            [
                Update(User, {"id": "ann"}, NOON, {"email": "bob@x", "badge": 8}),
                Update(User, {"id": "bob"}, NOON, {"email": "ann@x", "badge": 7}),
            ]
        )
    )
    people.transact(Transaction([Delete(User, {"id": "ann"}), Put(Robot(id="r", email="bob@x"))]))

    assert _agree(people)
    assert people.require(UserByBadge(7)).id == "bob"


def test_a_value_is_handed_over_only_by_the_item_that_has_it(people: Store) -> None:
    people.save(Put(_ann()))
    people.save(Put(User(id="bob", email="bob@x")))

    with pytest.raises(NotUniqueError, match=r"it is at USER#bob / USER$"):
        people.transact(
            Transaction([Delete(User, {"id": "ann"}), Put(Robot(id="r", email="bob@x"))])
        )
    with pytest.raises(InvalidTransactionError, match=r"^EMAIL#new@x / UNIQUE is written twice"):
        people.transact(
            Transaction([Put(User(id="c", email="new@x")), Put(Robot(id="r", email="new@x"))])
        )

    assert _agree(people)


def test_the_permissions_of_a_write_include_its_look_up_items() -> None:
    needed = permissions_of(
        Operation("people.change", puts=(User,), updates=(User,), deletes=(User,))
    )

    found = {(each.action, each.partition) for each in needed}
    assert found >= {
        ("PutItem", "EMAIL#*"),
        ("DeleteItem", "EMAIL#*"),
        ("ConditionCheckItem", "EMAIL#*"),
        ("PutItem", "BADGE#*"),
        ("GetItem", "USER#*"),
    }


def test_a_query_that_would_reach_look_up_items_is_refused() -> None:
    class Note(Entity):
        email: Text = Text()
        id: Id = Id()
        key = Key("EMAIL#{email}", "{id}")

    @dataclass(frozen=True)
    class Notes(Query[Note]):
        """Which notes are there?"""

        key = Note.key
        email: str

    with pytest.raises(DeclarationError, match=r"Note.key and User_by_email.key could be the same"):
        Table("Notes", (User, Note), patterns=(Notes,))


@pytest.mark.parametrize("template", ["EMAIL", "EMAIL#{nothing}", "EMAIL#{id}#x y"])
def test_a_unique_value_that_is_declared_wrongly_is_refused(template: str) -> None:
    with pytest.raises(DeclarationError, match=r"^Thing\.one: "):

        class Thing(Entity):
            id: Id = Id()
            key = Key("THING#{id}", "THING")
            one = Unique(template)


def test_a_pattern_by_a_unique_value_names_it() -> None:
    with pytest.raises(DeclarationError, match=r"^Nameless names no unique value: write unique = "):

        class Nameless(ByUnique[User]):
            email: str


def test_a_table_without_a_sort_key_has_unique_values_too(client: Client) -> None:
    class Account(Entity):
        layout = Layout("pk", None, entity_type="kind", expiry=None)

        id: Id = Id()
        login: Text = Text()
        key = Key("ACCOUNT#{id}")
        by_login = Unique("LOGIN#{login}")

    @dataclass(frozen=True)
    class AccountByLogin(ByUnique[Account]):
        """Whose login is this?"""

        unique = Account.by_login
        login: str

    store = fresh(client, design=Table("Accounts", (Account,), patterns=(AccountByLogin,)))
    store.save(Put(Account(id="a", login="ann")))
    store.save(Update(Account, {"id": "a"}, NOON, changes=(Account.login.set("eve"),)))

    assert store.require(AccountByLogin("eve")).id == "a"
    assert store.get(AccountByLogin("ann")) is None

"""A log-in creates one user, despite repeats, races and cuts at any request."""

from __future__ import annotations

from typing import Any, Final

import pytest

from autoforge.access.users import LogIn, UserByAuth0Id, UserByEmail, UserById, UserOfEmail
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import (
    InvalidValueError,
    ItemExistsError,
    TransactionConflictError,
    VersionConflictError,
)
from autoforge.models import User, UserByAuth0IdLookup, UserRole
from autoforge.testing.faults import Lose, Pass, Refuse, injected
from autoforge.testing.recording import watching
from tests.access.people import (
    assert_people_agree,
    at_once,
    cut_off_everywhere,
    interrupted_everywhere,
    known,
    log_in,
)
from tests.dynamodb.written import LATER, by_key
from tests.factories import NOON, a_user, a_user_by_auth0_id, a_user_by_email
from tests.stores import fresh, raw_items

_THREADS: Final = 8
_EMAIL: Final = "Ann@Example.org"

#: Ids that collide if a key does not escape them.
_ALIKE: Final = (
    "auth0|x", "auth0|x#", "auth0|x%23", "auth0#x", "auth0%7Cx", "AUTH0|X", "auth0|x ",
    "auth0|\u00e9", "auth0|e\u0301", "#", "%", "USER", "auth0|x#USER", "\U0001f600",
)  # fmt: skip
#: E-mail addresses that belong to different people.
_DIFFERENT: Final = (
    "a@x.org", "aa@x.org", "a#@x.org", "a%23@x.org", "a%@x.org", "a @x.org", "a@x.org#USER",
    "e@x.org", "\u00e9@x.org", "stra\u00dfe@x.org", "strasse@x.org", "\U0001f600@x.org",
)  # fmt: skip


def test_a_first_log_in_makes_a_user_and_what_finds_them(store: Store) -> None:
    store = fresh(store.client)

    came_to = log_in(
        store, "auth0|ann", _EMAIL, picture="https://x.org/a.png", role=UserRole.ADMIN, new_id="u1"
    )

    user = a_user(
        id="u1",
        auth0_id="auth0|ann",
        email=_EMAIL,
        picture="https://x.org/a.png",
        role=UserRole.ADMIN,
    )
    assert came_to == LogIn(user, first=True)
    lookups = [
        a_user_by_auth0_id(auth0_id="auth0|ann", user_id="u1"),
        a_user_by_email(email="ann@example.org", user_id="u1"),
    ]
    assert by_key(raw_items(store)) == by_key([each.to_item() for each in (user, *lookups)])


def test_a_new_user_is_a_developer_unless_it_is_said(store: Store) -> None:
    assert log_in(fresh(store.client), "auth0|ann", _EMAIL).user.role == UserRole.DEVELOPER


def test_a_log_in_that_says_nothing_new_writes_nothing(store: Store) -> None:
    store = fresh(store.client)
    first = log_in(store, "auth0|ann", _EMAIL, picture="p", role=UserRole.VIEWER)

    with watching(store.client) as watched:
        again = log_in(store, "auth0|ann", _EMAIL, picture="p", at=LATER)

    assert again == LogIn(first.user, first=False)
    assert watched.operations == ["GetItem", "GetItem"]
    assert all(sent["ConsistentRead"] for _, sent in watched.sent)


def test_a_user_who_is_expected_and_is_not_there_is_not_made(store: Store) -> None:
    store = fresh(store.client)

    with pytest.raises(VersionConflictError, match="does not exist, and the caller expects it"):
        log_in(store, "auth0|ann", _EMAIL, expected=lambda user: user is not None)

    assert raw_items(store) == []


def test_a_later_log_in_changes_what_it_says_and_keeps_the_role(store: Store) -> None:
    store = fresh(store.client)
    first = log_in(store, "auth0|ann", _EMAIL, picture="p", role=UserRole.ADMIN).user

    changed = log_in(store, "auth0|ann", _EMAIL, name="Ann B.", at=LATER)

    expected = User(
        **{**first.attribute_values, "name": "Ann B.", "picture": None, "updated_at": LATER}
    )
    assert changed == LogIn(expected, first=False)
    assert store.get(UserById(first.id)) == expected
    assert log_in(store, "auth0|ann", _EMAIL, role=UserRole.VIEWER).user.role == UserRole.VIEWER
    assert_people_agree(store)


def test_a_changed_address_takes_what_finds_it_along(store: Store) -> None:
    store = fresh(store.client)
    first = log_in(store, "auth0|ann", _EMAIL).user

    changed = log_in(store, "auth0|ann", "ann@new.org", at=LATER).user

    assert (changed.id, changed.email, changed.updated_at) == (first.id, "ann@new.org", LATER)
    assert store.get(UserByEmail(_EMAIL)) is None
    assert store.get(UserByEmail("ANN@new.org")) == changed
    assert len(raw_items(store)) == 3
    assert_people_agree(store)
    other = log_in(store, "auth0|ben", _EMAIL)
    assert other.first
    assert_people_agree(store)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Ann@Example.org", "ann@example.ORG"),
        ("\u00e9@x.org", "e\u0301@x.org"),
        ("E\u0301@x.org", "\u00e9@x.org"),
    ],
)
def test_an_address_in_another_spelling_is_the_same_address(
    store: Store, before: str, after: str
) -> None:
    store = fresh(store.client)
    first = log_in(store, "auth0|ann", before)
    lookups = [item for item in raw_items(store) if item["EntityType"]["S"] != "User"]

    changed = log_in(store, "auth0|ann", after, at=LATER)

    assert changed.user.email == after
    assert changed.user.id == first.user.id
    assert [i for i in raw_items(store) if i["EntityType"]["S"] != "User"] == lookups
    assert store.get(UserByEmail(before)) == store.get(UserByEmail(after)) == changed.user
    with pytest.raises(ItemExistsError):
        log_in(store, "auth0|ben", before)


def test_an_address_of_somebody_else_is_refused_and_says_nothing_of_them(store: Store) -> None:
    store = fresh(store.client)
    log_in(store, "auth0|ann", _EMAIL, name="Ann's secret name")
    log_in(store, "auth0|ben", "ben@example.org")
    before = raw_items(store)

    for auth0_id in ("auth0|ben", "auth0|another of Ann's"):
        with pytest.raises(ItemExistsError) as caught:
            log_in(store, auth0_id, "aNN@example.org", name="Ben", at=LATER)

        assert str(caught.value) == "User with email 'aNN@example.org' exists already"
        assert caught.value.item is None
    assert raw_items(store) == before


def test_what_cannot_be_stored_is_refused_and_changes_nothing(store: Store) -> None:
    store = fresh(store.client)
    log_in(store, "auth0|ann", _EMAIL)
    before = raw_items(store)
    no_addresses = ("", "ann", "@", "ann@", "@example.org", "\ud800@x.org", f"{'x' * 2050}@x.org")
    bad: list[dict[str, Any]] = [
        *({"email": each} for each in no_addresses),
        *({"auth0_id": each} for each in ("", "\ud800", "x" * 2050)),
        *({"name": 5}, {"picture": 5}, {"role": "boss"}),
    ]

    for each in bad:
        for auth0_id, email in (("auth0|ann", "ann@new.org"), ("auth0|ben", "ben@x.org")):
            with pytest.raises(InvalidValueError):
                log_in(store, **{"auth0_id": auth0_id, "email": email, **each})

    assert raw_items(store) == before


def test_auth0_ids_that_look_alike_are_different_people(store: Store) -> None:
    store = fresh(store.client)

    users = {each: log_in(store, each, f"{n}@x.org").user for n, each in enumerate(_ALIKE)}

    assert len({user.id for user in users.values()}) == len(_ALIKE)
    assert {each: store.get(UserByAuth0Id(each)) for each in _ALIKE} == users
    assert_people_agree(store)


def test_addresses_that_look_alike_are_different_peoples(store: Store) -> None:
    store = fresh(store.client)

    users = {each: log_in(store, f"auth0|{n}", each).user for n, each in enumerate(_DIFFERENT)}

    assert len({user.id for user in users.values()}) == len(_DIFFERENT)
    assert {each: store.get(UserByEmail(each)) for each in _DIFFERENT} == users
    assert_people_agree(store)


def test_a_lookup_that_does_not_agree_with_its_user_finds_nobody(store: Store) -> None:
    user = store.save(Put(a_user()))
    by_email = store.save(Put(a_user_by_email(user_id=user.id)))
    by_auth0_id = store.save(Put(a_user_by_auth0_id(user_id=user.id)))

    assert store.get(UserByEmail(by_email.email)) is None
    assert store.get(UserByAuth0Id(by_auth0_id.auth0_id)) is None


@pytest.mark.one_engine
@pytest.mark.parametrize("attempt", range(2))
def test_first_log_ins_at_once_make_one_user_and_all_get_it(store: Store, attempt: int) -> None:
    store = fresh(store.client)

    outcomes = at_once(*[lambda: log_in(store, "auth0|ann", _EMAIL) for _ in range(_THREADS)])

    assert [each.first for each in outcomes].count(True) == 1
    assert all(each.user == outcomes[0].user for each in outcomes)
    assert len(raw_items(store)) == 3
    assert_people_agree(store)


@pytest.mark.one_engine
@pytest.mark.parametrize("attempt", range(2))
def test_of_racing_changes_of_an_address_what_finds_it_agrees_with_the_last(
    store: Store, attempt: int
) -> None:
    store = fresh(store.client)
    log_in(store, "auth0|ann", _EMAIL)

    outcomes = at_once(
        *[lambda n=n: log_in(store, "auth0|ann", f"ann@{n}.org") for n in range(_THREADS)]
    )

    assert all(isinstance(each, LogIn) for each in outcomes)
    assert len(raw_items(store)) == 3
    assert_people_agree(store)


@pytest.mark.one_engine
@pytest.mark.parametrize("attempt", range(2))
def test_of_people_racing_for_an_address_one_gets_it(store: Store, attempt: int) -> None:
    store = fresh(store.client)
    half = _THREADS // 2
    for number in range(half):
        log_in(store, f"auth0|{number}", f"{number}@x.org")

    outcomes = at_once(
        *[lambda n=n: log_in(store, f"auth0|{n}", _EMAIL, at=LATER) for n in range(_THREADS)]
    )

    lost = [each for each in outcomes if isinstance(each, ItemExistsError)]
    (winner,) = [each for each in outcomes if isinstance(each, LogIn)]
    assert len(lost) == _THREADS - 1
    assert store.get(UserByEmail(_EMAIL)) == winner.user
    assert_people_agree(store)


@pytest.mark.one_engine
def test_people_who_exchange_their_addresses_at_once_leave_no_lookup_astray(store: Store) -> None:
    store = fresh(store.client)
    for name in ("ann", "ben"):
        log_in(store, f"auth0|{name}", f"{name}@x.org")

    at_once(
        *[lambda: log_in(store, "auth0|ann", "ben@x.org", at=LATER)] * 2,
        *[lambda: log_in(store, "auth0|ben", "ann@x.org", at=LATER)] * 2,
        *[lambda: log_in(store, "auth0|ben", "free@x.org", at=LATER)] * 2,
    )

    assert_people_agree(store)


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("act", "other"),
    [
        (("auth0|new", "new@x.org"), ("auth0|new", "new@x.org")),
        (("auth0|new", "new@x.org"), ("auth0|ben", "new@x.org")),
        (("auth0|new", "ben@x.org"), ("auth0|ben", "new@x.org")),
        (("auth0|ann", "new@x.org"), ("auth0|ann", "newer@x.org")),
        (("auth0|ann", "ben@x.org"), ("auth0|ben", "ann@x.org")),
        (("auth0|ann", "ANN@x.org"), ("auth0|ann", "new@x.org")),
    ],
    ids=str,
)
def test_a_log_in_that_another_comes_between_leaves_all_in_order(
    client: Client, act: tuple[str, str], other: tuple[str, str]
) -> None:
    def prepare(store: Store) -> None:
        store.put_all([*known("ann"), *known("ben")])

    for table in interrupted_everywhere(
        client, prepare, lambda store: log_in(store, *act), lambda store: log_in(store, *other)
    ):
        assert_people_agree(table)


def test_a_stale_address_that_its_user_gets_back_meanwhile_is_not_taken(client: Client) -> None:
    def prepare(store: Store) -> None:
        ann = log_in(store, "auth0|ann", _EMAIL).user
        store.save(Update(User, {"id": ann.id}, NOON, changes={"email": "ann@new.org"}))

    for table in interrupted_everywhere(
        client,
        prepare,
        lambda store: log_in(store, "auth0|ben", _EMAIL),
        lambda store: log_in(store, "auth0|ann", _EMAIL),
    ):
        named = [item.get("email", {}).get("S") for item in raw_items(table)]
        assert named.count(_EMAIL) == 1
        log_in(table, "auth0|ann", "ann@newest.org")
        log_in(table, "auth0|ben", "ben@newest.org")

        assert_people_agree(table)


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "other",
    [
        ("auth0|gone", "gone@x.org"),
        ("auth0|gone", "new@x.org"),
        ("auth0|another", "gone@x.org"),
    ],
    ids=str,
)
def test_what_leads_to_nobody_is_taken_by_one_of_two(
    client: Client, other: tuple[str, str]
) -> None:
    def prepare(store: Store) -> None:
        store.put_all(known("gone")[1:])

    for table in interrupted_everywhere(
        client,
        prepare,
        lambda store: log_in(store, "auth0|gone", "gone@x.org"),
        lambda store: log_in(store, *other),
    ):
        log_in(table, "auth0|gone", "newest@x.org")
        assert_people_agree(table)


def test_an_address_that_leads_to_another_stays_theirs_when_it_is_left(store: Store) -> None:
    store = fresh(store.client)
    ann = log_in(store, "auth0|ann", _EMAIL).user
    ben = log_in(store, "auth0|ben", "ben@x.org").user
    # As another program would leave it, without updating look-up items.
    store.save(Update(User, {"id": ann.id}, NOON, changes={"email": "ben@x.org"}))

    log_in(store, "auth0|ann", "ann@new.org")

    assert store.get(UserByEmail("ben@x.org")) == ben


def test_an_address_that_leads_to_another_meanwhile_stays_theirs_when_it_is_left(
    client: Client,
) -> None:
    lookup = a_user_by_email(email="ann@x.org", user_id="ben")

    def prepare(store: Store) -> None:
        store.put_all([*known("ann"), *known("ben")])

    for table in interrupted_everywhere(
        client,
        prepare,
        lambda store: log_in(store, "auth0|ann", "new@x.org"),
        # As another program would, which does not compare with the users' addresses.
        lambda store: store.put_all([lookup]),
    ):
        assert table.get(UserOfEmail("ann@x.org")) == lookup


def test_what_led_to_a_user_and_was_lost_is_made_again(store: Store) -> None:
    store = fresh(store.client)
    ann = log_in(store, "auth0|ann", _EMAIL).user
    store.write(Delete(UserByAuth0IdLookup, {"auth0_id": "auth0|ann"}))

    assert log_in(store, "auth0|ann", _EMAIL) == LogIn(ann, first=False)

    assert_people_agree(store)


def test_what_leads_to_a_user_who_is_gone_is_taken_by_who_logs_in(store: Store) -> None:
    store = fresh(store.client)
    gone = log_in(store, "auth0|ann", _EMAIL).user
    store.write(Delete(User, {"id": gone.id}))

    ann = log_in(store, "auth0|ann", _EMAIL)

    assert ann.first
    assert ann.user.id != gone.id
    assert_people_agree(store)


def test_an_address_of_a_user_who_is_gone_is_taken_in_a_change(store: Store) -> None:
    store = fresh(store.client)
    log_in(store, "auth0|ben", "ben@x.org")
    store.save(Put(a_user_by_email(email=_EMAIL)))

    log_in(store, "auth0|ben", _EMAIL)

    assert_people_agree(store)


def test_an_address_whose_user_has_another_by_now_is_taken(store: Store) -> None:
    store = fresh(store.client)
    ann = log_in(store, "auth0|ann", _EMAIL).user
    # As another program would leave it, without updating look-up items.
    store.save(Update(User, {"id": ann.id}, NOON, changes={"email": "ann@new.org"}))

    ben = log_in(store, "auth0|ben", _EMAIL).user

    assert store.get(UserByEmail(_EMAIL)) == ben
    assert store.get(UserByAuth0Id("auth0|ann")) is not None
    with pytest.raises(ItemExistsError):
        log_in(store, "auth0|ann", _EMAIL)
    log_in(store, "auth0|ann", "ann@newest.org")
    assert_people_agree(store)


def test_a_user_gets_an_address_back_that_still_leads_to_them(store: Store) -> None:
    store = fresh(store.client)
    ann = log_in(store, "auth0|ann", _EMAIL).user
    store.save(Update(User, {"id": ann.id}, NOON, changes={"email": "ann@new.org"}))

    log_in(store, "auth0|ann", _EMAIL, at=LATER)

    assert_people_agree(store)


def test_an_auth0_id_whose_user_has_another_by_now_is_taken(store: Store) -> None:
    store = fresh(store.client)
    ann = log_in(store, "auth0|ann", _EMAIL).user
    store.save(Put(a_user_by_auth0_id(auth0_id="auth0|ben", user_id=ann.id)))

    ben = log_in(store, "auth0|ben", "ben@x.org")

    assert ben.first
    assert ben.user.id != ann.id
    assert_people_agree(store)


def test_a_log_in_that_others_keep_getting_in_the_way_of_ends(store: Store) -> None:
    store = fresh(store.client)
    reasons = [{"Code": "ConditionalCheckFailed"}] * 3
    refused = Refuse("TransactionCanceledException", more={"CancellationReasons": reasons})
    sends = "TransactWriteItems"

    with (
        injected(store.client, lambda _, sent: refused if sent == sends else Pass()),
        pytest.raises(TransactionConflictError, match="a user who logs in"),
    ):
        log_in(store, "auth0|ann", _EMAIL)

    assert raw_items(store) == []


@pytest.mark.parametrize(
    ("email", "is_known"), [(_EMAIL, False), ("ann@new.org", True), ("ANN@X.ORG", True)]
)
def test_a_log_in_cut_off_anywhere_leaves_all_in_order_and_can_be_made_again(
    store: Store, email: str, *, is_known: bool
) -> None:
    def prepare(store: Store) -> None:
        store.put_all([*known("ben"), *(known("ann") if is_known else [])])

    def act(store: Store) -> LogIn:
        return log_in(store, "auth0|ann", email, name="Ann B.", at=LATER)

    tables = 0
    for table in cut_off_everywhere(store.client, prepare, act):
        assert_people_agree(table)

        again = act(table)

        assert again.user.email == email
        assert again.user.name == "Ann B."
        assert len(raw_items(table)) == 6
        assert_people_agree(table)
        tables += 1
    assert tables >= 5


@pytest.mark.parametrize("name", ["Ann", "Anna"])
def test_a_log_in_is_the_first_wherever_its_own_id_made_the_user(store: Store, name: str) -> None:
    store = fresh(store.client)
    made = log_in(store, "auth0|ann", _EMAIL, new_id="u1")

    again = log_in(store, "auth0|ann", _EMAIL, new_id="u1", name=name)

    assert made.first
    assert again.first


def test_a_first_log_in_whose_answer_is_lost_is_the_first(store: Store) -> None:
    store = fresh(store.client)

    with injected(store.client, [Pass(), Pass(), Lose()]):
        came_to = log_in(store, "auth0|ann", _EMAIL)

    assert came_to.first
    assert_people_agree(store)

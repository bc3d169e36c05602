"""Both sides of a membership agree, and the project decides who its owner is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from autoforge.access.projects.deletion import DeleteProject
from autoforge.access.projects.members import (
    MemberOfProject,
    MembersOfProject,
    ProjectsOfUser,
    SetMember,
)
from autoforge.access.projects.ownership import ChangeProject, CreateProject
from autoforge.access.projects.patterns import ProjectById, update_project
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.transport.transport import Transport
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import (
    DeclarationError,
    InvalidValueError,
    ItemExistsError,
    ItemNotFoundError,
)
from autoforge.models import Project, ProjectMemberRef
from autoforge.testing.recording import WrappedTransport, watching
from tests.access.people import (
    assert_people_agree,
    at_once,
    cut_off_everywhere,
    interrupted_everywhere,
    known,
)
from tests.dynamodb.written import LATER, by_key
from tests.factories import NOON, a_member, a_member_ref, a_project
from tests.servers import Engine
from tests.stores import client_of, fresh, raw_items

_ULID: Final = "01KGKR2T40R6BAX8A0B1RTCDKN"


@pytest.fixture
def store(store: Store) -> Store:
    """A Store on a table with a project and two users; no user id is a prefix of another."""
    store = fresh(store.client)
    store.put_all([a_project(id="p"), *known("u1"), *known("u10"), *known(_ULID)])
    return store


def _add(store: Store, user_id: str, **over: Any) -> None:
    SetMember(**{"project_id": "p", "user_id": user_id, "member": True, "at": NOON, **over}).run(
        store
    )


def _remove(store: Store, user_id: str, **over: Any) -> None:
    _add(store, user_id, **{"member": False, **over})


def _own(store: Store, owner_id: str | None, **more: Any) -> Project:
    return ChangeProject("p", {"owner_id": owner_id, **more}, LATER).run(store)


def _flags(store: Store, user_id: str) -> tuple[bool, bool] | None:
    found = store.get(MemberOfProject("p", user_id), consistent=True)
    return None if found is None else (found.owner, found.member)


def test_a_member_is_stored_on_both_sides(store: Store) -> None:
    before = by_key(raw_items(store))

    _add(store, "u1")

    own = {"project_id": "p", "user_id": "u1"}
    sides = by_key([a_member(**own).to_item(), a_member_ref(**own).to_item()])
    assert by_key(raw_items(store)) == before | sides
    assert_people_agree(store)


def test_a_member_who_is_added_again_stays_as_they_are(store: Store) -> None:
    _add(store, "u1")
    before = by_key(raw_items(store))

    _add(store, "u1", at=LATER)

    assert by_key(raw_items(store)) == before


def test_a_member_who_is_removed_leaves_nothing(store: Store) -> None:
    before = by_key(raw_items(store))
    _add(store, "u1")

    _remove(store, "u1")

    left = [each for each in raw_items(store) if each["EntityType"] != {"S": "TransactionMark"}]
    assert by_key(left) == before
    with pytest.raises(ItemNotFoundError, match="no ProjectMember with userId 'u1'"):
        _remove(store, "u1")


@pytest.mark.parametrize("change", [_add, _remove])
def test_nobody_comes_or_goes_where_there_is_no_project(
    store: Store, change: Callable[..., None]
) -> None:
    before = raw_items(store)

    with pytest.raises(ItemNotFoundError, match="no Project with projectId 'nowhere'"):
        change(store, "u1", project_id="nowhere")

    assert raw_items(store) == before


def test_nobody_joins_a_project_that_is_being_deleted(store: Store) -> None:
    store.write(update_project("p", {"expires_at": NOON}, at=NOON))

    for change in (_add, _remove):
        with pytest.raises(ItemNotFoundError, match="no Project"):
            change(store, "u1")


def test_who_is_no_user_becomes_no_member(store: Store) -> None:
    before = raw_items(store)

    with pytest.raises(ItemNotFoundError, match="no User with userId 'nobody'"):
        _add(store, "nobody")
    for bad in ("", "a b", "a#b"):
        with pytest.raises(InvalidValueError):
            _add(store, bad)

    assert raw_items(store) == before


def test_a_project_without_an_owner_is_created_in_one_request(store: Store) -> None:
    project = a_project()

    with watching(store.client) as watched:
        assert CreateProject(project).run(store) == project

    assert watched.operations == ["PutItem"]


def test_a_project_is_created_together_with_what_its_owner_finds_it_by(store: Store) -> None:
    project = a_project(owner_id="u1", created_at=LATER, updated_at=LATER)

    assert CreateProject(project).run(store) == project

    assert store.get(ProjectById(project.id)) == project
    (found,) = store.page(MembersOfProject(project.id), limit=9).items
    assert (found.user_id, found.owner, found.member) == ("u1", True, False)
    assert (found.created_at, found.updated_at) == (LATER, LATER)
    assert_people_agree(store)


def test_a_project_whose_id_is_taken_makes_nobody_an_owner(store: Store) -> None:
    before = raw_items(store)

    with pytest.raises(ItemExistsError) as caught:
        CreateProject(a_project(id="p", owner_id="u1")).run(store)

    assert caught.value.item == store.get(ProjectById("p"))
    assert raw_items(store) == before


def test_a_project_with_an_owner_is_the_same_when_created_again_after_a_change(
    store: Store,
) -> None:
    CreateProject(a_project(id="q", owner_id="u1")).run(store)
    changed = ChangeProject("q", {"name": "Theirs", "owner_id": None}, LATER).run(store)

    assert CreateProject(a_project(id="q", owner_id="u1")).run(store) == changed


def test_who_belonged_to_a_project_of_the_same_id_does_not_belong_to_the_new_one(
    store: Store,
) -> None:
    _add(store, "u1")
    store.write(Delete(Project, {"id": "p"}))

    CreateProject(a_project(id="p", owner_id="u1")).run(store)

    assert _flags(store, "u1") == (True, False)
    assert_people_agree(store)


def test_a_change_that_is_not_of_the_owner_is_one_request(store: Store) -> None:
    with watching(store.client) as watched:
        changed = ChangeProject("p", {"name": "Portal"}, LATER).run(store)

    assert watched.operations == ["UpdateItem"]
    assert (changed.name, changed.updated_at) == ("Portal", LATER)


def test_an_owner_changes_on_both_sides_together_with_the_project(store: Store) -> None:
    assert _own(store, "u1").owner_id == "u1"
    assert (_flags(store, "u1"), _flags(store, "u10")) == ((True, False), None)
    assert_people_agree(store)

    changed = _own(store, "u10", name="Portal")

    assert (changed.owner_id, changed.name, changed.updated_at) == ("u10", "Portal", LATER)
    assert changed == store.get(ProjectById("p"))
    assert (_flags(store, "u1"), _flags(store, "u10")) == (None, (True, False))
    assert_people_agree(store)

    assert _own(store, None).owner_id is None
    assert store.page(MembersOfProject("p"), limit=9).items == ()
    assert_people_agree(store)


def test_who_loses_a_project_remains_a_member_of_it(store: Store) -> None:
    _add(store, "u1")
    _own(store, "u1")
    assert _flags(store, "u1") == (True, True)

    _own(store, "u10")

    assert _flags(store, "u1") == (False, True)
    assert_people_agree(store)


def test_a_member_who_owns_the_project_and_is_removed_remains_its_owner(store: Store) -> None:
    _own(store, "u1")
    _add(store, "u1")

    _remove(store, "u1")

    assert _flags(store, "u1") == (True, False)
    assert_people_agree(store)
    with pytest.raises(ItemNotFoundError, match="no ProjectMember"):
        _remove(store, "u1")


def test_an_owner_need_not_be_a_user(store: Store) -> None:
    _own(store, "someone-of-later")

    (project,) = store.page(ProjectsOfUser("someone-of-later"), limit=9).items
    assert project == store.get(ProjectById("p"))
    assert_people_agree(store)


@pytest.mark.parametrize("write", [str.lower, str.upper])
def test_an_id_in_another_case_is_the_same_user(store: Store, write: Callable[[str], str]) -> None:
    _own(store, write(_ULID))
    _add(store, write(_ULID))
    assert _flags(store, _ULID) == (True, True)

    _own(store, write(_ULID))
    assert _flags(store, _ULID) == (True, True)
    _remove(store, write(_ULID))

    assert _flags(store, _ULID) == (True, False)
    assert_people_agree(store)


def test_a_change_of_the_owner_that_cannot_be_made_changes_nothing(store: Store) -> None:
    _own(store, "u1")
    before = by_key(raw_items(store))

    for bad in ({"owner_id": "a b"}, {"owner_id": 5}, {"owner_id": "u10", "name": None}):
        with pytest.raises(InvalidValueError):
            ChangeProject("p", bad, LATER).run(store)
    with pytest.raises(ItemNotFoundError, match="no Project with projectId 'nowhere'"):
        ChangeProject("nowhere", {"owner_id": "u1"}, LATER).run(store)

    assert by_key(raw_items(store)) == before


def test_an_update_alone_cannot_change_the_owner() -> None:
    with pytest.raises(DeclarationError, match="use ChangeProject"):
        update_project("p", {"owner_id": "u1"}, at=NOON)


def test_an_owner_that_nothing_knew_of_is_known_once_they_are_touched(store: Store) -> None:
    # As another program stores it, without members.
    store.save(Put(a_project(id="q", owner_id="u1")))

    _add(store, "u1", project_id="q")

    assert store.page(MembersOfProject("q"), limit=9).items[0].owner
    assert_people_agree(store)
    store.save(Put(a_project(id="r", owner_id="u1")))
    ChangeProject("r", {"owner_id": "u10"}, LATER).run(store)
    assert_people_agree(store)


def test_a_side_that_was_lost_is_there_again_after_the_next_change(store: Store) -> None:
    _add(store, "u1")
    store.write(Delete(ProjectMemberRef, {"project_id": "p", "user_id": "u1"}))

    _own(store, "u1")
    assert_people_agree(store)
    assert store.page(MembersOfProject("p"), limit=9).items[0].created_at == NOON
    store.write(Delete(ProjectMemberRef, {"project_id": "p", "user_id": "u1"}))
    _own(store, None)
    assert_people_agree(store)
    store.write(Delete(ProjectMemberRef, {"project_id": "p", "user_id": "u1"}))
    _remove(store, "u1")
    assert _flags(store, "u1") is None


def test_what_is_due_to_a_reference_without_a_project_is_passed_over(store: Store) -> None:
    store.save(Put(a_member(project_id="a-project-that-is-gone", user_id="u1")))
    _add(store, "u1")

    (project,) = store.page(ProjectsOfUser("u1"), limit=1).items

    assert project.id == "p"


@pytest.mark.one_engine
@pytest.mark.parametrize("attempt", range(2))
def test_of_racing_changes_the_owner_is_who_the_project_says(store: Store, attempt: int) -> None:
    _add(store, "u1")

    outcomes = at_once(
        *[lambda: _own(store, "u1"), lambda: _own(store, "u10"), lambda: _own(store, None)],
        *[lambda: _remove(store, "u1"), lambda: _add(store, "u1")],
        *[lambda: _add(store, "u10"), lambda: _own(store, "u10")],
        lambda: ChangeProject("p", {"name": "Portal"}, LATER).run(store),
    )

    assert all(not isinstance(each, Exception) for each in outcomes)
    assert_people_agree(store)
    assert (_flags(store, "u10") or (None, None))[1] is True


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("act", "other", "members"),
    [
        (lambda store: _own(store, "u10"), lambda store: _own(store, None), {"u10"}),
        (lambda store: _own(store, "u10"), lambda store: _add(store, "u1"), {"u1", "u10"}),
        (lambda store: _own(store, "u10"), lambda store: _remove(store, "u10"), set()),
        (lambda store: _own(store, None), lambda store: _remove(store, "u10"), set()),
        (lambda store: _add(store, "u1"), lambda store: _own(store, "u10"), {"u1", "u10"}),
        (lambda store: _add(store, _ULID), lambda store: _own(store, _ULID), {_ULID, "u10"}),
        (lambda store: _remove(store, "u10"), lambda store: _own(store, "u10"), set()),
        (
            lambda store: _add(store, "u1"),
            lambda store: DeleteProject("p", NOON, _ULID).run(store),
            set(),
        ),
    ],
    ids=[
        *("owns/disowned", "owns/old one joins", "owns/leaves", "disowned/another leaves"),
        *("joins/loses it", "joins/owns", "leaves/owns", "joins/deleted"),
    ],
)
def test_a_change_that_another_comes_between_leaves_both_sides_alike(
    client: Client,
    act: Callable[[Store], object],
    other: Callable[[Store], object],
    members: set[str],
) -> None:
    def prepare(store: Store) -> None:
        owns, joined = {"user_id": "u1", "owner": True, "member": False}, {"user_id": "u10"}
        sides = [
            side(project_id="p", **own)
            for own in (owns, joined)
            for side in (a_member, a_member_ref)
        ]
        people = [*known("u1"), *known("u10"), *known(_ULID)]
        store.put_all([a_project(id="p", owner_id="u1"), *people, *sides])

    for table in interrupted_everywhere(client, prepare, act, other):
        assert_people_agree(table)
        answered = table.page(MembersOfProject("p"), limit=9).items
        assert {each.user_id for each in answered if each.member} == members


@dataclass
class _Between(WrappedTransport):
    """A transport that calls a function before the requests with some numbers."""

    sound: Transport
    acts: Mapping[int, Callable[[], object]]
    sent: int = 0

    def exchange(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        number, self.sent = self.sent, self.sent + 1
        self.acts.get(number, int)()
        return self.sound.exchange(operation, parameters)


@pytest.mark.parametrize("member", [False, True])
def test_a_side_that_looked_as_it_is_to_be_for_a_moment_only_is_written(
    client: Client, engine: Engine, member: bool
) -> None:
    there = fresh(client)
    there.put_all([a_project(id="p"), *known("u10")])
    if member:
        _add(there, "u10")
    own = client_of(engine)
    # Between the reads of the project and the side, another caller makes the change and undoes it.
    acts = {1: lambda: _own(there, "u10"), 2: lambda: _own(there, None)}
    own.active_transport = _Between(own.active_transport, acts)

    _own(replace(there, client=own), "u10")

    assert_people_agree(there)
    assert _flags(there, "u10") == (True, member)


def test_a_side_that_was_gone_for_a_moment_only_is_written(client: Client, engine: Engine) -> None:
    there = fresh(client)
    there.put_all([a_project(id="p"), *known("u10")])
    _own(there, "u10")
    own = client_of(engine)
    # Between the reads of the project and the side, the owner is removed and set again.
    acts = {1: lambda: _own(there, None), 2: lambda: _own(there, "u10")}
    own.active_transport = _Between(own.active_transport, acts)

    _own(replace(there, client=own), None)

    assert_people_agree(there)
    assert _flags(there, "u10") is None


@pytest.mark.one_engine
@pytest.mark.parametrize("attempt", range(2))
def test_of_racing_removals_one_is_made(store: Store, attempt: int) -> None:
    _add(store, "u1")

    outcomes = at_once(*[lambda: _remove(store, "u1")] * 4)

    assert sorted(map(type, outcomes), key=str) == sorted(
        [type(None), *[ItemNotFoundError] * 3], key=str
    )
    assert_people_agree(store)


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "act",
    [
        lambda store: _own(store, "u10"),
        lambda store: _own(store, None),
        lambda store: _add(store, "u10"),
        lambda store: _remove(store, "u1"),
        lambda store: CreateProject(a_project(id="q", owner_id="u1")).run(store),
    ],
    ids=["to another", "to nobody", "added", "removed", "created"],
)
def test_a_change_cut_off_anywhere_leaves_both_sides_alike_and_can_be_made_again(
    store: Store, act: Callable[[Store], object]
) -> None:
    def prepare(store: Store) -> None:
        own = {"project_id": "p", "user_id": "u1", "owner": True}
        store.put_all([a_project(id="p", owner_id="u1"), a_member(**own), a_member_ref(**own)])
        store.put_all([*known("u1"), *known("u10")])

    outcomes = set()
    for table in cut_off_everywhere(store.client, prepare, act):
        assert_people_agree(table)
        with suppress(ItemExistsError, ItemNotFoundError):  # the cut call took effect
            act(table)
        assert_people_agree(table)
        outcomes.add((_flags(table, "u1"), _flags(table, "u10")))
    assert len(outcomes) == 1

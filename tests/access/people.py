"""What must hold for users, project members and their look-up items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from threading import Barrier
from typing import Any, Final

from botocore.exceptions import ClientError

from autoforge.access.projects.members import MembersOfProject, ProjectsOfUser
from autoforge.access.users import LogIn, UpsertUser, UserByAuth0Id, UserByEmail
from autoforge.dynamodb import Entity
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.errors import AutoforgeError, ItemExistsError, ItemNotFoundError
from autoforge.models import (
    PLATFORM_DESIGN,
    Project,
    ProjectMember,
    ProjectMemberRef,
    User,
    UserByAuth0IdLookup,
    UserByEmailLookup,
)
from autoforge.models.users import comparable_email
from autoforge.testing.faults import Fault, Lose, Pass, Refuse, injected
from autoforge.testing.recording import watching
from tests.factories import NOON, a_user, a_user_by_auth0_id, a_user_by_email, new_id
from tests.servers import Engine
from tests.stores import client_of, fresh, raw_items

_TYPES: Final = {entity.type_name: entity for entity in PLATFORM_DESIGN.entities}
_CUT_OFF: Final = Refuse("AccessDeniedException")
#: More requests than any of these operations sends.
_REST: Final = 99


def log_in(store: Store, auth0_id: str, email: str, **over: Any) -> LogIn:
    """Log a user in; attributes that the test is not about have default values."""
    given = {"name": "Ann", "picture": None, "role": None, "new_id": new_id(), "at": NOON}
    return UpsertUser(auth0_id=auth0_id, email=email, **{**given, **over}).run(store)


def known(user_id: str) -> list[Entity]:
    """Return a user and the look-up items that a log-in creates; ``ann`` has ``auth0|ann``."""
    own = {"auth0_id": f"auth0|{user_id}", "user_id": user_id}
    email = f"{user_id}@x.org"
    return [
        a_user(id=user_id, auth0_id=own["auth0_id"], email=email),
        a_user_by_auth0_id(**own),
        a_user_by_email(email=email, user_id=user_id),
    ]


def assert_people_agree(store: Store) -> None:
    """Check that the look-up items and references of a table agree with the users and members."""
    demand_people_agree(_entities(store))


def demand_people_agree(there: Sequence[Any]) -> None:
    """Check the same on entities that were already read."""
    people = [each for each in there if isinstance(each, User)]
    projects = [each for each in there if isinstance(each, Project)]
    lookups = {it.auth0_id: it.user_id for it in there if isinstance(it, UserByAuth0IdLookup)}
    emails = {it.email: it.user_id for it in there if isinstance(it, UserByEmailLookup)}
    sides = [
        {(it.user_id, it.project_id): (it.owner, it.member) for it in there if isinstance(it, kind)}
        for kind in (ProjectMember, ProjectMemberRef)
    ]

    assert lookups == {each.auth0_id: each.id for each in people}
    assert emails == {comparable_email(each.email): each.id for each in people}
    assert len(lookups) == len(emails) == len(people)
    assert sides[0] == sides[1]
    assert (False, False) not in sides[0].values()
    owned = {(each.owner_id, each.id) for each in projects if each.owner_id is not None}
    assert {pair for pair, (owner, _) in sides[0].items() if owner} == owned


def assert_people_are_found(store: Store) -> None:
    """Check that the patterns find every user with their projects, in a table that agrees."""
    there = _entities(store)
    sides = [(it.user_id, it.project_id) for it in there if isinstance(it, ProjectMember)]
    for each in there:
        if isinstance(each, User):
            assert store.get(UserByAuth0Id(each.auth0_id)) == each
            assert store.get(UserByEmail(each.email)) == each
            assert list(store.each(ProjectsOfUser(each.id))) == sorted(
                (it for it in there if isinstance(it, Project) and (each.id, it.id) in sides),
                key=lambda project: str(project.id),
            )
        if isinstance(each, Project):
            assert [it.user_id for it in store.each(MembersOfProject(each.id))] == sorted(
                user_id for user_id, project_id in sides if project_id == each.id
            )


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make calls at the same time; return what each returned, or the error it raised."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait()
        return _outcome(call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def cut_off_everywhere(
    client: Client,
    prepare: Callable[[Store], None],
    act: Callable[[Store], object],
) -> Iterator[Store]:
    """Yield a table for each way an operation can end.

    The operation completes, is cut off before one of its requests, or loses the answer to one.
    After a cut no further request is sent; after a lost answer the operation continues.
    """
    store = fresh(client)
    prepare(store)
    with watching(client) as watched:
        act(store)
    yield store
    faults: list[list[Fault]] = []
    for at, sent in enumerate(watched.operations):
        before: list[Fault] = [Pass()] * at
        faults.append([*before, *[_CUT_OFF] * _REST])
        if sent != "GetItem":
            faults.append([*before, Lose()])
    for each in faults:
        store = fresh(client)
        prepare(store)
        # moto ignores ClientRequestToken: a repeated transaction is a new one to it, and fails.
        with (
            injected(client, each),
            suppress(ClientError, ItemExistsError, ItemNotFoundError),
        ):
            act(store)
        yield store


def interrupted_everywhere(
    client: Client,
    prepare: Callable[[Store], None],
    act: Callable[[Store], object],
    other: Callable[[Store], object],
) -> Iterator[Store]:
    """Yield the table after another caller acted just before each request of an operation."""
    store = fresh(client)
    prepare(store)
    with watching(client) as watched:
        _outcome(partial(act, store))
    for number in range(len(watched.operations)):
        store = fresh(client)
        prepare(store)
        theirs = replace(store, client=_elsewhere(client.endpoint_url))

        def fault(count: int, operation: str, at: int = number, theirs: Store = theirs) -> Fault:
            del operation
            if count == at:
                _outcome(partial(other, theirs))
            return Pass()

        with injected(client, fault):
            _outcome(partial(act, store))
        yield store


@cache
def _elsewhere(endpoint_url: str) -> Client:
    """Return another caller's connection to the same engine."""
    return client_of(Engine("the same", endpoint_url))


def _outcome(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or the error it raises."""
    try:
        return call()
    except AutoforgeError as error:
        return error


def _entities(store: Store) -> Sequence[Any]:
    """Read every item of a table as its entity; each must have the keys it renders."""
    read = []
    for item in raw_items(store):
        entity = _TYPES[item["EntityType"]["S"]].from_item(item)
        keys = {name: value for name, value in item.items() if name[-2:] in {"PK", "SK"}}
        assert keys == {n: v for n, v in entity.to_item().items() if n[-2:] in {"PK", "SK"}}
        read.append(entity)
    return read

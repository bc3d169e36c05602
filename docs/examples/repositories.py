"""Repositories with their issues and stars, in one table.

    python docs/examples/repositories.py

A repository, its issues and its stars are one item collection: the issues sort before the
repository and the stars after it, so that one query reads the repository with the latest of either.
Two indexes are shared by several entities. Issues are numbered and stars are counted in the item of
the repository, and an account has an address that no other has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from autoforge.dynamodb import (
    GSI,
    ByUnique,
    Choice,
    Entity,
    Id,
    Integer,
    Key,
    Moment,
    Put,
    Query,
    SortRange,
    Store,
    Table,
    Text,
    TextSet,
    Transaction,
    Unique,
    Update,
    utc_now,
)
from autoforge.dynamodb.errors import ItemExistsError, NotUniqueError

NOON = datetime(2026, 2, 4, 12, tzinfo=UTC)

#: An account with its repositories and its stars; and the issues in a state.
GSI1 = GSI("GSI1")
#: The issues that an account wrote: keys only, since they are read seldom.
GSI2 = GSI("GSI2", projection="KEYS_ONLY")


class State(StrEnum):
    """The states of an issue."""

    OPEN = "open"
    CLOSED = "closed"


class Dated(Entity):
    """Has the times of creation and of the last update, which every update sets."""

    created_at: Moment = Moment(default_factory=utc_now)
    updated_at: Moment = Moment(default_factory=utc_now)


class Account(Dated):
    """Somebody who owns repositories, and stars those of others."""

    name: Id = Id()
    email: Text = Text()

    key = Key("ACCOUNT#{name}", "ACCOUNT")
    first = Key("ACCOUNT#{name}", "ACCOUNT", index=GSI1)
    by_email = Unique("EMAIL#{email}")


class Repository(Dated):
    """A repository of an account."""

    owner: Id = Id()
    name: Id = Id()
    issues: Integer = Integer(default=0)
    stars: Integer = Integer(default=0)

    key = Key("REPOSITORY#{owner}#{name}", "REPOSITORY")
    of_owner = Key("ACCOUNT#{owner}", "REPOSITORY#{updated_at}#{name}", index=GSI1)


class Issue(Dated):
    """An issue; the repository numbers it."""

    owner: Id = Id()
    repository: Id = Id()
    number: Integer = Integer()
    title: Text = Text()
    author: Id = Id()
    state: Choice[State] = Choice(State, default=State.OPEN)
    labels: TextSet = TextSet()

    key = Key("REPOSITORY#{owner}#{repository}", "ISSUE#{number:6}")
    in_state = Key("ISSUES#{owner}#{repository}", "{state}#{number:6}", index=GSI1)
    of_author = Key("AUTHOR#{author}", "{created_at}", index=GSI2)


class Star(Entity):
    """A star, which an account gives a repository once."""

    owner: Id = Id()
    repository: Id = Id()
    account: Id = Id()
    given_at: Moment = Moment()

    key = Key("REPOSITORY#{owner}#{repository}", "STAR#{account}")
    of_account = Key("ACCOUNT#{account}", "STAR#{given_at}", index=GSI1)


@dataclass(frozen=True)
class AccountByEmail(ByUnique[Account]):
    """Whose address is this?"""

    unique = Account.by_email
    email: str


@dataclass(frozen=True)
class RepositoryWithIssues(Query[Repository | Issue]):
    """What is this repository, and which are its latest issues?"""

    key = Repository.key
    newest_first = True
    leaves_out = (Star,)
    owner: str
    name: str


@dataclass(frozen=True)
class RepositoryWithStars(Query[Repository | Star]):
    """What is this repository, and who starred it?"""

    key = Repository.key
    leaves_out = (Issue,)
    owner: str
    name: str


@dataclass(frozen=True)
class IssuesInState(Query[Issue]):
    """Which issues are in this state, the latest first?"""

    key = Issue.in_state
    newest_first = True
    owner: str
    repository: str
    state: State


@dataclass(frozen=True)
class AccountWithRepositories(Query[Account | Repository]):
    """Who is this, and which repositories changed last?"""

    key = Account.first
    leaves_out = (Star,)
    name: str


@dataclass(frozen=True)
class StarredBy(Query[Star]):
    """What did this account star, the latest first?"""

    key = Star.of_account
    newest_first = True
    account: str


@dataclass(frozen=True)
class IssuesOfAuthor(Query[Issue]):
    """Which issues did this account write on a day?"""

    key = Issue.of_author
    range = SortRange("created_at", begins_with="day")
    fetches_rest = True
    author: str
    day: date | None = None


hub = Table(
    "Repositories",
    entities=(Account, Repository, Issue, Star),
    indexes=(GSI1, GSI2),
    patterns=(
        AccountByEmail,
        RepositoryWithIssues,
        RepositoryWithStars,
        IssuesInState,
        AccountWithRepositories,
        StarredBy,
        IssuesOfAuthor,
    ),
)


def open_issue(store: Store, owner: str, repository: str, title: str, author: str) -> Issue:
    """Take the next number of the repository, and store the issue under it.

    If the process ends in between, the number stays unused.
    """
    now = store.clock()
    counted = store.save(
        Update(
            Repository,
            {"owner": owner, "name": repository},
            now,
            changes=[Repository.issues.add(1)],
        )
    )
    issue = Issue(
        owner=owner,
        repository=repository,
        number=counted.issues,
        title=title,
        author=author,
        created_at=now,
        updated_at=now,
    )
    return store.save(Put(issue))


def star(store: Store, owner: str, repository: str, account: str) -> None:
    """Give a star and count it, once for each account.

    Raises:
        ItemExistsError: if the account has starred the repository already.
    """
    now = store.clock()
    given = Put(Star(owner=owner, repository=repository, account=account, given_at=now))
    counted = Update(
        Repository,
        {"owner": owner, "name": repository},
        now,
        changes=[Repository.stars.add(1)],
    )
    store.transact(Transaction((given, counted)))


def main() -> None:
    """Open issues, give stars, and read both in each direction."""
    minutes = iter(range(60))

    def clock() -> datetime:
        return NOON + timedelta(minutes=next(minutes))

    with hub.embedded(clock=clock) as store:
        for name in ("ann", "ben"):
            store.save(Put(Account(name=name, email=f"{name}@example.org")))
        try:
            store.save(Put(Account(name="eve", email="ann@example.org")))
        except NotUniqueError as error:
            print(error)
        for name in ("parser", "printer"):
            made = store.clock()
            store.save(Put(Repository(owner="ann", name=name, created_at=made, updated_at=made)))
        for title in ("Crash on empty input", "Faster lists", "Typo"):
            open_issue(store, "ann", "parser", title, author="ben")
        key = {"owner": "ann", "repository": "parser", "number": 3}
        changes = [Issue.state.set(State.CLOSED), Issue.labels.include("docs")]
        store.save(Update(Issue, key, store.clock(), changes=changes))
        star(store, "ann", "parser", "ben")
        try:
            star(store, "ann", "parser", "ben")
        except ItemExistsError as error:
            print(error)

        print(store.page(RepositoryWithIssues("ann", "parser"), limit=3).items)
        print(store.page(RepositoryWithStars("ann", "parser"), limit=3).items)
        print([each.title for each in store.each(IssuesInState("ann", "parser", State.OPEN))])
        print(store.page(AccountWithRepositories("ann"), limit=3).items)
        print([each.repository for each in store.each(StarredBy("ben"))])
        print([each.title for each in store.each(IssuesOfAuthor("ben", NOON.date()))])
        print(store.get(AccountByEmail("ben@example.org")))


if __name__ == "__main__":
    main()

"""Table: what a table stores and what is asked of it, as one value.

Everything else about a table follows from it: the Store that reads and writes it, the page that
documents its access patterns, the requests of a pattern, and the definition of the table itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from autoforge.dynamodb.client.client import RetryPolicy
from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, shortened, suggestion
from autoforge.dynamodb.patterns.catalogue_page import catalogue_page
from autoforge.dynamodb.patterns.explain import Explanation, explain
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.snapshot import Snapshot
from autoforge.dynamodb.patterns.soundness import faults_of
from autoforge.dynamodb.schema.design import Design, is_class_of
from autoforge.dynamodb.schema.limits import LOCAL_INDEXES_FOR_GOOD
from autoforge.dynamodb.schema.settings import as_tuple
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.timestamps import utc_now
from autoforge.dynamodb.transport.transport import TransportName

#: The region given to a DynamoDB other than AWS's, where the name has no effect.
LOCAL_REGION: Final = "us-east-1"


@dataclass(frozen=True)
class Table(Design):
    """What a table stores and what is asked of it, checked when it is made.

    Args:
        name: The name of the table, unless ``connect`` is given another.
        entities: All entities of the table; at least one. They have one layout.
        indexes: All secondary indexes of the table.
        patterns: All access patterns of the table.

    Raises:
        DeclarationError: if there is no entity, or one is abstract; if entities differ in layout or
            have one type, or the keys of two could be equal; if a key is in an index that is not
            the table's, or DynamoDB would refuse the indexes; if two patterns have one name, a
            pattern answers with an entity or reads an index that is not the table's, or a pattern
            would read items of an entity that it does not answer with. The message names what to
            change.

    Examples:
        >>> class Shelf(Entity):
        ...     isbn: Id = Id()
        ...     key = Key("BOOK#{isbn}", "BOOK")
        >>> Table("Library", entities=(Book, Shelf))
        Traceback (most recent call last):
        autoforge.dynamodb.errors.DeclarationError: Library: Book.key and Shelf.key could be ...
    """

    patterns: tuple[type[Pattern[Any]], ...] = ()

    def __post_init__(self) -> None:
        """Check the design, then each pattern against it."""
        super().__post_init__()
        object.__setattr__(self, "patterns", as_tuple(self.name, "patterns", self.patterns))
        alien = [each for each in self.patterns if not is_class_of(each, Pattern)]
        if alien:
            raise DeclarationError(
                f"{self.name}: {shortened(alien[0])} is not a pattern: name the class itself"
            )
        for each in self.patterns:
            unfinished = ", ".join(sorted(getattr(each, "__abstractmethods__", ())))
            if each.is_generic():
                raise DeclarationError(
                    f"{self.name}: {each.__name__} is a kind of pattern: name a subclass of it"
                )
            if unfinished:
                raise DeclarationError(f"{self.name}: {each.__name__} defines no {unfinished}")
        faults = [*self._shared_pattern_names(), *faults_of(self, self.patterns)]
        if faults:
            raise DeclarationError(f"{self.name}: {'; '.join(faults)}")

    def connect(
        self,
        *,
        region: str,
        table_name: str | None = None,
        endpoint_url: str | None = None,
        credentials: tuple[str, str] | None = None,
        cursor_secrets: Sequence[str] = (),
        clock: Callable[[], datetime] = utc_now,
        retries: RetryPolicy | None = None,
        transport: TransportName = "auto",
    ) -> Store:
        """Connect to the table. Nothing is sent before the first call.

        Args:
            region: The AWS region.
            table_name: The table; the name of the design unless given.
            endpoint_url: A DynamoDB other than AWS's, such as an emulator; None for AWS.
            credentials: Access key id and secret key. Unless given, botocore looks them up, and an
                emulator on this machine gets dummy ones.
            cursor_secrets: Keys that sign cursors, the current one first. Unless given, a new key
                signs them, and cursors end with this process.
            clock: Tells the time.
            retries: How often a request is tried; None for the default ``RetryPolicy``.
            transport: ``botocore`` to send every request through botocore; ``auto`` to send
                requests directly where possible.

        Raises:
            ConfigurationError: if the endpoint is not a URL that a request can be sent to, or a
                setting is of a wrong type.

        Examples:
            >>> store = library.connect(region="eu-central-1", cursor_secrets=["a long secret"])
            >>> store.table_name
            'Library'
        """
        return Store.connect(
            self,
            region=region,
            table_name=table_name,
            endpoint_url=endpoint_url,
            credentials=credentials,
            cursor_secrets=cursor_secrets,
            clock=clock,
            retries=retries,
            transport=transport,
        )

    @contextmanager
    def embedded(
        self,
        *,
        data: Path | None = None,
        dynoxide: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> Iterator[Store]:
        """Start an embedded DynamoDB with the table, and stop it at the end of the block.

        Without an argument the DynamoDB is moto in this process, in memory. With ``data`` or
        ``dynoxide`` it is dynoxide in a child process, whose ``begins_with`` does not tell upper
        from lower case of ASCII letters, as DynamoDB does.

        Args:
            data: The database file of dynoxide; None to keep the data in memory.
            dynoxide: The dynoxide program; None to find it on PATH if there is ``data``.
            clock: Tells the time.

        Raises:
            ConfigurationError: if dynoxide is needed and not found.
            MissingExtraError: if moto is needed and not installed.

        Examples:
            >>> with library.embedded(clock=lambda: NOON) as store:
            ...     store.save(Put(Book(isbn="b1", title="Emma"))).updated_at
        """
        # Imported here, since only an embedded DynamoDB needs them.
        from autoforge.dynamodb.local import DynoxideDynamoDB, EmbeddedDynamoDB  # noqa: PLC0415

        engine = (
            EmbeddedDynamoDB()
            if data is None and dynoxide is None
            else DynoxideDynamoDB(data, binary=dynoxide)
        )
        with closing(engine):
            store = self.connect(
                region=LOCAL_REGION,
                endpoint_url=engine.direct_url,
                credentials=engine.credentials,
                clock=clock,
            )
            store.create_table()
            yield store

    def pattern(self, name: str) -> type[Pattern[Any]]:
        """Return the access pattern with a name.

        Raises:
            InvalidValueError: if there is none; the message has the most similar name.

        Examples:
            >>> library.pattern("BookByIsbn") is BookByIsbn
            True
            >>> library.pattern("BookByIsbm")
            Traceback (most recent call last):
            autoforge.dynamodb.errors.InvalidValueError: ...
        """
        named = {each.__name__: each for each in self.patterns}
        if name not in named:
            near = suggestion(str(name), named)
            raise InvalidValueError(f"no pattern is named {shortened(name)}{near}")
        return named[name]

    def explain(
        self,
        pattern: Pattern[Any] | Snapshot,
        *,
        now: datetime | None = None,
        limit: int = 25,
        consistent: bool = False,
    ) -> Explanation:
        """Return the requests that a pattern sends for its first page, without sending them.

        Args:
            pattern: The pattern with its parameters, or a snapshot of several.
            now: The present time, for patterns whose key condition depends on it; None to read it.
            limit: The number of items in a page.
            consistent: Whether to read strongly consistently.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key, or a strongly consistent read
                of a global index is requested.

        Examples:
            >>> print(library.explain(LoansDue(by=NOON)).words[0])
            Query index ByDue for ByDuePK = LOANS AND ByDueSK < 2026-02-04T12:00:00.000Z$, smallest
            sort key first, up to 25 items (Loan), eventually consistently.
        """
        return explain(
            pattern,
            table_name=self.name,
            now=now or utc_now(),
            limit=limit,
            consistent=consistent,
        )

    def catalogue_page(self) -> str:
        """Return the page that documents every access pattern of the table, in Markdown.

        Examples:
            >>> "Which book has this ISBN?" in library.catalogue_page()
            True
        """
        if not self.local_indexes:
            return catalogue_page(self.patterns)
        names = ", ".join(str(each.name) for each in self.local_indexes)
        said = f"Local indexes: {names}. For good: {LOCAL_INDEXES_FOR_GOOD}."
        return catalogue_page(self.patterns, remarks=[said])

    def _shared_pattern_names(self) -> Iterator[str]:
        seen: set[str] = set()
        for each in self.patterns:
            if each.__name__ in seen:
                yield f"two patterns are named {each.__name__}"
            seen.add(each.__name__)


def require_table(given: object) -> None:
    """Refuse to derive anything from what is not a Table, such as an entity or a Store.

    Raises:
        DeclarationError: with what was given.
    """
    if not isinstance(given, Table):
        raise DeclarationError(
            f"{shortened(given)} is not a Table: write Table(name, entities=(…,), patterns=(…,))"
        )

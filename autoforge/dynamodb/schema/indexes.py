"""The indexes of a table, and the attributes that a table gives every item.

* ``Layout``  the attributes of the primary key, of an item's type and of its expiry
* ``GSI``     a global secondary index
* ``LSI``     a local secondary index
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias, cast

from autoforge.dynamodb.errors import DeclarationError, is_name, shortened
from autoforge.dynamodb.schema.letter_case import IN_CASE

#: The type of a key attribute in DynamoDB: a text or a number.
KeyType: TypeAlias = Literal["S", "N"]

#: What an index holds of an item: everything, only the keys of table and index, or these
#: attributes, too (``INCLUDE``), by their names in the table.
Projection: TypeAlias = Literal["ALL", "KEYS_ONLY"] | tuple[str, ...]

#: The attribute with the type of an item, and the time-to-live attribute, of a new table.
ENTITY_TYPE: Final = "EntityType"
TTL: Final = "TTL"

#: Stands for a name that follows from the name of the index.
_DEFAULT: Final = ""


@dataclass(frozen=True)
class Index:
    """The key attributes of the table itself or of a secondary index.

    ``GSI`` and ``LSI`` make the indexes of a table; the primary key follows from the ``Layout``.

    Attributes:
        name: The name of the index; None for the table itself.
        partition_key: The attribute with the partition key.
        sort_key: The attribute with the sort key; None without one.
        projection: What the index holds of an item.
        partition_type: The type of the partition key: ``S`` for a text, ``N`` for a number.
        sort_type: The type of the sort key: ``S`` or ``N``.
        is_local: Whether it is a local secondary index, which shares its partition key with the
            table.

    Examples:
        >>> library.primary.attributes, by_due.attributes
        (('PK', 'SK'), ('ByDuePK', 'ByDueSK'))
    """

    name: str | None
    partition_key: str
    sort_key: str | None
    projection: Projection = "ALL"
    partition_type: KeyType = "S"
    sort_type: KeyType = "S"
    is_local: bool = False

    def __post_init__(self) -> None:
        """Check names and types; the names that DynamoDB takes are checked by the Table."""
        for name in (self.name, self.sort_key):
            if not (name is None or is_name(name)):
                raise DeclarationError(f"{self.shown}: {shortened(name)} is not a name")
        within_table = self.is_local and self.partition_key == _DEFAULT
        if not (within_table or is_name(self.partition_key)):
            raise DeclarationError(
                f"{self.shown}: the partition key is {shortened(self.partition_key)}: name an "
                "attribute"
            )
        if self.sort_key == self.partition_key:
            raise DeclarationError(
                f"{self.shown}: {self.sort_key} is both the partition key and the sort key"
            )
        for kind in (self.partition_type, self.sort_type):
            if kind not in ("S", "N"):
                raise DeclarationError(
                    f"{self.shown}: {shortened(kind)} is not a type of a key attribute: write "
                    '"S" for a text or "N" for a number'
                )

    def __hash__(self) -> int:
        """Hash the names only: requests are cached by their index."""
        return hash((self.name, self.partition_key, self.sort_key))

    @property
    def is_table(self) -> bool:
        """Whether this is the primary key of the table, and not an index."""
        return self.name is None

    @property
    def shown(self) -> str:
        """The name of the index, or "the table", as messages have it."""
        return "the table" if self.name is None else f"index {self.name}"

    @property
    def consistent_reads(self) -> bool:
        """Whether DynamoDB offers strongly consistent reads here (never on a global index)."""
        return self.is_table or self.is_local

    @property
    def holds_all(self) -> bool:
        """Whether it holds all attributes of an item."""
        return self.is_table or self.projection == "ALL"

    @cached_property
    def types(self) -> dict[str, KeyType]:
        """The type of each key attribute, partition key first."""
        types = {self.partition_key: self.partition_type}
        return types if self.sort_key is None else {**types, self.sort_key: self.sort_type}

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """The names of the key attributes, partition key first."""
        return tuple(self.types)

    def included(self, layout: Layout) -> tuple[str, ...]:
        """Return the attributes that the index holds besides keys; empty unless it names some."""
        if isinstance(self.projection, str):
            return ()
        keys = {*self.attributes, *layout.primary.attributes}
        names = dict.fromkeys((*self.projection, *layout.always_projected))
        return tuple(name for name in names if name not in keys)

    def holds(self, name: str, layout: Layout) -> bool:
        """Whether it holds an attribute, by its name in a table with this layout."""
        keys = (*self.attributes, *layout.primary.attributes)
        return self.holds_all or name in keys or name in self.included(layout)

    @property
    def projection_type(self) -> str:
        """DynamoDB's name of the projection."""
        return self.projection if isinstance(self.projection, str) else "INCLUDE"

    def within(self, layout: Layout) -> Index:
        """Return the index in a table with this layout: its primary key, or the index itself.

        A local index gets the partition key of the table.
        """
        if self.is_table:
            return layout.primary
        if not self.is_local:
            return self
        return Index(
            self.name,
            layout.partition_key,
            self.sort_key,
            projection=self.projection,
            partition_type=layout.partition_type,
            sort_type=self.sort_type,
            is_local=True,
        )


class GSI(Index):
    """A global secondary index: its own partition key and sort key.

    DynamoDB updates it after the table, usually within a fraction of a second, so it is read
    eventually consistently (AWS, "Global secondary indexes").

    Args:
        name: The name of the index.
        partition_key: The attribute with the partition key; the name followed by ``PK`` unless
            given.
        sort_key: The attribute with the sort key; the name followed by ``SK`` unless given. None
            for an index without a sort key.
        projection: ``ALL``, ``KEYS_ONLY``, or the names of the attributes to include. The type of
            an item and its expiry are included with named attributes, since reads need both. An
            index with ``KEYS_ONLY`` holds no expiry: a query answers with what it holds only for
            entities that declare ``never_expires``.
        partition_type: ``N`` if the partition key is a number, else ``S``.
        sort_type: ``N`` if the sort key is a number, else ``S``.

    Raises:
        DeclarationError: if a name is no text, or the projection or a type is not one of these.

    Examples:
        >>> GSI("ByDue").attributes
        ('ByDuePK', 'ByDueSK')
        >>> GSI("ByPrice", "shelf", "price", sort_type="N", projection=["title"]).types
        {'shelf': 'S', 'price': 'N'}
    """

    def __init__(
        self,
        name: str,
        partition_key: str = _DEFAULT,
        sort_key: str | None = _DEFAULT,
        *,
        projection: Literal["ALL", "KEYS_ONLY"] | Sequence[str] = "ALL",
        partition_type: KeyType = "S",
        sort_type: KeyType = "S",
    ) -> None:
        _require_name(name)
        super().__init__(
            name=name,
            partition_key=f"{name}PK" if partition_key == _DEFAULT else partition_key,
            sort_key=f"{name}SK" if sort_key == _DEFAULT else sort_key,
            projection=_projection(name, projection),
            partition_type=partition_type,
            sort_type=sort_type,
        )


class LSI(Index):
    """A local secondary index: another sort key in the item collections of the table.

    A table gets it when it is created, or never. All items with one partition key, together with
    their entries in local indexes, may then take 10 GB (AWS, "Local secondary indexes"). It can be
    read strongly consistently.

    Args:
        name: The name of the index.
        sort_key: The attribute with the sort key; the name followed by ``SK`` unless given.
        projection: ``ALL``, ``KEYS_ONLY``, or the names of the attributes to include. The type of
            an item and its expiry are included with named attributes, since reads need both. An
            index with ``KEYS_ONLY`` holds no expiry: a query answers with what it holds only for
            entities that declare ``never_expires``.
        sort_type: ``N`` if the sort key is a number, else ``S``.

    Raises:
        DeclarationError: if a name is no text, or the projection or a type is not one of these.

    Examples:
        >>> class Copy(Entity):
        ...     isbn: Id = Id()
        ...     number: Integer = Integer()
        ...     condition: Text = Text()
        ...     key = Key("BOOK#{isbn}", "COPY#{number:3}")
        ...     by_condition = Key("BOOK#{isbn}", "{condition}", index=LSI("ByCondition"))
        >>> Copy(isbn="b1", number=1, condition="worn").rendered()["ByConditionSK"]
        'worn'
    """

    def __init__(
        self,
        name: str,
        sort_key: str = _DEFAULT,
        *,
        projection: Literal["ALL", "KEYS_ONLY"] | Sequence[str] = "ALL",
        sort_type: KeyType = "S",
    ) -> None:
        _require_name(name)
        if sort_key is None:
            raise DeclarationError(f"index {name} is local: it is another sort key, and needs one")
        super().__init__(
            name=name,
            partition_key=_DEFAULT,
            sort_key=f"{name}SK" if sort_key == _DEFAULT else sort_key,
            projection=_projection(name, projection),
            sort_type=sort_type,
            is_local=True,
        )


@dataclass(frozen=True)
class Layout:
    """The attributes that a table gives every item: its primary key, its type and its expiry.

    The defaults are those of a new table; a table that exists already has names of its own. An
    entity has it as ``layout``; all entities of a table have the same.

    Attributes:
        partition_key: The attribute with the partition key.
        sort_key: The attribute with the sort key; None if the table has none.
        entity_type: The attribute with the type of the item; None if items do not store it. Then
            the type of an item is the one whose primary key has its form.
        expiry: The time-to-live attribute, in Unix seconds; None if items do not expire.
        partition_type: ``N`` if the partition key is a number, else ``S``.
        sort_type: ``N`` if the sort key is a number, else ``S``.
        naming: How the names of attributes are written in the table, unless they are given:
            ``created_at`` as ``createdAt``, as ``CreatedAt``, or as it is.

    Raises:
        DeclarationError: if a name is no text, one is given twice, or a type is unknown; when an
            entity is declared, if its layout cannot hold its key.

    Examples:
        >>> class Order(Entity):
        ...     layout = Layout("customer", "number", entity_type=None, sort_type="N", expiry=None)
        ...     customer: Text = Text()
        ...     number: Integer = Integer()
        ...     key = Key("{customer}", "{number}")
        >>> Order(customer="ann", number=7).to_item()
        {'customer': {'S': 'ann'}, 'number': {'N': '7'}}
    """

    partition_key: str = "PK"
    sort_key: str | None = "SK"
    entity_type: str | None = ENTITY_TYPE
    expiry: str | None = TTL
    partition_type: KeyType = "S"
    sort_type: KeyType = "S"
    naming: Literal["camelCase", "PascalCase", "snake_case"] = "camelCase"

    def __post_init__(self) -> None:
        """Check names and types."""
        primary = self.primary  # which checks its own
        for name in (self.entity_type, self.expiry):
            if not (name is None or is_name(name)):
                raise DeclarationError(
                    f"a layout has {shortened(name)} for an attribute: give a name, or None"
                )
        names = [*primary.attributes, *self.always_projected]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DeclarationError(
                f"a layout names {twice} twice: give each attribute its own name"
            )
        if self.naming not in IN_CASE:
            raise DeclarationError(
                f"naming is {shortened(self.naming)}; expected {', '.join(IN_CASE)}"
            )

    @cached_property
    def primary(self) -> Index:
        """The primary key of the table."""
        return Index(
            None,
            self.partition_key,
            self.sort_key,
            partition_type=self.partition_type,
            sort_type=self.sort_type,
        )

    @property
    def always_projected(self) -> tuple[str, ...]:
        """The attributes that an index with ``INCLUDE`` holds besides those it names."""
        return tuple(name for name in (self.entity_type, self.expiry) if name is not None)


#: The layout of a table that names none of its attributes.
DEFAULT_LAYOUT: Final = Layout()

#: The primary key of a table; a key that is declared in it is in that of the entity's layout.
TABLE: Final = DEFAULT_LAYOUT.primary


def _require_name(name: object) -> None:
    """Refuse an index without a name."""
    if not is_name(name):
        raise DeclarationError(
            f'an index is named {shortened(name)}; expected a text, such as GSI("ByDue")'
        )


def _projection(name: str, projection: Literal["ALL", "KEYS_ONLY"] | Sequence[str]) -> Projection:
    given: object = projection
    if isinstance(given, str) and given in {"ALL", "KEYS_ONLY"}:
        return cast("Projection", projection)
    several = isinstance(given, Iterable) and not isinstance(given, str)
    if not (several and projection and all(map(is_name, projection))):
        raise DeclarationError(
            f"index {name} projects {projection!r}; expected ALL, KEYS_ONLY or names of attributes"
        )
    return tuple(projection)

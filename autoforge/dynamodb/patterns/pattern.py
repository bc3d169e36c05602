"""Pattern, the base class of access patterns: frozen, typed values that describe a read.

* ``Get``        one item by its whole primary key            GetItem (get.py)
* ``Fetch``      several items by their primary keys          BatchGetItem (fetch.py)
* ``Query``      a range of one item collection, in order     Query, a page at a time (query.py)
* ``Lookup``     one item by a look-up item                   GetItem, then GetItem (references.py)
* ``Hydrate``    the items that references point to           Query, then BatchGetItem
* ``Composite``  several of these, joined in one answer       (composite.py)

A pattern does no I/O; a Store runs it. Each kind defines its requests, their description in words
and the IAM permissions that they need, so a new kind is one class. A pattern class describes itself
without values for its parameters; the catalogue, the documentation, the IAM policies and the checks
of ranges are derived from that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from datetime import datetime
from functools import cache
from inspect import cleandoc, isfunction
from typing import Any, ClassVar, Final, Generic, TypeVar, get_args

from autoforge.dynamodb.errors import DeclarationError, shortened
from autoforge.dynamodb.patterns.declared import members_of, parameters_in
from autoforge.dynamodb.patterns.parts import paths_of, reading_of
from autoforge.dynamodb.patterns.permission import Permission
from autoforge.dynamodb.patterns.projection import (
    Answer,
    answers_in,
    described,
    entity_of,
    is_projection,
)
from autoforge.dynamodb.patterns.reader import Reader
from autoforge.dynamodb.patterns.readers import PartsReading, Reading
from autoforge.dynamodb.patterns.request import AttributePath, Request
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.dynamodb.schema.settings import constants_in, refuse_misspelt, settings_of

T = TypeVar("T")

#: The methods of the kinds that a pattern may override, and need not.
_OVERRIDABLE: Final = frozenset({"agrees", "filter"})


class Pattern(ABC, Generic[T]):
    """The base class of the kinds of access patterns.

    A pattern is a subclass of a kind, such as ``Get`` or ``Query``: a frozen dataclass whose fields
    are its parameters. The first paragraph of its docstring is the question that it answers; the
    other paragraphs are notes.

    Raises:
        DeclarationError: when a pattern is declared, if its key and its parameters do not give the
            requests of its kind.

    Examples:
        >>> LoansOfBook.question()
        'Who has borrowed this book, the first loan first?'
        >>> [each.name for each in BookByIsbn.parameters()]
        ['isbn']
    """

    #: The document, and the part of it, that asks for the pattern; empty if none does.
    source: ClassVar[str] = ""
    #: The DynamoDB operations of the requests, in order.
    operation: ClassVar[str]
    #: The number of requests; for a Query, those of a page of up to 1 MB of live items.
    requests: ClassVar[int] = 1
    #: The entities of the items that are read, from the type argument.
    entities: ClassVar[tuple[type[Entity], ...]] = ()
    #: The entities, or the parts of them that are answered, in the same order.
    answers: ClassVar[tuple[type[Any], ...]] = ()
    #: Whether the class is a kind of pattern, such as ``Query``, and not a pattern itself.
    _is_kind: ClassVar[bool] = True

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Read the entities from the type argument, as in ``Query[Event]``, and check them.

        Args:
            kind: Whether the class is a kind of pattern and not a pattern itself.

        Raises:
            DeclarationError: if an entity is abstract, a parameter has the name of a member of the
                kind, or a setting or a method is misspelt.
        """
        super().__init_subclass__()
        cls._is_kind = kind
        if not kind:
            cls._require_settings()
        for base in getattr(cls, "__orig_bases__", ()):
            found = tuple(answers_in(get_args(base)))
            if found:
                cls.answers, cls.entities = found, tuple(map(entity_of, found))
        besides = cls._read_besides()
        cls.answers, cls.entities = cls.answers + besides, cls.entities + besides
        for entity in cls.entities:
            if cls.entities.count(entity) > 1:
                raise DeclarationError(
                    f"{cls.__name__} answers with {entity.__name__} twice: take what you need of "
                    "it in one Projection"
                )
            if entity.is_abstract() and not kind:
                raise DeclarationError(
                    f"{cls.__name__}: {entity.__name__} is abstract: it is never stored"
                )
        taken = set() if kind else parameters_in(cls) & members_of(cls._kinds())
        if taken:
            raise DeclarationError(
                f"{cls.__name__}: the parameter {min(taken)!r} has the name of a member of "
                f"{cls._kinds()[0].__name__}: choose another name"
            )

    @classmethod
    def _require_settings(cls) -> None:
        """Refuse a misspelt setting or method, and a constant in place of a member of the kind."""
        kinds = cls._kinds()
        settings, members = settings_of(kinds), members_of(kinds)
        constants = [*constants_in(cls)]
        for name in constants:
            if name in members - settings - parameters_in(cls):
                raise DeclarationError(
                    f"{cls.__name__}.{name} is {shortened(vars(cls)[name])}, and "
                    f"{kinds[0].__name__} itself needs this name: {cls._instead_of(name)}"
                )
        refuse_misspelt(cls, constants, settings)
        missing = {
            name
            for name in members
            if getattr(getattr(cls, name, None), "__isabstractmethod__", False)
        }
        methods = [name for name, each in vars(cls).items() if isfunction(each)]
        refuse_misspelt(cls, methods, missing | (_OVERRIDABLE & members), own="method")

    @classmethod
    def _instead_of(cls, name: str) -> str:
        """Return what to write instead of a constant that has the name of a member of the kind."""
        kind = cls._kinds()[0]
        if isfunction(getattr(kind, name, None)):
            return f"write a method, def {name}(self)"
        return "choose another name"

    @classmethod
    def _read_besides(cls) -> tuple[type[Entity], ...]:
        """Return entities that are read besides those of the type argument."""
        return ()

    def __init__(self, *_: Any, **__: Any) -> None:
        """Refuse a class that is not a dataclass: ``@dataclass`` replaces this method."""
        raise undecorated(type(self))

    @classmethod
    def is_generic(cls) -> bool:
        """Whether the class has type parameters, so its entities are not known yet."""
        return bool(getattr(cls, "__parameters__", ()))

    @classmethod
    def _kinds(cls) -> tuple[type[Any], ...]:
        """Return the kinds of pattern among the base classes, the nearest first."""
        return tuple(base for base in cls.__mro__ if vars(base).get("_is_kind"))

    @classmethod
    def _require_entities(cls, example: str) -> None:
        """Check that the type argument names entities."""
        if not cls.entities:
            raise DeclarationError(
                f"{cls.__name__} does not say what it answers with: "
                f"write {cls._kinds()[0].__name__}[{example}], with the entity itself in brackets"
            )

    @classmethod
    def question(cls) -> str:
        """Return the question that the pattern answers, in a sentence."""
        return " ".join(cleandoc(cls.__doc__ or "").split("\n\n")[0].split())

    @classmethod
    def notes(cls) -> str:
        """Return the notes on the pattern, in paragraphs."""
        paragraphs = cleandoc(cls.__doc__ or "").split("\n\n")[1:]
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    @classmethod
    def parameters(cls) -> tuple[Field[Any], ...]:
        """Return the parameters of the pattern."""
        return fields(cls)  # type: ignore[arg-type]  # every pattern is a dataclass

    def arguments(self) -> dict[str, Any]:
        """Return the values of the parameters, by their names in camelCase."""
        return {camel_case(each.name): getattr(self, each.name) for each in self.parameters()}

    def named(self) -> dict[str, Any]:
        """Return the values of the parameters, by their names in an item or else in camelCase."""
        known = {
            name: attribute.attr_name
            for entity in self.entities
            for name, attribute in entity.get_attributes().items()
        }
        values = {each.name: getattr(self, each.name) for each in self.parameters()}
        return {known.get(name, camel_case(name)): value for name, value in values.items()}

    @classmethod
    def answered_entities(cls) -> tuple[type[Entity], ...]:
        """Return the entities of the answer, without look-up items and references."""
        return cls.entities

    @classmethod
    def answered(cls) -> tuple[type[Answer], ...]:
        """Return the entities of the answer, or the parts of them that are answered."""
        answers = {entity_of(each): each for each in cls.answers}
        return tuple(answers.get(each, each) for each in cls.answered_entities())

    @classmethod
    def remarks(cls) -> Iterator[str]:
        """Yield sentences on what the pattern reads besides its answer, and what that costs."""
        if cls.item_paths():
            parts = " or ".join(cls.described_answers())
            yield f"Only {parts} is returned; the whole size of each item is paid for."

    @classmethod
    def described_answers(cls) -> tuple[str, ...]:
        """Return the types of the answer, each with its attributes if it is not the whole item."""
        return tuple(map(described, cls.answered()))

    @classmethod
    @cache
    def reading(cls) -> Reading[Any]:
        """Return how items are converted unless a caller says otherwise: to what is answered."""
        return reading_of(cls.answers, TABLE)

    @classmethod
    def reading_as(cls, reading: Reading[T]) -> Reading[T]:
        """Return how items are converted if a caller says to what.

        Raises:
            DeclarationError: if the pattern answers with parts, which the caller's reading does not
                convert.
        """
        if not cls.answers_with_parts():
            return reading
        if not isinstance(reading, PartsReading):
            raise DeclarationError(
                f"{cls.__name__} answers with parts of items, and {reading} converts whole ones"
            )
        return reading.of_parts(cls.reading())

    @classmethod
    @cache
    def answers_with_parts(cls) -> bool:
        """Whether a part of an entity is answered."""
        return any(map(is_projection, cls.answered()))

    @classmethod
    @cache
    def item_paths(cls) -> tuple[AttributePath, ...]:
        """Return the attributes that are asked for of items read by their keys; empty for all."""
        read = cls.answered_entities()
        return paths_of([each for each in cls.answers if entity_of(each) in read], TABLE)

    @classmethod
    def described_index(cls) -> str:
        """Return the name of the index that is read, or ``table``."""
        return "table"

    @classmethod
    def described_conditions(cls) -> Mapping[str, str]:
        """Return the key conditions of the pattern, with labels for values.

        The name ``""`` has the one with the required parameters; the name of each optional
        parameter has the one with that parameter, too. Empty if the pattern has no single key
        condition.
        """
        return {}

    @classmethod
    def described_order(cls) -> str:
        """Return the order of the answer in words; empty if the order is not defined."""
        return ""

    @classmethod
    def offers_consistent_reads(cls) -> bool:
        """Whether the pattern can be read strongly consistently."""
        return True

    @classmethod
    def reaches(cls, key: Key) -> bool:
        """Whether items under a key could be in the range that the pattern reads."""
        del key
        return False

    @classmethod
    def left_out(cls) -> tuple[type[Entity], ...]:
        """Return the entities whose items the pattern reads and leaves out of its answer."""
        return ()

    @classmethod
    def fault_of_filter(cls) -> str:
        """Return what is wrong with the filter of a query; empty if nothing is."""
        return ""

    @classmethod
    @abstractmethod
    def iam_permissions(cls) -> Iterator[Permission]:
        """Return the permissions that a caller needs to run the pattern."""

    @abstractmethod
    def parts_read(self, limit: int) -> Sequence[Part]:
        """Return the patterns to read: the parts of a composite, otherwise the pattern itself.

        Args:
            limit: The number of items in a page; a composite has a limit for each part instead.
        """


class SinglePattern(Pattern[T], kind=True):
    """A pattern that is not a composite; it can be a part of one."""

    @abstractmethod
    def first_request(
        self, table_name: str, *, limit: int | None, now: datetime, consistent: bool, count: bool
    ) -> Request:
        """Return the first request that the pattern sends.

        Args:
            table_name: The table to read.
            limit: The ``Limit`` of a query; None for none.
            now: The present time.
            consistent: Whether to read strongly consistently.
            count: Whether to count the items of a query instead.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key, or a strongly consistent read
                of an index is requested.
        """

    @abstractmethod
    def in_words(self, now: datetime, *, limit: int, consistent: bool, count: bool) -> str:
        """Say in a sentence what the pattern reads."""

    @abstractmethod
    def read_part(
        self, reader: Reader, reading: Reading[Any], *, limit: int, count: bool, consistent: bool
    ) -> Sequence[Any]:
        """Read the answers of the pattern as a part of a composite.

        Args:
            reader: Sends the requests.
            reading: Converts each item.
            limit: The largest number of items of a query.
            count: Whether to count the items of a query instead; the only answer is their number.
            consistent: Whether to read strongly consistently.
        """

    def parts_read(self, limit: int) -> Sequence[Part]:
        """Return the pattern itself."""
        return (Part(self, limit),)


@dataclass(frozen=True)
class Part:
    """A pattern inside a ``Composite``.

    Attributes:
        pattern: The pattern with its parameters.
        limit: The largest number of items of a query.
        count: Whether to count the items of a query instead; the only answer is their number.

    Examples:
        >>> Part(BookByIsbn("b1"))
        Part(pattern=BookByIsbn(isbn='b1'), limit=100, count=False)
    """

    pattern: SinglePattern[Any]
    limit: int = 100
    count: bool = False


def undecorated(cls: type[Any]) -> DeclarationError:
    """Return the error for a pattern class without ``@dataclass``."""
    return DeclarationError(
        f"{cls.__name__} is not a dataclass: write @dataclass(frozen=True) above the class"
    )


def named_types(entities: Sequence[type[Entity]]) -> str:
    """Return the type names of entities, joined by "or"."""
    return " or ".join(entity.type_name for entity in entities)


def consistency(*, consistent: bool) -> str:
    """Return the consistency of a read in words."""
    return f"{'strongly' if consistent else 'eventually'} consistently"

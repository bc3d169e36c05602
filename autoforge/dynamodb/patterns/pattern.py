"""What an access pattern is: a frozen, typed value that says which items answer a question.

* ``Get``        one item by its whole primary key            GetItem (get.py)
* ``Fetch``      several items by their primary keys          BatchGetItem (fetch.py)
* ``Query``      a range of one item collection, in order     Query, a page at a time (query.py)
* ``Lookup``     one item by a look-up item                   GetItem, then GetItem (references.py)
* ``Hydrate``    the items that references point to           Query, then BatchGetItem
* ``Composite``  several of these, joined in one answer       (composite.py)

A pattern does no I/O; a Store runs it. Each kind says by itself which requests answer it, how they
read in words, and what a caller must be allowed, so that a new kind is one class. Its class can be
read without parameters, which is what the catalogue, the documentation, the policies and the
proofs are made from.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from datetime import datetime
from inspect import cleandoc
from types import UnionType
from typing import Any, ClassVar, Generic, TypeVar, Union, get_args, get_origin

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.declared import members_of, parameters_in
from autoforge.dynamodb.patterns.permission import Permission
from autoforge.dynamodb.patterns.reader import Reader
from autoforge.dynamodb.patterns.readers import Reading
from autoforge.dynamodb.patterns.request import Request
from autoforge.dynamodb.schema.attributes import camel_case
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key

T = TypeVar("T")


def _entities(arguments: Sequence[Any]) -> Iterator[type[Entity]]:
    for argument in arguments:
        if get_origin(argument) in {Union, UnionType}:
            yield from _entities(get_args(argument))
        elif isinstance(argument, type) and issubclass(argument, Entity):
            yield argument


class Pattern(ABC, Generic[T]):
    """A question the table answers. The first sentence of the docstring is the question."""

    #: The row of the document the pattern comes from.
    source: ClassVar[str]
    #: The operations of DynamoDB that answer, in order.
    operation: ClassVar[str]
    #: Requests an answer takes; of a Query, a page of up to 1 MB of live items.
    requests: ClassVar[int] = 1
    #: The entities an answer may hold, read from the type argument.
    entities: ClassVar[tuple[type[Entity], ...]] = ()
    #: Whether the class is a kind of pattern, and nobody's question yet.
    _is_kind: ClassVar[bool] = True

    def __init_subclass__(cls, *, kind: bool = False) -> None:
        """Read the entities from ``Query[Event]`` and the like; refuse those never stored."""
        super().__init_subclass__()
        cls._is_kind = kind
        for base in getattr(cls, "__orig_bases__", ()):
            cls.entities = tuple(_entities(get_args(base))) or cls.entities
        for entity in cls.entities:
            if entity.is_abstract():
                raise DeclarationError(
                    f"{cls.__name__}: {entity.__name__} is abstract, and nothing is stored as it"
                )
        taken = set() if kind else parameters_in(cls) & members_of(cls._kinds())
        if taken:
            raise DeclarationError(
                f"{cls.__name__}: every {cls._kinds()[0].__name__} has a {min(taken)!r} of its "
                "own: name the parameter otherwise"
            )

    def __init__(self, *_: Any, **__: Any) -> None:
        """Refuse a class that is no dataclass: each of those has an ``__init__`` of its own."""
        raise undecorated(type(self))

    @classmethod
    def is_generic(cls) -> bool:
        """Whether the class leaves open which entities it answers with: nobody's pattern yet."""
        return bool(getattr(cls, "__parameters__", ()))

    @classmethod
    def _kinds(cls) -> list[type[Any]]:
        """The kinds of pattern that this is, from the nearest on."""
        return [base for base in cls.__mro__ if vars(base).get("_is_kind")]

    @classmethod
    def _require_entities(cls, example: str) -> None:
        """Refuse a pattern that does not say which entities it answers with."""
        if not cls.entities:
            raise DeclarationError(
                f"{cls.__name__} does not say what it answers with: "
                f"write {cls._kinds()[0].__name__}[{example}], with the entity itself in brackets"
            )

    @classmethod
    def question(cls) -> str:
        """What the pattern answers, in a sentence."""
        return " ".join(cleandoc(cls.__doc__ or "").split("\n\n")[0].split())

    @classmethod
    def notes(cls) -> str:
        """What else there is to know, in paragraphs."""
        paragraphs = cleandoc(cls.__doc__ or "").split("\n\n")[1:]
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    @classmethod
    def parameters(cls) -> tuple[Field[Any], ...]:
        """The parameters the pattern takes."""
        return fields(cls)  # type: ignore[arg-type]  # every pattern is a dataclass

    def arguments(self) -> dict[str, Any]:
        """The values of the parameters, by their names outside Python."""
        return {camel_case(each.name): getattr(self, each.name) for each in self.parameters()}

    def named(self) -> dict[str, Any]:
        """The same, where a parameter is an attribute by the name that this has in an item."""
        known = {
            name: attribute.attr_name
            for entity in self.entities
            for name, attribute in entity.get_attributes().items()
        }
        values = {each.name: getattr(self, each.name) for each in self.parameters()}
        return {known.get(name, camel_case(name)): value for name, value in values.items()}

    @classmethod
    def answered_entities(cls) -> tuple[type[Entity], ...]:
        """The entities an answer holds; those that only lead to them are not among these."""
        return cls.entities

    @classmethod
    def index_name(cls) -> str:
        """The index that answers, or ``table``."""
        return "table"

    @classmethod
    def key_conditions(cls) -> Mapping[str, str]:
        """The key condition with labels for values, and with each optional parameter besides.

        By the name of that parameter; empty where no single key condition answers.
        """
        return {}

    @classmethod
    def sort_order(cls) -> str:
        """The order of the answer in words; empty where the pattern promises none."""
        return ""

    @classmethod
    def offers_consistent_reads(cls) -> bool:
        """Whether DynamoDB can read strongly consistently what answers."""
        return True

    @classmethod
    def reaches(cls, key: Key) -> bool:
        """Whether items under a key could lie in the range that the pattern reads."""
        del key
        return False

    @classmethod
    @abstractmethod
    def iam_permissions(cls) -> Iterator[Permission]:
        """What a caller must be allowed to ask the pattern."""

    @abstractmethod
    def parts_read(self, limit: int) -> Sequence[Part]:
        """The reads that answer: the parts of a composite, otherwise the pattern itself.

        Args:
            limit: Items of a page, for a pattern that does not say how many it reads.
        """


class SinglePattern(Pattern[T], kind=True):
    """A pattern that one read answers, and that may be a part of a composite."""

    @abstractmethod
    def first_request(
        self, table_name: str, *, limit: int | None, now: datetime, consistent: bool, count: bool
    ) -> Request:
        """The first request that the pattern makes.

        Raises:
            InvalidValueError: if a parameter cannot stand in a key, or an index is to be read
                strongly consistently.
        """

    @abstractmethod
    def in_words(self, now: datetime, *, limit: int, consistent: bool, count: bool) -> str:
        """What the pattern reads, in a sentence."""

    @abstractmethod
    def read_part(
        self, reader: Reader, reading: Reading[Any], *, limit: int, count: bool, consistent: bool
    ) -> Sequence[Any]:
        """Read what the pattern answers as a part of a composite.

        Args:
            reader: What sends the requests.
            reading: What is made of each item.
            limit: The most items of a query.
            count: Whether to count the items of a query instead; the only answer is their number.
            consistent: Whether to read strongly consistently.
        """

    def parts_read(self, limit: int) -> Sequence[Part]:
        """The pattern itself."""
        return (Part(self, limit),)


@dataclass(frozen=True)
class Part:
    """A pattern inside a composite, and of a query the largest number of items.

    With ``count``, a query answers with how many items there are, as the only one of a sequence.
    """

    pattern: SinglePattern[Any]
    limit: int = 100
    count: bool = False


def undecorated(cls: type[Any]) -> DeclarationError:
    """The error for a class that lacks its decorator."""
    return DeclarationError(
        f"{cls.__name__} is no dataclass: write @dataclass(frozen=True) above the class"
    )


def named_types(entities: Sequence[type[Entity]]) -> str:
    """The types of entities, as an alternative in words."""
    return " or ".join(entity.type_name for entity in entities)


def consistency(*, consistent: bool) -> str:
    """How a read is consistent, in words."""
    return f"{'strongly' if consistent else 'eventually'} consistently"

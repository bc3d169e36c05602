"""Composite, the pattern that joins the answers of several patterns in one typed answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar, get_type_hints

from autoforge.dynamodb.patterns.pattern import Part, Pattern
from autoforge.dynamodb.patterns.permission import Permission
from autoforge.dynamodb.patterns.placeholders import is_required, placeholder
from autoforge.dynamodb.schema.indexes import TABLE, Index

T = TypeVar("T")


@dataclass(frozen=True, init=False)
class Composite(Pattern[T], kind=True):
    """Reads several patterns and joins their answers.

    Declared as ``Composite[T]``, where T is the type of the joined answer. The requests of the
    parts are sent concurrently; they are not a snapshot.

    Examples:
        >>> @dataclass(frozen=True)
        ... class TitleAndLoans(Composite[str]):
        ...     '''Which book is this, and how often was it lent?'''
        ...
        ...     isbn: str
        ...
        ...     def parts(self) -> Sequence[Part]:
        ...         return [Part(BookByIsbn(self.isbn)), Part(LoansOfBook(self.isbn), count=True)]
        ...
        ...     def combine(self, answers: Sequence[Sequence[object]]) -> str:
        ...         (book,), (loans,) = answers
        ...         return f"{book.title}: {loans} loans"
        >>> store.answer(TitleAndLoans("b1"))
        'Dynamo: 2 loans'
    """

    #: The index that most of the patterns read.
    index: ClassVar[Index] = TABLE

    @abstractmethod
    def parts(self) -> Sequence[Part]:
        """Return the patterns; none may depend on the answer of another."""

    @abstractmethod
    def combine(self, answers: Sequence[Sequence[Any]]) -> T:
        """Join the answers of the parts, which are in the order of ``parts``."""

    @classmethod
    def described_index(cls) -> str:
        """Return the name of the index that most of the parts read, or ``table``."""
        return cls.index.name or "table"

    @classmethod
    def iam_permissions(cls) -> Iterator[Permission]:
        """Return the permissions that the parts need, whichever parameters are given."""
        for described in (cls._labelled(), cls._labelled(every=True)):
            for part in described.parts():
                yield from type(part.pattern).iam_permissions()

    def parts_read(self, limit: int) -> Sequence[Part]:
        """Return the parts, each of which has its own limit."""
        del limit
        return self.parts()

    @classmethod
    def _labelled(cls, *, every: bool = False) -> Self:
        """Return the pattern with placeholders, so that its parts can be listed.

        Args:
            every: Whether optional parameters are given, too: they may lead to further parts.
        """
        hints = get_type_hints(cls)
        given = [
            each
            for each in cls.parameters()
            if every or is_required(each) or hints[each.name] is str
        ]
        return cls(**{each.name: placeholder(each.name, hints[each.name]) for each in given})

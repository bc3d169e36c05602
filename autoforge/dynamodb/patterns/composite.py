"""Composite, the pattern that joins the answers of several patterns in one typed answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar, get_type_hints

from autoforge.dynamodb.patterns.pattern import Part, Pattern
from autoforge.dynamodb.patterns.permission import Permission
from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.dynamodb.schema.template import Label

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
        """Return the permissions that the parts need."""
        for part in cls._labelled().parts():
            yield from type(part.pattern).iam_permissions()

    def parts_read(self, limit: int) -> Sequence[Part]:
        """Return the parts, each of which has its own limit."""
        del limit
        return self.parts()

    @classmethod
    def _labelled(cls) -> Self:
        """Return the pattern with labels for its texts, so that its parts can be listed."""
        hints = get_type_hints(cls)
        texts = [each.name for each in cls.parameters() if hints[each.name] is str]
        return cls(**{name: Label(name) for name in texts})

"""Composite, the pattern that joins the answers of several in one typed answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar, get_type_hints

from autoforge.dynamodb.patterns.pattern import Part, Pattern
from autoforge.dynamodb.patterns.permission import Permission
from autoforge.dynamodb.schema.indexes import TABLE, Index
from autoforge.dynamodb.schema.keys import Label

T = TypeVar("T")


@dataclass(frozen=True, init=False)
class Composite(Pattern[T], kind=True):
    """Several patterns whose answers are joined into one."""

    #: The index most of them read.
    index: ClassVar[Index] = TABLE

    @abstractmethod
    def parts(self) -> Sequence[Part]:
        """The patterns, none of which needs the answer of another."""

    @abstractmethod
    def combine(self, answers: Sequence[Sequence[Any]]) -> T:
        """Join the answers of the parts, given in their order."""

    @classmethod
    def index_name(cls) -> str:
        """The index most of the parts read, or ``table``."""
        return cls.index.name or "table"

    @classmethod
    def iam_permissions(cls) -> Iterator[Permission]:
        """What the parts need."""
        for part in cls._labelled().parts():
            yield from type(part.pattern).iam_permissions()

    def parts_read(self, limit: int) -> Sequence[Part]:
        """The parts, each with a limit of its own."""
        del limit
        return self.parts()

    @classmethod
    def _labelled(cls) -> Self:
        """The pattern with labels for its required texts, so that its parts can be read."""
        hints = get_type_hints(cls)
        texts = [each.name for each in cls.parameters() if hints[each.name] is str]
        return cls(**{name: Label(name) for name in texts})

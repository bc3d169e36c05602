"""Composite, the pattern that joins the answers of several in one typed answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from autoforge.dynamodb.patterns.pattern import Fetch, Get, Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.indexes import TABLE, Index

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


@dataclass(frozen=True)
class Part:
    """A pattern inside a composite, and of a query the largest number of items.

    With ``count``, a query answers with how many items there are, as the only one of a sequence.
    """

    pattern: Get[Any] | Query[Any] | Fetch[Any]
    limit: int = 100
    count: bool = False

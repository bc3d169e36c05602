"""The laws hold for item collections in which some items have unique values and exact numbers."""

from __future__ import annotations

from dataclasses import dataclass

from autoforge.dynamodb import (
    Entity,
    Get,
    Id,
    Key,
    Number,
    Projection,
    Query,
    Table,
    Text,
    Unique,
)
from autoforge.testing import laws_of


class Gym(Entity):
    """A gym."""

    id: Id = Id()
    name: Text = Text()

    key = Key("GYM#{id}", "GYM")
    one_per_name = Unique("GYM-NAME#{name}")


class Visit(Entity):
    """A visit to a gym, and what it cost."""

    gym: Id = Id()
    visitor: Id = Id()
    fee: Number = Number()

    key = Key("GYM#{gym}", "VISIT#{visitor}")


@dataclass(frozen=True)
class AllOfGym(Query[Gym | Visit]):
    """Which gym is it, and who was there?"""

    key = Gym.key

    id: str


@dataclass(frozen=True)
class Visitor(Projection[Visit]):
    """Who was there."""

    visitor: str


@dataclass(frozen=True)
class VisitorOfGym(Get[Visitor]):
    """Was this person there?"""

    key = Visit.key

    gym: str
    visitor: str


test_the_laws_of_a_mixed_collection = laws_of(
    Table("Gyms", (Gym, Visit), patterns=(AllOfGym, VisitorOfGym)), examples=30
)

"""DIARY, a table whose local indexes hold a part, and whose key attributes are times.

Its patterns answer with parts of entities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from pynamodb.expressions.condition import Condition

from autoforge.dynamodb import (
    LSI,
    Choice,
    Composite,
    Entity,
    Expiry,
    Get,
    Id,
    Integer,
    Json,
    Key,
    Layout,
    Moment,
    Number,
    Part,
    Projection,
    Put,
    Query,
    SortRange,
    Store,
    Table,
    Text,
    TextSet,
    nested,
)
from tests.designs.meters import Grade
from tests.factories import NOON

BY_DAY: Final = LSI("by.day", "written", projection=("title", "mood", "extra"))
BY_STARS: Final = LSI("ByStars", "Stars", sort_type="N", projection="KEYS_ONLY")
_DIARY: Final = Layout("Writer", "Page", naming="PascalCase")


class Note(Entity):
    """A note in the diary of a writer."""

    layout = _DIARY

    writer: Text = Text()
    id: Id = Id()
    written: Moment = Moment(form="%Y-%m-%dT%H:%M:%SZ", attr_name="written")
    title: Text = Text(attr_name="title")
    mood: Choice[Grade, None] = Choice(Grade, default=None, attr_name="mood")
    extra: Json[None] = Json(default=None, attr_name="extra")
    stars: Integer[None] = Integer(default=None)
    shown_until: Expiry[None] = Expiry(default=None)
    fee: Number[None] = Number(default=None)
    readers: TextSet = TextSet()
    body: Text = Text()

    key = Key("{writer}", "NOTE#{id}")
    by_day = Key("{writer}", "{written}", index=BY_DAY)
    by_stars = Key("{writer}", "{stars}", index=BY_STARS)


class Sketch(Entity):
    """A drawing in the diary."""

    layout = _DIARY

    writer: Text = Text()
    id: Id = Id()
    written: Moment = Moment(form="%Y-%m-%dT%H:%M:%SZ", attr_name="written")
    title: Text = Text(attr_name="title")
    file: Text = Text()

    key = Key("{writer}", "SKETCH#{id}")
    by_day = Key("{writer}", "{written}", index=BY_DAY)


@dataclass(frozen=True)
class NoteTitle(Projection[Note]):
    """A note as a list shows it."""

    id: str
    written: datetime
    title: str
    mood: Grade | None
    tone: str | None = nested("extra", "tone")


@dataclass(frozen=True)
class SketchTitle(Projection[Sketch]):
    """A drawing as a list shows it."""

    id: str
    written: datetime
    title: str


@dataclass(frozen=True)
class DiaryByDay(Query[NoteTitle | SketchTitle]):
    """What was written on this day?"""

    key = Note.by_day
    range = SortRange("written", begins_with="day")

    writer: str
    day: date | None = None


@dataclass(frozen=True)
class NotesByDay(Query[Note]):
    """Which notes were written on this day, with their texts?"""

    key = Note.by_day
    range = SortRange("written", at_least="since", below="until")
    fetches_rest = True
    leaves_out = (Sketch,)

    writer: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class FineNotes(Query[NoteTitle]):
    """Which notes are of this mood?"""

    key = Note.by_day
    leaves_out = (Sketch,)

    writer: str
    mood: Grade = Grade.FINE

    def filter(self) -> Condition | None:
        """The mood, which selects nothing."""
        return Note.mood.equals(self.mood)


@dataclass(frozen=True)
class NotesByStars(Query[Note]):
    """Which notes have at least so many stars?"""

    key = Note.by_stars
    range = SortRange("stars", at_least="least")
    fetches_rest = True
    newest_first = True

    writer: str
    least: int | None = None


@dataclass(frozen=True)
class TitleOfNote(Get[NoteTitle]):
    """What is this note called?"""

    key = Note.key

    writer: str
    id: str


@dataclass(frozen=True)
class Notebook:
    """The notes of a writer, in parts."""

    first: NoteTitle | None
    titles: tuple[NoteTitle, ...]
    stars: dict[Grade, list[Note]]
    price: Decimal


@dataclass(frozen=True)
class NotebookOf(Composite[Notebook]):
    """What is in this notebook?"""

    operation = "Query + Query"
    requests = 2
    entities = (Note,)

    writer: str

    def parts(self) -> Sequence[Part]:
        """The titles, and the notes with stars."""
        return (Part(FineNotes(self.writer)), Part(NotesByStars(self.writer)))

    def combine(self, answers: Sequence[Sequence[Any]]) -> Notebook:
        """Join them."""
        titles, starred = answers
        first = titles[0] if titles else None
        return Notebook(first, tuple(titles), {Grade.FINE: [*starred]}, Decimal("0.10"))


DIARY: Final = Table(
    "Diary",
    entities=(Note, Sketch),
    indexes=(BY_DAY, BY_STARS),
    patterns=(DiaryByDay, NotesByDay, FineNotes, NotesByStars, TitleOfNote, NotebookOf),
)


def fill_diary(store: Store) -> None:
    """Store four notes and a drawing of one writer."""
    for number in range(4):
        store.save(
            Put(
                Note(
                    writer="Ann #1 é",
                    id=f"n{number}",
                    written=NOON + timedelta(hours=number),
                    title=f"Note {number}",
                    mood=Grade.FINE if number % 2 else None,
                    extra={"tone": "low"} if number else None,
                    stars=number or None,
                    shown_until=NOON if number else None,
                    fee=Decimal("2.50") if number else None,
                    readers={"Zoë", "Al"} if number else set(),
                    body="…",
                )
            )
        )
    store.save(
        Put(Sketch(writer="Ann #1 é", id="s1", written=NOON, title="A tree", file="tree.png"))
    )

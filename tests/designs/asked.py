"""Questions to METERS, DIARY and MARKET, as a user of HTTP or of the command line asks them.

The three tables have what is rarely together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from autoforge.cli.parameters import read_pattern
from autoforge.dynamodb import (
    Composite,
    Fetch,
    Query,
    Store,
    Table,
)
from tests.designs.diary import DIARY, fill_diary
from tests.designs.market import MARKET, fill_market
from tests.designs.meters import METERS, fill_meters

ODD_TABLES: Final[Mapping[str, tuple[Table, Callable[[Store], None]]]] = {
    "METERS": (METERS, fill_meters),
    "DIARY": (DIARY, fill_diary),
    "MARKET": (MARKET, fill_market),
}

#: For each table, each pattern with texts for its parameters, and how many items answer it; -1 for
#: an answer that is no list.
ASKED: Final[Mapping[str, Sequence[tuple[str, Mapping[str, str | list[str]], int]]]] = {
    "METERS": (
        ("MeterByNumber", {"number": "-1"}, -1),
        ("MeterByNumber", {"number": "1"}, -1),
        ("GlanceByNumber", {"number": "-1"}, -1),
        ("GlanceByNumber", {"number": "1"}, -1),
        ("GlancesByNumber", {"numbers": ["1", "9", "0", "1"]}, 2),
        ("MetersOnStreet", {"street": "Main St #1"}, 3),
        ("MetersOnStreet", {"street": "Main St #1", "first": "1", "last": "1"}, 1),
        ("MetersOfLoad", {"load": "230"}, 3),
        ("GlancesOfLoad", {"load": "230"}, 3),
    ),
    "DIARY": (
        ("DiaryByDay", {"writer": "Ann #1 é"}, 5),
        ("DiaryByDay", {"writer": "Ann #1 é", "day": "2026-02-04"}, 5),
        ("DiaryByDay", {"writer": "Ann #1 é", "day": "2026-02-05"}, 0),
        ("NotesByDay", {"writer": "Ann #1 é", "since": "2026-02-04T14:00:00+01:00"}, 3),
        ("FineNotes", {"writer": "Ann #1 é"}, 2),
        ("FineNotes", {"writer": "Ann #1 é", "mood": "poor"}, 0),
        ("NotesByStars", {"writer": "Ann #1 é", "least": "2"}, 2),
        ("TitleOfNote", {"writer": "Ann #1 é", "id": "n1"}, -1),
        ("NotebookOf", {"writer": "Ann #1 é"}, -1),
        ("NotebookOf", {"writer": "Nobody"}, -1),
    ),
    "MARKET": (
        ("OfferWithBids", {"id": "o1"}, 4),
        ("BidsBeginning", {"offer": "o1", "start": "Bo"}, 3),
        ("OfferByCode", {"code": "c/1?"}, -1),
        ("TagOfName", {"name": "thing"}, -1),
        ("TagsLiked", {"bidder": "Bo"}, 3),
        ("OffersOfSeller", {"seller": "s1", "since": "2026-02-05T00:00Z"}, 2),
        ("OffersByPrice", {"seller": "s1", "least": "100", "most": "200"}, 2),
        ("TagsOfKind", {"kind": "poor"}, 3),
        (
            "Echoed",
            {
                "amount": "0.1234567890123456789",
                "at": "2026-02-04T10:30Z",
                "flag": "true",
                "ratio": "0.5",
                "token": "00000000-0000-0000-0000-000000000001",
                "on": "2026-02-04",
                "way": "down",
                "grades": ["fine", "poor"],
            },
            -1,
        ),
    ),
}


def texts_of(query: Mapping[str, str | list[str]]) -> list[str]:
    """Return the parameters of a question as the command line takes them, a list as JSON."""
    return [
        f"{name}={value if isinstance(value, str) else json.dumps(_plain(value))}"
        for name, value in query.items()
    ]


def _plain(values: list[str]) -> list[str | int]:
    return [int(each) if each.isdecimal() else each for each in values]


def answered(store: Store, table: Table, pattern: str, query: Mapping[str, str | list[str]]) -> Any:
    """Return what a Store answers to a question: entities, parts, or a composite."""
    asked: Any = read_pattern(table, pattern, texts_of(query))
    if isinstance(asked, Query):
        return [*store.each(asked)]
    if isinstance(asked, Fetch):
        return [*store.fetch(asked)]
    return store.answer(asked) if isinstance(asked, Composite) else store.require(asked)

"""Hypothesis strategies: values that try to break keys and documents, and entities made of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pynamodb.attributes import Attribute, BinaryAttribute
from ulid import ULID

from autoforge.dynamodb import Entity
from autoforge.dynamodb.schema.choice_attributes import Boolean, Choice
from autoforge.dynamodb.schema.document_attributes import Array, Document, Json
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE
from autoforge.dynamodb.schema.number_attributes import Integer, Number
from autoforge.dynamodb.schema.set_attributes import IdSet, TextSet
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Expiry, Moment
from autoforge.dynamodb.schema.value_codecs import IdCodec
from autoforge.dynamodb.timestamps import MILLISECOND
from autoforge.models import PLATFORM_DESIGN
from autoforge.models.users import Email, comparable_email
from tests.dynamodb.indexes import KEY_ATTRIBUTES

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: Separators, escapes, characters that sort next to them, and the ends of Unicode's ranges.
_HOSTILE: Final = "#%$~ !\"&'+,-./0_|{}\0\x01\x1f\x7f\x80éß€\ufffe\U0001f600\U0010ffff"
#: Texts that are prefixes of each other, look encoded, or look like keys.
_NEIGHBOURS: Final = (
    "a", "aa", "a#", "a#b", "a%", "a%2", "a%23", "a%2523", "a$", "a ", "a!", "a~", "a\0",
    "jira", "jira cloud", "jira#cloud", "METADATA", "EVENT#", "PROJECT#a", "2026-02-04",
)  # fmt: skip
#: Ids of which some are prefixes of others.
_ID_NEIGHBOURS: Final = (
    "p", "p1", "p10", "p1-", "p1_", "P1", "-", "_", "0", "01", "METADATA", "GLOBAL",
    "01HRWXYZ123456", "550e8400-e29b-41d4-a716-44665544000", "550e8400-e29b-41d4-a716-446655440000",
)  # fmt: skip
_ID_ALPHABET: Final = "ABCXYZabcxyz0189_-"
#: Names that careless code would confuse with its own names, or with DynamoDB's.
_AWKWARD_NAMES: Final = (
    "self", "_user_instantiated", "attributes", "attribute_values", "cls",
    "S", "N", "M", "L", "B", "SS", "BOOL", "NULL", "PK", "TTL", "a.b", "a[0]", "#n", ":v",
)  # fmt: skip
_LOOKALIKES: Final[tuple[dict[str, Any], ...]] = (
    {"S": "x"}, {"N": "1"}, {"BOOL": True}, {"NULL": True}, {"M": {}}, {"L": []}, {"SS": ["x"]},
)  # fmt: skip
_SMALLEST: Final = 1e-130
_EXACT_FLOATS: Final = 9.99e125


def texts(*, min_size: int = 0, max_size: int = 12) -> SearchStrategy[str]:
    """Any text that DynamoDB can store, often a hostile one."""
    written = st.text(st.sampled_from(_HOSTILE), min_size=min_size, max_size=max_size)
    storable = st.characters(codec="utf-8")
    anything = st.text(storable, min_size=min_size, max_size=max_size)
    return st.sampled_from(_NEIGHBOURS) | written | anything


def key_texts() -> SearchStrategy[str]:
    """Texts that a key can contain: at least one character."""
    return texts(min_size=1)


def raw_texts() -> SearchStrategy[str]:
    """Texts that can stand in a key as they are: without the separator."""
    return key_texts().map(lambda text: text.replace("#", "") or "a")


def ulids(moments: SearchStrategy[datetime] | None = None) -> SearchStrategy[str]:
    """ULIDs, with timestamps from the given strategy."""
    return st.builds(ulid_at, moments or ulid_moments(), st.binary(min_size=10, max_size=10))


def ulid_at(moment: datetime, randomness: bytes = bytes(10)) -> str:
    """The ULID of a timestamp and 80 random bits."""
    milliseconds = (moment - EPOCH) // MILLISECOND
    return str(ULID(milliseconds.to_bytes(6) + randomness))


def ids() -> SearchStrategy[str]:
    """Ids in their canonical case: ULIDs, UUIDs, short names, and prefixes of each other."""
    names = st.text(st.sampled_from(_ID_ALPHABET), min_size=1, max_size=64)
    drawn = st.sampled_from(_ID_NEIGHBOURS) | ulids() | st.uuids().map(str) | names
    return drawn.map(IdCodec().encode)


def moments(
    earliest: datetime = datetime(1, 1, 1, tzinfo=UTC),
    latest: datetime = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
) -> SearchStrategy[datetime]:
    """Timestamps in UTC to the millisecond, with the edges of years and days."""
    edges = [
        datetime.fromisoformat(f"{year:04}-{day}T{time}Z")
        for year in (1, 999, 1000, 1969, 1970, 2026, 9999)
        for day in ("01-01", "02-04", "12-31")
        for time in ("00:00", "10:30", "10:30:00.001", "23:59:59.999")
    ]
    drawn = st.datetimes(
        earliest.replace(tzinfo=None), latest.replace(tzinfo=None), timezones=st.just(UTC)
    )
    cut = drawn.map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
    return st.sampled_from([edge for edge in edges if earliest <= edge <= latest]) | cut


def ulid_moments() -> SearchStrategy[datetime]:
    """Timestamps that a ULID can represent."""
    return moments(EPOCH)


def numbers() -> SearchStrategy[int | float]:
    """Numbers that DynamoDB stores exactly."""
    whole = st.integers(-(10**38) + 1, 10**38 - 1)
    zeros = st.integers(0, 125)
    scaled = st.builds(lambda digit, zeros: digit * 10**zeros, st.integers(-9, 9), zeros)
    real = st.floats(-_EXACT_FLOATS, _EXACT_FLOATS).filter(lambda x: not x or abs(x) >= _SMALLEST)
    awkward = st.sampled_from([0.1, 0.1 + 0.2, 1e-7, -0.0, 1.0, 2.0**53, 2.0**53 + 2, -1e22, 100])
    return whole | scaled | real | awkward


@cache
def json_values() -> SearchStrategy[Any]:
    """JSON values, with those that lose information most easily."""
    leaves = st.none() | st.booleans() | numbers() | texts()
    nested = st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names(), inner, max_size=3),
        max_leaves=8,
    )
    return nested | st.sampled_from(_LOOKALIKES) | st.sampled_from([{}, [], [{}], {"a": {}}, [[]]])


def names() -> SearchStrategy[str]:
    """Names of members of a document."""
    return st.sampled_from(_AWKWARD_NAMES) | texts(min_size=1)


@cache
def documents() -> SearchStrategy[dict[str, Any]]:
    """JSON objects."""
    return st.dictionaries(names(), json_values(), max_size=4) | st.sampled_from(_LOOKALIKES)


def entities(kind: type[Entity], **given: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Valid entities of a kind; ``given`` replaces the strategies of some attributes."""
    drawn = {
        name: _values(kind, name, attribute)
        for name, attribute in kind.get_attributes().items()
        if attribute.attr_name not in KEY_ATTRIBUTES | {ENTITY_TYPE}
        and not isinstance(attribute, Expiry)
    }
    if is_minted(kind) and "id" not in given:
        return _minted(kind, {**drawn, "created_at": ulid_moments(), **given})
    return st.builds(kind, **{**drawn, **given})


def is_minted(kind: type[Entity]) -> bool:
    """Whether the ids are ULIDs of the creation time, which precedes the id in the sort key."""
    return kind.primary_key.components >= {"id", "created_at"}


def any_entity() -> SearchStrategy[Entity]:
    """Valid entities of every kind of the agent platform's table."""
    return st.sampled_from(PLATFORM_DESIGN.entities).flatmap(entities)


@st.composite
def _minted(draw: st.DrawFn, kind: type[Entity], drawn: dict[str, SearchStrategy[Any]]) -> Entity:
    """An entity whose ULID carries its creation time."""
    values = draw(st.fixed_dictionaries({n: s for n, s in drawn.items() if n != "id"}))
    edges = st.sampled_from([bytes(10), bytes([255] * 10)])
    randomness = edges | st.binary(min_size=10, max_size=10)
    return kind(id=ulid_at(values["created_at"], draw(randomness)), **values)


def _values(kind: type[Entity], name: str, attribute: Attribute[Any]) -> SearchStrategy[Any]:
    in_key = any(name in key.components for key in kind.keys.values())
    drawn = _of_type(attribute, min_size=1 if in_key else 0)
    if in_key and isinstance(attribute, Integer):
        drawn = st.integers(0, 99999)
    return st.none() | drawn if attribute.null else drawn


def _of_type(attribute: Attribute[Any], min_size: int) -> SearchStrategy[Any]:
    if isinstance(attribute, Choice):
        members: type[StrEnum] = attribute.members
        return st.sampled_from(members)
    if isinstance(attribute, Email):
        return texts(min_size=min_size).map(comparable_email)
    if isinstance(attribute, Text):
        return texts(min_size=min_size)
    # PynamoDB's own are drawn as missing: what other programs store for them is drawn elsewhere.
    return _BY_TYPE.get(type(attribute), st.none)()


_BY_TYPE: Final[dict[type[Attribute[Any]], Callable[[], SearchStrategy[Any]]]] = {
    Boolean: st.booleans,
    Document: documents,
    Id: ids,
    IdSet: lambda: st.frozensets(ids(), max_size=3),
    Integer: lambda: st.integers(-(10**38) + 1, 10**38 - 1),
    Json: json_values,
    Array: lambda: st.lists(json_values(), max_size=3),
    Moment: moments,
    Number: lambda: st.decimals(-(10**20), 10**20, places=5),
    TextSet: lambda: st.frozensets(texts(), max_size=3),
    BinaryAttribute: lambda: st.binary(max_size=9),
}

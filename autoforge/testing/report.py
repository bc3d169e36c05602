"""The message of a broken law: items, pattern, request, what came, what should have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from autoforge.dynamodb.errors import shortened
from autoforge.dynamodb.patterns.projection import entity_of
from autoforge.dynamodb.timestamps import timestamp_text

_INDENT: Final = "    "


class Broken(Exception):  # noqa: N818 - a finding, which becomes the failure of a test
    """A law does not hold; the example that shows it.

    Args:
        why: What is wrong, in a sentence.
        came: What came.
        wanted: What should have come.
        more: Further sections of the message, by their titles.
    """

    def __init__(
        self,
        why: str,
        *,
        came: Iterable[str] | None = None,
        wanted: Iterable[str] | None = None,
        more: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        super().__init__(why)
        self.why = why
        self.sections: dict[str, list[str]] = {}
        for title, lines in (more or {}).items():
            self.sections[title] = [*lines]
        if came is not None:
            self.sections["came"] = [*came] or ["nothing"]
        if wanted is not None:
            self.sections["should have come"] = [*wanted] or ["nothing"]


@dataclass
class Scene:
    """What surrounds a broken law: what is stored, and what was asked or written last."""

    engine: str
    now: datetime
    items: Sequence[str] = ()
    asked: str = ""
    requests: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)


def message(law: str, scene: Scene, broken: Broken) -> str:
    """Return the message of a broken law."""
    parts = [f"{law}: {broken.why}"]
    if scene.asked:
        parts.append(_section("asked", [scene.asked]))
    if scene.requests:
        parts.append(_section("request", scene.requests))
    if scene.written:
        parts.append(_section("writes", scene.written))
    if scene.items:
        parts.append(_section("items in the table", scene.items))
    parts += [_section(title, lines) for title, lines in broken.sections.items()]
    parts.append(f"  (on {scene.engine}, at {in_words(scene.now)})")
    return "\n".join(parts)


def in_words(value: Any) -> str:
    """Return a value as a message has it."""
    if isinstance(value, datetime):
        return timestamp_text(value) if value.tzinfo is not None else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return repr(str(value))
    if isinstance(value, frozenset | set):
        return "{" + ", ".join(sorted(map(in_words, value))) + "}"
    return shortened(value)


def called(name: str, values: Mapping[str, Any]) -> str:
    """Return a name with values, as a call has them."""
    given = ", ".join(f"{key}={in_words(value)}" for key, value in values.items())
    return f"{name}({given})"


def item_in_words(answer: type[Any], values: Mapping[str, Any]) -> str:
    """Return the name of an entity, or of a part of one, with those attributes that have values.

    Components of the primary key are first. The value ``...`` stands for an unknown attribute.
    """
    own = entity_of(answer).primary_key.components
    names = sorted(values, key=lambda name: (name not in own, name))
    known = {n: values[n] for n in names if values[n] is not None and values[n] is not ...}
    unknown = ", ".join(repr(name) for name in names if values[name] is ...)
    beside = f" with an unknown attribute, {unknown}" if unknown else ""
    return f"{called(answer.__name__, known)}{beside}"


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join((f"  {title}:", *(f"{_INDENT}{line}" for line in lines)))

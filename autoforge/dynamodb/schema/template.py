"""Template, what one key attribute is made of: literals and components, separated by ``#``.

A literal may stand in front of a component, as in ``team_{team}``; it is part of the component's
codec. No encoded component contains the separator. So different values give different texts, and a
text can be decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from autoforge.dynamodb.errors import InvalidValueError
from autoforge.dynamodb.schema.codec import SEPARATOR, Codec


class Label(str):
    """A placeholder for a value, to describe a key with; it is written as ``<label>``."""

    __slots__ = ()


@dataclass(frozen=True)
class Component:
    """A value in a key: the name of its attribute, and the codec that writes it."""

    name: str
    codec: Codec
    spec: str = ""

    def encode(self, value: Any) -> str:
        """Write the value.

        Raises:
            InvalidValueError: if the value cannot stand in a key; the message has the name.
        """
        if type(value) is Label:
            return f"{self.codec.before}<{value}>"
        try:
            return self.codec.encode(value)
        except InvalidValueError as error:
            raise self._named(error) from error

    def prefix(self, value: Any) -> str:
        """Write the beginning of values.

        Raises:
            InvalidValueError: if no value begins so; the message has the name.
        """
        if type(value) is Label:
            return f"{self.codec.before}<{value}>"
        try:
            return self.codec.prefix(value)
        except InvalidValueError as error:
            raise self._named(error) from error

    def _named(self, error: InvalidValueError) -> InvalidValueError:
        return InvalidValueError(f"{self.name}: {error}")


@dataclass(frozen=True)
class Template:
    """A template of one key attribute: literals and components, joined by the separator.

    Attributes:
        segments: The literals and components, in order; empty if there is no such key attribute.
        is_plain: Whether the only segment is an attribute that is itself the key attribute: it is
            stored under that name, and not encoded.
    """

    segments: tuple[str | Component, ...]
    is_plain: bool = False

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """The components, in order."""
        return tuple(segment for segment in self.segments if isinstance(segment, Component))

    @cached_property
    def whole(self) -> frozenset[str]:
        """The names of the components whose whole value the template shows."""
        return frozenset(part.name for part in self.components if part.codec.shows_all)

    @cached_property
    def _form(self) -> str:
        """The template as a format for the operator ``%``; no literal contains that character."""
        return SEPARATOR.join("%s" if isinstance(s, Component) else s for s in self.segments)

    def is_complete(self, values: Mapping[str, Any]) -> bool:
        """Whether every component has a value."""
        for component in self.components:  # noqa: SIM110 - a generator costs more than the loop
            if values.get(component.name) is None:
                return False
        return True

    def render(self, values: Mapping[str, Any]) -> str:
        """Write the whole template; every component must have a value."""
        return self._form % tuple([part.encode(values[part.name]) for part in self.components])

    def leading(self, values: Mapping[str, Any], count: int) -> str:
        """Write the first segments; each component among them must have a value."""
        return SEPARATOR.join([_write(segment, values) for segment in self.segments[:count]])

    def fixed(self, values: Mapping[str, Any]) -> int:
        """Return the number of segments before the first component without a value."""
        for count, segment in enumerate(self.segments):
            if isinstance(segment, Component) and values.get(segment.name) is None:
                return count
        return len(self.segments)

    def decode(self, text: str) -> dict[str, Any] | None:
        """Read the components back; return None if this template cannot have written the text."""
        parts = [text] if self.is_plain else text.split(SEPARATOR) if self.segments else []
        if len(parts) != len(self.segments):
            return None
        decoded = {}
        for segment, part in zip(self.segments, parts, strict=True):
            if isinstance(segment, str):
                if segment != part:
                    return None
                continue
            try:
                decoded[segment.name] = segment.codec.decode(part)
            except InvalidValueError:
                return None
        return decoded

    def overlaps(self, other: Template) -> bool:
        """Whether the two templates could write the same text."""
        return self.reaches(other, len(self.segments), (True, False))

    def reaches(
        self, other: Template, count: int, lengths: tuple[bool, bool], *, to_end: bool = False
    ) -> bool:
        """Whether texts of another template could begin like those of this one.

        Args:
            other: The other template.
            count: The number of first segments that are compared.
            lengths: Whether the text of the other template may end after these segments, and
                whether it may go on.
            to_end: Whether the text counts, too, that follows all those which go on: these segments
                and ``$``. It is the end of a range, which BETWEEN includes.
        """
        if self.is_plain or other.is_plain:
            return self._may_equal(other, count)
        ends, goes_on = lengths
        more = len(other.segments) - count
        pairs = [*zip(self.segments[:count], other.segments, strict=False)]
        if not all(_overlap(*pair) for pair in pairs[:-1]) or more < 0:
            return False
        alike = not pairs or _overlap(*pairs[-1])
        if alike and ((ends and more == 0) or (goes_on and more > 0)):
            return True
        # Between a text and its end, which is the text and "$", are also longer texts whose next
        # character sorts before the separator.
        beyond = "!$" if ends and goes_on else "$" if to_end and more == 0 else ""
        return bool(pairs) and any(_goes_on_with(each, *pairs[-1]) for each in beyond)

    def agrees(self, other: Template) -> int:
        """Return the number of first segments that both templates write alike.

        Those are equal literals, and components that write equal values as equal texts. Their
        names may differ.
        """
        pairs = zip(self.segments, other.segments, strict=False)
        return next(
            (count for count, pair in enumerate(pairs) if not _alike(*pair)),
            min(len(self.segments), len(other.segments)),
        )

    def _may_equal(self, other: Template, count: int) -> bool:
        """Whether the templates could write the same text, of which one or both are plain."""
        if count == 0:
            return True
        plain, another = (self, other) if self.is_plain else (other, self)
        if another.is_plain or len(another.segments) == 1:
            return _overlap(plain.segments[0], another.segments[0])
        codec = plain.components[0].codec
        if codec.values is not None:
            return any(another.decode(text) is not None for text in codec.values)
        # Every text of the other template contains the separator.
        return codec.admits(f"a{SEPARATOR}b")

    def __str__(self) -> str:
        """Show the template as it was declared."""
        return SEPARATOR.join(
            segment
            if isinstance(segment, str)
            else f"{segment.codec.before}{{{segment.name}{segment.spec and f':{segment.spec}'}}}"
            for segment in self.segments
        )


def _write(segment: str | Component, values: Mapping[str, Any]) -> str:
    return segment if isinstance(segment, str) else segment.encode(values[segment.name])


def _alike(mine: str | Component, theirs: str | Component) -> bool:
    if isinstance(mine, Component) and isinstance(theirs, Component):
        return mine.codec.writes_like(theirs.codec)
    return mine == theirs


def _goes_on_with(character: str, mine: str | Component, theirs: str | Component) -> bool:
    """Whether one of their texts could be one of mine with a character after it."""
    if isinstance(theirs, str):  # no literal has such a character after its first
        return False
    if isinstance(mine, str):
        return theirs.codec.admits(f"{mine}{character}")
    if mine.codec.values is not None:
        return any(theirs.codec.admits(f"{text}{character}") for text in mine.codec.values)
    admitted = theirs.codec.admits(f"{theirs.codec.before}a{character}")
    return admitted and mine.codec.overlaps(theirs.codec)


def _overlap(mine: str | Component, theirs: str | Component) -> bool:
    if isinstance(mine, str):
        return mine == theirs if isinstance(theirs, str) else theirs.codec.admits(mine)
    if isinstance(theirs, str):
        return mine.codec.admits(theirs)
    return mine.codec.overlaps(theirs.codec)

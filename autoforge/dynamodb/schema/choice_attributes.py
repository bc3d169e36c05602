"""Choice and Boolean, the attributes with a fixed set of values."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar, Unpack, overload

from pynamodb.constants import BOOLEAN

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, naming, shortened
from autoforge.dynamodb.schema.attribute import EntityAttribute, N, Options, textual_codec
from autoforge.dynamodb.schema.codec import Codec
from autoforge.dynamodb.schema.text_codecs import EnumCodec

E = TypeVar("E", bound=StrEnum)


class Choice(EntityAttribute[E, N]):
    """A member of a ``StrEnum``, stored as its text.

    Args:
        members: The enumeration.
        options: ``default`` and the other options of an attribute.

    Examples:
        >>> from enum import StrEnum
        >>> class Colour(StrEnum):
        ...     RED = "red"
        ...     BLUE = "blue"
        >>> class Cover(Entity):
        ...     isbn: Id = Id()
        ...     colour: Choice[Colour] = Choice(Colour, default=Colour.RED)
        ...     key = Key("BOOK#{isbn}", "COVER")
        >>> Cover(isbn="b1", colour="blue").colour
        <Colour.BLUE: 'blue'>
        >>> Cover(isbn="b1", colour="bleu")
        Traceback (most recent call last):
        autoforge.dynamodb.errors.InvalidValueError: ...
    """

    @overload
    def __init__(
        self: Choice[E, None], members: type[E], *, default: None, **options: Unpack[Options[E]]
    ) -> None: ...

    @overload
    def __init__(
        self: Choice[E], members: type[E], *, default: E = ..., **options: Unpack[Options[E]]
    ) -> None: ...

    def __init__(self, members: type[E], **options: Any) -> None:
        super().__init__(**options)
        given: object = members
        if not (isinstance(given, type) and issubclass(given, StrEnum)):
            raise DeclarationError(f"a Choice is made of a StrEnum, not of {shortened(members)}")
        self.members = members
        #: Each member, and each text, by the text; a member is equal to its text.
        self.by_text = {str(member): member for member in members}
        self.texts = {text: text for text in self.by_text}
        self._codec = EnumCodec(tuple(str(member) for member in members))

    def check(self, value: Any) -> E:
        """Return the member, given it or its text; refuse any other value."""
        if type(value) is self.members:
            return value
        with naming(self.attr_name):
            return self.members(self._codec.encode(value))

    def serialize(self, value: Any) -> str:
        """Write the member's text."""
        return str(self.check(value))

    def codec(self, spec: str, *, last: bool) -> Codec:
        """Return the codec of the members' texts; with ``:raw`` they may have any character but #.

        Raises:
            DeclarationError: if a text would have to be encoded in a key.
        """
        return textual_codec(self, spec, self._codec, last=last)


class Boolean(EntityAttribute[bool, N]):
    """True or false.

    Examples:
        >>> Loan(isbn="b1", id="l3", member="ann", due_at=NOON).returned
        False
    """

    attr_type = BOOLEAN

    @overload
    def __init__(
        self: Boolean[None], *, default: None, **options: Unpack[Options[bool]]
    ) -> None: ...

    @overload
    def __init__(
        self: Boolean, *, default: bool = ..., **options: Unpack[Options[bool]]
    ) -> None: ...

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def check(self, value: Any) -> bool:
        """Return the value; refuse a value that is not a bool."""
        if not isinstance(value, bool):
            raise InvalidValueError(f"{self.attr_name} is {shortened(value)}, not true or false")
        return value

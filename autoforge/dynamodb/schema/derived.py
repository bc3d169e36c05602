"""Derived, a component of an index key that is computed from attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import Any, Final, NoReturn

from autoforge.dynamodb.errors import DeclarationError, InvalidValueError, is_name, shortened
from autoforge.dynamodb.schema.codec import Codec

#: The errors of a function that cannot compute with a missing attribute.
_UNCOMPUTABLE: Final = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)


class Derived:
    """A component of an index key that is computed from attributes and not stored elsewhere.

    It is declared beside the attributes, and on an entity it reads as its value.

    Args:
        codec: How the value is written in a key, such as an ``EnumCodec``.
        derive: Computes the value from those of the sources; it gets None for a missing attribute.
            If it returns None, the item is not in the index. It must then also return None for
            missing attributes, unless all sources are a ``Choice`` or ``Boolean``.
        sources: The attributes from which the value is computed, by their names in Python.

    Raises:
        DeclarationError: if there is no codec, no function or no source, or a source is no name.

    Examples:
        >>> class Copy(Entity):
        ...     isbn: Id = Id()
        ...     number: Integer = Integer()
        ...     lent_to: Text[None] = Text(default=None)
        ...     state = Derived(
        ...         EnumCodec(("IN", "OUT")), lambda lent_to: "OUT" if lent_to else "IN", "lent_to"
        ...     )
        ...     key = Key("BOOK#{isbn}", "COPY#{number:3}")
        ...     by_state = Key("COPIES#{state}", "{isbn}#{number:3}", index=GSI("ByState"))
        >>> copy = Copy(isbn="b1", number=1, lent_to="ann")
        >>> copy.state, copy.rendered()["ByStatePK"]
        ('OUT', 'COPIES#OUT')
    """

    def __init__(self, codec: Codec, derive: Callable[..., Any], *sources: str) -> None:
        if not isinstance(codec, Codec):
            raise DeclarationError(
                f"a Derived begins with a codec, such as EnumCodec(('IN', 'OUT')), not with "
                f"{shortened(codec)}"
            )
        if not callable(derive):
            raise DeclarationError(
                f"a Derived has the function that computes it after its codec, not "
                f"{shortened(derive)}"
            )
        strange = [each for each in sources if not is_name(each)]
        if strange or not sources:
            given = shortened(strange[0]) if strange else "none"
            raise DeclarationError(
                f"a Derived names the attributes that it is computed from, as texts; given: {given}"
            )
        self.codec = codec
        self.sources = sources
        self._derive = derive

    def of(self, values: Mapping[str, Any]) -> Any:
        """Compute the value from attributes."""
        return self._derive(*(values.get(name) for name in self.sources))

    @cached_property
    def may_lack(self) -> bool:
        """Whether the value is None, or cannot be computed, if an item has none of the sources."""
        try:
            return self.of({}) is None
        except _UNCOMPUTABLE:
            return True

    def lacks_among(self, values: Mapping[str, Sequence[Any]]) -> bool:
        """Whether the value is None for some values of the sources.

        Args:
            values: The values that each source can have; a source that is not among them can have
                any, and counts as missing.
        """
        every = product(*(values.get(name, (None,)) for name in self.sources))
        return any(map(self._is_none, every))

    def _is_none(self, values: tuple[Any, ...]) -> bool:
        try:
            return self._derive(*values) is None
        except _UNCOMPUTABLE:
            return False

    def __get__(self, instance: Any, owner: Any) -> Any:
        """Compute the value of an entity; on the class, return the declaration."""
        return self if instance is None else self.of(instance.attribute_values)

    def __set__(self, instance: Any, value: Any) -> NoReturn:
        """Refuse the value: it could only contradict its sources."""
        raise InvalidValueError(
            f"a value derived from {', '.join(self.sources)} cannot be set, got {value!r}"
        )

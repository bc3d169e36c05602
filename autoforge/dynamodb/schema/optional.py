"""What a new entity must give, and what an item may lack, declared around an attribute."""

from __future__ import annotations

from typing import Any, TypeVar, overload

from pynamodb.attributes import Attribute

from autoforge.dynamodb.errors import DeclarationError, shortened
from autoforge.dynamodb.schema.attribute import EntityAttribute

T = TypeVar("T")
A = TypeVar("A", bound=Attribute[Any])
OwnAttribute = TypeVar("OwnAttribute", bound=EntityAttribute[Any])


def required(attribute: A) -> A:
    """Declare an attribute of one's own class that every new entity must give.

    It changes nothing at run time. Type checkers know the attributes of this module; any other
    value in the body of a class is a default to them. With it, they demand the attribute.

    Args:
        attribute: The attribute, which is returned.

    Examples:
        >>> class Email(Text): ...
        >>> class Friend(Entity):
        ...     id: Id = Id()
        ...     email: Email = required(Email())
        ...     key = Key("FRIEND#{id}", "FRIEND")
        >>> Friend(id="f1", email="ann@example.com").email
        'ann@example.com'
    """
    _require_attribute(attribute)
    return attribute


@overload  # the first fits the annotation ``Text | None``, the second PynamoDB's attributes
def optional(  # type: ignore[overload-overlap]
    attribute: OwnAttribute, *, default: None
) -> OwnAttribute | None: ...


@overload
def optional(attribute: Attribute[T], *, default: None = None) -> Attribute[T | None]: ...


def optional(attribute: Attribute[Any], *, default: None = None) -> Any:
    """Make an attribute optional: an item may lack it, and the entity then has None.

    It is for PynamoDB's own attributes, and for attributes without an annotation. With an
    annotation, ``reader: Text[None] = Text(default=None)`` says more to type checkers.

    Args:
        attribute: The attribute.
        default: None; type checkers learn from it that new entities need not give the attribute.

    Raises:
        DeclarationError: if the attribute has a default, so that it is never None.

    Examples:
        >>> from pynamodb.attributes import UnicodeAttribute
        >>> class Friend(Entity):
        ...     id: Id = Id()
        ...     nickname = optional(UnicodeAttribute())
        ...     key = Key("FRIEND#{id}", "FRIEND")
        >>> print(Friend(id="f1").nickname)
        None
    """
    _require_attribute(attribute)
    if default is not None:
        raise DeclarationError(
            f"an optional attribute has the default {shortened(default)}; it must be None"
        )
    if attribute.default is not None:
        raise DeclarationError(
            f"an optional attribute has the default {shortened(attribute.default)}; it must be None"
        )
    attribute.null = True
    return attribute


def _require_attribute(given: object) -> None:
    if not isinstance(given, Attribute):
        raise DeclarationError(f"{shortened(given)} is not an attribute: write Text() or another")

"""The settings of a class: what its body may assign, such as the ``lifetime`` of an entity.

Nothing would read a setting whose name is misspelt. So a constant whose name is nearly that of a
setting is refused. Other constants and methods are the user's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache, cached_property
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, Final

from autoforge.dynamodb.errors import MISSPELT, DeclarationError, shortened, suggestion
from autoforge.dynamodb.schema.annotations import annotations_of

_CODE: Final = (
    cached_property,
    classmethod,
    property,
    staticmethod,
    GetSetDescriptorType,
    MemberDescriptorType,
)


@cache
def settings_of(classes: tuple[type[Any], ...]) -> frozenset[str]:
    """Return the names that classes annotate as class variables; they are the same for ever."""
    return frozenset(
        name
        for cls in classes
        for name, hint in annotations_of(cls).items()
        if "ClassVar" in str(hint) and not name.startswith("_")
    )


def constants_in(cls: type[Any], *, besides: tuple[type[Any], ...] = ()) -> Iterator[str]:
    """Yield the public names to which the body of a class assigns a constant.

    Args:
        cls: The class.
        besides: Types of members that are no constants.
    """
    for name, member in vars(cls).items():
        is_code = isinstance(member, _CODE) or (callable(member) and not isinstance(member, type))
        if not (name.startswith("_") or is_code or isinstance(member, besides)):
            yield name


def refuse_misspelt(
    cls: type[Any], names: Collection[str], known: Collection[str], *, own: str = "constant"
) -> None:
    """Refuse the names in a class that are nearly those of settings, unless they are annotated.

    Args:
        cls: The class.
        names: The names in its body that might be misspelt.
        known: The names of the settings.
        own: What a name is that its author has not misspelt.

    Raises:
        DeclarationError: with the nearest name.
    """
    for name in {*names} - {*known, *annotations_of(cls)}:
        near = suggestion(name, known, alike=MISSPELT)
        if near:
            aside = "annotate it as a ClassVar" if own == "constant" else "give it another name"
            raise DeclarationError(
                f"nothing uses {cls.__name__}.{name}{near} ({aside} if it is a {own} of your own)"
            )


def as_tuple(owner: str, name: str, given: object) -> tuple[Any, ...]:
    """Return what is given for a setting of several members as a tuple.

    Args:
        owner: What has the setting, for the message.
        name: The setting.
        given: The members, in any iterable.

    Raises:
        DeclarationError: if one is given alone.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise DeclarationError(
            f"{owner}: {name} is {shortened(given)}, not a tuple: write {name}=(…,)"
        )
    return tuple(given)

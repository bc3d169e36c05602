"""Projection: the part of an entity that a pattern answers with, as a frozen dataclass.

::

    @dataclass(frozen=True)
    class DueLoan(Projection[Loan]):
        id: str
        due_at: datetime

A pattern that answers with it, such as ``Query[DueLoan]``, asks DynamoDB for these attributes only.
DynamoDB reads the whole items nevertheless, and charges for their whole size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, field
from types import MemberDescriptorType, NoneType, UnionType
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pynamodb.attributes import Attribute, MapAttribute

from autoforge.dynamodb.errors import DeclarationError, suggestion
from autoforge.dynamodb.patterns.declared import admits_none, parameters_in
from autoforge.dynamodb.patterns.nested_types import is_of_json
from autoforge.dynamodb.schema.document_attributes import Document, Json
from autoforge.dynamodb.schema.entity import Entity

E = TypeVar("E", bound=Entity)

#: The name under which a field of a projection keeps what it takes.
_TAKES: Final = "autoforge.takes"


def nested(attribute: str, *path: str) -> Any:
    """Take a value from inside of an attribute, in a field of a Projection.

    An item may lack it: the field is then None, if its type admits that; otherwise the item is
    unreadable. So is an item whose value is of another type than the field: nothing else checks
    what is inside of a document, which any program may have written.

    Args:
        attribute: The attribute, by its name in Python: a ``Document`` or a ``Json``.
        path: The names of the members that lead to the value.

    Examples:
        >>> @dataclass(frozen=True)
        ... class LengthOfBook(Projection[Book]):
        ...     title: str
        ...     pages: int | None = nested("details", "pages")
        >>> @dataclass(frozen=True)
        ... class LengthByIsbn(Get[LengthOfBook]):
        ...     '''How long is this book?'''
        ...
        ...     key = Book.key
        ...
        ...     isbn: str
        >>> store.get(LengthByIsbn("b1"))
        LengthOfBook(title='Dynamo', pages=210)
    """
    return field(metadata={_TAKES: (attribute, *path)})


class Projection(Generic[E]):
    """The part of an entity that a pattern answers with.

    A subclass is a frozen dataclass. Each field has the name and the type of an attribute of the
    entity, or is declared by ``nested``. A field is None if the item lacks an optional attribute;
    an item that lacks a required one is unreadable, as for entities. DynamoDB returns only these
    attributes, with the keys, the type and the expiry of the item, and charges for the whole item.

    Raises:
        DeclarationError: when it is declared, if a field is not an attribute of the entity or has
            another type.

    Examples:
        >>> @dataclass(frozen=True)
        ... class PlaceOfBook(Projection[Book]):
        ...     title: str
        ...     shelf: str | None
        >>> @dataclass(frozen=True)
        ... class PlaceByIsbn(Get[PlaceOfBook]):
        ...     '''Where is this book?'''
        ...
        ...     key = Book.key
        ...
        ...     isbn: str
        >>> store.get(PlaceByIsbn("b1"))
        PlaceOfBook(title='Dynamo', shelf='A 3')
    """

    #: The entity, from the type argument.
    entity: ClassVar[type[Entity]]
    #: What each field takes: the name of an attribute in Python, and the path inside of it.
    takes: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init_subclass__(cls) -> None:
        """Check the fields against the attributes of the entity.

        Raises:
            DeclarationError: if the entity is missing or abstract, or if a field names none of its
                attributes, has another type, or has a default.
        """
        super().__init_subclass__()
        for base in getattr(cls, "__orig_bases__", ()):
            cls.entity = next(filter(is_entity, get_args(base)), getattr(cls, "entity", Entity))
        if getattr(cls, "__parameters__", ()):
            return
        if cls.entity.is_abstract():
            raise DeclarationError(
                f"{cls.__name__} does not say what it is a part of: write Projection[Book], with "
                "an entity that is stored in brackets"
            )
        cls.takes = {
            **cls.takes,
            **{name: _taken(cls, name) for name in sorted(parameters_in(cls))},
        }
        fault = next(_faults_of(cls), "")
        if fault:
            raise DeclarationError(f"{cls.__name__}: {fault}")

    @classmethod
    def described(cls) -> str:
        """Return the type name of the entity, and the attributes that are taken of it."""
        known = cls.entity.get_attributes()
        paths = [".".join((known[name].attr_name, *path)) for name, *path in cls.takes.values()]
        return f"{cls.entity.type_name} ({', '.join(sorted(paths))})"


#: What a pattern answers with: entities, or parts of them.
Answer: TypeAlias = Entity | Projection[Any]


def answers_in(arguments: Sequence[Any]) -> Iterator[type[Any]]:
    """Yield the entities and projections among type arguments."""
    for argument in arguments:
        if get_origin(argument) in {Union, UnionType}:
            yield from answers_in(get_args(argument))
        elif is_entity(argument) or is_projection(argument):
            yield argument


def entity_of(answer: type[Any]) -> type[Entity]:
    """Return the entity that an answer is, or is a part of."""
    entity: type[Entity] = answer.entity if is_projection(answer) else answer
    return entity


def described(answer: type[Any]) -> str:
    """Return the type name of an answer, with its attributes if it is a part of an entity."""
    return str(answer.described() if is_projection(answer) else answer.type_name)


def is_entity(answer: Any) -> bool:
    """Whether a type argument is an entity."""
    return isinstance(answer, type) and issubclass(answer, Entity)


def is_projection(answer: Any) -> bool:
    """Whether a type argument is a part of an entity."""
    return isinstance(answer, type) and issubclass(answer, Projection)


def hints_of(part: type[Any]) -> Mapping[str, Any]:
    """Return the types of the fields of a part; empty if they cannot be evaluated here."""
    try:
        return get_type_hints(part)
    except (NameError, AttributeError, TypeError, SyntaxError):  # a type local to a function
        return {}


def _taken(cls: type[Projection[Any]], name: str) -> tuple[str, ...]:
    """Return the attribute that a field takes, and the path inside of it."""
    if hasattr(Projection, name):
        raise DeclarationError(
            f"{cls.__name__}: Projection itself needs the name {name!r}: take the attribute under "
            f"another one, with nested({name!r})"
        )
    declared = vars(cls).get(name)
    if isinstance(declared, Field) and _TAKES in declared.metadata:
        taken: tuple[str, ...] = declared.metadata[_TAKES]
        return taken
    if isinstance(declared, MemberDescriptorType):  # slots=True makes the class a second time
        return cls.takes[name]
    if name in vars(cls):
        raise DeclarationError(
            f"{cls.__name__}: {name} has a default: a projection holds what is stored, or None"
        )
    return (name,)


def _faults_of(cls: type[Projection[Any]]) -> Iterator[str]:
    """Yield what is wrong with the fields of a part."""
    known = cls.entity.get_attributes()
    hints = hints_of(cls)
    for name, (attribute, *path) in cls.takes.items():
        if attribute not in known:
            near = suggestion(attribute, known)
            yield f"{cls.entity.__name__} has no attribute {attribute!r}{near}"
            continue
        kind = known[attribute]
        if path and not isinstance(kind, Document | Json | MapAttribute):
            yield f"nothing is nested in {attribute}, which is a {type(kind).__name__}"
        elif path and not is_of_json(hints.get(name, Any)):
            yield (
                f"{name} is of type {_shown(hints[name])}, and inside of {attribute} is JSON: "
                "str, int, float, bool, a list or a dict"
            )
        elif name in hints and not path:
            yield from _faults_of_type(name, kind, hints[name])


def _faults_of_type(name: str, attribute: Attribute[Any], hint: Any) -> Iterator[str]:
    """Yield why a field of some type cannot hold the values of an attribute."""
    expected = value_type(attribute)
    lacks = attribute.null and get_origin(expected) is not frozenset
    if lacks and not admits_none(hint):
        yield f"{name} is optional, so an item may lack it: its type must admit None"
    members = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    kinds = [each for each in members if each is not NoneType]
    if expected is not None and not any(_holds(each, expected) for each in kinds):
        yield f"{name} is of type {_shown(expected)}, not {_shown(hint)}"


def value_type(attribute: Attribute[Any]) -> Any:
    """Return the type of an attribute's values; None if it is not known."""
    members = getattr(attribute, "members", None)
    if isinstance(members, type):
        return members
    for base in type(attribute).__mro__:
        for given in getattr(base, "__orig_bases__", ()):
            found = next(iter(get_args(given)), None)
            if found is not None and not isinstance(found, TypeVar):
                return None if found is Any else found
    return None


def _holds(hint: Any, expected: Any) -> bool:
    """Whether values of one type are values of another, as far as that can be told."""
    wide, narrow = get_origin(hint) or hint, get_origin(expected) or expected
    if wide is Any or not (isinstance(wide, type) and isinstance(narrow, type)):
        return True
    return issubclass(narrow, wide)


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)

"""The base classes of request bodies and of views, which are response bodies.

A body refuses unknown fields. A view is built from an entity and shows only the fields it declares;
its timestamps have a fixed width, and an absent attribute is null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from autoforge.dynamodb.schema.documents import document_to_wire, wire_to_document
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.timestamps import as_timestamp, timestamp_text
from autoforge.http.api.tags import item_tag

#: An id that a client may choose.
ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
#: A ULID as this package mints it.
ULID_PATTERN = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"

#: A member of an enumeration, in pydantic's message about a literal.
_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")

#: The most unknown fields that are named one by one; a body with more is refused as a whole.
_MOST_UNKNOWN = 10

#: A timestamp: any ISO-8601 text in, fixed-width UTC text out.
Timestamp = Annotated[
    datetime,
    BeforeValidator(as_timestamp),
    PlainSerializer(timestamp_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def _whole(given: Any) -> Any:
    """Read 5.0 as 5: in JSON they are the same number."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


#: Goes with a strict ``int``, after its bounds: before them, they would not be published.
WHOLE = BeforeValidator(_whole)

#: The types of values whose numbers DynamoDB may return as another type.
_DOCUMENTS = (dict, list, float)

#: Ids or texts that are stored as a set; shown sorted.
Ids = Annotated[list[str], BeforeValidator(sorted)]


class Example:
    """A body or a view with an example for the OpenAPI document."""

    example: ClassVar[dict[str, Any]]


class InvalidBodyError(Exception):
    """A body does not match the schema of its route.

    Attributes:
        faults: For each invalid field, its path inside the body and what is wrong with it.
    """

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("the body does not match the schema of the route")


class Body(BaseModel, Example):
    """The body of a request; unknown fields are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def model_validate(cls, obj: Any, **given: Any) -> Self:
        """Validate a body; strictness is up to each field, and Litestar's is ignored.

        Raises:
            InvalidBodyError: if the body does not match the fields. Litestar would attribute a
                ValidationError to the parameter, or the dependency, with the field's name.
        """
        if isinstance(obj, cls):
            return obj
        try:
            return super().model_validate(obj, **{**given, "strict": None})
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            raise InvalidBodyError(
                (".".join(map(str, each["loc"])), _MEMBER.sub(r"\1", each["msg"]))
                for each in faults
            ) from None

    @model_validator(mode="before")
    @classmethod
    def require_few_fields(cls, given: Any) -> Any:
        """Refuse a body with many unknown fields, without naming each."""
        most = len(cls.model_fields) + _MOST_UNKNOWN
        if isinstance(given, dict) and len(given) > most:
            raise ValueError(
                f"there are {len(given)} fields; at most {len(cls.model_fields)} are known"
            )
        return given


def left_out() -> Any:
    """Return None for a field that the client did not send; ``Changes.given`` omits the field.

    It is a default factory, not a default: the document would publish a default, generated clients
    would send it, and so change an attribute that their caller left out.
    """
    return None


class Changes(Body):
    """The attributes of an item to change; a body that changes nothing is refused.

    A client may omit any field, which is then not changed: the default factory is ``left_out``.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def require_a_change(self) -> Self:
        """Refuse a body that changes nothing."""
        if not self.changes():
            raise ValueError("the body changes nothing; expected at least one change")
        return self

    def given(self) -> dict[str, Any]:
        """Return the fields that the client sent, null included, by their Python names."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def changes(self) -> dict[str, Any]:
        """Return the attributes to change, by their Python names."""
        return self.given()


class OneOrMany(Body):
    """One item, or an array of items; a subclass declares ``items``.

    The path of a fault begins inside what was sent: ``name``, or ``3.name`` in an array.
    """

    #: Whether the client sent an array.
    in_array: bool

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Publish that the client sends either one item or an array."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        array = schema["properties"]["items"]
        description = schema["description"]
        schema.clear()
        schema.update(description=description, oneOf=[array["items"], array])
        return reference

    @classmethod
    def model_validate(cls, obj: Any, **given: Any) -> Self:
        """Validate one item as an array of one.

        Raises:
            InvalidBodyError: if the body does not match the fields.
        """
        if isinstance(obj, cls):
            return obj
        in_array = isinstance(obj, list)
        body = {"items": obj if in_array else [obj], "inArray": in_array}
        try:
            return super().model_validate(body, **given)
        except InvalidBodyError as error:
            own = 1 if in_array else 2
            raise InvalidBodyError(
                (".".join(where.split(".")[own:]), message) for where, message in error.faults
            ) from None


class View(BaseModel, Example):
    """The body of a response; shows only the fields it declares."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        from_attributes=True,
        frozen=True,
        json_schema_serialization_defaults_required=True,
    )

    @classmethod
    def of(cls, entity: Entity) -> Self:
        """Build the view of an entity."""
        return cls.model_validate(entity)


class ItemView(View):
    """The view that the GET of an item answers with; it gives the item's ETag."""

    def tag(self) -> str:
        """Return the ETag that the GET of the item answers with."""
        content = self.model_dump(mode="json", by_alias=True)
        return item_tag({name: _as_read(value) for name, value in content.items()})


class PageView(View):
    """A page of items and the cursor of the next page; a subclass declares both."""

    @classmethod
    @cache
    def item(cls) -> type[View]:
        """Return the view of each item."""
        view: type[View] = get_args(cls.model_fields["items"].annotation)[0]
        return view


def _as_read(value: Any) -> Any:
    """A value as it is read back from DynamoDB: 1.0 becomes 1."""
    return wire_to_document(document_to_wire(value)) if isinstance(value, _DOCUMENTS) else value

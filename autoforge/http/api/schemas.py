"""What requests and responses are made of: bodies that come in, views that go out.

A body refuses what it does not know. A view is made of an entity and nothing else leaves; its
moments have a fixed width, and what an item lacks is null.
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

#: An id as clients may choose it.
ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
#: A ULID as it is minted.
ULID_PATTERN = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"

#: A member of an enumeration, as a fault of a literal shows it.
_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")

#: How many fields that a body does not know are named before all are refused.
_MOST_UNKNOWN = 10

#: A moment: any ISO-8601 text in, fixed-width UTC text out.
Moment = Annotated[
    datetime,
    BeforeValidator(as_timestamp),
    PlainSerializer(timestamp_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def _whole(given: Any) -> Any:
    """Read 5.0 as 5, which JSON does not tell apart."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


#: Goes with a strict ``int``, after its bounds: otherwise these would not be published.
WHOLE = BeforeValidator(_whole)

#: What a document may be, or may hold a number in.
_DOCUMENTS = (dict, list, float)

#: Ids that are stored without an order.
Ids = Annotated[list[str], BeforeValidator(sorted)]


class Example:
    """Something the OpenAPI document shows an example of."""

    example: ClassVar[dict[str, Any]]


class InvalidBodyError(Exception):
    """A body is not what its route takes.

    Attributes:
        faults: Which fields are wrong, by their path inside the body, and how.
    """

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("the body is not what the route takes")


class Body(BaseModel, Example):
    """What a client sends."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def model_validate(cls, obj: Any, **given: Any) -> Self:
        """Validate, strictly where a field says so: Litestar would overrule the fields.

        Raises:
            InvalidBodyError: if the body is not what the fields say. Litestar would take a fault
                of a field for one of the parameter, or of the dependency, of the same name.
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
        """Refuse more unknown fields than are worth naming, at once."""
        most = len(cls.model_fields) + _MOST_UNKNOWN
        if isinstance(given, dict) and len(given) > most:
            raise ValueError(f"there are {len(given)} fields, and at most {most} are looked at")
        return given


def left_out() -> Any:
    """Stand for a field that the client did not send; only ``Changes.given`` tells.

    It is a default factory, not a default: the document publishes defaults, generated clients
    send them, and a change that nobody asked for would be made.
    """
    return None


class Changes(Body):
    """What a client wants to be otherwise; a body that changes nothing is refused.

    Every field may be left out, and is then not changed: its default is ``left_out``.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def require_a_change(self) -> Self:
        """Refuse a body that changes nothing."""
        if not self.changes():
            raise ValueError("there is nothing to change")
        return self

    def given(self) -> dict[str, Any]:
        """The fields the client sent, null included, by their Python names."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def changes(self) -> dict[str, Any]:
        """What is to be otherwise, by the Python names."""
        return self.given()


class OneOrMany(Body):
    """What a client sends alone, or several of in an array; a subclass declares ``items``.

    A fault is named by its path inside what was sent: ``name``, or ``3.name`` in an array.
    """

    #: Whether they came in an array.
    in_array: bool

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say that the client sends one of the items, or the array of them."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        array = schema["properties"]["items"]
        description = schema["description"]
        schema.clear()
        schema.update(description=description, oneOf=[array["items"], array])
        return reference

    @classmethod
    def model_validate(cls, obj: Any, **given: Any) -> Self:
        """Validate what came alone as an array of one.

        Raises:
            InvalidBodyError: if the body is not what the fields say.
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
    """What a client gets."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        from_attributes=True,
        frozen=True,
        json_schema_serialization_defaults_required=True,
    )

    @classmethod
    def of(cls, entity: Entity) -> Self:
        """Show an entity: what of it the view declares."""
        return cls.model_validate(entity)


class ItemView(View):
    """What the GET of one item answers with; its tag is the item's."""

    def tag(self) -> str:
        """The ETag that the GET of the item answers with."""
        shown = self.model_dump(mode="json", by_alias=True)
        return item_tag({name: _as_read(value) for name, value in shown.items()})


class PageView(View):
    """Some items, and where the next ones begin; a subclass declares both."""

    @classmethod
    @cache
    def item(cls) -> type[View]:
        """The view that shows each of the items."""
        view: type[View] = get_args(cls.model_fields["items"].annotation)[0]
        return view


def _as_read(value: Any) -> Any:
    """A value as it is read once it was stored: 1.0 is 1 then."""
    return wire_to_document(document_to_wire(value)) if isinstance(value, _DOCUMENTS) else value

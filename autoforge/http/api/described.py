"""Operations in the OpenAPI document whose optional parameters may be omitted, but not null."""

from __future__ import annotations

from dataclasses import dataclass, replace

from litestar.openapi.spec import OpenAPIType, Operation, Parameter, Reference, Schema


@dataclass
class DescribedOperation(Operation):
    """An operation as Litestar describes it, without null in its parameters."""

    def __post_init__(self) -> None:
        """Remove null from the schemas: a query string cannot give it."""
        for each in self.parameters or ():
            if isinstance(each, Parameter) and each.schema is not None:
                each.schema = _without_null(each.schema)


def _without_null(schema: Schema | Reference) -> Schema | Reference:
    if isinstance(schema, Reference):
        return schema
    if isinstance(schema.type, list):
        (kind,) = (each for each in schema.type if each != OpenAPIType.NULL)
        values = [each for each in schema.enum or () if each is not None]
        return replace(schema, type=kind, enum=values or None)
    others = [
        each
        for each in schema.one_of or ()
        if isinstance(each, Reference) or each.type != OpenAPIType.NULL
    ]
    if len(others) != 1 or isinstance(others[0], Reference):
        return others[0] if len(others) == 1 else schema
    return replace(
        others[0],
        format=schema.format or others[0].format,
        description=schema.description,
        examples=schema.examples,
    )

"""The schemas of bodies and views in the OpenAPI document, as pydantic publishes them.

Litestar makes schemas of its own, without the patterns, lengths and bounds that pydantic demands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from pydantic.json_schema import (
    GenerateJsonSchema,
    JsonSchemaMode,
    JsonSchemaValue,
    models_json_schema,
)
from pydantic_core import to_json
from pydantic_core.core_schema import WithDefaultSchema

from autoforge.http.api.schemas import Body, Example, View

#: How a schema is referred to inside the document.
REFERENCE: Final = "#/components/schemas/{model}"


class _Schemas(GenerateJsonSchema):
    """Pydantic's schemas without titles and defaults of fields.

    Of titles generators make names. A default makes some demand the field, which they believe to
    be there, and others send what nobody said; so descriptions tell it.
    """

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """Publish what a field takes, without what stands for it where it is left out."""
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave fields without titles; their names say the same."""
        del schema
        return False


def examples() -> dict[str, type[Example]]:
    """Every body and view with an example, by its name in the document."""
    return {each.__name__: each for each in _with_example(Example)}


def component_schemas(names: Collection[str]) -> dict[str, Any]:
    """Make the schemas of the bodies and views with these names, and of all they refer to."""
    shown = {name: each for name, each in examples().items() if name in names}
    modes: list[tuple[type[Any], JsonSchemaMode]] = [
        (each, "validation") for each in shown.values() if issubclass(each, Body)
    ]
    modes += [(each, "serialization") for each in shown.values() if issubclass(each, View)]
    _, document = models_json_schema(modes, ref_template=REFERENCE, schema_generator=_Schemas)
    schemas: dict[str, Any] = document["$defs"]
    for name, each in shown.items():
        schemas[name]["examples"] = [each.example]
        if issubclass(each, Body) and "properties" in schemas[name]:
            _tell_defaults(each, schemas[name]["properties"])
    return dict(sorted(schemas.items()))


def _tell_defaults(body: type[Body], properties: dict[str, Any]) -> None:
    """Say in the description of each field what it is where it is left out, unless it is null."""
    for name, field in body.model_fields.items():
        if not field.is_required() and field.default_factory is None and field.default is not None:
            described = properties[field.alias or name]
            default = f"Unless given: {to_json(field.default).decode()}."
            described["description"] = " ".join(
                filter(None, [described.get("description"), default])
            )


def _with_example(base: type[Example]) -> Iterator[type[Example]]:
    for each in base.__subclasses__():
        if "example" in vars(each):
            yield each
        yield from _with_example(each)

"""A request to DynamoDB as a value, and the expressions in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from pynamodb.expressions.condition import And, Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.key_value import KeyValue

#: A primary key, or the keys of table and index together, in DynamoDB JSON.
WireKey = Mapping[str, Mapping[str, str]]

#: The name of an attribute in the table, followed by the names and places of what is inside.
AttributePath: TypeAlias = tuple[str | int, ...]


class Request(NamedTuple):
    """A DynamoDB operation and its parameters, exactly as they are sent."""

    operation: str
    parameters: Mapping[str, Any]


def wire_key(key: KeyValue, index: Index) -> dict[str, dict[str, str]]:
    """Return a key of the table, or of an index, in DynamoDB JSON."""
    wire: dict[str, dict[str, str]] = {index.partition_key: {index.partition_type: key.partition}}
    if index.sort_key is not None:
        wire[index.sort_key] = {index.sort_type: key.sort}
    return wire


def get_request(
    table_name: str,
    key: KeyValue,
    primary: Index,
    *,
    consistent: bool,
    projected: tuple[AttributePath, ...] = (),
) -> Request:
    """Return the GetItem request for a primary key.

    Args:
        table_name: The table.
        key: The primary key of the item.
        primary: The key attributes of the table.
        consistent: Whether to read strongly consistently.
        projected: The attributes that are returned; empty for all.
    """
    parameters = {
        "TableName": table_name,
        "Key": wire_key(key, primary),
        "ConsistentRead": consistent,
    }
    if projected:
        parameters |= projection(projected)
    return Request("GetItem", parameters)


@cache
def projection(paths: tuple[AttributePath, ...]) -> Mapping[str, Any]:
    """Return the parameters of a read by keys that returns only these attributes."""
    return with_expressions({}, projected=paths)


@dataclass
class Placeholders:
    """The names and values in the expressions of a request, by their placeholders."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def name(self, name: str) -> str:
        """Return the placeholder of an attribute's name, and keep the name."""
        return self.names.setdefault(name, f"#{len(self.names)}")

    def value(self, wire: Mapping[str, Any]) -> str:
        """Return the placeholder of a value in DynamoDB JSON, and keep the value."""
        marker = f":{len(self.values)}"
        self.values[marker] = wire
        return marker

    def write(self, expression: Condition | Action) -> str:
        """Write an expression with placeholders and keep its names and values."""
        return str(expression.serialize(self.names, self.values))

    def path(self, path: AttributePath) -> str:
        """Write the path of an attribute, or of a value inside of it, and keep its names."""
        written = ""
        for step in path:
            if isinstance(step, int):
                written += f"[{step}]"
                continue
            marker = self.name(step)
            written += f".{marker}" if written else marker
        return written

    def parameters(self) -> dict[str, Any]:
        """Return the request parameters with the names and values of the placeholders."""
        parameters: dict[str, Any] = {}
        if self.names:
            names = {placeholder: name for name, placeholder in self.names.items()}
            parameters["ExpressionAttributeNames"] = names
        if self.values:
            parameters["ExpressionAttributeValues"] = self.values
        return parameters


def with_expressions(
    parameters: Mapping[str, Any],
    *,
    kept: Condition | None = None,
    projected: Sequence[AttributePath] = (),
) -> dict[str, Any]:
    """Return the parameters of a read with further expressions, whose names are placeholders.

    Args:
        parameters: The parameters of the read, those of its key condition included.
        kept: The filter: the condition on items that are returned.
        projected: The attributes that are returned; empty for all.
    """
    names = parameters.get("ExpressionAttributeNames", {})
    placeholders = Placeholders(
        {name: marker for marker, name in names.items()},
        dict(parameters.get("ExpressionAttributeValues", {})),
    )
    written = {}
    if kept is not None:
        written["FilterExpression"] = placeholders.write(kept)
    if projected:
        written["ProjectionExpression"] = ", ".join(map(placeholders.path, projected))
    return {**parameters, **written, **placeholders.parameters()}


@dataclass(frozen=True)
class KeyCondition:
    """The key condition of a query: a partition key and a range of sort keys.

    ``operator`` is one of ``=``, ``begins_with``, ``BETWEEN``, ``>=``, ``<``, ``<=``, or empty
    for the whole item collection.
    """

    index: Index
    partition: str
    operator: str = ""
    operands: tuple[str, ...] = ()

    def expression(self) -> Condition:
        """Return the condition as a PynamoDB expression."""
        collection: Condition = Path([self.index.partition_key]) == self.partition
        if self.index.sort_key is None:
            return collection
        sort_key = Path([self.index.sort_key])
        sort_range: Condition
        match self.operator, self.operands:
            case "=", (text,):
                sort_range = sort_key == text
            case "begins_with", (text,):
                sort_range = sort_key.startswith(text)
            case "BETWEEN", (low, high):
                sort_range = sort_key.between(low, high)
            case ">=", (text,):
                sort_range = sort_key >= text
            case "<", (text,):
                sort_range = sort_key < text
            case "<=", (text,):
                sort_range = sort_key <= text
            case _:
                return collection
        return And(collection, sort_range)

    def parameters(self) -> dict[str, Any]:
        """Return the request parameters of the condition."""
        expression, names, markers = _written(self.index, self.operator, len(self.operands))
        values = {markers[0]: {self.index.partition_type: self.partition}}
        kind = self.index.sort_type
        for marker, text in zip(markers[1:], self.operands, strict=True):
            values[marker] = {kind: text}
        parameters: dict[str, Any] = {
            "KeyConditionExpression": expression,
            "ExpressionAttributeNames": dict(names),
            "ExpressionAttributeValues": values,
        }
        if not self.index.is_table:
            parameters["IndexName"] = self.index.name
        return parameters

    def __str__(self) -> str:
        """Show the condition with its values in place of placeholders."""
        collection = f"{self.index.partition_key} = {self.partition}"
        sort_key = self.index.sort_key
        match self.operator, self.operands:
            case "begins_with", (text,):
                return f"{collection} AND begins_with({sort_key}, {text})"
            case "BETWEEN", (low, high):
                return f"{collection} AND {sort_key} BETWEEN {low} AND {high}"
            case operator, (text,):
                return f"{collection} AND {sort_key} {operator} {text}"
        return collection


@cache
def _written(
    index: Index, operator: str, operands: int
) -> tuple[str, Mapping[str, str], tuple[str, ...]]:
    """Return the expression of a condition of this form, its names, and a marker per value."""
    placeholders = Placeholders()
    example = KeyCondition(index, "partition", operator, ("operand",) * operands)
    expression = placeholders.write(example.expression())
    names: Mapping[str, str] = placeholders.parameters()["ExpressionAttributeNames"]
    return expression, names, tuple(placeholders.values)

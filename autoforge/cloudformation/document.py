"""Template: a template that is written as YAML, compactly and in a readable order.

CloudFormation accepts at most 51,200 bytes of a template that is not uploaded to a bucket first, so
short values are written on one line.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import troposphere
import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

#: The order of sections, and of a resource's attributes before its properties.
_ORDER: Final = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Conditions"),
    *("Resources", "Outputs", "Type", "Condition", "DeletionPolicy", "UpdateReplacePolicy"),
)
#: The most bytes of a template in a request (AWS, "CloudFormation quotas").
LARGEST: Final = 51_200
#: The most characters of a value that is written on one line.
_SHORT: Final = 120
#: The most characters of a line that can be folded.
_WIDTH: Final = 140
#: A name after a tag, which PyYAML puts in quotes.
_QUOTED: Final = re.compile(r"(![A-Z]\w+) '([\w.]+)'")
_UNQUOTED: Final = r"\1 \2"
_NEEDS_A_BUCKET: Final = (
    f"# It has more than {LARGEST:,} bytes, so CloudFormation takes it from a bucket only: deploy "
    "it with --s3-bucket.\n"
)


class Template(troposphere.Template):  # type: ignore[misc]  # troposphere has no types
    """A template that is written as YAML, compactly and in a readable order.

    Args:
        description: What the stack is for.
        made_by: The first line of the YAML, which says what to change instead of it.
    """

    def __init__(self, description: str, *, made_by: str) -> None:
        super().__init__(Description=description)
        self.set_version("2010-09-09")
        self._made_by = made_by

    def to_yaml(self) -> str:
        """Write the template as YAML. If it needs a bucket, its second line says so."""
        root = _node(_in_order(self.to_dict()))
        written: str = yaml.serialize(root, width=_WIDTH, allow_unicode=True)
        text = f"# {self._made_by}\n{_QUOTED.sub(_UNQUOTED, written)}"
        if len(text.encode()) <= LARGEST:
            return text
        first, rest = text.split("\n", 1)
        return f"{first}\n{_NEEDS_A_BUCKET}{rest}"


def _in_order(document: dict[str, Any]) -> dict[str, Any]:
    sections = _first(document)
    sections["Resources"] = {
        name: _first(resource) for name, resource in document["Resources"].items()
    }
    return sections


def _first(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: mapping[key] for key in (*(each for each in _ORDER if each in mapping), *mapping)}


def _node(value: Any, tag: str | None = None) -> yaml.Node:
    """The YAML node of a value, with a tag if it is the argument of a function."""
    if isinstance(value, dict):
        function = _function(value)
        if function:
            return _node(*function)
        pairs = [(_node(name), _node(each)) for name, each in value.items()]
        return yaml.MappingNode(tag or "tag:yaml.org,2002:map", pairs, flow_style=_flows(value))
    if isinstance(value, list):
        parts = [_node(each) for each in value]
        return yaml.SequenceNode(tag or "tag:yaml.org,2002:seq", parts, flow_style=_flows(value))
    if isinstance(value, str):
        return yaml.ScalarNode(tag or "tag:yaml.org,2002:str", value)
    kind = "bool" if isinstance(value, bool) else "int"
    return yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", json.dumps(value))


def _function(value: dict[str, Any]) -> tuple[Any, str] | None:
    """The argument and the tag of an intrinsic function; None for any other mapping."""
    if len(value) != 1:
        return None
    ((name, argument),) = value.items()
    if name == "Fn::GetAtt":
        return ".".join(argument), "!GetAtt"
    if name.startswith("Fn::"):
        return argument, name.replace("Fn::", "!")
    if name == "Ref" or (name == "Condition" and isinstance(argument, str)):
        return argument, f"!{name}"
    return None


def _flows(value: object) -> bool:
    """Whether to write a value in flow style: a list of texts, or a short value."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return True
    return len(json.dumps(value).replace('"', "")) <= _SHORT

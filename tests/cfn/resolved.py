"""A stack as CloudFormation makes it from a template, for the functions that our template uses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from cfnlint.decode import cfn_yaml

from autoforge.cloudformation.document import Template
from cfn.template import build

ROOT: Final = Path(__file__).parents[2]
#: The folder of the example templates in the documentation.
SNIPPETS: Final = ROOT / "docs" / "examples" / "deploy"

_NOTHING: Final = object()
_PSEUDO: Final[Mapping[str, Any]] = {
    "AWS::AccountId": "111122223333",
    "AWS::NoValue": _NOTHING,
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/tracker/0a1b-2c3d",
    "AWS::StackName": "tracker",
    "AWS::URLSuffix": "amazonaws.com",
}


@dataclass(frozen=True)
class Stack:
    """A stack's resources and outputs by logical id, without those whose condition is false."""

    resources: Mapping[str, dict[str, Any]]
    outputs: Mapping[str, dict[str, Any]]

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of one resource."""
        properties: dict[str, Any] = self.resources[name]["Properties"]
        return properties

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of a type, by logical id."""
        return {
            name: each["Properties"]
            for name, each in self.resources.items()
            if each["Type"] == kind
        }


def read_yaml(path: Path) -> Any:
    """Read YAML; functions in short form are read in their long form."""
    return json.loads(json.dumps(cfn_yaml.loads(path.read_text(encoding="utf-8"))))


def parsed(made: Template) -> dict[str, Any]:
    """A template as parsed JSON."""
    document: dict[str, Any] = json.loads(made.to_json(sort_keys=False))
    return document


@cache
def template() -> dict[str, Any]:
    """The template that the models make, cached: callers must not change it."""
    return parsed(build())


def stack(**parameters: str) -> Stack:
    """The stack that our template makes with these parameters."""
    return resolved(template(), **parameters)


def resolved(document: Mapping[str, Any], **parameters: str) -> Stack:
    """The stack that a template makes with these parameters."""
    resolve = _Resolver(document, parameters)
    return Stack(
        resources=resolve.present(document["Resources"]),
        outputs=resolve.present(document["Outputs"]),
    )


def refusals(**parameters: str) -> list[str]:
    """Return the messages of the template's rules that these parameters break."""
    resolve = _Resolver(template(), parameters)
    return [
        assertion["AssertDescription"]
        for rule in template()["Rules"].values()
        if resolve.value(rule.get("RuleCondition", {"Fn::Equals": ["", ""]}))
        for assertion in rule["Assertions"]
        if not resolve.value(assertion["Assert"])
    ]


def takes(parameter: str, value: str) -> bool:
    """Whether a parameter of our template accepts a value."""
    declared = template()["Parameters"][parameter]
    if declared["Type"] == "Number":
        number = float(value)
        most = declared.get("MaxValue", number)
        return bool(declared.get("MinValue", number) <= number <= most)
    return (
        value in declared.get("AllowedValues", [value])
        and bool(re.fullmatch(declared.get("AllowedPattern", ".*"), value))
        and declared.get("MinLength", 0) <= len(value) <= declared.get("MaxLength", 4096)
    )


class _Resolver:
    """Evaluates the functions of one template with given parameters."""

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        unknown = {*parameters} - {*document["Parameters"]}
        assert not unknown, f"no such parameter: {unknown}"
        self._template = document
        self._parameters = {
            name: parameters.get(name, each["Default"])
            for name, each in document["Parameters"].items()
        }
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Condition": self._condition,
            "Fn::And": lambda parts: all(self.value(each) for each in parts),
            "Fn::Equals": self._equals,
            "Fn::GetAtt": lambda parts: f"<{'.'.join(parts)}>",
            "Fn::If": self._if,
            "Fn::Join": lambda parts: parts[0].join(self.value(parts[1])),
            "Fn::Not": lambda parts: not self.value(parts[0]),
            "Fn::Or": lambda parts: any(self.value(each) for each in parts),
            "Fn::Select": lambda parts: self.value(parts[1])[parts[0]],
            "Fn::Split": lambda parts: self.value(parts[1]).split(parts[0]),
            "Fn::Sub": self._sub,
            "Ref": self._ref,
        }

    def present(self, section: Mapping[str, Any]) -> dict[str, Any]:
        """Return the entries whose condition is true, with their functions evaluated."""
        return {
            name: {key: self.value(part) for key, part in each.items() if key != "Condition"}
            for name, each in section.items()
            if "Condition" not in each or self._condition(each["Condition"])
        }

    def value(self, value: Any) -> Any:
        """Return a value with the functions in it evaluated."""
        if isinstance(value, dict):
            if len(value) == 1 and {*value} <= {*self._functions}:
                ((name, argument),) = value.items()
                return self._functions[name](argument)
            parts = {key: self.value(each) for key, each in value.items()}
            return {key: each for key, each in parts.items() if each is not _NOTHING}
        if isinstance(value, list):
            return [each for each in map(self.value, value) if each is not _NOTHING]
        return value

    def _condition(self, name: str) -> bool:
        return bool(self.value(self._template["Conditions"][name]))

    def _equals(self, parts: list[Any]) -> bool:
        one, other = (str(self.value(each)) for each in parts)
        return one == other

    def _if(self, parts: list[Any]) -> Any:
        condition, then, otherwise = parts
        return self.value(then if self._condition(condition) else otherwise)

    def _ref(self, name: str) -> Any:
        if name in self._parameters:
            return self._parameters[name]
        if name in _PSEUDO:
            return _PSEUDO[name]
        resource = self._template["Resources"][name]
        # A reference to a table is its name; no test depends on the references to other resources.
        return self.value(resource["Properties"].get("TableName", f"<{name}>"))

    def _sub(self, argument: Any) -> str:
        text, names = (argument, {}) if isinstance(argument, str) else argument

        def replaced(match: re.Match[str]) -> str:
            name = match[1]
            if name in names:
                return str(self.value(names[name]))
            return f"<{name}>" if "." in name else str(self._ref(name))

        return re.sub(r"\$\{([^!}]+)\}", replaced, text)

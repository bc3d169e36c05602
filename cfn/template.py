"""Builds the whole template."""

from __future__ import annotations

from typing import Final

from troposphere import Template

from cfn import (
    access_policy,
    alarms,
    backup,
    conditions,
    dashboard,
    exemptions,
    keys,
    outputs,
    parameters,
    scaling,
    table,
    topic,
)

#: The modules that add to the template, in the order in which readers meet their parts.
_PARTS: Final = (
    parameters,
    conditions,
    table,
    scaling,
    keys,
    topic,
    alarms,
    dashboard,
    backup,
    outputs,
    access_policy,
    exemptions,
)


def build() -> Template:
    """Build the template from the models."""
    template = Template(Description="The DynamoDB table of autoforge, its keys, alarms and backups")
    template.set_version("2010-09-09")
    for part in _PARTS:
        part.add_to(template)
    return template

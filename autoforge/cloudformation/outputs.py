"""An output of the stack for other stacks and for people."""

from __future__ import annotations

from typing import Any

from troposphere import Export, Output, Sub


def exported(name: str, description: str, value: Any, **more: Any) -> Output:
    """An output that other stacks import as ``<stack>-<name>``."""
    return Output(
        name,
        Description=description,
        Value=value,
        Export=Export(Sub(f"${{AWS::StackName}}-{name}")),
        **more,
    )

"""The dashboard: the states of all alarms, and below them a graph for each alarm."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from troposphere import Sub, Template
from troposphere.cloudwatch import Dashboard

from autoforge.cloudformation.alarms import NAME
from autoforge.cloudformation.watched import Watched

#: The start of every alarm's ARN.
_ALARM: Final = (
    f"arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:{NAME}"
)
#: Widths of widgets; a dashboard has 24 columns.
_WHOLE: Final = 24
_THIRD: Final = 8


def add_to(template: Template, watched: Sequence[Watched]) -> None:
    """Add the dashboard; CloudFormation names it, as the name of a table may be too long."""
    # Widgets without a position are placed side by side in this order.
    widgets = [_status(watched), *(_graph(each) for each in watched)]
    body = json.dumps({"widgets": widgets}, separators=(",", ":"))
    template.add_resource(Dashboard("Dashboard", DashboardBody=Sub(body, Alarm=Sub(_ALARM))))


def _status(watched: Sequence[Watched]) -> dict[str, Any]:
    return {
        "type": "alarm",
        "width": _WHOLE,
        "properties": {
            "title": "Alarms of ${TableName}",
            "alarms": [_arn(each) for each in watched],
        },
    }


def _graph(watched: Watched) -> dict[str, Any]:
    """The graph of an alarm, in which CloudWatch draws its metrics and its threshold."""
    return {
        "type": "metric",
        "width": _THIRD,
        "properties": {
            "title": watched.title,
            "region": "${AWS::Region}",
            "annotations": {"alarms": [_arn(watched)]},
        },
    }


def _arn(watched: Watched) -> str:
    return f"${{Alarm}}{watched.name}"

"""The dashboard: how all alarms are, and below it a graph of what each watches."""

from __future__ import annotations

import json
from typing import Any, Final

from troposphere import Sub, Template
from troposphere.cloudwatch import Dashboard

from cfn.alarms import NAME
from cfn.watched import Watched, everything_watched

#: How the ARN of every alarm begins.
_ALARM: Final = (
    f"arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:{NAME}"
)
#: Of the 24 columns that a dashboard has.
_WHOLE: Final = 24
_THIRD: Final = 8


def add_to(template: Template) -> None:
    """Add the dashboard. CloudFormation names it, as a table's name may be too long for one."""
    watched = everything_watched()
    # CloudWatch puts widgets side by side, in this order, where they have no places of their own.
    widgets = [_status(watched), *(_graph(each) for each in watched)]
    body = json.dumps({"widgets": widgets}, separators=(",", ":"))
    template.add_resource(Dashboard("Dashboard", DashboardBody=Sub(body, Alarm=Sub(_ALARM))))


def _status(watched: list[Watched]) -> dict[str, Any]:
    return {
        "type": "alarm",
        "width": _WHOLE,
        "properties": {
            "title": "Alarms of ${TableName}",
            "alarms": [_arn(each) for each in watched],
        },
    }


def _graph(watched: Watched) -> dict[str, Any]:
    """The graph of an alarm: CloudWatch draws its metrics and its threshold."""
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

"""Severity, for the clients whose models know enumerations."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How much an event asks for attention."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

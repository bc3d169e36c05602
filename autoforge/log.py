"""Configures logging for an entry point: structured, one event a line.

The library itself only speaks to the standard library's loggers, and says nothing unless asked.
"""

from __future__ import annotations

import logging
import sys

import structlog


def configure(*, level: str, json: bool) -> None:
    """Send every log event to standard error, as JSON for machines or as text for people."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    logger = logging.getLogger("autoforge")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False

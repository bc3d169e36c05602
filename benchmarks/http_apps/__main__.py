"""Serves one application on one core, as in production.

Run as ``python -m benchmarks.http_apps NAME URL PORT [--core N]``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from benchmarks.machine import pin
from benchmarks.sample import TABLE


def _autoforge(url: str, port: int) -> None:
    """Run ``autoforge serve``."""
    from autoforge.cli.main import main as autoforge  # noqa: PLC0415 - only its own process imports it

    sys.argv = ["autoforge", "serve", "--port", str(port), "--endpoint-url", url]
    sys.argv += ["--table-name", TABLE]
    autoforge()


def _ordinary(module: str) -> Callable[[str, int], None]:
    def serve(url: str, port: int) -> None:
        import uvicorn  # noqa: PLC0415 - see _autoforge

        app = import_module(f"benchmarks.http_apps.{module}").create_app(url)
        # A log line for each request, as ours writes, to standard error, which is discarded.
        handlers = {
            name: {**each, "stream": "ext://sys.stderr"}
            for name, each in uvicorn.config.LOGGING_CONFIG["handlers"].items()
        }
        log_config = {**uvicorn.config.LOGGING_CONFIG, "handlers": handlers}
        uvicorn.run(app, port=port, log_config=log_config)

    return serve


_SERVERS: Final[Mapping[str, Callable[[str, int], None]]] = {
    "boto3": _ordinary("boto3_app"),
    "pynamodb": _ordinary("pynamodb_app"),
    "autoforge": _autoforge,
}


def main() -> None:
    """Serve until interrupted or terminated."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", choices=_SERVERS)
    parser.add_argument("url")
    parser.add_argument("port", type=int)
    parser.add_argument("--core", type=int)
    given = parser.parse_args()
    pin(given.core)
    _SERVERS[given.name](given.url, given.port)


if __name__ == "__main__":
    main()

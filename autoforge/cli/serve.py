"""``autoforge serve``: serves the HTTP API."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Final, NoReturn

import click

from autoforge import __version__
from autoforge.cli.chosen import chosen_table
from autoforge.cli.connection import connect
from autoforge.dynamodb.extras import extra
from autoforge.errors import ConfigurationError, TableNotFoundError, UnavailableError
from autoforge.forge import Forge, utc_now
from autoforge.settings import Settings, revealed

#: The repository of the demo if ``--demo`` has no path.
_HERE: Final = Path()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--embedded", is_flag=True, help="Start an embedded DynamoDB, in memory.")
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --embedded: keep the data in this file (needs the dynoxide program).",
)
@click.option(
    "--demo",
    is_flag=False,
    flag_value=str(_HERE),
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="[PATH]",
    help="Load the history of a git repository: this one, or the one at PATH.",
)
@click.option("--endpoint-url", help="A DynamoDB other than AWS's.")
@click.option("--table-name", help="Name of the table.")
@click.option("--region", help="AWS region.")
@click.option("--wait-for-table", is_flag=True, help="Start although the table does not exist.")
def serve(
    *,
    host: str,
    port: int,
    embedded: bool,
    data: Path | None,
    demo: Path | None,
    endpoint_url: str | None,
    table_name: str | None,
    region: str | None,
    wait_for_table: bool,
) -> None:
    """Serve the platform's HTTP API."""
    if not chosen_table().is_platform:
        raise ConfigurationError(
            "serve has the platform's routes, and --table names another table; serve that one by "
            "autoforge.http.api.routes_of in an application of its own"
        )
    # Imported here so that the other commands do not wait for the web framework.
    with extra("http", "autoforge serve"):
        from autoforge import log  # noqa: PLC0415
        from autoforge.http.api.limits import Limits  # noqa: PLC0415
        from autoforge.http.app import create_app  # noqa: PLC0415
        from autoforge.http.server import reserve  # noqa: PLC0415
        from autoforge.http.server import serve as run  # noqa: PLC0415

    settings = Settings()
    if embedded and endpoint_url:
        raise ConfigurationError("--embedded and --endpoint-url exclude each other; choose one")
    if embedded and region:
        raise ConfigurationError("--embedded and --region exclude each other; choose one")
    if data is not None and not embedded:
        raise ConfigurationError("--data is given without --embedded, which it needs")
    signal.signal(signal.SIGTERM, _stop)
    lost = Event()
    with ExitStack() as closing:
        closing.enter_context(log.configured(level=settings.log_level, json=settings.log_json))
        listener = closing.enter_context(reserve(host, port))
        forge = closing.enter_context(
            _embed(settings, data=data, table_name=table_name, on_lost=lost.set)
            if embedded
            else connect(settings, table_name=table_name, region=region, endpoint_url=endpoint_url)
        )
        _check_table(forge, wait=wait_for_table)
        if demo is not None:
            _load_demo(forge, demo)
        app = create_app(
            forge,
            version=__version__,
            allowed_origins=settings.allowed_origins,
            allowed_hosts=settings.allowed_hosts,
            bulk_seconds=settings.bulk_seconds,
        )
        shown_host = f"[{host}]" if ":" in host else host
        click.echo(f"API documentation: http://{shown_host}:{port}/docs", err=True)
        run(
            app,
            listener,
            threads=settings.threads,
            keep_alive=settings.keep_alive,
            limits=Limits(
                head_bytes=settings.max_head_bytes,
                head_seconds=settings.head_timeout,
                body_seconds=settings.body_timeout,
                connections=settings.max_connections,
            ),
            should_stop=lost.is_set,
        )
    if lost.is_set():
        raise UnavailableError(f"dynoxide ended and could not be restarted on {data}")


def _check_table(forge: Forge, *, wait: bool) -> None:
    """Open a connection before the first request, and check that the table exists.

    A DynamoDB that cannot be reached or checked is reported, and is not an error.

    Args:
        forge: The Forge to check.
        wait: Whether to serve although the table does not exist.

    Raises:
        TableNotFoundError: if the table does not exist, unless ``wait``.
        ConfigurationError: if the keys of the table or of an index are not those of the models.
    """
    try:
        forge.warm()
        forge.store.require_table()
    except ConfigurationError:
        raise
    except TableNotFoundError as error:
        missing = f"table {forge.store.table_name} does not exist"
        if not wait:
            url = forge.endpoint_url
            how = f"autoforge table create --endpoint-url {url}" if url else "cfn/template.yaml"
            raise TableNotFoundError(
                f"{missing}; create it with {how}, or start with --wait-for-table"
            ) from error
        click.echo(f"Waiting: {missing}; /ready reports when it does", err=True)
    except UnavailableError as error:
        click.echo(f"DynamoDB cannot be reached yet: {error}", err=True)
    except Exception as error:  # noqa: BLE001 - such as missing credentials
        click.echo(f"The table could not be checked: {error}", err=True)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Exit by an exception, so that everything that was started is stopped."""
    del number, frame
    sys.exit(0)


def _load_demo(forge: Forge, path: Path) -> None:
    """Load the demo and print what was loaded.

    Raises:
        ConfigurationError: if the repository at a given path cannot be read. Without a path that is
            only printed, since a checkout may come without its history.
    """
    from autoforge.demo import load_history  # noqa: PLC0415 - see serve

    try:
        notes = load_history(forge, path, now=utc_now()).notes
    except ConfigurationError as error:
        if path != _HERE:
            raise
        notes = (f"no demo data: {error}",)
    for note in notes:
        click.echo(note, err=True)


def _embed(
    settings: Settings,
    *,
    data: Path | None,
    table_name: str | None,
    on_lost: Callable[[], object],
) -> Forge:
    forge = Forge.embedded(
        table_name=table_name or settings.table_name,
        data=data,
        dynoxide=settings.dynoxide,
        cursor_secrets=revealed(settings.cursor_secrets),
        encryption_secrets=revealed(settings.encryption_secrets),
        record_within=timedelta(seconds=settings.record_seconds),
        on_lost=on_lost,
    )
    kept = "in memory, gone when this process ends" if data is None else f"kept in {data}"
    click.echo(f"Embedded DynamoDB at {forge.endpoint_url}: {kept}", err=True)
    variables = " ".join(f"{name}={value}" for name, value in forge.environment.items())
    click.echo(f"For the AWS CLI and other programs: export {variables}", err=True)
    return forge

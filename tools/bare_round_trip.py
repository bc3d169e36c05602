"""Test an installation without extras: the toolkit and Forge work, and errors name the extras.

    python tools/bare_round_trip.py DYNOXIDE

check_wheel.py runs it in an environment in which the wheel was installed without extras.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final

from autoforge import Forge
from autoforge.dynamodb import (
    Client,
    Cursors,
    DynoxideDynamoDB,
    EmbeddedDynamoDB,
    Entity,
    Id,
    IdMint,
    Integer,
    Key,
    LocalCipher,
    Put,
    Query,
    Store,
    Table,
)
from autoforge.errors import MissingExtraError
from autoforge.models import FeatureStatus

NOON: Final = datetime(2026, 2, 4, 12, tzinfo=UTC)

#: A call that needs a missing extra, and the message of its error, by the extra.
MISSING: Final[dict[str, tuple[Callable[[], object], str]]] = {
    "http": (
        lambda: import_module("autoforge.http.app"),
        "litestar is not installed, and the HTTP API needs it: pip install 'autoforge[http]'",
    ),
    "cli": (
        lambda: import_module("autoforge.cli.main"),
        "click is not installed, and the command line needs it: pip install 'autoforge[cli]'",
    ),
    "cli, for settings": (
        lambda: import_module("autoforge.settings"),
        "pydantic is not installed, and autoforge.settings needs it: pip install 'autoforge[cli]'",
    ),
    "http, for its log": (
        lambda: import_module("autoforge.log"),
        "structlog is not installed, and autoforge.log needs it: pip install 'autoforge[http]'",
    ),
    "testing": (
        lambda: import_module("autoforge.testing.laws"),
        "hypothesis is not installed, and laws_of needs it: pip install 'autoforge[testing]'",
    ),
    "embedded": (
        EmbeddedDynamoDB,
        "moto is not installed, and EmbeddedDynamoDB needs it: pip install 'autoforge[embedded]'",
    ),
    "embedded, for a Forge": (
        Forge.embedded,
        "moto is not installed, and EmbeddedDynamoDB needs it: pip install 'autoforge[embedded]'",
    ),
    "cfn": (
        lambda: import_module("autoforge.cloudformation"),
        (
            "troposphere is not installed, and autoforge.cloudformation needs it: "
            "pip install 'autoforge[cfn]'"
        ),
    ),
    "kms": (
        lambda: LocalCipher(["a local key"]),
        "cryptography is not installed, and LocalCipher needs it: pip install 'autoforge[kms]'",
    ),
}


class Reading(Entity):
    """A measurement of a sensor: an entity outside the agent platform."""

    sensor: Id = Id()
    hour: Id = Id()
    degrees: Integer = Integer()

    key = Key("SENSOR#{sensor}", "READING#{hour}")


@dataclass(frozen=True)
class ReadingsOfSensor(Query[Reading]):
    """What did this sensor measure?"""

    source = "The weather station"
    key = Reading.key

    sensor: str


def main() -> None:
    """Check the missing parts, then the toolkit and Forge; raise AssertionError on a fault."""
    for name, (use, message) in MISSING.items():
        require_missing(name, use, message)
    # KMS needs botocore only. Nothing is sent before a secret is encrypted.
    Forge.connect(table_name="T", region="eu-west-1", kms_key_id="alias/key").close()
    with DynoxideDynamoDB(None, binary=Path(sys.argv[1])) as engine:
        use_toolkit(engine.direct_url, engine.credentials)
        use_toolkit(engine.endpoint_url, engine.credentials)
        use_forge(engine.direct_url, engine.credentials)


#: The table of the readings.
WEATHER = Table("Weather", (Reading,), patterns=(ReadingsOfSensor,))


def require_missing(name: str, use: Callable[[], object], message: str) -> None:
    """Check that using a part raises MissingExtraError with this message."""
    try:
        use()
    except ImportError as error:
        require(isinstance(error, MissingExtraError), f"{name}: {error!r}")
        require(str(error) == message, f"{name}: {error}")
    else:
        raise AssertionError(f"{name} is installed; expected MissingExtraError")


def use_toolkit(endpoint_url: str, credentials: tuple[str, str]) -> None:
    """Store items of another domain, and query them."""
    new_id = IdMint()
    client = Client(
        region="eu-west-1", endpoint_url=endpoint_url, credentials=credentials, sleep=time.sleep
    )
    store = Store(
        table_name=f"Weather-{secrets.token_hex(4)}",
        client=client,
        cursors=Cursors([secrets.token_urlsafe(32)]),
        clock=lambda: NOON,
        new_token=lambda: new_id(NOON),
        design=WEATHER,
    )
    store.create_table()
    for hour, degrees in {"11": 7, "12": 9}.items():
        store.save(Put(Reading(sensor="roof", hour=hour, degrees=degrees)))
    read = [each.degrees for each in store.each(ReadingsOfSensor("roof"))]
    require(read == [7, 9], f"the readings are {read}; expected [7, 9]")
    client.close()


def use_forge(endpoint_url: str, credentials: tuple[str, str]) -> None:
    """Create, claim and pass a feature, as an agent does."""
    with Forge.connect(
        table_name="AgenticPM",
        region="eu-west-1",
        endpoint_url=endpoint_url,
        credentials=credentials,
    ) as forge:
        forge.store.create_table()
        forge.projects.create("Portal", id="portal")
        forge.features.create("portal", "Sign in", id="sign-in")
        claimed = forge.features.claim_next("portal", "coder", 60)
        if claimed is None:
            raise AssertionError("no feature was claimed; expected sign-in")
        forge.features.pass_("portal", claimed.id, version=claimed.version)
        status = forge.features.get("portal", "sign-in").status
        require(status == FeatureStatus.PASSING, f"the feature is {status}; expected passing")


def require(condition: bool, message: str) -> None:
    """Raise an AssertionError with the message unless the condition is true."""
    if not condition:
        raise AssertionError(message)


if __name__ == "__main__":
    main()

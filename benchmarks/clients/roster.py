"""All clients by name; each is imported only in the process that measures it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from benchmarks.clients.client import Client, Population


@dataclass(frozen=True)
class Entry:
    """A client in the tables.

    Attributes:
        title: Its name in the tables.
        made_by: Module of this package, and its function that connects.
        packages: The packages whose versions are listed.
    """

    title: str
    made_by: str
    packages: tuple[str, ...] = ()

    def connect(self, url: str, population: Population) -> Client:
        """Import the client and connect."""
        module, _, function = self.made_by.partition(":")
        connected: Client = getattr(import_module(f"benchmarks.clients.{module}"), function)(
            url, population
        )
        return connected


#: The client whose cost is the unit.
UNIT: Final = "raw"

ROSTER: Final[Mapping[str, Entry]] = {
    UNIT: Entry("raw `http.client` + orjson", "raw:connect", ("orjson",)),
    "aiodynamo": Entry(
        "aiodynamo + aiohttp (dicts)", "aiodynamo_dicts:connect", ("aiodynamo", "aiohttp", "uvloop")
    ),
    "pydynox": Entry("pydynox, sync (Rust)", "pydynox_models:connect", ("pydynox",)),
    "boto3-client": Entry("boto3 client (dicts)", "boto3_client:connect", ("boto3", "botocore")),
    "boto3-resource": Entry("boto3 resource (dicts)", "boto3_resource:connect", ("boto3",)),
    "dyntastic": Entry("dyntastic", "dyntastic_models:connect", ("dyntastic", "pydantic")),
    "pynamodb": Entry("stock PynamoDB", "pynamodb_models:connect", ("pynamodb",)),
    "autoforge": Entry("**autoforge**", "autoforge_store:connect"),
    "autoforge-botocore": Entry(
        'autoforge, `transport="botocore"`', "autoforge_store:connect_botocore"
    ),
}

#: The clients that need no packages besides those of the library.
OURS: Final = (UNIT, "autoforge", "autoforge-botocore")

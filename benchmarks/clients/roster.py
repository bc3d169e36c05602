"""The clients there are, by name; each is imported only in the process it is measured in."""

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
        title: What the tables call it.
        made_by: Module of this package and the function that connects.
        packages: What its version is the version of.
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


#: What everything is a multiple of.
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

#: Those that need nothing the library does not need itself.
OURS: Final = (UNIT, "autoforge", "autoforge-botocore")

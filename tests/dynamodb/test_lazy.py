"""A package offers the names in its stub, and imports only the modules that are used."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import pytest

PACKAGES = [
    "autoforge",
    "autoforge.access",
    "autoforge.dynamodb",
    "autoforge.forge",
    "autoforge.models",
]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_that_a_package_offers_is_there(package: str) -> None:
    module = import_module(package)

    assert module.__all__
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert {*module.__all__} <= {*dir(module)}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_offers_what_has_the_name_of_one_of_its_modules(package: str) -> None:
    """Otherwise importing the module would rebind the name to it."""
    module = import_module(package)

    assert not {*module.__all__} & {each.name for each in iter_modules(module.__path__)}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_that_a_package_does_not_offer_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'Nothing'"):
        import_module(package).Nothing  # noqa: B018 - asking is the point


def _imported(program: str) -> set[str]:
    """The modules that a program imports in a new interpreter."""
    listing = f"{program}\nimport sys\nprint(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    return {*ran.stdout.split()}


def test_connecting_imports_nothing_that_a_call_may_never_need() -> None:
    imported = _imported(
        "import autoforge\n"
        "forge = autoforge.Forge.connect(\n"
        "    table_name='T', region='us-east-1', endpoint_url='http://127.0.0.1:1')"
    )

    unneeded = {
        "autoforge.access.features.claims", "autoforge.dynamodb.local", "autoforge.http",
        "autoforge.models.users",
        "boto3", "cryptography", "litestar", "moto", "pydantic", "structlog", "ulid",
    }  # fmt: skip
    assert not unneeded & imported


def test_the_toolkit_imports_nothing_of_the_platform() -> None:
    imported = _imported("from autoforge.dynamodb import *")

    ours = {each for each in imported if each.startswith("autoforge.")}
    assert {"autoforge.dynamodb.store.store", "autoforge.dynamodb.writes.update"} <= ours
    assert not [each for each in ours if not f"{each}.".startswith("autoforge.dynamodb.")]


def test_asking_for_one_entity_declares_no_other() -> None:
    imported = _imported("from autoforge.models import Event")

    assert "autoforge.models.events" in imported
    assert not {"autoforge.models.features", "autoforge.models.table"} & imported


def test_importing_leaves_the_collector_and_the_threads_as_they_are() -> None:
    program = (
        "import gc, threading; before = gc.get_threshold(), gc.get_freeze_count()\n"
        "import autoforge, autoforge.http.app, autoforge.http.server\n"
        "from autoforge.dynamodb import Client\n"
        "assert (gc.get_threshold(), gc.get_freeze_count()) == before\n"
        "assert threading.active_count() == 1"
    )

    _imported(program)


def test_every_module_can_be_imported_where_poll_and_resource_are_missing() -> None:
    """As on Windows."""
    program = (
        "import select, sys\n"
        "del select.poll\n"
        "sys.modules.update(resource=None, uvloop=None)\n"
        "from importlib import import_module\n"
        "from pkgutil import walk_packages\n"
        "import autoforge\n"
        "for module in walk_packages(autoforge.__path__, 'autoforge.'):\n"
        "    import_module(module.name)"
    )

    assert {"autoforge.dynamodb.transport.http1", "autoforge.http.server"} <= _imported(program)

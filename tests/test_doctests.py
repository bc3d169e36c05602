"""The examples in docstrings run and give the results they show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, DocTest, DocTestFinder, DocTestRunner
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest

import autoforge
from autoforge import dynamodb
from autoforge.dynamodb import errors
from autoforge.dynamodb.store.store import Store
from autoforge.testing.engines import Engine, running, table_on
from docs.examples import library

MODULES = [module.name for module in walk_packages(autoforge.__path__, "autoforge.")]
#: What the examples of the toolkit have without importing it; the reference says so.
OFFERED = {
    name: getattr(package, name) for package in (errors, dynamodb) for name in package.__all__
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """An engine for the tables of the examples, each of which has a table of its own."""
    with running("moto") as engine:
        yield engine


def test_the_modules_with_examples_are_found() -> None:
    assert {"autoforge.dynamodb.timestamps", "autoforge.models.checkpoints"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(
    name: str, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    module = import_module(name)
    runner = DocTestRunner(optionflags=ELLIPSIS | NORMALIZE_WHITESPACE)

    for test in DocTestFinder(exclude_empty=True).find(module):
        uses_store = any("store" in each.source for each in test.examples)
        with filled_table(engine) if uses_store else nullcontext() as store:
            test.globs = names_of(test, store)
            runner.run(test)

    assert not runner.failures, capsys.readouterr().out


def names_of(test: DocTest, store: Store | None) -> dict[str, Any]:
    """Return the names that an example has: those of the toolkit, the library and its module."""
    names = {**OFFERED, **vars(library), **test.globs, "store": store}
    names["__name__"] = library.__name__  # the module of the classes that an example declares
    names.pop("annotations", None)  # doctest would compile the examples with this feature
    return names


@contextmanager
def filled_table(engine: Engine) -> Iterator[Store]:
    """Create a table of the library, with its sample data."""
    with table_on(engine, library.library, lambda: library.NOON) as store:
        library.fill(store)
        yield store

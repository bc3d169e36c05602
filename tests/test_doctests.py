"""The examples in docstrings run and give the results they show."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

import autoforge

MODULES = [module.name for module in walk_packages(autoforge.__path__, "autoforge.")]


def test_the_modules_with_examples_are_found() -> None:
    assert {"autoforge.dynamodb.timestamps", "autoforge.models.checkpoints"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0

"""A concept has the same name in every layer: the modules of features are called ``features``."""

from functools import cached_property
from pathlib import Path
from typing import Final

import pytest

from autoforge import Forge

ROOT: Final = Path(__file__).resolve().parent.parent

#: The concepts of the platform: the resources of a Forge.
CONCEPTS: Final = {
    name for name, value in vars(Forge).items() if isinstance(value, cached_property)
}

#: The modules of each layer that are not named after a concept.
BESIDES: Final = {
    "models": {"indexes", "requests", "table"},
    "access": {"catalogue", "clocks", "creation", "deletion", "operations", "requests"},
    "forge": {"forge", "resource"},
    "http": {"api", "app", "idempotency", "problems", "server", "service", "views"},
}


def modules_in(folder: Path) -> set[str]:
    """The names of the modules and packages in a folder."""
    packages = {each.name for each in folder.iterdir() if each.is_dir() and each.name[0] != "_"}
    return packages | {each.stem for each in folder.glob("*.py") if each.stem != "__init__"}


@pytest.mark.parametrize("layer", BESIDES)
def test_a_layer_holds_every_concept_by_its_name_and_little_besides(layer: str) -> None:
    assert modules_in(ROOT / "autoforge" / layer) == CONCEPTS | BESIDES[layer]


@pytest.mark.parametrize("layer", ["access", "http"])
def test_the_tests_of_a_layer_have_a_file_or_a_folder_for_every_concept(layer: str) -> None:
    found = {each.removeprefix("test_") for each in modules_in(ROOT / "tests" / layer)}

    assert found >= CONCEPTS


def test_the_concepts_are_those_of_a_forge() -> None:
    assert {"features", "runs", "events", "checkpoints", "artefacts"} <= CONCEPTS

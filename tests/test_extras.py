"""A missing package of an extra is reported with the command that installs it.

``tools/check_wheel.py`` checks each case in an installation without the package.
"""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from autoforge.dynamodb.extras import extra
from autoforge.errors import ConfigurationError, MissingExtraError

ROOT = Path(__file__).parent.parent


def test_a_missing_package_is_named_with_the_command_that_installs_it() -> None:
    with pytest.raises(MissingExtraError) as raised, extra("kms", "this test"):
        import_module("there_is_no_such_package")

    assert str(raised.value) == (
        "there_is_no_such_package is not installed, and this test needs it: "
        "pip install 'autoforge[kms]'"
    )
    assert raised.value.extra == "kms"
    assert isinstance(raised.value, ImportError)
    assert isinstance(raised.value, ConfigurationError)


@pytest.mark.parametrize("module", ["json.nothing", "autoforge.nothing"])
def test_a_package_that_lacks_a_module_is_another_fault(module: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=module), extra("kms", "this test"):
        import_module(module)


def test_every_extra_that_a_message_names_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "autoforge").rglob("*.py"))

    named = {name for source in sources for name in re.findall(r'with extra\("(\w+)"', source)}

    assert named == {*project["optional-dependencies"]} - {"all"}

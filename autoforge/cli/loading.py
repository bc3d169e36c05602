"""Loads a value that a user names as MODULE:ATTRIBUTE, such as a Table."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Final, TypeVar

import autoforge
from autoforge.dynamodb.errors import suggestion
from autoforge.errors import ConfigurationError

T = TypeVar("T")

#: The directories of the frames of an import that are not the user's code.
_OURS: Final = str(Path(autoforge.__file__).parent)
_LIBRARY: Final = str(Path(traceback.__file__).parent / "importlib")


def load(path: str, kind: type[T]) -> T:
    """Import a module, which may be in the current directory, and return its attribute.

    Args:
        path: The module and the attribute, as MODULE:ATTRIBUTE.
        kind: The class of the value; ``object`` for any.

    Raises:
        ConfigurationError: if there is no such module or attribute, the value is of another class,
            or the import of the module fails; with the cause.
    """
    name, _, attribute = path.partition(":")
    if not all(each.isidentifier() for each in name.split(".")):
        raise ConfigurationError(
            f"{path!r} names no module; expected MODULE:ATTRIBUTE, such as shop.tables:shop"
        )
    module = _imported(name)
    offered = [each for each, value in vars(module).items() if isinstance(value, kind)]
    named = offered and kind is not object
    found = f"; {kind.__name__} in {name}: {', '.join(offered)}" if named else ""
    if not attribute:
        raise ConfigurationError(f"{path!r} names no attribute; expected {name}:ATTRIBUTE{found}")
    if not hasattr(module, attribute):
        near = suggestion(attribute, vars(module)) or found
        raise ConfigurationError(f"the module {name} has no attribute {attribute!r}{near}")
    value = getattr(module, attribute)
    if not isinstance(value, kind):
        what = f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
        raise ConfigurationError(f"{path} is {what}, not a {kind.__name__}{found}")
    return value


def _imported(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        with redirect_stdout(sys.stderr):  # output of the module is not output of the command
            return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise _failure(name, error) from error
        known = _modules_beside(error.name)
        raise ConfigurationError(
            f"there is no module {error.name!r} in {here}, nor is it installed"
            f"{suggestion(error.name, known)}"
        ) from error
    except (Exception, SystemExit) as error:
        raise _failure(name, error) from error


def _modules_beside(name: str) -> list[str]:
    """Return the other modules in the package of a missing module, or in this directory."""
    package, _, _ = name.rpartition(".")
    places = sys.modules[package].__path__ if package else [str(Path.cwd())]
    prefix = f"{package}." if package else ""
    return [f"{prefix}{each.name}" for each in iter_modules(places)]


def _failure(name: str, error: BaseException) -> ConfigurationError:
    """Return the error of a failed import: each cause, and the line of the user's code."""
    causes = "; caused by ".join(map(_said, _chain(error)))
    frames = [
        each
        for each in traceback.extract_tb(error.__traceback__)
        if not each.filename.startswith((_OURS, _LIBRARY, "<"))
    ]
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return ConfigurationError(f"the module {name} cannot be imported: {causes}{place}")


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__

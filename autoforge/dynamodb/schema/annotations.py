"""The annotations in the body of a class, on every version of Python.

They are read as text and not evaluated, because they may name what is declared later.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import get_annotations
from typing import Any, Final

#: The format of annotations that every ``__annotate__`` supports (PEP 649).
_VALUE: Final = 1


def annotations_of(cls: type[Any]) -> Mapping[str, Any]:
    """Return the annotations in the body of a class, as text if they are not evaluated."""
    annotate = getattr(cls, "__annotate__", None)
    if annotate is None:
        return get_annotations(cls)
    try:  # since Python 3.14, a function returns the annotations
        library: Any = import_module("annotationlib")
    except ModuleNotFoundError:
        values: Mapping[str, Any] = annotate(_VALUE)
        return values
    texts: Mapping[str, Any] = library.call_annotate_function(
        annotate, library.Format.STRING, owner=cls
    )
    return texts

"""Keys and entities of a library: declared early, inherited, and compiled so that errors show."""

from __future__ import annotations

import traceback

import pytest

from autoforge.errors import DeclarationError, InvalidValueError
from autoforge.models.attributes import IdAttribute, TextAttribute
from autoforge.models.indexes import GSI1
from autoforge.models.keys import Key
from autoforge.models.source import Source
from autoforge.models.table import Entity


def test_a_key_tells_nothing_before_its_entity_is_declared() -> None:
    key = Key("BOOK#{isbn}", "COPY#{number}")

    for name in ("components", "sources", "shortened", "partitions", "sort_template"):
        with pytest.raises(DeclarationError, match=r"^Key\('BOOK#\{isbn\}', 'COPY#\{number\}'\) "):
            getattr(key, name)
    with pytest.raises(DeclarationError, match=r"is looked at before its entity is declared$"):
        key.render({"isbn": "a", "number": "b"})


def _look_at(*keys: Key) -> None:
    for key in keys:
        for name in ("components", "sources", "_renderer"):
            with pytest.raises(DeclarationError):
                getattr(key, name)


def test_a_key_that_was_looked_at_too_early_works_once_it_is_declared() -> None:
    class Copy(Entity):
        isbn = IdAttribute()
        number = IdAttribute()
        shelf = TextAttribute()

        key = Key("BOOK#{isbn}", "COPY#{number}")
        by_shelf = Key("SHELF#{shelf}", "{isbn}", index=GSI1)
        _look_at(key, by_shelf)

    copy = Copy(isbn="a", number="1", shelf="fiction")

    assert Copy.key.components == Copy.key.sources == {"isbn", "number"}
    assert (copy.PK, copy.SK) == ("BOOK#a", "COPY#1")
    assert (copy.GSI1PK, copy.GSI1SK) == ("SHELF#fiction", "a")


def test_a_key_lacks_what_no_key_has_before_and_after_it_is_declared() -> None:
    class Copy(Entity):
        isbn = IdAttribute()
        key = Key("BOOK#{isbn}", "COPY")

    for each in (Key("BOOK#{isbn}", "COPY"), Copy.key):
        assert not hasattr(each, "colour")
        assert "BOOK#{isbn}" in repr(each)


def test_a_traceback_shows_the_lines_of_a_generated_function() -> None:
    class Copy(Entity):
        isbn = IdAttribute()
        key = Key("BOOK#{isbn}", "COPY")

    try:
        Copy.key.render({"isbn": "a#b"})
    except InvalidValueError as error:
        shown = "".join(traceback.format_exception(error))
    else:
        shown = "nothing"

    assert "in render\n    partition = f'BOOK#{" in shown
    assert "Copy.key" in shown


def test_each_generated_function_has_lines_of_its_own() -> None:
    functions = []
    for message in ("first", "second"):
        source = Source("fail()", {"ValueError": ValueError})
        source.add(f"raise ValueError('{message} of its kind')")
        functions.append(source.compiled())

    for function, message in zip(functions, ("first", "second"), strict=True):
        try:
            function()
        except ValueError as error:
            shown = "".join(traceback.format_exception(error))
            assert f"    raise ValueError('{message} of its kind')\n" in shown

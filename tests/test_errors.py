"""The tree of errors, and what each error says and carries."""

from __future__ import annotations

import re
from inspect import getmembers, isclass
from types import ModuleType

import pytest

from autoforge import errors as platform
from autoforge.dynamodb import errors as toolkit
from autoforge.errors import (
    AutoforgeError,
    ConditionFailedError,
    IncompleteBatchError,
    ItemExistsError,
    ItemNotFoundError,
    shortened,
)

ALL = dict(getmembers(platform, lambda each: isclass(each) and issubclass(each, Exception)))


@pytest.mark.parametrize("errors", [platform, toolkit], ids=["platform", "toolkit"])
def test_the_tree_in_the_docstring_is_the_tree_of_classes(errors: ModuleType) -> None:
    own = [error for error in ALL.values() if error.__module__ == errors.__name__]
    known = {base for error in own for base in error.__mro__ if issubclass(base, AutoforgeError)}
    drawn = re.findall(r"^( *)[*x+] (\w+)", errors.__doc__ or "", re.MULTILINE)

    ancestors: list[str] = []
    tree = {}
    for indent, name in drawn:
        ancestors = [*ancestors[: len(indent) // 2], name]
        tree[name] = ancestors[-2] if len(ancestors) > 1 else "Exception"
    assert tree == {error.__name__: error.__bases__[0].__name__ for error in known}


def test_every_error_is_exported() -> None:
    assert {*platform.__all__} == {*ALL, "shortened", "suggestion"}
    assert {*toolkit.__all__} < {*platform.__all__}


@pytest.mark.parametrize("error", [ItemNotFoundError, ItemExistsError])
def test_an_error_about_an_item_names_it_and_keeps_what_it_was_made_of(
    error: type[ItemNotFoundError | ItemExistsError],
) -> None:
    raised = error("Artefact", {"projectId": "p", "type": "raid_log"})

    assert "Artefact with projectId 'p', type 'raid_log'" in str(raised)
    assert raised.entity == "Artefact"
    assert raised.parameters == {"projectId": "p", "type": "raid_log"}


def test_an_error_about_a_condition_carries_the_item_as_it_is() -> None:
    item = object()

    assert ItemExistsError("Project", {"id": "p"}, item=item).item is item
    assert ConditionFailedError("not pending", item=item).item is item
    assert ConditionFailedError("not pending").item is None


def test_an_error_about_a_batch_lists_what_is_left() -> None:
    error = IncompleteBatchError([("PROJECT#p", "METADATA"), ("AGENT", "CONFIG#k")])

    assert str(error) == "2 items of the batch were left unprocessed"
    assert error.unprocessed == (("PROJECT#p", "METADATA"), ("AGENT", "CONFIG#k"))


def test_a_caller_may_catch_whatever_this_package_raises() -> None:
    assert all(issubclass(error, AutoforgeError) for error in ALL.values())


def test_a_value_is_shown_on_one_line_of_80_characters() -> None:
    assert shortened("a\nb") == r"'a\nb'"
    assert shortened("x" * 78) == f"'{'x' * 78}'"
    assert shortened("x" * 79) == f"'{'x' * 76}..."

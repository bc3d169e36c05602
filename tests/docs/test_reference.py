"""The generated reference has every public name, and each name says what a caller needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import isclass
from itertools import chain
from textwrap import dedent

import griffe

from autoforge.dynamodb import errors
from tests.docs.reference import PAGES, REFERENCE_PAGES, Documented, documented, is_called
from tests.generated import GENERATED

#: Entries that stand for themselves, and the errors, which the entries that raise them show.
_ERRORS = {name for name in errors.__all__ if isclass(getattr(errors, name))}
_WITHOUT_EXAMPLE = {"NOON", "Fault", *_ERRORS} - {"AutoforgeError"}
#: Classes with members that the toolkit itself calls: patterns, writes, and what they are made of.
#: What users call of them has an example.
_MADE_OF = {
    "Change", "Client", "Cursors", "Derived", "EnumCodec", "Entity", "Index", "Inside", "Key",
    "Layout", "Pattern", "Projection", "Role", "Snapshot", "Table", "Transaction", "Unique",
    "Write",
}  # fmt: skip
#: Members that attribute classes and kinds of pattern of one's own define or call.
_HOOKS = {
    "check", "codec", "deserialize", "live", "read_item", "read_items", "read_range", "serialize",
    "to_wire", "value_to_wire",
}  # fmt: skip
#: Its example would need a program that may not be installed.
_OF_DYNOXIDE = "DynoxideDynamoDB.close"
#: Errors of others, and those of autoforge.dynamodb.client.failures for callers with a deadline.
_OTHER_ERRORS = {
    "ConditionRefusedError", "Exception", "NoCredentialsError", "TooLateError", "UncertainError",
}  # fmt: skip


@cache
def entries() -> tuple[Documented, ...]:
    """Return the entries of all pages."""
    return tuple(each for page in PAGES for each in documented(page))


def test_every_name_that_a_package_offers_is_on_one_page_and_no_other_name() -> None:
    for package in {page.package for page in PAGES}:
        pages = [page for page in PAGES if page.package == package]
        offered = [
            name
            for name in import_module(package).__all__
            if package != errors.__name__ or isclass(getattr(errors, name))
        ]

        assert sorted(chain.from_iterable(page.names for page in pages)) == sorted(
            [*offered, *chain.from_iterable(page.further for page in pages)]
        )


def test_every_page_is_generated() -> None:
    assert {*REFERENCE_PAGES} <= {*GENERATED}


def test_every_name_and_every_member_has_a_description() -> None:
    assert len(entries()) > 100
    assert [one.name for _, one in _all() if not one.text] == []


def test_every_name_has_an_example() -> None:
    assert {each.name for each in entries() if not each.has_example} == _WITHOUT_EXAMPLE


def test_every_method_that_users_call_has_an_example() -> None:
    methods = [
        (owner, one) for owner, one in _all() if owner is not one and _is_function(one.entry)
    ]
    without = {
        one.name
        for owner, one in methods
        if not one.has_example
        and not {owner.name, *owner.bases} & _MADE_OF
        and one.entry.name not in _HOOKS
    }

    assert without == {_OF_DYNOXIDE}


def test_every_argument_is_explained_and_no_other() -> None:
    faults = []
    for owner, one in _all():
        if isinstance(one.entry, griffe.Attribute) or not is_called(one.entry):
            continue
        known = {parameter.name for parameter in one.parameters}
        is_method = owner is not one
        if is_method and len(known) == 1:
            continue  # its first line explains it
        if one.has_example and known - {*one.arguments, "options"}:
            faults.append(f"{one.name} does not explain {known - {*one.arguments}}")
        if is_method and {*one.arguments} - known:
            faults.append(f"{one.name} explains { ({*one.arguments} - known) }")

    assert faults == []


def test_the_errors_that_a_call_raises_itself_are_listed() -> None:
    faults = [
        f"{one.name} raises {name}"
        for owner, one in _all()
        if isinstance(one.entry, griffe.Function)
        for name in _raised(one.entry)
        if not {each.__name__ for each in getattr(errors, name).__mro__}
        & {*owner.raises, *_listed(owner, one)}
    ]

    assert faults == []


def test_every_error_that_is_listed_exists() -> None:
    listed = {name for _, one in _all() for name in one.raises}

    assert "ItemNotFoundError" in listed
    assert listed <= {*errors.__all__, *_OTHER_ERRORS}


def _all() -> Iterator[tuple[Documented, Documented]]:
    """Yield each entry with itself and with each of its members."""
    for each in entries():
        yield each, each
        for member in each.members.values():
            yield each, member


def _is_function(entry: object) -> bool:
    return isinstance(entry, griffe.Function)


def _listed(owner: Documented, member: Documented) -> set[str]:
    """Return the errors that a member lists, or one that it overrides."""
    bases = owner.entry.mro() if isinstance(owner.entry, griffe.Class) else []
    name = member.entry.name
    overridden = [base.members[name] for base in bases if name in base.members]
    found = [each for each in overridden if isinstance(each, griffe.Function)]
    return {error for each in (member.entry, *found) for error in Documented(name, each).raises}


def _raised(function: griffe.Function) -> set[str]:
    """Return the errors of the toolkit that the code of a function raises itself."""
    found = set()
    for each in ast.walk(ast.parse(dedent(function.source))):
        if isinstance(each, ast.Raise) and isinstance(each.exc, ast.Call):
            name = each.exc.func.id if isinstance(each.exc.func, ast.Name) else ""
            if isclass(getattr(errors, name, None)):
                found.add(name)
    return found

"""The reference lists everything that users see, and nothing that does not exist."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property

import click
import pytest

from autoforge import Forge, dynamodb, errors
from autoforge.access.catalogue import CATALOGUE
from autoforge.cli.main import EXIT_CODES, INTERRUPTED, group
from autoforge.dynamodb import Entity
from autoforge.dynamodb.schema.choice_attributes import Choice
from autoforge.dynamodb.schema.indexes import ENTITY_TYPE, TTL
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.errors import AutoforgeError
from autoforge.http.problems import PROBLEMS
from autoforge.models import PLATFORM_DESIGN
from autoforge.settings import Settings
from tests.docs.pages import PAGES, REFERENCE, ROOT, anchors, code_spans
from tests.docs.reference import PAGES as PAGES_OF_THE_TOOLKIT
from tests.dynamodb.indexes import KEY_ATTRIBUTES

ERRORS = [
    each
    for each in vars(errors).values()
    if inspect.isclass(each) and each.__module__ == errors.__name__
]
_FORGE = Forge.connect(table_name="T", region="us-east-1")
KINDS = {
    name: type(getattr(_FORGE, name))
    for name, each in vars(Forge).items()
    if isinstance(each, cached_property)
}


def _text(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def _rows(name: str) -> Iterator[list[str]]:
    for line in _text(name).splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def _spans(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _public(owner: type) -> set[str]:
    parts = {name for name, each in vars(owner).items() if isinstance(each, cached_property)}
    methods = {name for name, _ in inspect.getmembers(owner, inspect.isroutine) if name[0] != "_"}
    return methods - parts


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_is_documented_with_its_status_and_its_exit_code(
    error: type[AutoforgeError],
) -> None:
    (row,) = [row for row in _rows("python.md") if _spans(row[0]) == [error.__name__]]
    code = next(code for kind, code in EXIT_CODES.items() if issubclass(error, kind))
    depth = error.__mro__.index(AutoforgeError)

    assert row[2:] == [str(int(PROBLEMS.status_of(error))), str(code)]
    assert row[0].count("—") == depth


def test_every_setting_is_documented_and_no_other() -> None:
    documented = {name for row in _rows("settings.md") for name in _spans(row[0])}

    assert documented == {f"AUTOFORGE_{name.upper()}" for name in Settings.model_fields}


def test_no_page_names_a_setting_that_is_not_there() -> None:
    known = {f"AUTOFORGE_{name.upper()}" for name in Settings.model_fields}
    of_options = {each.envvar for each in group.params if isinstance(each.envvar, str)}
    of_the_tests = {"AUTOFORGE_REQUIRE_ENGINES"}

    for page in PAGES:
        named = set(re.findall(r"(?<!_)AUTOFORGE_[A-Z_]+", page.read_text(encoding="utf-8")))
        assert named <= known | of_options | of_the_tests, page


def test_every_command_and_every_option_is_documented() -> None:
    sections = dict(
        re.findall(r"^## (autoforge .+?)\n(.+?)(?=^## )", _text("cli.md"), re.MULTILINE | re.DOTALL)
    )

    assert {*sections} == {" ".join(words) for words, _ in _commands(group, ("autoforge",))}
    for words, command in _commands(group, ("autoforge",)):
        options = {
            name
            for each in command.params
            if isinstance(each, click.Option)
            for name in each.opts
            if name.startswith("--")
        }
        assert set(re.findall(r"`(--[a-z-]+)", sections[" ".join(words)])) >= options, words


def test_every_exit_code_is_documented_and_no_other() -> None:
    codes = {int(row[0]) for row in _rows("cli.md") if row[0].isdecimal()}

    assert codes == {0, INTERRUPTED, *EXIT_CODES.values()}


def test_every_pattern_is_documented() -> None:
    assert {each.__name__.lower() for each in CATALOGUE} <= anchors(
        REFERENCE / "access-patterns.md"
    )


@pytest.mark.parametrize("name", KINDS)
def test_every_method_of_a_part_of_forge_is_documented_and_no_other(name: str) -> None:
    pattern = rf"^### forge\.{name}\n(.+?)(?=^###? |^Any method)"
    section = re.search(pattern, _text("python.md"), re.MULTILINE | re.DOTALL)
    assert section is not None

    documented = dict(re.findall(r"^\| `(\w+)\((.*?)\)`", section[1], re.MULTILINE))

    assert {*documented} == _public(KINDS[name])
    for method, arguments in documented.items():
        known = set(inspect.signature(getattr(KINDS[name], method)).parameters)
        assert set(re.findall(r"\b(?<![\"*])[a-z_]+\b", arguments)) <= known, method


def test_every_method_of_forge_itself_is_documented() -> None:
    spoken = " ".join(code_spans(REFERENCE / "python.md"))

    for method in _public(Forge):
        assert re.search(rf"\b[Ff]orge\.{method}\(", spoken), method
    for method in ("connect", "embedded"):
        for parameter in inspect.signature(getattr(Forge, method)).parameters:
            assert parameter in spoken, f"{method}: {parameter}"
    assert {*KINDS} == {*re.findall(r"^### forge\.(\w+)", _text("python.md"), re.MULTILINE)}


def test_the_overview_of_the_toolkit_has_every_name_once_and_no_other() -> None:
    listed = re.findall(r"^\| \[`(\w+)`\]", _text("toolkit.md"), re.MULTILINE)

    assert listed == [name for page in PAGES_OF_THE_TOOLKIT for name in page.names]
    assert {*dynamodb.__all__} <= {*listed}


def test_every_operation_is_documented_once_and_no_other() -> None:
    document = json.loads(_text("openapi.json"))
    operations = {
        f"{method.upper()} {path}" for path, each in document["paths"].items() for method in each
    }

    rows = [span for row in _rows("http.md") for span in _spans(row[0]) if " /" in span]
    assert sorted(rows) == sorted(operations)
    mentioned = re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /\S+)`", _text("http.md"))
    assert {*mentioned} <= operations


@pytest.mark.parametrize("entity", PLATFORM_DESIGN.entities)
def test_every_entity_is_documented_with_its_keys_and_attributes(entity: type[Entity]) -> None:
    names = {name: each.attr_name for name, each in entity.get_attributes().items()}
    names |= {name: camel_case(name) for key in entity.keys.values() for name in key.derived}
    rows = [row for row in _rows("table.md") if row[0] == entity.type_name]
    keys, attributes = (row for row in rows)
    templates = [
        re.sub(r"\{(\w+)", lambda match: f"{{{names[match[1]]}", template)
        for key in entity.keys.values()
        for template in (*key.partition.split("|"), key.sort)
    ]
    declared = {
        each.attr_name: each.null
        for each in entity.get_attributes().values()
        if each.attr_name not in KEY_ATTRIBUTES | {ENTITY_TYPE, TTL}
    }
    days = None if entity.lifetime is None else entity.lifetime.days
    lifetime = "" if days is None else "1 day" if days == 1 else f"{days} days"

    assert [span for cell in keys[1:5] for span in _spans(cell)] == templates
    assert keys[5] == lifetime
    assert {*_spans(attributes[1])} == {name for name, null in declared.items() if not null}
    assert {*_spans(attributes[2])} == {name for name, null in declared.items() if null}


def test_no_entity_is_documented_that_is_not_in_the_design() -> None:
    section = _text("table.md").partition("## Items and keys")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| (\w+) \|", section, re.MULTILINE)

    assert documented == ["entity", *(each.type_name for each in PLATFORM_DESIGN.entities)]


def test_every_enumeration_is_documented_with_its_values() -> None:
    rows = {row[0]: _spans(row[1]) for row in _rows("table.md")}

    for entity in PLATFORM_DESIGN.entities:
        for each in entity.get_attributes().values():
            if isinstance(each, Choice) and entity.type_name != "GlobalEventRef":
                members: type[StrEnum] = each.members
                assert rows[f"{each.attr_name} of {_article(entity)}"] == list(members)


def test_every_proof_that_a_guarantee_names_exists() -> None:
    spans = code_spans(ROOT / "docs" / "explanation" / "guarantees.md")
    proofs = [span for span in spans if span.startswith("tests/") and "::" in span]

    assert len(proofs) > 20
    for proof in proofs:
        path, _, name = proof.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), proof


def test_every_file_that_a_page_names_exists() -> None:
    for page in PAGES:
        for span in code_spans(page):
            if re.fullmatch(r"(autoforge|tests|docs|tools)/[\w./-]+\.\w+", span):
                assert (ROOT / span).exists(), f"{page}: {span}"
            if re.fullmatch(r"autoforge(\.\w+)+", span) and span != "autoforge.":
                path = ROOT.joinpath(*span.split("."))
                assert path.exists() or path.with_suffix(".py").exists(), f"{page}: {span}"


def test_every_decision_record_has_its_parts() -> None:
    for page in sorted((ROOT / "docs" / "adr").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]} ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Alternatives",
            "Consequences",
        ]


def _commands(
    command: click.Command, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield words, command
        return
    for name, each in command.commands.items():
        yield from _commands(each, (*words, name))


def _article(entity: type[Entity]) -> str:
    return f"{'an' if entity.type_name[0] in 'AEIO' else 'a'} {entity.type_name}"

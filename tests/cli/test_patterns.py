"""``autoforge patterns``."""

from pathlib import Path

from autoforge.access.catalogue import CATALOGUE
from autoforge.dynamodb.patterns.catalogue import entry
from tests.cli.conftest import Command
from tests.designs.library import LIBRARY

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "access-patterns.md"


def test_every_pattern_is_listed_in_the_order_of_the_catalogue(command: Command) -> None:
    said = command("patterns")

    lines = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert [line.split()[0] for line in lines] == [each.__name__ for each in CATALOGUE]
    columns: set[int] = set()
    for line, pattern in zip(lines, CATALOGUE, strict=True):
        described = entry(pattern)
        assert line.endswith(described.question)
        assert f" {described.operation} " in line
        assert f" {described.index} " in line
        columns.add(line.index(described.question))
    assert len(columns) == 1


def test_the_page_of_the_documentation_is_what_the_command_prints(command: Command) -> None:
    said = command("patterns", "--markdown")

    assert (said.code, said.err) == (0, "")
    assert said.out == PAGE.read_text(encoding="utf-8")


def test_the_page_of_the_platform_is_printed_by_a_command_of_its_own_too(command: Command) -> None:
    assert command("page") == command("patterns", "--markdown")


def test_the_patterns_of_another_table_are_listed_and_documented(command: Command) -> None:
    listed = command("patterns", "--table", "tests.designs.library:LIBRARY")
    page = command("page", "--table", "tests.designs.library:LIBRARY")

    assert (listed.code, listed.err) == (0, "")
    lines = [line.split() for line in listed.out.splitlines()]
    assert [words[0] for words in lines] == [each.__name__ for each in LIBRARY.patterns]
    assert lines[3][1:3] == ["Query", "ByShelf"]
    assert page.out == LIBRARY.catalogue_page()
    assert "`autoforge --table MODULE:TABLE explain NAME parameter=value`" in page.out
    assert "- Source: The library's desk" in page.out
    assert page.out.count("- Source:") == 1
    assert "`isbns` (list of texts, optional), `genre` (novel or science, optional)" in page.out

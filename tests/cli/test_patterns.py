"""``autoforge patterns``."""

from pathlib import Path

from autoforge.access.catalogue import CATALOGUE
from autoforge.dynamodb.patterns.catalogue import entry
from tests.cli.conftest import Command

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

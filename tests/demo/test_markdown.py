"""What the loader reads from the documents of a repository."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.demo.history import Document
from autoforge.demo.markdown import (
    ChangelogItem,
    Decision,
    decision_of,
    first_paragraph,
    unreleased_items,
)


@pytest.mark.parametrize(
    ("readme", "paragraph"),
    [
        (
            "# Portal\n\n[![Build](a)](b)\n\nA **door** to\n[all](x) `code` *at once*.\n\nMore.",
            "A door to all code at once.",
        ),
        ("Portal\n======\n\nA door.\n", "A door."),
        ("<!-- a\n\ncomment -->\n<p>logo</p>\n\n## What\nA door.", "A door."),
        ("# Portal\r\n\r\nA door.\r\n", "A door."),
        ("# Portal\n\n    code\n\n> quoted\n\n| a | b |\n", None),
        ("", None),
    ],
)
def test_a_readme_describes_its_project_in_its_first_paragraph(
    readme: str, paragraph: str | None
) -> None:
    assert first_paragraph(Document("README.md", readme)) == paragraph


CHANGELOG = """# Changelog

Everything, and the word Unreleased.

- no item

## [Unreleased](https://example.com/compare)

- Loose item

### Added

- A **door**
  that opens
    - and closes
* A [window](x)

<!--
- hidden
-->
### Fixed ###

+ The roof

## [1.0.0] - 2025-01-01

### Added

- A house
"""


def test_the_unreleased_items_of_a_changelog_stand_under_their_headings() -> None:
    assert unreleased_items(Document("CHANGELOG.md", CHANGELOG)) == [
        ChangelogItem("", "Loose item"),
        ChangelogItem("Added", "A door that opens and closes"),
        ChangelogItem("Added", "A window"),
        ChangelogItem("Fixed", "The roof"),
    ]


@pytest.mark.parametrize("title", ["Unreleased", "[unreleased]", "Unreleased - soon"])
def test_the_unreleased_section_may_be_titled_in_several_ways(title: str) -> None:
    document = Document("CHANGELOG.md", f"## {title}\n- A door\n# 1.0\n- A house\n")

    assert unreleased_items(document) == [ChangelogItem("", "A door")]


def test_a_changelog_without_an_unreleased_section_has_no_unreleased_items() -> None:
    assert unreleased_items(Document("CHANGELOG.md", "## 1.0.0\n\n- A house\n")) == []


@pytest.mark.parametrize(
    ("text", "title", "status", "summary"),
    [
        (
            "# 7. One table\n\nDate: 2025\n\n## Status\n\nAccepted\n\n## Context\n\nMany `things`.",
            "One table",
            "Accepted",
            "Many things.",
        ),
        (
            "# ADR 0007: One table\n\n- **Status:** accepted, 2025-01-01\n\nMany things.\n",
            "One table",
            "accepted, 2025-01-01",
            "Many things.",
        ),
        (
            "---\nstatus: superseded by 0009\n---\n\n# One table\n\nMany things.\n",
            "One table",
            "superseded by 0009",
            "Many things.",
        ),
        ("Many things.\n", "one table", None, "Many things."),
        ("# One table\n\n## Status\n\n## Context\n", "One table", None, ""),
        ("# 3 ways to a table\n", "ways to a table", None, ""),
    ],
)
def test_a_decision_record_is_read_however_it_is_laid_out(
    text: str, title: str, status: str | None, summary: str
) -> None:
    document = Document("docs/adr/0007-one-table.md", text)

    assert decision_of(document) == Decision(7, title, status, summary, document.path)


@pytest.mark.parametrize(
    ("status", "accepted"),
    [("Accepted", True), ("accepted 2025", True), ("Not accepted", False), (None, False)],
)
def test_a_decision_is_accepted_if_its_record_says_so(
    status: str | None, *, accepted: bool
) -> None:
    assert Decision(1, "One table", status, "", "1.md").is_accepted is accepted


@given(st.text(alphabet="#-* \n[]()`<>!=:aU", max_size=80))
def test_any_text_can_be_read_as_any_document(text: str) -> None:
    document = Document("docs/adr/1-x.md", f"## Unreleased\n{text}")

    assert decision_of(document).number == 1
    assert first_paragraph(document) != ""
    assert all("\n" not in item.text for item in unreleased_items(document))

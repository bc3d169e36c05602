"""The pages about the laws show what a user sees, and name everything."""

from __future__ import annotations

import re

import pytest

from autoforge.testing.laws import laws_in
from tests.designs.lending import LENDING
from tests.docs.pages import REFERENCE, ROOT, blocks

pytest_plugins = ["pytester"]

_PAGE = ROOT / "docs" / "how-to" / "prove-your-design.md"
#: The page has the law of one unique value for all.
_BADGE = {
    "no two items have one by_badge, and it finds the one that has it",
    "the by_badge of an expired item is free for another one",
}


@pytest.fixture
def python() -> list[str]:
    """The Python blocks of the page."""
    return [each.text for each in blocks(_PAGE) if each.language == "python"]


def test_the_page_shows_what_it_says_and_its_tests_pass(
    pytester: pytest.Pytester, python: list[str]
) -> None:
    summary, shown = [each.text for each in blocks(_PAGE) if each.language == "text"]
    design, proven, wrong, *_, last = python
    pytester.makepyfile(
        test_soon=f"{design}\n{wrong}\n{proven}", test_own=f"{design}\n{proven}\n{last}"
    )

    done = pytester.runpytest_inprocess(
        *("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist"),
        *("-k", "(LoansDueSoon and pages and equal) or test_a or (own and units)"),
    )

    done.assert_outcomes(passed=2, failed=1, skipped=2)
    assert shown in str(done.stdout)
    assert summary in str(done.stdout)


def test_every_law_is_documented_and_no_other() -> None:
    text = (REFERENCE / "testing.md").read_text(encoding="utf-8")
    laws = text.partition("## Laws")[2].partition("## Fixtures")[0]

    claims = {law.claim for law in laws_in(LENDING)} - _BADGE
    named = {*re.findall(r"^\| ([a-z][^|]+) \|", laws, re.MULTILINE)} - {"law"}
    named = {each.replace("`", "") for each in named}
    assert named <= claims
    assert claims - named == {"the answer equals brute force", "expired items never come"}

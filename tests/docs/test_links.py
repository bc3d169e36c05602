"""Every link of the documentation has a target, and every page is linked to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, links, named


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_and_anchor_of_a_page_resolves(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "http://localhost")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        relative = [each.partition("#")[0] for each in links(page) if "://" not in each]
        waiting += [(page.parent / each).resolve() for each in relative if each]

    assert reached >= set(PAGES)

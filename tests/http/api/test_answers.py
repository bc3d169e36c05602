"""What all routes that read have in common, over a Store that records what is requested."""

from __future__ import annotations

from typing import Any

from autoforge.access.runs.patterns import RunsOfFeature
from autoforge.dynamodb.patterns.page import Page
from autoforge.http.api.paging import Paging
from autoforge.http.runs import RunPage


class Answers:
    """A Store with prepared pages."""

    def __init__(self, *pages: Page[Any]) -> None:
        self.pages = list(pages)
        self.asked: list[dict[str, Any]] = []

    def page(self, query: object, **given: Any) -> Page[Any]:
        """Return the next page."""
        given.pop("reading")
        self.asked.append(given)
        return self.pages.pop(0)


def test_a_list_is_read_as_consistently_as_its_route_says() -> None:
    store = Answers(Page((), None), Page((), None))
    paging = Paging(store, "asc", 25, None)  # type: ignore[arg-type]

    paging.answer(RunsOfFeature("p", "f"), RunPage)
    paging.answer(RunsOfFeature("p", "f"), RunPage, consistent=True)

    assert [each["consistent"] for each in store.asked] == [False, True]

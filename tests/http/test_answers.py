"""What routes that read have in common, seen over a Store that notes what it is asked."""

from __future__ import annotations

from typing import Any

import orjson

from autoforge.access.query import Page
from autoforge.access.runs import RunsOfFeature
from autoforge.http.answers import Paging
from autoforge.http.runs import RunPage


def _is_odd(number: Any) -> bool:
    return bool(number % 2)


class Answers:
    """A Store whose pages are ready."""

    def __init__(self, *pages: Page[Any]) -> None:
        self.pages = list(pages)
        self.asked: list[dict[str, Any]] = []

    def page(self, query: object, **given: Any) -> Page[Any]:
        """The next page."""
        given.pop("reading")
        self.asked.append(given)
        return self.pages.pop(0)


def test_what_is_not_of_the_list_is_passed_over_and_more_is_read_in_its_place() -> None:
    store = Answers(Page((1, 2, 3), "a"), Page((4, 5), "b"), Page((7,), "c"), Page((9,), "d"))
    paging = Paging(store, None, 3, "begin")  # type: ignore[arg-type]  # all that is asked of one

    response: Any = paging.answer(RunsOfFeature("f"), RunPage, where=_is_odd)

    assert orjson.loads(response.content) == {"items": [1, 3, 5], "nextCursor": "b"}
    assert [(each["limit"], each["cursor"]) for each in store.asked] == [(3, "begin"), (1, "a")]


def test_a_list_is_read_as_consistently_as_its_route_says() -> None:
    store = Answers(Page((), None), Page((), None))
    paging = Paging(store, "asc", 25, None)  # type: ignore[arg-type]

    paging.answer(RunsOfFeature("f"), RunPage)
    paging.answer(RunsOfFeature("f"), RunPage, consistent=True)

    assert [each["consistent"] for each in store.asked] == [False, True]

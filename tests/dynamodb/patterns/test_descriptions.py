"""A pattern says what its parameters mean: in their own words, or those of their attributes."""

from __future__ import annotations

from copy import copy

import pytest

from autoforge.dynamodb import Id, IdSet, Moment, Text
from autoforge.dynamodb.patterns.catalogue import entry
from autoforge.errors import DeclarationError
from tests.designs.described import DESCRIBED, Book, BookByIsbn, Books, BooksDue, BooksOfReader
from tests.designs.library import LIBRARY


def test_a_parameter_has_the_description_of_its_attribute_unless_it_has_one_of_its_own() -> None:
    described = {
        f"{pattern.__name__}.{each.name}": each.description
        for pattern in (BookByIsbn, BooksDue, BooksOfReader, Books)
        for each in entry(pattern).parameters
    }

    assert described == {
        "BookByIsbn.number": "The number on its back.",
        "BooksDue.state": "How it is.",
        "BooksDue.since": "When it must be back.",
        "BooksDue.by": "The day of the inventory.",
        "BooksDue.order": "",
        "BooksOfReader.state": "How it is.",
        "BooksOfReader.reader": "Who has it.",
        "BooksOfReader.copies": "",
        "BooksOfReader.order": "",
        "Books.numbers": "Numbers on backs.",
    }


def test_the_page_lists_parameters_with_their_descriptions() -> None:
    page = DESCRIBED.catalogue_page()

    assert (
        "- Parameters:\n    - `number` (text): The number on its back.\n- Answers: Book\n" in page
    )
    assert "    - `by` (moment, optional): The day of the inventory.\n" in page
    assert "    - `order` (asc or desc, optional)\n- Answers: Book (reader, title)\n" in page
    assert "    - `numbers` (list of texts): Numbers on backs.\n" in page


def test_parameters_without_descriptions_are_in_a_line() -> None:
    page = LIBRARY.catalogue_page()

    assert "- Parameters: `isbn` (text)" in page
    assert "- Parameters:\n" not in page


def test_a_description_is_one_line_and_goes_with_a_copy_of_the_attribute() -> None:
    assert Book.title.description == "The title on the cover."
    assert copy(Book.title).description == "The title on the cover."
    assert Text().description == ""
    assert IdSet(description="Those.").description == "Those."
    assert Moment(form="%Y-%m-%d", description="The day.").description == "The day."


def test_a_description_that_is_no_text_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^the description is 3, not a text$"):
        Id(description=3)  # type: ignore[call-overload]

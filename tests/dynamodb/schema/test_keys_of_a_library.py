"""Keys and entities of a library: declared early, inherited, and compiled with clear errors."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.choice_attributes import Boolean
from autoforge.dynamodb.schema.codegen import Source
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.number_attributes import Integer
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.writes.delete import Delete
from autoforge.dynamodb.writes.put import Put
from autoforge.dynamodb.writes.update import Update
from autoforge.errors import DeclarationError, InvalidValueError
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON


def test_a_key_tells_nothing_before_its_entity_is_declared() -> None:
    key = Key("BOOK#{isbn}", "COPY#{number}")

    for name in ("components", "sources", "shortened", "partitions", "sort_template"):
        with pytest.raises(DeclarationError, match=r"^Key\('BOOK#\{isbn\}', 'COPY#\{number\}'\) "):
            getattr(key, name)
    with pytest.raises(DeclarationError, match=r"its entity must be declared first$"):
        key.render({"isbn": "a", "number": "b"})


def _look_at(*keys: Key) -> None:
    for key in keys:
        for name in ("components", "sources", "_renderer"):
            with pytest.raises(DeclarationError):
                getattr(key, name)


def test_a_key_that_was_looked_at_too_early_works_once_it_is_declared() -> None:
    class Copy(Entity):
        isbn: Id = Id()
        number: Id = Id()
        shelf: Text = Text()

        key = Key("BOOK#{isbn}", "COPY#{number}")
        by_shelf = Key("SHELF#{shelf}", "{isbn}", index=GSI1)
        _look_at(key, by_shelf)

    copy = Copy(isbn="a", number="1", shelf="fiction")

    assert Copy.key.components == Copy.key.sources == {"isbn", "number"}
    assert (copy.rendered()["PK"], copy.rendered()["SK"]) == ("BOOK#a", "COPY#1")
    assert (copy.rendered().get("GSI1PK"), copy.rendered().get("GSI1SK")) == ("SHELF#fiction", "a")


def test_a_key_lacks_what_no_key_has_before_and_after_it_is_declared() -> None:
    class Copy(Entity):
        isbn: Id = Id()
        key = Key("BOOK#{isbn}", "COPY")

    for each in (Key("BOOK#{isbn}", "COPY"), Copy.key):
        assert not hasattr(each, "colour")
        assert "BOOK#{isbn}" in repr(each)


def test_a_traceback_shows_the_lines_of_a_generated_function() -> None:
    class Copy(Entity):
        isbn: Id = Id()
        key = Key("BOOK#{isbn}", "COPY")

    try:
        Copy.key.render({"isbn": "a#b"})
    except InvalidValueError as error:
        shown = "".join(traceback.format_exception(error))
    else:
        shown = "nothing"

    assert "in render\n    partition = f'BOOK#{" in shown
    assert "Copy.key" in shown


def test_each_generated_function_has_lines_of_its_own() -> None:
    functions = []
    for message in ("first", "second"):
        source = Source("fail()", {"ValueError": ValueError})
        source.add(f"raise ValueError('{message} of its kind')")
        functions.append(source.compiled())

    for function, message in zip(functions, ("first", "second"), strict=True):
        try:
            function()
        except ValueError as error:
            shown = "".join(traceback.format_exception(error))
            assert f"    raise ValueError('{message} of its kind')\n" in shown


class Dated(Entity):
    """The base of all entities of the library."""

    lifetime = timedelta(days=365)
    created_at: Moment = Moment()
    note: Text[None] = Text(default=None)


class Loan(Dated):
    """A loan, in an index while the book is out."""

    id: Id = Id()
    isbn: Id = Id()
    returned: Boolean = Boolean(default=False)

    key = Key("BOOK#{isbn}", "LOAN#{id}")
    out = Key("LOAN#out", "{created_at}#{id}", index=GSI1, where={"returned": False})


class Renewal(Loan):
    """A renewed loan, with the loan's index key and its own partition."""

    times: Integer = Integer()

    key = Key("RENEWAL#{isbn}", "{id}")


class Reserved(Renewal):
    """A reserved book, in no index."""

    out = None  # type: ignore[assignment]


def test_an_abstract_entity_gives_its_attributes_and_its_lifetime() -> None:
    loan = Loan(id="l1", isbn="b1", created_at=NOON, note="two pages are missing")

    assert loan.to_item() == {
        "PK": {"S": "BOOK#b1"},
        "SK": {"S": "LOAN#l1"},
        "GSI1PK": {"S": "LOAN#out"},
        "GSI1SK": {"S": "2026-02-04T12:00:00.000Z#l1"},
        "EntityType": {"S": "Loan"},
        "TTL": {"N": str(int((NOON + timedelta(days=365)).timestamp()))},
        "createdAt": {"S": "2026-02-04T12:00:00.000Z"},
        "id": {"S": "l1"},
        "isbn": {"S": "b1"},
        "note": {"S": "two pages are missing"},
        "returned": {"BOOL": False},
    }
    assert Loan.from_item(loan.to_item()) == loan
    assert (Dated.is_abstract(), Loan.is_abstract()) == (True, False)


def test_the_moment_that_a_lifetime_begins_may_be_the_subclasss_own() -> None:
    class Passing(Entity):
        lifetime = timedelta(days=1)

    class Visit(Passing):
        id: Id = Id()
        created_at: Moment = Moment()
        key = Key("VISIT#{id}", "METADATA")

    assert Visit(id="v1", created_at=NOON).expiry == NOON + timedelta(days=1)
    with pytest.raises(DeclarationError, match=r"^Look has a lifetime but no attribute created_at"):

        class Look(Passing):
            id: Id = Id()
            key = Key("LOOK#{id}", "METADATA")


def test_a_key_is_inherited_unless_it_is_declared_again() -> None:
    renewal = Renewal(id="l1", isbn="b1", created_at=NOON, times=2)

    assert {name: str(key) for name, key in Renewal.keys.items()} == {
        "key": "Renewal.key",
        "out": "Renewal.out",
    }
    assert Renewal.primary_key is Renewal.key
    assert Renewal.out is not Loan.out
    assert (str(Loan.out), str(Loan.key)) == ("Loan.out", "Loan.key")
    assert (renewal.rendered()["PK"], renewal.rendered().get("GSI1PK")) == (
        "RENEWAL#b1",
        "LOAN#out",
    )
    assert Design("Library", (Loan, Renewal), (GSI1,)).entities == (Loan, Renewal)


def test_an_inherited_key_is_made_of_the_attributes_of_who_inherits() -> None:
    class Shelf(Entity):
        place: Id = Id()
        key = Key("SHELF#{place}", "METADATA")

    class NumberedShelf(Shelf):
        place: Text = Text()

    assert NumberedShelf(place="room 3/a").rendered()["PK"] == "SHELF#room 3/a"
    with pytest.raises(DeclarationError, match=r"Shelf\.key and NumberedShelf\.key could be the"):
        Design("Library", (Shelf, NumberedShelf), (GSI1,))


def test_a_key_that_a_subclass_gives_up_is_not_inherited() -> None:
    reserved = Reserved(id="l1", isbn="b1", created_at=NOON, times=2)

    assert [*Reserved.keys] == ["key"]
    assert reserved.rendered().get("GSI1PK") is None


def test_a_key_in_a_place_that_an_inherited_one_has_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"^Lost declares two keys in index GSI1$"):

        class Lost(Loan):
            lost = Key("LOST", "{id}", index=GSI1)


def test_a_key_in_a_class_that_is_no_entity_is_taken_by_each_entity() -> None:
    class Numbered:
        id = Id()
        numbered = Key("NUMBERS", "{id}", index=GSI1)

    class Reader(Numbered, Entity):
        key = Key("READER#{id}", "METADATA")

    class Desk(Numbered, Entity):
        key = Key("DESK#{id}", "METADATA")

    assert (str(Reader.keys["numbered"]), str(Desk.keys["numbered"])) == (
        "Reader.numbered",
        "Desk.numbered",
    )
    desk: type[Any] = Desk  # type checkers know no attributes of what is no entity
    assert desk(id="d1").rendered()["GSI1SK"] == "d1"


@pytest.mark.parametrize(
    "use",
    [
        lambda: Dated(created_at=NOON).to_item(),
        lambda: Dated.from_item({}),
        lambda: Dated.primary_key.components,
        lambda: Put(Dated(created_at=NOON)).primary_key(),
        lambda: Update(Dated, {}, NOON, changes={"note": "x"}),
        lambda: Delete(Dated, {}).primary_key(),
    ],
)
def test_an_abstract_entity_is_neither_stored_nor_read(use: Callable[[], object]) -> None:
    with pytest.raises(DeclarationError, match=r"^Dated is abstract: it declares no key in the"):
        use()


def test_an_abstract_entity_shows_itself_without_a_key() -> None:
    assert repr(Dated(created_at=NOON)) == "<Dated without a key>"


def test_an_abstract_entity_is_in_no_design() -> None:
    with pytest.raises(DeclarationError, match=r"^Library: Dated: an abstract entity is never"):
        Design("Library", (Dated, Loan), (GSI1,))


def test_no_pattern_answers_with_an_abstract_entity() -> None:
    with pytest.raises(DeclarationError, match=r"^Notes: Dated is abstract: it is never stored"):

        class Notes(Query[Dated]):
            key = Loan.key

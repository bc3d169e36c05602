"""Patterns of a library, declared without postponed annotations, as in Python 3.14.

So this file has no ``from __future__ import annotations``.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass
from datetime import date, datetime
from types import ModuleType, new_class
from typing import Any, ClassVar

import pytest

from autoforge.dynamodb.patterns.catalogue import Parameter, entry
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Lookup
from autoforge.dynamodb.patterns.sort_range import SortRange
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.key_value import KeyValue
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.text_attributes import Id, Text
from autoforge.dynamodb.schema.time_attributes import Moment
from autoforge.dynamodb.table import Table
from autoforge.errors import DeclarationError, InvalidValueError
from tests.dynamodb.indexes import GSI1
from tests.factories import NOON


class Loan(Entity):
    """A book on loan."""

    id: Id = Id()
    isbn: Id = Id()
    reader: Text = Text()
    due_at: Moment = Moment()

    key = Key("BOOK#{isbn}", "LOAN#{id}")
    of_reader = Key("READER#{reader}", "{due_at}#{id}", index=GSI1)


class Notice(Entity):
    """A notice on the board of one branch, or of all branches."""

    branch: Id = Id()
    id: Id = Id()
    name: Text = Text()

    key = Key("BRANCH#{branch}|BRANCHES", "NOTICE#{name}#{id}")


@dataclass(frozen=True)
class LoansOfReader(Query[Loan]):
    """What did this reader borrow?"""

    source: ClassVar = "a test"
    key = Loan.of_reader
    range = SortRange("due_at", at_least="since")

    reader: str
    _: KW_ONLY
    since: datetime | None = None


def test_a_pattern_needs_no_postponed_annotations() -> None:
    assert not isinstance(LoansOfReader.__annotations__["reader"], str)
    assert entry(LoansOfReader).parameters == (
        Parameter("reader", "text", required=True),
        Parameter("since", "moment", required=False),
        Parameter("order", "asc or desc", required=False),
    )
    assert str(LoansOfReader("ann", since=NOON).condition(NOON)) == (
        "GSI1PK = READER#ann AND GSI1SK >= 2026-02-04T12:00:00.000Z"
    )


def test_a_pattern_whose_annotations_a_function_makes_is_declared_and_asked() -> None:
    """Python 3.14 stores such a function in place of the annotations (PEP 649)."""
    LoansOfBook: Any = _declared("LoansOfBook", {"isbn": str})  # noqa: N806 - a class

    assert str(LoansOfBook("b1").condition(NOON)) == "PK = BOOK#b1 AND begins_with(SK, LOAN#)"


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({"isbnn": str}, r"^Loans: Loan\.key: no parameter 'isbn'"),
        ({"isbn": str, "shelf": str}, r"^Loans: Loan\.key: nothing uses shelf$"),
        ({"isbn": ClassVar[str]}, None),
    ],
)
def test_what_a_function_of_annotations_lacks_or_has_besides_is_refused(
    annotations: Mapping[str, Any], message: str | None
) -> None:
    if message is None:
        _declared("Loans", annotations)
        return
    with pytest.raises(DeclarationError, match=message):
        _declared("Loans", annotations)


def test_annotations_that_name_what_is_declared_later_are_not_evaluated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With ``annotationlib`` as in Python 3.14."""
    library: Any = ModuleType("annotationlib")
    library.Format = type("Format", (), {"STRING": "text"})
    library.call_annotate_function = lambda annotate, format_, owner: annotate(format_)
    monkeypatch.setitem(sys.modules, "annotationlib", library)

    def annotate(format_: Any) -> dict[str, Any]:
        if format_ != "text":
            raise NameError("Isbn")
        return {"isbn": "Isbn", "key": "ClassVar[Key]"}

    namespace = {"__annotate__": annotate, "key": Loan.key}
    declared: Any = new_class("Loans", (Query[Loan],), {}, lambda own: own.update(namespace))

    assert declared.entities == (Loan,)


def test_a_parameter_that_a_property_reads_through_a_method_is_accepted() -> None:
    @dataclass(frozen=True)
    class LoanByBarcode(Get[Loan]):
        key = Loan.key

        barcode: str

        def _part(self, place: int) -> str:
            return self.barcode.split("/")[place]

        @property
        def isbn(self) -> str:
            return self._part(0)

        @property
        def id(self) -> str:
            return self._part(1)

    assert LoanByBarcode("b1/l1").primary_key() == KeyValue("BOOK#b1", "LOAN#l1")


def test_a_parameter_that_only_one_branch_reads_is_accepted() -> None:
    @dataclass(frozen=True)
    class LoansOfEdition(Query[Loan]):
        key = Loan.key

        edition: str
        paperback: str
        hardcover: str

        @property
        def isbn(self) -> str:
            return {"soft": lambda: self.paperback, "hard": lambda: self.hardcover}[self.edition]()

    assert LoansOfEdition("hard", "b1", "b2").condition(NOON).partition == "BOOK#b2"


def test_a_parameter_that_is_read_only_in_what_is_answered_is_accepted() -> None:
    @dataclass(frozen=True)
    class LoanOfReader(Lookup[Loan, Notice]):
        key = Notice.key
        fixed = {"name": "loan"}

        branch: str
        id: str
        reader: str

        def target(self, found: Notice) -> KeyValue:
            return KeyValue("BOOK#b1", f"LOAN#{found.id}")

        def agrees(self, item: Loan) -> bool:
            return item.reader == self.reader

    loan = Loan(id="l1", isbn="b1", reader="ann", due_at=NOON)
    assert LoanOfReader("x", "l1", "ann").agrees(loan)


def test_a_parameter_that_a_base_class_of_ones_own_reads_is_accepted() -> None:
    class Numbered:
        number: int

        @property
        def isbn(self) -> str:
            return f"b{self.number}"

    @dataclass(frozen=True)
    class LoansOfNumber(Numbered, Query[Loan]):
        key = Loan.key

        number: int

    assert LoansOfNumber(7).condition(NOON).partition == "BOOK#b7"


def _notices(parameter: str, **own: Any) -> Callable[[], object]:
    """Declare notices with a misspelt parameter, whose key would fall back to all branches."""
    namespace = {"__annotations__": {parameter: str}, "key": Notice.key, **own}
    return lambda: new_class("Notices", (Query[Notice],), {}, lambda body: body.update(namespace))


def _raises(_: object) -> str:
    raise ValueError


@pytest.mark.parametrize(
    "declare",
    [
        _notices("brench"),
        _notices("brench", today=property(lambda _: date(2026, 2, 4))),
        _notices("brench", shown=lambda self, notice: notice.name + self.brench),
        _notices("brench", name=property(_raises)),
    ],
    ids=["alone", "beside a property", "beside a method", "beside a component that is derived"],
)
def test_a_misspelt_parameter_is_refused_also_beside_code(declare: Callable[[], object]) -> None:
    with pytest.raises(DeclarationError, match=r"nothing uses brench; did you mean 'branch'\?$"):
        declare()


def test_a_parameter_that_the_request_does_not_depend_on_is_refused_whatever_its_name() -> None:
    with pytest.raises(DeclarationError, match=r"^Notices: Notice\.key: nothing uses shelf$"):
        _notices("shelf", shown=lambda self, notice: notice.name + self.shelf)()


def test_a_parameter_of_nearly_the_name_of_a_component_may_be_what_a_property_reads() -> None:
    @dataclass(frozen=True)
    class NoticesNamed(Query[Notice]):
        key = Notice.key

        branch: str
        names: Sequence[str]

        @property
        def longest(self) -> str:
            return max(self.names, key=len)

    assert NoticesNamed("x", ["a"]).longest == "a"


@dataclass(frozen=True)
class LoansSince(Query[Loan]):
    """Which loans of this reader fell due since?"""

    source = "a test"
    key = Loan.of_reader
    range = SortRange("due_at", at_least="since")

    reader: str
    since: datetime


@dataclass(frozen=True)
class NoticeOf(Get[Notice]):
    """Which notice of a branch, or of all, is this?"""

    source = "a test"
    key = Notice.key

    branch: str | None
    name: str
    id: str


@dataclass(frozen=True)
class NoticesOf(Query[Notice]):
    """Which notices of a branch have this name?"""

    source = "a test"
    key = Notice.key

    branch: str
    name: str


@pytest.mark.parametrize(
    ("ask", "names"),
    [
        (lambda none: LoansOfReader(none).condition(NOON), "reader"),
        (lambda none: LoansSince("ann", none).condition(NOON), "since"),
        (lambda none: NoticesOf(none, "closed").condition(NOON), "branch"),
        (lambda none: NoticesOf("x", none).condition(NOON), "name"),
        (lambda none: NoticeOf("x", none, none).primary_key(), "name, id"),
    ],
)
def test_none_for_a_required_parameter_is_refused_and_asks_no_other_question(
    ask: Callable[[Any], object], names: str
) -> None:
    with pytest.raises(InvalidValueError, match=rf"has None for {names}: it needs a value$"):
        ask(None)


def test_none_for_a_parameter_that_may_be_none_chooses_the_other_partition() -> None:
    assert NoticeOf(None, "closed", "n1").primary_key() == KeyValue("BRANCHES", "NOTICE#closed#n1")


def test_a_pattern_that_is_no_dataclass_says_what_it_lacks() -> None:
    class Forgotten(Query[Loan]):
        key = Loan.key

        isbn: str

    class OfShelf(LoansOfReader):
        shelf: str

        @property
        def reader(self) -> str:
            return f"shelf {self.shelf}"

    answer = r" is not a dataclass: write @dataclass\(frozen=True\) above the class$"
    with pytest.raises(DeclarationError, match=f"^Forgotten{answer}"):
        Forgotten("b1")
    for each in (Forgotten, OfShelf):
        with pytest.raises(DeclarationError, match=f"^{each.__name__}{answer}"):
            Table("Library", (Loan, Notice), (GSI1,), (each,))


@pytest.mark.parametrize(
    ("bases", "message"),
    [
        ((Query,), r"^Loans does not say what it answers with: write Query\[Loan\], with the"),
        ((Get,), r"^Loans does not say what it answers with: write Get\[Loan\], with the"),
        ((Query["Loan"],), r"^Loans does not say what it answers with: write Query\[Loan\]"),
        ((Fetch,), r"^Loans does not say what it answers with: write Fetch\[Book\]"),
    ],
)
def test_a_pattern_that_does_not_say_its_entity_is_refused(
    bases: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(DeclarationError, match=message):
        new_class("Loans", bases, {}, lambda body: body.update(key=Loan.key))


def test_a_get_that_cannot_fill_its_sort_key_is_refused_when_it_is_declared() -> None:
    message = r"^LoanOf: Loan\.key: no parameter 'id'; a Get needs the whole key$"
    with pytest.raises(DeclarationError, match=message):

        class LoanOf(Get[Loan]):
            key = Loan.key

            isbn: str


def test_a_get_that_makes_its_key_itself_needs_no_parameter_for_each_component() -> None:
    @dataclass(frozen=True)
    class FirstLoan(Get[Loan]):
        key = Loan.key

        isbn: str

        def primary_key(self) -> KeyValue:
            return KeyValue(f"BOOK#{self.isbn}", "LOAN#1")

    assert FirstLoan("b1").request("t").parameters["Key"] == {
        "PK": {"S": "BOOK#b1"},
        "SK": {"S": "LOAN#1"},
    }


@pytest.mark.parametrize("name", ["order", "index", "range", "values", "source"])
def test_a_parameter_with_a_name_that_every_query_needs_is_refused(name: str) -> None:
    message = f"^Loans: the parameter {name!r} has the name of a member of Query: choose another"
    namespace = {"__annotations__": {"isbn": str, name: str}, "key": Loan.key}

    with pytest.raises(DeclarationError, match=message):
        new_class("Loans", (Query[Loan],), {}, lambda body: body.update(namespace))


class Parcel(Entity):
    """A parcel of an order."""

    shop: Id = Id()
    order: Id = Id()
    index: Id = Id()

    key = Key("SHOP#{shop}", "ORDER#{order}#{index}")


def test_a_component_that_is_named_like_the_direction_of_a_query_is_not_taken_for_it() -> None:
    @dataclass(frozen=True)
    class ParcelsOfShop(Query[Parcel]):
        key = Parcel.key

        shop: str

    @dataclass(frozen=True)
    class ParcelsOfOrder(Query[Parcel]):
        key = Parcel.key
        renames = {"order": "order_id"}

        shop: str
        order_id: str

    of_shop = ParcelsOfShop("s", order="desc").condition(NOON)
    of_order = ParcelsOfOrder("s", "o1", order="desc").condition(NOON)

    assert str(of_shop) == "PK = SHOP#s AND begins_with(SK, ORDER#)"
    assert str(of_order) == "PK = SHOP#s AND begins_with(SK, ORDER#o1#)"
    with pytest.raises(DeclarationError, match=r"^ParcelOf: Parcel\.key: no parameter 'index'"):

        class ParcelOf(Get[Parcel]):
            key = Parcel.key
            renames = {"order": "order_id"}

            shop: str
            order_id: str


def test_the_direction_of_a_query_fills_no_partition() -> None:
    class Line(Entity):
        order: Id = Id()
        id: Id = Id()
        key = Key("ORDER#{order}", "LINE#{id}")

    with pytest.raises(DeclarationError, match=r"^Lines: Line\.key: no parameter 'order'$"):

        class Lines(Query[Line]):
            key = Line.key


def test_what_a_dataclass_takes_and_does_not_keep_is_no_parameter() -> None:
    @dataclass(frozen=True)
    class LoansOfShelf(Query[Loan]):
        key = Loan.key

        isbn: str
        shelf: InitVar[str] = "anywhere"

    assert [each.name for each in LoansOfShelf.described().parameters()] == ["order", "isbn"]


def _declared(name: str, annotations: Mapping[str, Any]) -> Any:
    """Declare a query of the loans of a book in the form that Python 3.14 gives a class."""

    def body(namespace: dict[str, Any]) -> None:
        namespace["key"] = Loan.key
        namespace["__annotate__"] = lambda _: dict(annotations)
        if "isbn" in annotations and annotations["isbn"] is not str:
            namespace["isbn"] = "b1"

    declared: Any = new_class(name, (Query[Loan],), {}, body)
    declared.__annotations__ = dict(annotations)  # where this Python's dataclasses look
    return dataclass(frozen=True)(declared)

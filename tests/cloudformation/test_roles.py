"""A role may do what its patterns and operations need, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Final

import pytest

from autoforge.cloudformation import Role, policy_of, template_of
from autoforge.dynamodb import (
    Entity,
    Get,
    Id,
    Key,
    Operation,
    Permission,
    Store,
    Table,
    Text,
    permissions_of,
)
from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.schema.transaction_mark import TransactionMark
from autoforge.testing.recording import watching
from tests.cfn.resolved import parsed, resolved
from tests.cloudformation.cases import (
    ADMIN,
    CASES,
    DESK,
    OWNER,
    PLACING,
    REPORT,
    SENSOR,
    SHOPPER,
    Case,
)
from tests.designs.devices import DEVICES, State, StatesOfDevice
from tests.designs.library import Book, Counts
from tests.designs.shop import SHOP, CustomerById, Order, OrdersOfCustomer, OrdersOfDay
from tests.factories import NOON
from tests.iam import ACCOUNT, Asked, Evaluator, asked_of_iam
from tests.iam import Case as Judged

_OPERATIONS: Final = (
    *("GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem"),
    *("BatchWriteItem", "ConditionCheckItem", "PartiQLSelect", "PartiQLDelete"),
)
_ON_THE_TABLE: Final = (
    *("DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups", "UpdateTable"),
    *("DeleteTable", "UpdateTimeToLive", "CreateBackup"),
)
#: The tags of every principal: the value of each component that a tenant can be.
_TAGS: Final = {"aws:PrincipalTag/Customer": "ann"}


def _named(each: object) -> str | None:
    return each.name if isinstance(each, Role) else ""


ROLES: Final = [(case, role) for case in CASES for role in case.roles]


def arn(table: Table) -> str:
    return f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{table.name}"


def judged(table: Table, role: Role, asked: Asked, **context: str) -> Judged:
    """A request by a role whose principal is tagged, unless the context says otherwise."""
    keys = {"dynamodb:LeadingKeys": sorted(asked.partitions)} if asked.partitions else {}
    index = f"/index/{asked.index}" if asked.index else ""
    return Judged(
        role.name,
        f"dynamodb:{asked.action}",
        f"{arn(table)}{index}",
        {**_TAGS, **context, **keys},
    )


def allowed(
    iam: Evaluator, table: Table, role: Role, asked: list[Asked], **tags: str
) -> list[bool]:
    policies = {role.name: policy_of(table, role, table_arn=arn(table))}
    cases = [judged(table, role, each, **tags) for each in asked]
    return [verdict.allowed for verdict in iam.judge(policies, cases)]


@pytest.fixture(scope="module")
def sent() -> dict[str, list[Asked]]:
    """The permission checks of everything that each role does, by the name of the role."""
    found = {}
    for case in CASES:
        with case.table.embedded(clock=lambda: NOON) as store:
            case.populate(store)
            for role, act in case.roles.items():
                found[role.name] = sorted(_asked(case.table, store, act))
    return found


def _asked(table: Table, store: Store, act: Callable[[Store], None]) -> set[Asked]:
    with watching(store.client) as watched:
        act(store)
    return {
        asked
        for request in watched.sent
        for asked in asked_of_iam(*request, table.layout.partition_key)
    }


@pytest.mark.parametrize(("case", "role"), ROLES, ids=_named)
def test_a_role_may_send_every_request_that_it_sends(
    case: Case, role: Role, sent: dict[str, list[Asked]], iam: Evaluator
) -> None:
    mine = sent[role.name]

    assert mine
    assert allowed(iam, case.table, role, mine) == [True] * len(mine)


@pytest.mark.parametrize(("case", "role"), ROLES, ids=_named)
def test_an_operation_is_allowed_where_the_role_needs_it_and_nowhere_else(
    case: Case, role: Role, iam: Evaluator
) -> None:
    keys = sorted({form.replace("*", "ann") for form in _forms(case)} | {"SECRET", "ann#x", "7"})
    asked = [
        Asked(operation, index.name or "", frozenset({key}))
        for index in (case.table.primary, *case.table.indexes)
        for operation in (_OPERATIONS if index.is_table else ("Query", "Scan"))
        for key in keys
    ]

    verdicts = allowed(iam, case.table, role, asked)

    wrong = [
        (each.action, each.index, *each.partitions)
        for each, verdict in zip(asked, verdicts, strict=True)
        if verdict != _is_needed(role, each)
    ]
    assert wrong == []


def _forms(case: Case) -> set[str]:
    return {each.partition for role in case.roles for each in role.permissions}


def _is_needed(role: Role, asked: Asked) -> bool:
    (key,) = asked.partitions
    start = (role.tenant or "").partition("{")[0]
    needed = {
        each.partition.replace(f"{start}*", f"{start}ann", 1 if role.tenant else 0)
        for each in _needs(role)
        if (each.action, each.on.name or "") == (asked.action, asked.index)
    }
    return bool(needed) and (not role.confined or any(fnmatchcase(key, each) for each in needed))


def _needs(role: Role) -> set[Permission]:
    patterns = [permissions_of(each) for each in role.patterns]
    return set[Permission]().union(*patterns, *map(permissions_of, role.operations))


@pytest.mark.parametrize(("case", "role"), ROLES, ids=_named)
def test_the_table_itself_may_be_described_only_by_who_declares_it(
    case: Case, role: Role, iam: Evaluator
) -> None:
    verdicts = allowed(iam, case.table, role, [Asked(each) for each in _ON_THE_TABLE])

    described = {each for each, verdict in zip(_ON_THE_TABLE, verdicts, strict=True) if verdict}
    assert described == {*role.describes}


@pytest.mark.parametrize(
    ("role", "key"), [(SHOPPER, "CUSTOMER#ann"), (OWNER, "ann")], ids=["Shopper", "Owner"]
)
@pytest.mark.parametrize("tag", ["bob", "an", "ann#", "*"])
def test_another_tenant_reaches_nothing_of_this_one(
    role: Role, key: str, tag: str, iam: Evaluator
) -> None:
    table = SHOP if role is SHOPPER else DEVICES
    asked = [Asked(each.action, partitions=frozenset({key})) for each in role.permissions]

    others = allowed(iam, table, role, asked, **{"aws:PrincipalTag/Customer": tag})
    own = allowed(iam, table, role, asked)

    assert not any(others)
    assert all(own)


def test_a_tenant_reaches_what_all_tenants_share(iam: Evaluator) -> None:
    shared = Asked("Query", partitions=frozenset({"NOTICES"}))

    assert allowed(iam, SHOP, SHOPPER, [shared], **{"aws:PrincipalTag/Customer": "bob"}) == [True]


def test_no_role_reaches_another_table_or_an_index_that_it_does_not_read(iam: Evaluator) -> None:
    policies = {"Desk": policy_of(SHOP, DESK, table_arn=arn(SHOP))}
    context = {"dynamodb:LeadingKeys": ["CUSTOMER#ann"]}
    elsewhere = [f"{arn(SHOP)}-copy", f"{arn(SHOP)}/index/by.day", arn(DEVICES)]

    verdicts = iam.judge(
        policies, [Judged("Desk", "dynamodb:Query", each, context) for each in elsewhere]
    )

    assert not any(verdict.allowed for verdict in verdicts)


@pytest.mark.parametrize(("case", "role"), ROLES, ids=_named)
def test_the_policy_in_the_template_is_the_one_that_policy_of_returns(
    case: Case, role: Role
) -> None:
    made = resolved(parsed(template_of(case.table, roles=[role])))
    deployed = made.properties(f"{role.name}Policy")["PolicyDocument"]

    assert deployed == policy_of(case.table, role, table_arn="<Table.Arn>")
    assert json.dumps(deployed)


def test_without_an_arn_the_policy_is_for_the_table_of_this_name_in_any_region() -> None:
    (statement,) = policy_of(SHOP, REPORT)["Statement"]

    assert statement["Resource"] == "arn:aws:dynamodb:*:*:table/Shop/index/by.day"


def test_a_role_that_is_not_confined_has_a_short_policy_without_conditions() -> None:
    items, on_index, table = policy_of(SHOP, ADMIN)["Statement"]

    assert not [each for each in (items, on_index, table) if "Condition" in each]
    assert (items["Sid"], on_index["Sid"], table["Sid"]) == ("Items", "ItemsOnbyday", "Table")


def test_a_scan_is_allowed_in_the_whole_table(iam: Evaluator) -> None:
    role = Role("Export", operations=(Operation("export", scans=(Order,), puts=(Order,)),))

    put, scanned = policy_of(SHOP, role)["Statement"]

    assert (put["Action"], scanned["Action"]) == (["dynamodb:PutItem"], ["dynamodb:Scan"])
    assert put["Condition"]["ForAllValues:StringLike"] == {"dynamodb:LeadingKeys": ["CUSTOMER#*"]}
    assert "Condition" not in scanned
    assert allowed(iam, SHOP, role, [Asked("Scan")]) == [True]


def test_a_composite_is_allowed_what_it_reads_if_every_parameter_is_given() -> None:
    (permission,) = permissions_of(Counts)

    assert permission == ("BatchGetItem", Book.key.index, "BOOK#*")


class Address(Entity):
    """An entity whose items could have the key of a mark, which its table therefore has none of."""

    place: Text = Text(attr_name="PK")
    house: Text = Text(attr_name="SK")

    key = Key("{place}", "{house}")


def test_a_table_that_can_have_no_marks_allows_none() -> None:
    role = Role("All", operations=(Operation("clean", deletes=(Address,), transacts=True),))

    (statement,) = policy_of(Table("Places", (Address,)), role)["Statement"]

    assert statement["Action"] == ["dynamodb:DeleteItem"]


def test_a_role_of_one_tenant_cannot_scan() -> None:
    export = Operation("export", scans=(Order,))

    with pytest.raises(DeclarationError, match=r"^role Export: a role with a tenant cannot scan"):
        Role("Export", operations=(export,), tenant="CUSTOMER#{Customer}")


# Refusals.


@dataclass(frozen=True)
class OrderOfCustomer(Get[Order]):
    """A pattern with a name like one of the table's."""

    source = "Nobody"
    key = Order.key

    customer: str
    id: str


class Orders(Entity):
    """An entity with a name like one of the table's."""

    id: Id = Id()

    key = Key("ORDERS", "{id}")


@pytest.mark.parametrize(
    ("role", "message"),
    [
        (
            Role("Desk", patterns=(OrderOfCustomer,)),
            "OrderOfCustomer is not a pattern of the table; did you mean 'OrdersOfCustomer'?",
        ),
        (
            Role("Desk", operations=(Operation("place", puts=(Orders,)),)),
            "operation place: Orders is not an entity of the table; did you mean 'Order'?",
        ),
        (
            Role("Desk", operations=(Operation("place", asks=(OrderOfCustomer,)),)),
            (
                "operation place: OrderOfCustomer is not a pattern of the table; "
                "did you mean 'OrdersOfCustomer'?"
            ),
        ),
    ],
    ids=["pattern", "entity", "pattern of an operation"],
)
def test_what_the_table_does_not_have_is_refused_with_what_was_meant(
    role: Role, message: str
) -> None:
    for make in (lambda: template_of(SHOP, roles=[role]), lambda: policy_of(SHOP, role)):
        with pytest.raises(DeclarationError) as refused:
            make()
        assert str(refused.value) == f"Shop: role Desk: {message}"


def test_every_fault_of_every_role_is_named_at_once() -> None:
    one = Role("Desk", operations=(Operation("place", puts=(Orders, State)),))
    other = Role("Desk", patterns=(OrderOfCustomer,))

    with pytest.raises(DeclarationError) as refused:
        template_of(SHOP, roles=[one, other])

    for part in ("two roles are named Desk", "Orders is not", "State is not", "OrderOfCust"):
        assert part in str(refused.value)


def test_a_transaction_mark_is_an_entity_of_every_table() -> None:
    role = Role("Marking", operations=(Operation("mark", puts=(TransactionMark,)),))

    (statement,) = policy_of(SHOP, role)["Statement"]

    assert statement["Condition"]["ForAllValues:StringLike"] == {
        "dynamodb:LeadingKeys": ["TRANSACTION#*"]
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "The desk"}, "a name has up to 64 letters and digits"),
        ({"name": "x" * 65}, "a name has up to 64 letters and digits"),
        ({"name": "1st"}, "begins with a letter"),
        ({"description": "x" * 1001}, "at most 1,000 characters"),
        (
            {"describes": ("DescribeTabel",)},
            "DescribeContinuousBackups; did you mean 'DescribeTable'?",
        ),
        ({"patterns": ()}, "it has no permissions: give it patterns, operations or describes"),
        ({"tenant": "CUSTOMER#"}, "the tenant 'CUSTOMER#' is not the start of a partition key"),
        ({"tenant": "{A}#{B}"}, "is not the start of a partition key"),
        (
            {"tenant": "CUSTOMER#{C}", "confined": False},
            "a role with a tenant is confined: leave out confined=False",
        ),
        (
            {"tenant": "CUSTOMERS#{C}"},
            "no partition has the form CUSTOMERS#{C}; those that it needs are CUSTOMER#*",
        ),
        ({"tenant": "CUSTOMER{C}"}, "no partition has the form"),
    ],
    ids=lambda each: json.dumps(each, default=str)[:40],
)
def test_a_role_that_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        Role(**{"name": "Desk", "patterns": (CustomerById,), **given})

    assert message in str(refused.value)


def _many(count: int) -> tuple[Table, Role]:
    """A table with many entities in partitions of their own, and a role that stores all of them."""
    entities = [
        type(f"Kind{number}", (Entity,), _namespace(f"{'X' * 80}{number}"))
        for number in range(count)
    ]
    table = Table("Many", tuple(entities))
    return table, Role("All", operations=(Operation("store", puts=tuple(entities)),))


def _namespace(literal: str) -> dict[str, Any]:
    return {"__module__": __name__, "id": Id(), "key": Key(f"{literal}#{{id}}", "ITEM")}


def test_a_policy_that_iam_would_refuse_is_refused_in_words() -> None:
    table, role = _many(70)

    for make in (lambda: template_of(table, roles=[role]), lambda: policy_of(table, role)):
        with pytest.raises(DeclarationError, match=r"role All: its policy has [67],\d\d\d char"):
            make()
    assert policy_of(table, replace(role, confined=False))


def test_the_longest_policy_that_iam_accepts_is_accepted() -> None:
    lengths = [
        len(json.dumps(policy_of(*_many(count)), separators=(",", ":"))) for count in (30, 60)
    ]

    assert lengths[0] < lengths[1] <= 6144


def test_forms_that_another_covers_are_left_out() -> None:
    class Shelf(Entity):
        id: Id = Id()

        key = Key("SHELF#{id}", "SHELF")

    class Label(Entity):
        id: Id = Id()

        key = Key("SHELF#{id}#LABEL", "LABEL")

    table = Table("Shelves", (Shelf, Label))
    role = Role("All", operations=(Operation("store", puts=(Shelf, Label)),))

    (statement,) = policy_of(table, role)["Statement"]

    assert statement["Condition"]["ForAllValues:StringLike"] == {
        "dynamodb:LeadingKeys": ["SHELF#*"]
    }


def test_a_request_that_names_no_partition_is_not_allowed_to_who_is_confined(
    iam: Evaluator,
) -> None:
    asked = [Asked(each.action, each.on.name or "") for each in DESK.permissions]

    assert not any(allowed(iam, SHOP, DESK, asked))


def test_a_partition_of_any_text_is_not_confined() -> None:
    (statement,) = policy_of(DEVICES, Role("All", patterns=(StatesOfDevice,)))["Statement"]

    assert "Condition" not in statement


def test_lists_are_taken_as_they_come() -> None:
    role = Role("Desk", patterns=[OrdersOfCustomer, OrdersOfDay], operations=[PLACING])  # type: ignore[arg-type]

    assert hash(role) == hash(replace(role))
    assert role.patterns == (OrdersOfCustomer, OrdersOfDay)
    assert role != SENSOR

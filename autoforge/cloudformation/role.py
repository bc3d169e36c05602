"""Role: a kind of program, by the patterns and the operations that it may use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from autoforge.dynamodb.admin.drift import CHECKS
from autoforge.dynamodb.admin.operation import Operation
from autoforge.dynamodb.admin.permissions import permissions_of
from autoforge.dynamodb.errors import DeclarationError, shortened, suggestion
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.permission import ANY, WHOLE, Permission
from autoforge.dynamodb.schema.design import is_class_of
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.settings import as_tuple
from autoforge.dynamodb.schema.transaction_mark import TransactionMark
from autoforge.dynamodb.table import Table, require_table

#: A name that can stand in a logical id; IAM's names are shorter than those of CloudFormation.
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
#: The start of a partition key, with the name of a tag (AWS, "Rules for tagging in IAM and STS").
_TENANT: Final = re.compile(r"[^{}]*\{[\w .:/=+@-]{1,128}\}")
#: The most characters of the description of a policy (AWS, "CreatePolicy").
_DESCRIPTION: Final = 1000


@dataclass(frozen=True)
class Role:
    """A kind of program that uses a table, with the patterns and operations that it may run.

    Attributes:
        name: Letters and digits; the policy of ``Desk`` is ``DeskPolicy`` in a template.
        patterns: The patterns that it runs.
        operations: The writes that it performs.
        description: What the role is for; the description of its policy.
        describes: The operations on the table itself that it may send: ``DescribeTable`` for
            ``Store.is_ready`` and ``Store.require_table``; ``DescribeTimeToLive`` and
            ``DescribeContinuousBackups`` as well for ``Store.drifts``.
        confined: Whether each operation is allowed only in partitions of the forms that the
            patterns and the writes need (``dynamodb:LeadingKeys``). Otherwise it is allowed in the
            whole table or index, by a shorter policy.
        tenant: The beginning of the partition keys of one tenant, with the name of a tag in braces,
            as in ``"BRANCH#{Branch}"``: the principal's tag must have the value that is in the key.
            So one policy serves all tenants; a principal without the tag has access to none.

    Raises:
        DeclarationError: if the name has other characters, a member is not a pattern or an
            Operation, the description is too long, the role may do nothing, an operation of
            ``describes`` is unknown, or the tenant has another form or is in no partition key that
            the role needs.

    Examples:
        >>> from autoforge.cloudformation import Role
        >>> lend = Operation("loans.lend", puts=(Loan,))
        >>> desk = Role("Desk", patterns=(BookByIsbn,), operations=(lend,))
        >>> sorted(permission.action for permission in desk.permissions)
        ['GetItem', 'PutItem']
    """

    name: str
    patterns: tuple[type[Pattern[Any]], ...] = ()
    operations: tuple[Operation, ...] = ()
    description: str = ""
    describes: tuple[str, ...] = ()
    confined: bool = True
    tenant: str | None = None

    def __post_init__(self) -> None:
        """Check the role, as far as possible without its table."""
        for name in ("patterns", "operations", "describes"):
            members = as_tuple(f"role {self.name}", name, getattr(self, name))
            object.__setattr__(self, name, members)
        faults = [*self._faults()]
        if faults:
            raise DeclarationError(f"role {self.name}: {'; '.join(faults)}")

    @property
    def permissions(self) -> frozenset[Permission]:
        """The permissions of the role: exactly those that it needs."""
        return frozenset[Permission]().union(
            *map(permissions_of, self.patterns), *map(permissions_of, self.operations)
        )

    def partition(self, permission: Permission) -> str:
        """The partition keys of a permission, as a pattern of IAM's ``StringLike``."""
        if self.tenant is None:
            return permission.partition
        start, _, tag = self.tenant.removesuffix("}").partition("{")
        rest = permission.partition.removeprefix(start + ANY)
        if rest == permission.partition:
            return permission.partition
        return f"{start}${{aws:PrincipalTag/{tag}}}{rest}"

    def _faults(self) -> Iterator[str]:
        if not _NAME.fullmatch(str(self.name)):
            yield "a name has up to 64 letters and digits, and begins with a letter"
        yield from self._strangers()
        if len(self.description) > _DESCRIPTION:
            yield f"a description has at most {_DESCRIPTION:,} characters"
        for each in self.describes:
            if each not in CHECKS:
                yield f"{each} is not one of {', '.join(CHECKS)}{suggestion(each, CHECKS)}"
        if not (self.patterns or self.operations or self.describes):
            yield "it has no permissions: give it patterns, operations or describes"
        if self.tenant is not None:
            yield from self._faults_of_tenant(self.tenant)

    def _strangers(self) -> Iterator[str]:
        """Yield what is given as a pattern or as an operation, and is none."""
        operations: tuple[object, ...] = self.operations
        for pattern in self.patterns:
            if not is_class_of(pattern, Pattern):
                yield f"{shortened(pattern)} is not a pattern: name the class itself"
        for operation in operations:
            if not isinstance(operation, Operation):
                yield f"{shortened(operation)} is not an Operation"

    def _faults_of_tenant(self, tenant: str) -> Iterator[str]:
        if not _TENANT.fullmatch(tenant):
            yield (
                f"the tenant {tenant!r} is not the start of a partition key with a tag in braces, "
                'such as "BRANCH#{Branch}"'
            )
        elif not self.confined:
            yield "a role with a tenant is confined: leave out confined=False"
        elif any(each.partition == WHOLE for each in self.permissions):
            yield "a role with a tenant cannot scan, which reads the items of all tenants"
        elif all(self.partition(each) == each.partition for each in self.permissions):
            forms = ", ".join(sorted({each.partition for each in self.permissions}))
            yield f"no partition has the form {tenant}; those that it needs are {forms}"


def require_roles(table: Table, roles: Sequence[Role]) -> None:
    """Check roles against the table that they are for.

    Raises:
        DeclarationError: if two roles have one name, or a role runs a pattern or writes an entity
            that is not the table's. The message names all such faults.
    """
    require_table(table)
    for each in as_tuple(table.name, "roles", roles):
        if not isinstance(each, Role):
            raise DeclarationError(f"{table.name}: {shortened(each)} is not a Role: write Role(…)")
    named = Counter(each.name for each in roles)
    faults = [f"two roles are named {name}" for name, count in named.items() if count > 1]
    faults += [f"role {role.name}: {fault}" for role in roles for fault in _foreign(table, role)]
    if faults:
        raise DeclarationError(f"{table.name}: {'; '.join(faults)}")


def _foreign(table: Table, role: Role) -> Iterator[str]:
    """Yield what a role uses that the table does not have."""
    patterns = [each.__name__ for each in table.patterns]
    for pattern in role.patterns:
        if pattern not in table.patterns:
            yield _unknown("pattern", pattern.__name__, patterns)
    for operation in role.operations:
        for pattern in operation.asks:
            if pattern not in table.patterns:
                unknown = _unknown("pattern", pattern.__name__, patterns)
                yield f"operation {operation.name}: {unknown}"
        for entity in _entities(operation):
            if not _has(table, entity):
                names = [each.__name__ for each in table.entities]
                yield f"operation {operation.name}: {_unknown('entity', entity.__name__, names)}"


def _unknown(kind: str, name: str, known: Sequence[str]) -> str:
    return f"{name} is not {'an' if kind == 'entity' else 'a'} {kind} of the table" + suggestion(
        name, known
    )


def _entities(operation: Operation) -> Iterator[type[Entity]]:
    """Yield the entities that an operation names, each once."""
    named = (getattr(operation, each.name) for each in fields(operation))
    parts = (each for part in named if isinstance(part, tuple) for each in part)
    yield from dict.fromkeys(
        each for each in parts if isinstance(each, type) and issubclass(each, Entity)
    )


def _has(table: Table, entity: type[Entity]) -> bool:
    return entity in table.entities or issubclass(entity, TransactionMark)

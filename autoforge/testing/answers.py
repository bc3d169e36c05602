"""The kinds of patterns: how each is asked, and what it must answer, by the values of the items.

A further kind of pattern is one class here, registered in ``KINDS``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from hypothesis import strategies as st

from autoforge.dynamodb.errors import DeclarationError
from autoforge.dynamodb.patterns.composite import Composite
from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.patterns.references import Hydrate, Lookup
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.key_value import KeyValue, shown_key
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.store.store import Store
from autoforge.testing.population import Draw, Drawn, Population, Populations, shown
from autoforge.testing.questions import entities_read
from autoforge.testing.report import Broken, in_words, item_in_words
from autoforge.testing.selection import Selection, Selects

P = TypeVar("P", bound=Pattern[Any])

#: Items in their order; those whose order is not defined are together.
Groups: TypeAlias = Sequence[Sequence[Drawn]]

#: A request that a pattern sends, and the bytes of each item that it reads; 0 for a missing item.
Read: TypeAlias = tuple[str, Sequence[int]]

#: A limit that no page of a law reaches.
WHOLE: Final = 100


@dataclass(frozen=True)
class Kind(ABC, Generic[P]):
    """How patterns of a kind are asked, and what they must answer.

    Args:
        pattern: The pattern.
        selects: Says which items it selects, instead of its declaration; see ``laws_of``.
    """

    pattern: type[P]
    selects: Mapping[type[Pattern[Any]], Selects]

    #: Whether the pattern is read in pages.
    paged: ClassVar[bool] = False

    @property
    def entities(self) -> tuple[type[Entity], ...]:
        """The entities of the items that the pattern reads."""
        return entities_read(self.pattern)

    @property
    def selected(self) -> tuple[type[Entity], ...]:
        """The entities of the items that its parameters select."""
        return self.entities

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys by which it reads them."""
        return ()

    @abstractmethod
    def wanted(self, there: Population, asked: P) -> Groups:
        """Return what the pattern must answer."""

    @abstractmethod
    def ask(self, store: Store, asked: P) -> Sequence[Entity]:
        """Ask the pattern, and return all of the answer."""

    @abstractmethod
    def reads(self, there: Population, asked: P) -> list[Read]:
        """Return the requests of the first page of any size."""

    def most(self, asked: P) -> int:
        """Return the number of requests of the first page if nothing is missing."""
        del asked
        return 1

    def index(self, asked: P) -> Index:
        """Return the index that the answered items are read from."""
        return asked.entities[0].layout.primary

    def compare(self, store: Store, there: Population, asked: P) -> int:
        """Ask the pattern and compare the answer; return the number of items in it.

        Raises:
            Broken: if it is another one.
        """
        found, wanted = self.ask(store, asked), self.wanted(there, asked)
        require_equal(found, wanted, self.index(asked), self.words(there, asked))
        return len(found)

    def words(self, there: Population, asked: P) -> list[str]:
        """Say which items the pattern selects."""
        del there, asked
        return []

    def more(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw further items for those that were drawn, such as the targets of references."""
        del draw, populations, like
        return []


class OfGet(Kind[Get[Any]]):
    """A Get answers with the item whose components are the parameters."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """The primary key."""
        return (self.pattern.key,)

    def wanted(self, there: Population, asked: Get[Any]) -> Groups:
        """Return the item, or nothing."""
        chosen = self.selection(there, asked)
        return [[each for each in there.of(*asked.entities) if chosen.admits(each)]]

    def ask(self, store: Store, asked: Get[Any]) -> Sequence[Entity]:
        """Get the item."""
        found = store.get(asked)
        return [] if found is None else [found]

    def reads(self, there: Population, asked: Get[Any]) -> list[Read]:
        """Return the one request."""
        return [("GetItem", [sum(_sizes(_flat(self.wanted(there, asked))))])]

    def words(self, there: Population, asked: Get[Any]) -> list[str]:
        """Say which item is selected."""
        return self.selection(there, asked).words()

    def selection(self, there: Population, asked: Get[Any]) -> Selection:
        """Return what the pattern selects by its key."""
        return Selection(asked, there.now, self.selects.get(self.pattern))


class OfQuery(Kind[Query[Any]]):
    """A Query answers with the items in its range, in order, a page at a time."""

    paged = True

    @property
    def keys(self) -> tuple[Key, ...]:
        """The key of the range."""
        return (self.pattern.key,)

    def wanted(self, there: Population, asked: Query[Any]) -> Groups:
        """Return the items in the range, in the order that was asked for."""
        chosen = self.selection(there, asked)
        found = [each for each in there.of(*self.selected) if chosen.admits(each)]
        ordered = chosen.ordered(found)
        newest_first = asked.newest_first if asked.order is None else asked.order == "desc"
        return ordered[::-1] if newest_first else ordered

    @property
    def selected(self) -> tuple[type[Entity], ...]:
        """The entities of the items in the range."""
        return self.pattern.entities

    def ask(self, store: Store, asked: Query[Any]) -> Sequence[Entity]:
        """Read all pages, as one."""
        return store.page(asked, limit=WHOLE).items

    def reads(self, there: Population, asked: Query[Any]) -> list[Read]:
        """Return the one request."""
        index = asked.index
        return [("Query", [each.size_in(index) for each in _flat(self.wanted(there, asked))])]

    def index(self, asked: Query[Any]) -> Index:
        """Return the index of the range."""
        return asked.index

    def words(self, there: Population, asked: Query[Any]) -> list[str]:
        """Say which items are in the range."""
        return self.selection(there, asked).words()

    def selection(self, there: Population, asked: Query[Any]) -> Selection:
        """Return what the pattern selects by its key."""
        return Selection(asked, there.now, self.selects.get(self.pattern))


class OfFetch(Kind[Fetch[Any]]):
    """A Fetch answers with the items that exist of those whose keys it makes."""

    def wanted(self, there: Population, asked: Fetch[Any]) -> Groups:
        """Return the items, once each, in the order of the keys."""
        keys = dict.fromkeys(asked.primary_keys())
        found = [self._at(there, asked, key) for key in keys]
        self._require_all_named(asked, [*keys])
        return [[each] for each in found if each is not None]

    def ask(self, store: Store, asked: Fetch[Any]) -> Sequence[Entity]:
        """Fetch the items."""
        return store.fetch(asked)

    def reads(self, there: Population, asked: Fetch[Any]) -> list[Read]:
        """Return the one request, or none without keys."""
        found = [self._at(there, asked, key) for key in dict.fromkeys(asked.primary_keys())]
        return [("BatchGetItem", _sizes(found))] if found else []

    @staticmethod
    def _require_all_named(asked: Fetch[Any], keys: Sequence[KeyValue]) -> None:
        """Require that the keys have all values of a parameter named after a component.

        Raises:
            Broken: if one is missing, or is none of them.
        """
        for entity in asked.entities[:1]:
            decoded = [found for key in keys if (found := entity.primary_key.decode(key))]
            for name in entity.primary_key.components:
                for each in asked.parameters():
                    given = getattr(asked, each.name)
                    plural = each.name == f"{name}s" or each.name.endswith(f"_{name}s")
                    named = {components[name] for components in decoded}
                    if plural and len(asked.entities) == 1 and {*given} != named:
                        raise Broken(
                            f"primary_keys names other items than the parameter {each.name}",
                            came=[in_words(named)],
                            wanted=[in_words({*given})],
                        )

    def _at(self, there: Population, asked: Fetch[Any], key: KeyValue) -> Drawn | None:
        """Return the item that a key names.

        Raises:
            Broken: if it is no key of the pattern's entities, or not one of the parameters.
        """
        named = {e: c for e in asked.entities if (c := e.primary_key.decode(key)) is not None}
        if not named:
            raise not_a_key(type(asked), "primary_keys", key, asked.entities)
        for entity, components in named.items():
            for name, value in components.items():
                given = getattr(asked, name, value)
                if given != value and not isinstance(given, tuple | list | frozenset | set):
                    raise Broken(
                        f"primary_keys names a {entity.__name__} with {name} = {in_words(value)}, "
                        f"but the parameter {name} is {in_words(given)}"
                    )
        found = (there.at(entity, components) for entity, components in named.items())
        return next((each for each in found if each is not None), None)


@dataclass(frozen=True)
class _Following:
    """Follows references of one entity to items of another, by the pattern's own ``target``."""

    pattern: type[Any]
    strictly: bool

    @property
    def entity(self) -> type[Entity]:
        """The entity that is pointed to."""
        entity: type[Entity] = self.pattern.entities[0]
        return entity

    @property
    def reference(self) -> type[Entity]:
        """The entity of the references."""
        entity: type[Entity] = self.pattern.entities[1]
        return entity

    def components(self, asked: Any, reference: Drawn) -> Mapping[str, Any]:
        """Return the components of the key that a reference points to.

        Raises:
            Broken: if it is no key of the entity, or contradicts the reference.
        """
        key = self.pattern.target(asked, reference.made)
        components = self.entity.primary_key.decode(key)
        if components is None:
            raise not_a_key(self.pattern, "target", key, (self.entity,), of=reference)
        if self.strictly:
            for name, value in components.items():
                self._require_named(reference, name, value)
        return components

    def _require_named(self, reference: Drawn, name: str, value: Any) -> None:
        """Require that a component is an attribute of the reference that is named after it."""
        own = reference.entity.get_attributes()
        named = [each for each in own if each.endswith(f"_{name}")]
        if name in own and name != "id" and reference.entity is not self.entity:
            named.append(name)
        if named and all(reference.values.get(each) != value for each in named):
            said = " and ".join(f"{n} = {in_words(reference.values.get(n))}" for n in named)
            raise Broken(
                f"target points to the {self.entity.__name__} with {name} = {in_words(value)}, but "
                f"the {reference.entity.__name__} has {said}",
                more={"reference": [_words_of(reference)]},
            )

    def items(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw the items that references point to; not for all of them."""
        found = []
        for each in like:
            if each.entity is not self.reference or draw(st.integers(0, 4)) == 4:  # noqa: PLR2004 - one in five
                continue
            asked = object.__new__(self.pattern)
            components = self.components(asked, each)
            own = self.entity.get_attributes()
            drawn = draw(populations.values.of_entity(self.entity))
            same = {n: v for n, v in each.values.items() if n in own and v is not None}
            try:
                made = populations.made(self.entity, {**drawn, **same, **components})
            except DeclarationError:  # an attribute of the same name, but of another kind
                made = populations.made(self.entity, {**drawn, **components})
            found.append(made)
        return found


class OfHydrate(OfQuery):
    """A Hydrate answers with the items that the references in its range point to."""

    @property
    def selected(self) -> tuple[type[Entity], ...]:
        """The entities of the references."""
        return self.pattern.entities[1:]

    @cached_property
    def _following(self) -> _Following:
        return _Following(self.pattern, self.pattern not in self.selects)

    def wanted(self, there: Population, asked: Query[Any]) -> Groups:
        """Return the items that exist, in the order of their references."""
        found = [
            [self._behind(there, asked, each) for each in group]
            for group in super().wanted(there, asked)
        ]
        return [[each for each in group if each is not None] for group in found]

    def reads(self, there: Population, asked: Query[Any]) -> list[Read]:
        """Return the Query and the BatchGetItem of its references, if it finds any."""
        references = _flat(super().wanted(there, asked))
        query: Read = ("Query", [each.size_in(asked.index) for each in references])
        found = {
            str(c): self._behind(there, asked, r)
            for r in references
            if (c := self._following.components(asked, r))
        }
        return [query, ("BatchGetItem", _sizes(found.values()))] if references else [query]

    def most(self, asked: Query[Any]) -> int:
        """Return two: the Query, and the BatchGetItem of the items."""
        del asked
        return 2

    def index(self, asked: Query[Any]) -> Index:
        """Return the table, from which the items are read."""
        return asked.entities[0].layout.primary

    def more(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw the items that the references point to."""
        return self._following.items(draw, populations, like)

    def _behind(self, there: Population, asked: Query[Any], reference: Drawn) -> Drawn | None:
        return there.at(asked.entities[0], self._following.components(asked, reference))


class OfLookup(OfGet):
    """A Lookup answers with the item that its look-up item names, if that still agrees."""

    @property
    def selected(self) -> tuple[type[Entity], ...]:
        """The entity of the look-up items."""
        return self.pattern.entities[1:]

    @cached_property
    def _following(self) -> _Following:
        return _Following(self.pattern, self.pattern not in self.selects)

    def wanted(self, there: Population, asked: Get[Any]) -> Groups:
        """Return the item, or nothing."""
        *_, found = self._path(there, asked)
        return [[]] if found is None or not asked.agrees(found.made) else [[found]]  # type: ignore[attr-defined]  # a Lookup

    def reads(self, there: Population, asked: Get[Any]) -> list[Read]:
        """Return the request of the look-up item, and of the item that it names."""
        path = self._path(there, asked)
        return [("GetItem", [sum(_sizes([each]))]) for each in path]

    def most(self, asked: Get[Any]) -> int:
        """Return two: the look-up item, and the item that it names."""
        del asked
        return 2

    def more(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw the items that the look-up items name."""
        return self._following.items(draw, populations, like)

    def _path(self, there: Population, asked: Get[Any]) -> list[Drawn | None]:
        """Return the look-up item and, if there is one, the item that it names."""
        chosen = self.selection(there, asked)
        lookup = [each for each in there.of(asked.entities[1]) if chosen.admits(each)]
        if not lookup:
            return [None]
        components = self._following.components(asked, lookup[0])
        return [lookup[0], there.at(asked.entities[0], components)]


class OfComposite(Kind[Composite[Any]]):
    """A Composite joins the answers of its parts, each of which is that of its own kind."""

    @property
    def selected(self) -> tuple[type[Entity], ...]:
        """The entities of the items that the parts select."""
        return tuple(dict.fromkeys(each for kind in self._kinds for each in kind.selected))

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys of the parts."""
        return tuple(key for kind in self._kinds for key in kind.keys)

    @cached_property
    def _kinds(self) -> Sequence[Kind[Any]]:
        parts = self.pattern._labelled().parts()  # noqa: SLF001 - of the toolkit
        return [kind_of(type(part.pattern), self.selects) for part in parts]

    def wanted(self, there: Population, asked: Composite[Any]) -> Groups:
        """Return the items of all parts."""
        return [group for kind, part in self._parts(asked) for group in kind.wanted(there, part)]

    def ask(self, store: Store, asked: Composite[Any]) -> Sequence[Entity]:
        """Ask all parts, and return their items."""
        return [
            each for answer in store.answers(asked) for each in answer if isinstance(each, Entity)
        ]

    def compare(self, store: Store, there: Population, asked: Composite[Any]) -> int:
        """Compare the answer of each part, and the joined one with the join of these."""
        answers = store.answers(asked)
        parts = asked.parts()
        total = 0
        for part, (kind, pattern), answer in zip(parts, self._parts(asked), answers, strict=True):
            words = [f"part {type(pattern).__name__}", *kind.words(there, pattern)]
            if part.count:
                wanted = self._counted(there, pattern)
                if list(answer) != [wanted]:
                    raise Broken(
                        f"the part {type(pattern).__name__} counts {in_words(answer)}",
                        came=[in_words(answer)],
                        wanted=[in_words((wanted,)), *words],
                    )
                total += wanted
            else:
                limit = part.limit if isinstance(pattern, Query) else WHOLE
                wanted_items = kind.wanted(there, pattern)
                require_equal(answer, wanted_items, kind.index(pattern), words, limit=limit)
                total += len(answer)
        joined, again = store.answer(asked), asked.combine(answers)
        if joined != again:
            raise Broken(
                "the answer is not what combine makes of the answers of the parts",
                came=[in_words(joined)],
                wanted=[in_words(again)],
            )
        return total

    def reads(self, there: Population, asked: Composite[Any]) -> list[Read]:
        """Return the requests of all parts."""
        found: list[Read] = []
        for part, (kind, pattern) in zip(asked.parts(), self._parts(asked), strict=True):
            for operation, sizes in kind.reads(there, pattern):
                limited = operation == "Query" and not part.count
                found.append((operation, sizes[: part.limit] if limited else sizes))
        return found

    def most(self, asked: Composite[Any]) -> int:
        """Return the requests of all parts; a part that only counts takes one."""
        parts = zip(asked.parts(), self._parts(asked), strict=True)
        return sum(1 if part.count else kind.most(own) for part, (kind, own) in parts)

    def more(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw what the items of the parts point to."""
        return [each for kind in self._kinds for each in kind.more(draw, populations, like)]

    def _parts(self, asked: Composite[Any]) -> Iterator[tuple[Kind[Any], Any]]:
        for part in asked.parts():
            yield kind_of(type(part.pattern), self.selects), part.pattern

    def _counted(self, there: Population, asked: Any) -> int:
        """Return how many items are in a range; DynamoDB counts without reading them."""
        chosen = Selection(asked, there.now, self.selects.get(type(asked)))
        return sum(chosen.admits(each) for each in there.items)


#: The kinds, the most special first.
KINDS: Final[tuple[tuple[type[Pattern[Any]], type[Kind[Any]]], ...]] = (
    (Lookup, OfLookup),
    (Hydrate, OfHydrate),
    (Get, OfGet),
    (Query, OfQuery),
    (Fetch, OfFetch),
    (Composite, OfComposite),
)


def kind_of(
    pattern: type[Pattern[Any]], selects: Mapping[type[Pattern[Any]], Selects]
) -> Kind[Any]:
    """Return the kind of a pattern.

    Raises:
        DeclarationError: if the laws do not know its kind.
    """
    for kind, judge in KINDS:
        if issubclass(pattern, kind):
            return judge(pattern, selects)
    known = ", ".join(kind.__name__ for kind, _ in KINDS)
    raise DeclarationError(
        f"{pattern.__name__} is of a kind whose laws are not known: they know {known}"
    )


def require_equal(
    found: Sequence[Entity],
    wanted: Groups,
    index: Index,
    words: Sequence[str],
    *,
    limit: int | None = None,
) -> None:
    """Require that items came in the order of the groups.

    Args:
        found: What came.
        wanted: What should have come; the order within a group is free.
        index: Where it is read from, which may not hold all attributes.
        words: What is selected, in words.
        limit: How many of them should have come; None for all.

    Raises:
        Broken: if others came.
    """
    came = [(type(each), shown(each)) for each in found]
    rest = [[(each.entity, each.shown_by(index)) for each in group] for group in wanted]
    most = sum(map(len, rest))
    due = most if limit is None else min(limit, most)
    place = 0
    right = len(came) == due
    for group in rest:
        for each in came[place : place + len(group)]:
            if each not in group:
                right = False
        place += len(group)
    if right and (limit is not None or not _repeated(came, rest)):
        return
    expected = [each for group in rest for each in group][:due]
    raise Broken(
        _difference(came, expected),
        came=[_shown_words(*each) for each in came],
        wanted=[_shown_words(*each) for each in expected],
        more={"selects": words} if words else None,
    )


def _repeated(came: Sequence[Any], rest: Sequence[Sequence[Any]]) -> bool:
    """Whether one of two different items came twice."""
    expected = [each for group in rest for each in group]
    return any(came.count(each) != expected.count(each) for each in came)


def _difference(came: Sequence[Any], expected: Sequence[Any]) -> str:
    missing = _without(expected, came)
    more = _without(came, expected)
    if not missing and not more:
        return "the items came in another order"
    said = []
    if missing:
        said.append(f"{_number(missing)} did not come: {_shown_words(*missing[0])}")
    if more:
        said.append(f"{_number(more)} came that should not: {_shown_words(*more[0])}")
    return "; ".join(said)


def _without(some: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    left = list(others)
    found = []
    for each in some:
        if each in left:
            left.remove(each)
        else:
            found.append(each)
    return found


def _number(items: Sequence[Any]) -> str:
    return "an item" if len(items) == 1 else f"{len(items)} items"


def _shown_words(entity: type[Entity], values: Mapping[str, Any]) -> str:
    return item_in_words(entity, values)


def _words_of(drawn: Drawn) -> str:
    return item_in_words(drawn.entity, drawn.made.attribute_values)


def not_a_key(
    pattern: type[Pattern[Any]],
    method: str,
    key: KeyValue,
    entities: Sequence[type[Entity]],
    of: Drawn | None = None,
) -> Broken:
    """Return the finding that a method of a pattern returns no key of an entity."""
    keys = " or ".join(
        f"{each.__name__}: {each.primary_key.partition} / {each.primary_key.sort}"
        for each in entities
    )
    return Broken(
        f"{method} of {pattern.__name__} returns {shown_key(key)!r}, which is no key of "
        f"{' or '.join(each.__name__ for each in entities)}",
        more={
            "the keys of": [keys],
            **({} if of is None else {"reference": [_words_of(of)]}),
        },
    )


def _flat(groups: Groups) -> list[Drawn]:
    return [each for group in groups for each in group]


def _sizes(found: Any) -> list[int]:
    return [0 if each is None else each.size_in(each.entity.layout.primary) for each in found]

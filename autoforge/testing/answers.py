"""The kinds of patterns: how each is asked, and what it must answer, by the values of the items.

Here are the kinds that read items themselves; ``references.py`` has those that follow references,
and ``kinds.py`` lists all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from autoforge.dynamodb.patterns.fetch import Fetch
from autoforge.dynamodb.patterns.filters import shown as condition_in_words
from autoforge.dynamodb.patterns.get import Get
from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.dynamodb.patterns.projection import is_projection
from autoforge.dynamodb.patterns.query import Query
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.key_value import KeyValue, shown_key
from autoforge.dynamodb.store.store import Store
from autoforge.testing.comparing import Groups, due, require_equal
from autoforge.testing.conditions import meets
from autoforge.testing.drawn import Drawn
from autoforge.testing.engines import Engine
from autoforge.testing.population import Draw, Population, Populations
from autoforge.testing.questions import entities_read
from autoforge.testing.report import Broken, in_words, item_in_words
from autoforge.testing.selection import Selection, Selects, taken_at_its_word

P = TypeVar("P", bound=Pattern[Any])

#: A limit that no page of a law reaches.
WHOLE: Final = 100


@dataclass(frozen=True)
class Read:
    """A request that a pattern sends.

    Attributes:
        operation: The operation of DynamoDB.
        sizes: The bytes of each item that it reads; 0 for a missing item.
        answers: What it asks for: entities, or parts of them.
        index: Where it reads.
    """

    operation: str
    sizes: Sequence[int]
    answers: Sequence[type[Any]]
    index: Index

    @property
    def projects(self) -> bool:
        """Whether it asks for some attributes only."""
        return bool(self.answers) and all(map(is_projection, self.answers))


#: Items in their order; those whose order is not defined are together.
Ordered: TypeAlias = Sequence[Sequence[Drawn]]


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
    def indexes(self) -> tuple[Index, ...]:
        """Where it reads ranges of them."""
        return ()

    @property
    def tells_types(self) -> bool:
        """Whether what it reads holds the type of an item."""
        return True

    @abstractmethod
    def wanted(self, there: Population, asked: P) -> Ordered:
        """Return the items that the pattern must answer with."""

    def due(self, there: Population, asked: P) -> Groups:
        """Return what the pattern must answer: the items, or the declared parts of them."""
        answers = self.pattern.answers
        return [[due(each, answers) for each in group] for group in self.wanted(there, asked)]

    @abstractmethod
    def ask(self, store: Store, asked: P, *, consistent: bool = False) -> Sequence[Any]:
        """Ask the pattern, and return all of the answer."""

    @abstractmethod
    def reads(self, there: Population, asked: P) -> list[Read]:
        """Return the requests of the first page of any size."""

    def most(self, asked: P) -> int:
        """Return the number of requests of the first page if nothing is missing."""
        del asked
        return 1

    def may_be_consistent(self) -> bool:
        """Whether it may be read strongly consistently: never if it reads a global index."""
        return True

    def consistent_reads(self, there: Population, asked: P) -> list[bool]:
        """Return for each of the requests whether it is strongly consistent if asked for."""
        return [True] * len(self.reads(there, asked))

    def compare(
        self, store: Store, there: Population, asked: P, *, consistent: bool = False
    ) -> int:
        """Ask the pattern and compare the answer; return the number of items in it.

        Raises:
            Broken: if it is another one.
        """
        found = self.ask(store, asked, consistent=consistent)
        require_equal(found, self.due(there, asked), self.words(there, asked))
        return len(found)

    def words(self, there: Population, asked: P) -> list[str]:
        """Say which items the pattern selects."""
        del there, asked
        return []

    def limits(self, engine: Engine) -> Iterator[str]:
        """Yield what the laws do not prove of the pattern on an engine."""
        del engine
        yield from ()

    def is_judged(self, engine: Engine, there: Population, asked: P) -> bool:
        """Whether an engine does with these items what DynamoDB does."""
        del engine, there, asked
        return True

    def more(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw further items for those that were drawn, such as the targets of references."""
        del draw, populations, like
        return []


class OfGet(Kind[Get[Any]]):
    """A Get answers with the item whose components are the parameters."""

    @property
    def indexes(self) -> tuple[Index, ...]:
        """The table."""
        return (self.pattern.key.index,)

    def wanted(self, there: Population, asked: Get[Any]) -> Ordered:
        """Return the item, or nothing."""
        chosen = self.selection(there, asked)
        return [[each for each in there.of(*asked.entities) if chosen.admits(each)]]

    def ask(self, store: Store, asked: Get[Any], *, consistent: bool = False) -> Sequence[Any]:
        """Get the item."""
        found = store.get(asked, consistent=consistent)
        return [] if found is None else [found]

    def reads(self, there: Population, asked: Get[Any]) -> list[Read]:
        """Return the one request."""
        sizes = [sum(sizes_of(flat(self.wanted(there, asked))))]
        return [Read("GetItem", sizes, asked.answers, asked.key.index)]

    def words(self, there: Population, asked: Get[Any]) -> list[str]:
        """Say which item is selected."""
        return self.selection(there, asked).words()

    def selection(self, there: Population, asked: Get[Any]) -> Selection:
        """Return what the pattern selects by its key."""
        return Selection(asked, there.now, self.selects.get(self.pattern))

    def limits(self, engine: Engine) -> Iterator[str]:
        """Yield the properties that it is taken at its word for."""
        del engine
        if self.pattern not in self.selects:
            yield from taken_at_its_word(self.pattern)


class OfQuery(Kind[Query[Any]]):
    """A Query answers with the items in its range, in order, a page at a time."""

    paged = True

    @property
    def selected(self) -> tuple[type[Entity], ...]:
        """The entities of the items in the range, those that are left out included."""
        return (*self.pattern.read_entities(), *self.pattern.leaves_out)

    @property
    def indexes(self) -> tuple[Index, ...]:
        """Where the range is."""
        return (self.pattern.key.index,)

    @property
    def tells_types(self) -> bool:
        """Whether the index holds more than keys, or the whole items are read, too."""
        return self.pattern.fetches_rest or self.pattern.key.index.projection != "KEYS_ONLY"

    def wanted(self, there: Population, asked: Query[Any]) -> Ordered:
        """Return the items in the range that the filter keeps, in the order asked for."""
        chosen = self.selection(there, asked)
        found = [
            each
            for each in there.of(*self.pattern.read_entities())
            if chosen.admits(each) and self.keeps(asked, each)
        ]
        return self._ordered(asked, chosen, found)

    def in_range(self, there: Population, asked: Query[Any]) -> list[Drawn]:
        """Return everything in the range, whatever its type and its expiry: what DynamoDB reads."""
        declared = Selection(asked, there.now)
        return flat(self._ordered(asked, declared, filter(declared.admits, there.items)))

    @staticmethod
    def _ordered(asked: Query[Any], chosen: Selection, items: Iterable[Drawn]) -> Ordered:
        """Return items in the order that was asked for."""
        newest_first = asked.newest_first if asked.order is None else asked.order == "desc"
        ordered = chosen.ordered([*items])
        return ordered[::-1] if newest_first else ordered

    def keeps(self, asked: Query[Any], drawn: Drawn) -> bool:
        """Whether the filter keeps an item; ``selects`` says all of the answer itself."""
        return self.pattern in self.selects or meets(drawn.item, asked.filter())

    def counted(self, there: Population, asked: Query[Any]) -> int:
        """Return how many items are counted: DynamoDB counts without reading their types.

        Only entities that are left out are told apart.
        """
        own = self.pattern.read_entities()
        known = self.pattern.leaves_out and not asked.tells_types_by_key()
        return sum(
            self.keeps(asked, each)
            for each in self.in_range(there, asked)
            if not self.pattern.leaves_out
            or (each.entity in own and not (known and each.is_stranger))
        )

    def ask(self, store: Store, asked: Query[Any], *, consistent: bool = False) -> Sequence[Any]:
        """Read all pages, as one."""
        return store.page(asked, limit=WHOLE, consistent=consistent).items

    def reads(self, there: Population, asked: Query[Any]) -> list[Read]:
        """Return the one request, and that of the whole items if it fetches the rest."""
        sizes = [each.size_in(asked.index) for each in self.in_range(there, asked)]
        if not asked.fetches_rest:
            return [Read("Query", sizes, asked.read_answers(), asked.index)]
        query = Read("Query", sizes, (), asked.index)
        found = flat(self.wanted(there, asked))
        if asked.index.projection == "KEYS_ONLY":  # nothing tells what an entry is of
            found = self.in_range(there, asked)
        primary = asked.entities[0].layout.primary
        return [
            query,
            *([Read("BatchGetItem", sizes_of(found), asked.answers, primary)] if found else []),
        ]

    def most(self, asked: Query[Any]) -> int:
        """Return one, or two if the whole items are read after their entries."""
        return 2 if asked.fetches_rest else 1

    def may_be_consistent(self) -> bool:
        """Whether the range is in the table itself or in a local index."""
        index = self.pattern.key.index
        return index.is_table or index.is_local

    def words(self, there: Population, asked: Query[Any]) -> list[str]:
        """Say which items are in the range, and which of them are returned."""
        said = self.selection(there, asked).words()
        condition = asked.filter()
        if condition is None or self.pattern in self.selects:
            return said
        return [*said, f"of them only those with {condition_in_words(condition)}"]

    def selection(self, there: Population, asked: Query[Any]) -> Selection:
        """Return what the pattern selects by its key."""
        return Selection(asked, there.now, self.selects.get(self.pattern))

    def is_judged(self, engine: Engine, there: Population, asked: Query[Any]) -> bool:
        """Whether ``begins_with`` selects the same items whether or not the engine minds case."""
        condition = asked.condition(there.now)
        if engine.minds_case or condition.operator != "begins_with":
            return True
        (beginning,), name = condition.operands, str(condition.index.sort_key)
        texts = [each.item[name]["S"] for each in there.items if name in each.item]
        return all(
            text.startswith(beginning) == text.lower().startswith(beginning.lower())
            for text in texts
        )

    def limits(self, engine: Engine) -> Iterator[str]:
        """Yield the properties that it is taken at its word for."""
        if not engine.minds_case and self.pattern.key.index.sort_type == "S":
            yield f"that upper case is not lower case: begins_with of {engine.name} ignores that"
        if self.pattern not in self.selects:
            yield from taken_at_its_word(self.pattern)

    def more(self, draw: Draw, populations: Populations, like: Sequence[Drawn]) -> list[Drawn]:
        """Draw items of the other entities in the same item collections."""
        return populations.collected(draw, self.selected, self.pattern.key.index, like)


class OfFetch(Kind[Fetch[Any]]):
    """A Fetch answers with the items that exist of those whose keys it makes."""

    def wanted(self, there: Population, asked: Fetch[Any]) -> Ordered:
        """Return the items, once each, in the order of the keys."""
        keys = dict.fromkeys(asked.primary_keys())
        found = [self._at(there, asked, key) for key in keys]
        self._require_all_named(asked, [*keys])
        return [[each] for each in found if each is not None]

    def ask(self, store: Store, asked: Fetch[Any], *, consistent: bool = False) -> Sequence[Any]:
        """Fetch the items."""
        return store.fetch(asked, consistent=consistent)

    def reads(self, there: Population, asked: Fetch[Any]) -> list[Read]:
        """Return the one request, or none without keys."""
        found = [self._at(there, asked, key) for key in dict.fromkeys(asked.primary_keys())]
        primary = asked.entities[0].layout.primary
        return [Read("BatchGetItem", sizes_of(found), asked.answers, primary)] if found else []

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
            **({} if of is None else {"reference": [words_of_reference(of)]}),
        },
    )


def words_of_reference(drawn: Drawn) -> str:
    """Return a reference in words."""
    return item_in_words(drawn.entity, drawn.made.attribute_values)


def flat(groups: Ordered) -> list[Drawn]:
    """Return the items of all groups."""
    return [each for group in groups for each in group]


def sizes_of(found: Iterable[Drawn | None]) -> list[int]:
    """Return the bytes of each item in the table; 0 for a missing one."""
    return [0 if each is None else each.size_in(each.entity.layout.primary) for each in found]

"""How the items of a table or of an index are read as parts of entities.

What is asked for, whether an index holds it, and the functions that convert the items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, cast

from autoforge.dynamodb.errors import DeclarationError, UnreadableItemError, shortened
from autoforge.dynamodb.patterns.declared import admits_none
from autoforge.dynamodb.patterns.nested_types import test_of
from autoforge.dynamodb.patterns.projection import Projection, entity_of, hints_of, is_projection
from autoforge.dynamodb.patterns.readers import ItemReader, Reading, as_entities
from autoforge.dynamodb.patterns.request import AttributePath
from autoforge.dynamodb.schema.attribute import EntityAttribute, is_stored
from autoforge.dynamodb.schema.compiled import Field, Taken, compile_part
from autoforge.dynamodb.schema.documents import wire_to_document
from autoforge.dynamodb.schema.entity import Entity, Item, entity_fields
from autoforge.dynamodb.schema.indexes import Index
from autoforge.dynamodb.schema.key_value import key_of
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.stored_values import wire_to_attribute


def paths_of(answers: Sequence[type[Any]], index: Index) -> tuple[AttributePath, ...]:
    """Return the attributes that answers need of an item; empty for all.

    Besides those that they take, these are the keys of table and index, the type of the item, and
    what its expiry follows from.
    """
    if not answers or not all(map(is_projection, answers)):
        return ()
    paths: dict[AttributePath, None] = {}
    for answer in answers:
        entity, layout = answer.entity, answer.entity.layout
        known = entity.get_attributes()
        needed = [*layout.primary.attributes, *index.attributes, *layout.always_projected]
        if entity.lifetime is not None:
            needed.append(known["created_at"].attr_name)
        taken = sorted(
            (known[name].attr_name, *path)
            for name, *path in answer.takes.values()
            if is_stored(known[name])
        )
        if len(taken) < len(answer.takes):  # the others are read from keys
            needed += [name for key in _keys_in(entity, index) for name in key.index.attributes]
        paths |= dict.fromkeys([*taken, *((name,) for name in needed)])
    # DynamoDB refuses a path that begins with another one.
    return tuple(
        path for path in paths if not any(path[:size] in paths for size in range(1, len(path)))
    )


def faults_in(answer: type[Any], index: Index, *, fetchable: bool) -> Iterator[str]:
    """Yield why a query of an index cannot answer, in words that name what to change.

    An index that does not project all attributes can answer only with what it holds.
    """
    if index.holds_all:
        return
    entity = entity_of(answer)
    rest = ", or declare fetches_rest = True, to read the whole items, too"
    otherwise = rest if fetchable else ""
    if not is_projection(answer):
        yield (
            f"{index.shown} does not hold whole items: answer with a Projection of "
            f"{entity.__name__}{otherwise}"
        )
        return
    names = {taken[0] for taken in answer.takes.values()}
    lacking = [name for name in sorted(names) if _place_of(entity, name, index) is None]
    if lacking:
        yield (
            f"{index.shown} does not hold {', '.join(lacking)} of {entity.__name__}: include all "
            f"that {answer.__name__} takes in the index{otherwise}"
        )
    if index.projection == "KEYS_ONLY" and entity.expiry_name is not None:
        yield (
            f"{index.shown} holds only keys, and not when an item of {entity.__name__} expires: "
            f"include attributes in the index (the expiry is always with them){otherwise}, or "
            f"declare never_expires = True in {entity.__name__} if none of its items has an expiry"
        )
    elif entity.lifetime is not None and _place_of(entity, "created_at", index) is None:
        yield (
            f"{index.shown} does not hold created_at of {entity.__name__}, from which its expiry "
            f"follows: include it in the index{otherwise}"
        )


@dataclass(frozen=True)
class PartReading:
    """Reads items as the parts that a pattern answers with, and others as their entities."""

    parts: tuple[type[Projection[Any]], ...]
    index: Index

    def __call__(self, entity: type[Entity], /) -> ItemReader[Any]:
        """Return the function that reads the items of an entity."""
        part = next((each for each in self.parts if each.entity is entity), None)
        return as_entities(entity) if part is None else part_reader(part, self.index)


def reading_of(answers: Sequence[type[Any]], index: Index) -> Reading[Any]:
    """Return how the items of an index are read as these answers."""
    parts = tuple(each for each in answers if is_projection(each))
    return PartReading(parts, index) if parts else as_entities


def part_reader(part: type[Projection[Any]], index: Index) -> ItemReader[Any]:
    """Return the function that reads an item of an index as a part of its entity.

    Raises:
        DeclarationError: if the part is not a dataclass.
    """
    if "__dataclass_fields__" not in vars(part):
        raise DeclarationError(
            f"{part.__name__} is not a dataclass: write @dataclass(frozen=True) above the class"
        )
    return _compiled(cast("Any", part), index)


@cache
def _compiled(part: Any, index: Index) -> ItemReader[Any]:
    """Compile the function at its first use: a process needs few of them."""
    entity: type[Entity] = part.entity
    fields = {each.name: each for each in entity_fields(entity)}
    blank = _blank(entity)
    hints = hints_of(part)
    taken = {
        name: Taken(
            fields[attribute],
            tuple(path),
            from_key=_place_of(entity, attribute, index) == "key",
            may_lack=admits_none(hints.get(name, Any)) if path else fields[attribute].optional,
            absent=None if path else getattr(blank, attribute),
            fits=test_of(hints.get(name, Any)) if path else None,
        )
        for name, (attribute, *path) in part.takes.items()
    }
    careful = _CarefulReader(part, entity, index, fields, taken)
    reader: ItemReader[Any] = compile_part(
        part, entity, taken, slowly=careful, decoded=careful.components
    )
    return reader


@dataclass(frozen=True)
class _CarefulReader:
    """Reads any item as a part of its entity, with an error that names the attribute at fault."""

    part: type[Projection[Any]]
    entity: type[Entity]
    index: Index
    fields: Mapping[str, Field]
    taken: Mapping[str, Taken]

    def __call__(self, item: Item, now: datetime) -> Any:
        """Read an item; None if it has expired."""
        known = _blank(self.entity)
        in_keys = self.components(item)
        whole = {each.field.name for each in self.taken.values() if not each.path}
        for name in (whole | {"expires_at", "created_at"}) & self.fields.keys():
            try:
                known.attribute_values[name] = self._value(name, item, in_keys)
            except UnreadableItemError as error:
                raise UnreadableItemError(f"{self.entity.shown(item)}: {error}") from error
        values = {name: self._taken(each, known, item) for name, each in self.taken.items()}
        # Checked last: an expired item that cannot be read is an error, too, as for entities.
        return self.part(**values) if known.is_live(now) else None

    def components(self, item: Item) -> dict[str, Any]:
        """Read the attributes that stand in the keys of an item."""
        values: dict[str, Any] = {}
        for key in _keys_in(self.entity, self.index):
            try:
                found = key.decode(key_of(item, key.index)) or {}
            except KeyError:
                continue
            values |= {name: found[name] for name in found.keys() & self.fields.keys()}
        return values

    def _value(self, name: str, item: Item, in_keys: Mapping[str, Any]) -> Any:
        """Read an attribute, or the component of a key if the item lacks it."""
        of = self.fields[name]
        wire = item.get(of.stored_name)
        if wire is not None:
            return wire_to_attribute(of.attribute, wire)
        value = in_keys.get(name)
        checks = value is not None and isinstance(of.attribute, EntityAttribute)
        return of.attribute.check(value) if checks else value

    def _taken(self, taken: Taken, known: Entity, item: Item) -> Any:
        """Return the value of a field.

        Raises:
            UnreadableItemError: if the item lacks what the field needs, or has another type there.
        """
        if taken.path:
            wire = _inside(item.get(taken.field.stored_name), taken.path)
            value, lacks = (None, True) if wire is None else (wire_to_document(wire), False)
        else:
            value = getattr(known, taken.field.name)
            is_null = taken.field.holds_null and taken.field.stored_name in item
            lacks = value is None and not is_null
        path = ".".join((taken.field.stored_name, *taken.path))
        if lacks and not taken.may_lack:
            raise UnreadableItemError(f"{self.entity.shown(item)} has no {path}")
        if not lacks and taken.fits is not None and not taken.fits(value):
            raise UnreadableItemError(
                f"{self.entity.shown(item)}: {path} is {shortened(value)}, which is not of the "
                f"type that {self.part.__name__} declares"
            )
        return value


def _blank(entity: type[Entity]) -> Entity:
    """Return an entity without attributes: they read as those that an item lacks."""
    blank = entity.__new__(entity)
    blank.__dict__["attribute_values"] = {}
    return blank


def _inside(wire: Mapping[str, Any] | None, path: Sequence[str]) -> Mapping[str, Any] | None:
    """Return the value at a path inside of a value, in DynamoDB JSON; None if there is none."""
    for name in path:
        wire = None if wire is None else wire.get("M", {}).get(name)
    return wire


def _place_of(entity: type[Entity], name: str, index: Index) -> Literal["item", "key"] | None:
    """Return where a query of an index finds an attribute; None if it does not."""
    attribute = entity.get_attributes()[name]
    if is_stored(attribute) and index.holds(attribute.attr_name, entity.layout):
        return "item"
    keys = _keys_in(entity, index)
    templates = [each for key in keys for each in (*key.partitions, key.sort_template)]
    return "key" if any(name in each.whole for each in templates) else None


def _keys_in(entity: type[Entity], index: Index) -> list[Key]:
    """Return the keys of an entity that are read for what an index does not hold."""
    if index.holds_all and not all(map(is_stored, entity.get_attributes().values())):
        return [*entity.keys.values()]
    read = {entity.layout.primary} if index.holds_all else {entity.layout.primary, index}
    return [each for each in entity.keys.values() if each.index in read]

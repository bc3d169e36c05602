"""Creation: one rule for all that is created under an id of its caller's.

What is created again under the same id with the same content is there, and that is success: the
caller may not have got the first answer. What it was created with is kept as a hash, so that is
known although others have changed the item since. Other content is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from autoforge.dynamodb.schema.attributes import attribute_to_wire
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.write import Put
from autoforge.errors import ItemExistsError
from autoforge.models.actions import AgentAction
from autoforge.models.agents import Agent
from autoforge.models.escalations import Escalation
from autoforge.models.features import Feature
from autoforge.models.projects import Project

#: What can be created again.
Created = TypeVar("Created", Project, Feature, Agent, Escalation, AgentAction)

#: What a caller says of each when it is created: its content.
CONTENT: Final[Mapping[type[Entity], tuple[str, ...]]] = {
    Project: (
        "name",
        "description",
        "status",
        "source",
        "source_project_key",
        "autonomy_level",
        "config",
        "owner_id",
        "repo_url",
        "max_concurrency",
    ),
    Feature: (
        "name",
        "description",
        "priority",
        "category",
        "steps",
        "dependencies",
        "linear_issue_id",
        "linear_issue_url",
    ),
    Agent: ("name", "role"),
    Escalation: ("title", "context", "options", "agent_recommendation", "agent_rationale"),
    AgentAction: (
        "action_type",
        "description",
        "detail",
        "confidence",
        "executed",
        "held_until",
    ),
}


def content_of(entity: Entity) -> str:
    """A hash of what a caller said, or would have to say, to create an entity."""
    attributes = entity.get_attributes()
    values = {
        name: attribute_to_wire(attributes[name], value)
        for name in CONTENT[type(entity)]
        if (value := getattr(entity, name)) is not None
    }
    text = json.dumps(values, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def create(store: Store, new: Created) -> Created:
    """Store a new item, and return it; or the one that was created with the same content.

    Raises:
        ItemExistsError: if another has the key; ``item`` is the one there.
        InvalidValueError: if a value cannot be stored.
    """
    new.creation = content_of(new)
    try:
        return store.save(Put(new))
    except ItemExistsError as error:
        return existing_instead(new, error, now=store.clock())


def existing_instead(new: Created, error: ItemExistsError, *, now: datetime) -> Created:
    """The item that is there, if it is what was to be created.

    Raises:
        ItemExistsError: the one given, if it is not.
    """
    there = error.item
    if isinstance(there, type(new)) and there.is_live(now) and is_same(new, there):
        return there
    raise error


def is_same(new: Entity, there: Any) -> bool:
    """Whether an item was created with the content of a new one, or has just that now."""
    content = content_of(new)
    return content in {there.creation, content_of(there)}

"""Idempotent creation of items whose id the caller chooses.

Creating an item again under the same id with the same content succeeds and returns the stored item,
since the caller may not have received the first answer. The item keeps a hash of the content it was
created with, so a repetition is recognised even if the item has changed since. Other content is
refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from autoforge.dynamodb.schema.attribute import attribute_to_wire
from autoforge.dynamodb.schema.entity import Entity
from autoforge.dynamodb.store.store import Store
from autoforge.dynamodb.writes.put import Put
from autoforge.errors import ItemExistsError
from autoforge.models.actions import AgentAction
from autoforge.models.agents import Agent
from autoforge.models.escalations import Escalation
from autoforge.models.features import Feature
from autoforge.models.projects import Project

#: The entities whose creation can be repeated.
Created = TypeVar("Created", Project, Feature, Agent, Escalation, AgentAction)

#: The attributes that a caller gives at creation: the content that is compared.
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
    """The hash of the content that creates an entity as it is."""
    attributes = entity.get_attributes()
    values = {
        name: attribute_to_wire(attributes[name], value)
        for name in CONTENT[type(entity)]
        if (value := getattr(entity, name)) is not None
    }
    text = json.dumps(values, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def create(store: Store, new: Created) -> Created:
    """Store a new item and return it, or return the stored one with the same content.

    Raises:
        ItemExistsError: if an item with other content has the key; ``item`` is that item.
        InvalidValueError: if a value cannot be stored.
    """
    new.creation = content_of(new)
    try:
        return store.save(Put(new))
    except ItemExistsError as error:
        return existing_instead(new, error, now=store.clock())


def existing_instead(new: Created, error: ItemExistsError, *, now: datetime) -> Created:
    """The stored item that a creation met, if it has the same content.

    Args:
        new: The item that was to be created.
        error: The refusal, with the stored item.
        now: The current time; an item past its expiry is not returned.

    Raises:
        ItemExistsError: the given error, if the stored item has other content.
    """
    stored = error.item
    if isinstance(stored, type(new)) and stored.is_live(now) and is_same(new, stored):
        return stored
    raise error


def is_same(new: Entity, stored: Any) -> bool:
    """Whether a stored item was created with the content of a new one, or has that content now."""
    content = content_of(new)
    return content in {stored.creation, content_of(stored)}

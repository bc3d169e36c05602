"""A Forge connects only to the platform's table."""

from __future__ import annotations

import pytest

from autoforge.dynamodb import Entity, Id, Key, Put
from autoforge.errors import DeclarationError
from autoforge.forge import Forge
from tests.factories import a_project


class Book(Entity):
    """An entity of another table, whose key a project could have."""

    id: Id = Id()

    key = Key("PROJECT#{id}", "METADATA")


def test_a_forge_writes_entities_of_the_platform_and_no_others() -> None:
    with Forge.embedded() as forge:
        with pytest.raises(DeclarationError, match="Book is not an entity of AgenticPM"):
            forge.store.put_all([Book(id="a")])
        with pytest.raises(DeclarationError, match="Book is not an entity of AgenticPM"):
            forge.store.write(Put(Book(id="a")))

        assert forge.store.put_all([a_project(id="a")]) == 1

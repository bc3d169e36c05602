"""The laws hold for the platform's table, whose patterns are of every kind.

Few examples are drawn, since ``tests/access`` proves more of each pattern.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from autoforge.access.catalogue import PLATFORM_TABLE
from autoforge.models import PLATFORM_DESIGN
from autoforge.models.users import Email
from autoforge.testing import laws_of
from tests.access import populations
from tests.factories import NOON
from tests.strategies import is_minted

pytestmark = pytest.mark.one_engine

#: Ids that are minted from the creation time, and a class of attributes of our own.
_STRATEGIES: Final[dict[Any, Any]] = {
    Email: populations.emails,
    **{
        entity: populations.entities(entity).filter(lambda drawn: drawn.is_live(NOON))
        for entity in PLATFORM_DESIGN.entities
        if is_minted(entity)
    },
}

test_the_laws_of_the_platform = laws_of(PLATFORM_TABLE, strategies=_STRATEGIES, examples=2)

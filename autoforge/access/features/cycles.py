"""Cycles among dependencies: no write of this package makes one, and ``repair`` reports any."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from autoforge.access.features.dependencies import in_order
from autoforge.errors import CyclicDependencyError

#: A dependency: the feature that waits, and the one it waits for.
Edge = tuple[str, str]

_UNKNOWN: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Cycle:
    """Features that wait for each other for ever, and a dependency without which they do not.

    Attributes:
        path: Ids of features, each of which depends on the next; the last is the first.
        feature_id: The feature of the dependency to remove: of those on the path the latest added.
        depends_on_id: What it depends on.
    """

    path: tuple[str, ...]
    feature_id: str
    depends_on_id: str


def find_cycles(
    graph: Mapping[str, Collection[str]], added: Mapping[Edge, datetime]
) -> Iterator[Cycle]:
    """Find cycles until the dependencies named with them leave none.

    Args:
        graph: For each feature, those it depends on.
        added: When dependencies were added, as far as it is known.
    """
    left = {feature: {*depends_on} for feature, depends_on in graph.items()}
    while (path := cycle_in(left)) is not None:
        edge = max(pairwise(path), key=lambda each: (added.get(each, _UNKNOWN), each))
        yield Cycle(path, *edge)
        left[edge[0]].discard(edge[1])


def cycle_in(graph: Mapping[str, Collection[str]]) -> tuple[str, ...] | None:
    """Features each of which depends on the next, the last being the first; None if none do."""
    try:
        in_order(graph)
    except CyclicDependencyError as error:
        return error.path
    return None

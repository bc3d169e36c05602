"""The search for cycles of dependencies, which other writers may leave; ``repair`` reports them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from autoforge.access.features.dependencies import in_order
from autoforge.errors import CyclicDependencyError

#: A dependency: the id of the feature that waits, and the id of the one it waits for.
Edge = tuple[str, str]

_UNKNOWN: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Cycle:
    """A cycle of dependencies, and its latest dependency, whose removal ends the cycle.

    Attributes:
        path: Ids of features, each of which depends on the next; the last is the first.
        feature_id: The feature that has the latest dependency.
        depends_on_id: The feature that it depends on.
    """

    path: tuple[str, ...]
    feature_id: str
    depends_on_id: str


def find_cycles(
    graph: Mapping[str, Collection[str]], added: Mapping[Edge, datetime]
) -> Iterator[Cycle]:
    """Find cycles; without the dependencies they name, the graph has none.

    Args:
        graph: The ids of the dependencies of each feature.
        added: The times at which dependencies were added, where known.
    """
    left = {feature: {*depends_on} for feature, depends_on in graph.items()}
    while (path := cycle_in(left)) is not None:
        edge = max(pairwise(path), key=lambda each: (added.get(each, _UNKNOWN), each))
        yield Cycle(path, *edge)
        left[edge[0]].discard(edge[1])


def cycle_in(graph: Mapping[str, Collection[str]]) -> tuple[str, ...] | None:
    """The ids of a cycle, each depending on the next, the last being the first; None if none."""
    try:
        in_order(graph)
    except CyclicDependencyError as error:
        return error.path
    return None

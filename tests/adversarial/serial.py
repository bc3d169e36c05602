"""Whether two operations that met left the same state as one after the other.

A refused write changes nothing, so the state after either operation alone is valid too. The
comparison leaves out what a test cannot predict: minted ids and tokens, and cipher texts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.key_value import KeyValue
from tests.adversarial.interleaving import Board, Operation, outcome

#: ULIDs minted at the time of a board's clock.
_ULID: Final = re.compile(r"\b01KGM8C3G0[0-9A-HJKMNP-TV-Z]{16}\b")
#: Attributes that cannot be predicted, by entity. The version of a feature also counts a write that
#: was repeated after a lost answer; the comparison covers its latest claim, which says more. The
#: version of the slots also counts a claim whose feature was deleted before the claim was read
#: back, so that the caller claimed another feature.
_UNFORESEEN: Final = {
    "IntegrationConfig": {"configEncrypted"},
    "Feature": {"version"},
    "FeatureSlots": {"version"},
}
#: Entities that only record when writers met.
_MEETING: Final = {"FeatureGraph"}

#: The contents of a table, in a form that can be compared.
Image = frozenset[tuple[KeyValue, str]]


@dataclass
class Serial:
    """The states that two operations leave if they do not meet.

    Args:
        board: The table; it is reset before each order is tried.
        first: The operation that is interrupted.
        second: The operation that comes in.
        chosen: Ids that the operations choose themselves; these are compared.
    """

    board: Board
    first: Operation
    second: Operation
    chosen: Collection[str]
    _left: dict[tuple[Operation, ...], Image] = field(default_factory=dict)

    def explains(self, left: Image, *, repeated: bool) -> bool:
        """Whether the state is that of the operations in some order, or of one of them alone.

        Args:
            left: The state they left when they met.
            repeated: Whether the first was called again.
        """
        return any(left == each for each in self._orders(repeated=repeated))

    def nearest(self, left: Image, *, repeated: bool) -> list[str]:
        """Return the differences from the closest order, for the message of a failing test."""
        near = min(self._orders(repeated=repeated), key=lambda each: len(each ^ left))
        return [
            f"{'found' if (key, item) in left else 'expected'} {key.partition} / {key.sort}: {item}"
            for key, item in sorted(near ^ left)
        ]

    def _orders(self, *, repeated: bool) -> Iterator[Image]:
        one, other = self.first, self.second
        orders: list[tuple[Operation, ...]] = [(one, other), (other, one), (one,), (other,)]
        if repeated:
            orders += [(one, other, one), (one, one, other), (other, one, one)]
        return map(self._leave, orders)

    def _leave(self, order: tuple[Operation, ...]) -> Image:
        if order not in self._left:
            self.board.put_back()
            for each in order:
                outcome(each, self.board.process())
            self._left[order] = image(self.board, self.chosen)
        return self._left[order]


def image(board: Board, chosen: Collection[str]) -> Image:
    """Return the contents of a table without what cannot be predicted."""
    return frozenset(
        (_plain(key, chosen), _plain(_shown(item), chosen)) for key, item in board.items().items()
    )


def _shown(item: Item) -> str:
    kind = item["EntityType"]["S"]
    if kind in _MEETING:
        return ""
    left_out = _UNFORESEEN.get(kind, set())
    kept = {name: value for name, value in item.items() if name not in left_out}
    return repr({name: _sorted(value) for name, value in sorted(kept.items())})


def _sorted(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Sort the members of a set; DynamoDB returns them in no particular order."""
    return {"SS": sorted(value["SS"])} if "SS" in value else value


def _plain(text: Any, chosen: Collection[str]) -> Any:
    if isinstance(text, KeyValue):
        return KeyValue(_plain(text.partition, chosen), _plain(text.sort, chosen))
    return _ULID.sub(lambda found: found[0] if found[0] in chosen else "(minted)", text)

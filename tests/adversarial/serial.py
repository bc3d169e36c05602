"""Whether two operations that met left what they leave one after the other.

A write that is refused changes nothing, so what either of them leaves alone counts too. What a test
cannot foresee is left out of the comparison: ids and tokens that were minted, and cipher texts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from autoforge.dynamodb.schema.entity import Item
from autoforge.dynamodb.schema.keys import KeyValue
from tests.adversarial.interleaving import Board, Operation, outcome

#: ULIDs of the moment at which a board's clock stands.
_ULID: Final = re.compile(r"\b01KGM8C3G0[0-9A-HJKMNP-TV-Z]{16}\b")
#: What is different each time it is written, by entity. A feature that is written again after a
#: lost answer counts that; which claim is its latest is compared, and says more. Slots count a
#: claim of a feature that was deleted before the claim was read back, and who then claims another.
_UNFORESEEN: Final = {
    "IntegrationConfig": {"configEncrypted"},
    "Feature": {"version"},
    "FeatureSlots": {"version"},
}
#: What says when writers met, and nothing else.
_MEETING: Final = {"FeatureGraph"}

#: Everything a table holds, in a form that can be compared.
Image = frozenset[tuple[KeyValue, str]]


@dataclass
class Serial:
    """What two operations leave when they do not meet.

    Args:
        board: The table; it is put back before each operation is tried.
        first: The operation that the other comes in on.
        second: The other.
        chosen: Ids that the operations choose, and that are therefore compared.
    """

    board: Board
    first: Operation
    second: Operation
    chosen: Collection[str]
    _left: dict[tuple[Operation, ...], Image] = field(default_factory=dict)

    def explains(self, left: Image, *, repeated: bool) -> bool:
        """Whether they leave the same in some order, or one of them alone.

        Args:
            left: What they left when they met.
            repeated: Whether the first was called again.
        """
        return any(left == each for each in self._orders(repeated=repeated))

    def nearest(self, left: Image, *, repeated: bool) -> list[str]:
        """In what the order that comes closest differs, for the message of a test that fails."""
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
    """What a table holds, without what cannot be foreseen."""
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
    """A set's members in an order; DynamoDB has them in none."""
    return {"SS": sorted(value["SS"])} if "SS" in value else value


def _plain(text: Any, chosen: Collection[str]) -> Any:
    if isinstance(text, KeyValue):
        return KeyValue(_plain(text.partition, chosen), _plain(text.sort, chosen))
    return _ULID.sub(lambda found: found[0] if found[0] in chosen else "(minted)", text)

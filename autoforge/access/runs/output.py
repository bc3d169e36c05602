"""The size limit of a run's output, and the cut that keeps its newest part."""

from __future__ import annotations

from typing import Final

from autoforge.dynamodb.schema.item_size import LIMIT, attribute_sizes
from autoforge.dynamodb.schema.letter_case import camel_case
from autoforge.errors import ItemTooLargeError
from autoforge.models.runs import AgentRun

#: The bytes of the item that are reserved for the attributes that later reports and the end set.
RESERVED: Final = 36 * 1024

#: The attributes that use the reserved bytes.
_LATER: Final = frozenset(
    map(
        camel_case,
        ("output_summary", "error_message", "completed_at", "duration_ms", "recent_reports"),
    )
)

#: The most bytes of the marker line and of the attribute that holds its number.
_MARKER_ROOM: Final = 128


def make_room(run: AgentRun, *, keep_tail: bool) -> None:
    """Drop the oldest output of a run until the item is within its limit.

    A first line of the output says how many characters have been dropped in total.

    Args:
        run: The run; its output is changed.
        keep_tail: Whether output may be dropped.

    Raises:
        ItemTooLargeError: if output would have to be dropped and ``keep_tail`` is False, or the
            other attributes leave no room for output.
    """
    sizes = attribute_sizes(run.to_item())
    later = sum(size for name, size in sizes.items() if name in _LATER)
    weights = {name: size for name, size in sizes.items() if name not in _LATER}
    weights["reserved for the end"] = max(later, RESERVED)
    over = sum(weights.values()) - LIMIT
    if over <= 0:
        return
    dropped, output = run.output_dropped or 0, run.output or ""
    room = len(output.encode()) - over - _MARKER_ROOM
    if not keep_tail or room <= 0:
        raise ItemTooLargeError(run.type_name, size=LIMIT + over, weights=weights)
    written = output.removeprefix(_marker(dropped)) if dropped else output
    # The cut may fall inside a character; its remaining bytes are ignored.
    kept = written.encode()[-room:].decode(errors="ignore")
    run.output_dropped = dropped + len(written) - len(kept)
    run.output = _marker(run.output_dropped) + kept


def _marker(dropped: int) -> str:
    return f"[{dropped} characters of earlier output were dropped]\n"

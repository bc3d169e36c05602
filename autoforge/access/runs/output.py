"""How much a run's output may hold, and what goes when only its end is kept."""

from __future__ import annotations

from typing import Final

from autoforge.dynamodb.schema.attributes import camel_case
from autoforge.dynamodb.schema.item_size import LIMIT, attribute_sizes
from autoforge.errors import ItemTooLargeError
from autoforge.models.runs import AgentRun

#: Bytes of the item that no output takes: they are for what later reports and the end bring.
RESERVED: Final = 36 * 1024

#: What the reserved bytes are for.
_LATER: Final = frozenset(
    map(
        camel_case,
        ("output_summary", "error_message", "completed_at", "duration_ms", "recent_reports"),
    )
)

#: The most bytes the marker takes, with the attribute that its number is kept in.
_MARKER_ROOM: Final = 128


def make_room(run: AgentRun, *, keep_tail: bool) -> None:
    """Cut the output of a run until it leaves enough of the item free, or refuse to.

    What is dropped are the oldest characters. A first line says how many they are by now.

    Raises:
        ItemTooLargeError: if the tail alone is not to be kept, or what else is there is too large.
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
    # The first bytes may be the rest of a character that is cut in two; it goes as a whole.
    kept = written.encode()[-room:].decode(errors="ignore")
    run.output_dropped = dropped + len(written) - len(kept)
    run.output = _marker(run.output_dropped) + kept


def _marker(dropped: int) -> str:
    return f"[{dropped} characters of earlier output were dropped]\n"

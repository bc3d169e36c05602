from autoforge.testing.clock import (
    NOON,
    Clock,
)
from autoforge.testing.engines import (
    Engine,
    running,
    table_on,
)
from autoforge.testing.faults import (
    Answer,
    Break,
    Fault,
    Lose,
    Pass,
    Refuse,
    Throttle,
    Unprocessed,
    injected,
)
from autoforge.testing.watching import (
    Watched,
    watching,
)

__all__ = [
    "NOON",
    "Answer",
    "Break",
    "Clock",
    "Engine",
    "Fault",
    "Lose",
    "Pass",
    "Refuse",
    "Throttle",
    "Unprocessed",
    "Watched",
    "injected",
    "running",
    "table_on",
    "watching",
]

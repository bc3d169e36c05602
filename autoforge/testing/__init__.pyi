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
from autoforge.testing.laws import (
    laws_of,
)
from autoforge.testing.recording import (
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
    "laws_of",
    "running",
    "table_on",
    "watching",
]

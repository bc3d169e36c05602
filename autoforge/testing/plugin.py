"""The pytest plugin: an option for the engine, and fixtures for embedded tables.

pytest imports this module at every start where autoforge is installed, so it imports nothing else
until a fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from autoforge.dynamodb.schema.design import Design
    from autoforge.dynamodb.store.store import Store
    from autoforge.testing.clock import Clock
    from autoforge.testing.engines import Engine

#: The property of a test's report that has what a law does not prove.
NOT_PROVED: Final = "not proved"

#: How many patterns and entities a line of the summary names.
_NAMED: Final = 5


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses the engine."""
    parser.getgroup("autoforge").addoption(
        "--autoforge-engine",
        choices=("moto", "dynoxide"),
        default="moto",
        help="the DynamoDB of laws and embedded tables: moto in this process, or dynoxide on PATH",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what the laws that ran do not prove of a design."""
    subjects: dict[str, dict[str, None]] = {}
    for report in (each for reports in terminalreporter.stats.values() for each in reports):
        for name, text in getattr(report, "user_properties", ()):
            if name == NOT_PROVED:
                subject, _, limit = text.partition(": ")
                subjects.setdefault(limit, {})[subject] = None
    if subjects:
        terminalreporter.section("not proved by the laws")
        for limit, of in subjects.items():
            named, more = sorted(of)[:_NAMED], len(of) - _NAMED
            others = f" and {more} more" if more > 0 else ""
            terminalreporter.line(f"{', '.join(named)}{others}: {limit}")


@pytest.fixture(scope="session")
def autoforge_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The running engine that ``--autoforge-engine`` chooses."""
    from autoforge.testing.engines import running  # noqa: PLC0415 - see above

    with running(request.config.getoption("--autoforge-engine")) as engine:
        yield engine


@pytest.fixture
def autoforge_clock() -> Clock:
    """The clock of embedded tables, which shows noon until the test sets ``now``."""
    from autoforge.testing.clock import Clock  # noqa: PLC0415 - see above

    return Clock()


@pytest.fixture
def embedded(
    autoforge_engine: Engine, autoforge_clock: Clock
) -> Iterator[Callable[[Design], Store]]:
    """Return a function that makes the table of a design, empty, for one test.

    Its clock is ``autoforge_clock``, unless a second argument gives another.
    """
    from autoforge.testing.engines import table_on  # noqa: PLC0415 - see above

    with ExitStack() as tables:

        def make(design: Design, clock: Callable[[], datetime] = autoforge_clock) -> Store:
            return tables.enter_context(table_on(autoforge_engine, design, clock))

        yield make

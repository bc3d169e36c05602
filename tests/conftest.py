"""Fixtures, Hypothesis profiles and the environment that all tests share."""

import gc
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from logging.handlers import QueueHandler
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from autoforge import testing
from autoforge.dynamodb.client.client import Client
from autoforge.dynamodb.store.store import Store
from autoforge.forge import Forge
from autoforge.testing.clock import Clock
from tests import servers
from tests.access.worlds import World
from tests.adversarial.effort import effort
from tests.servers import Engine
from tests.stores import client_of, forge_of, store_of

#: Folders whose tests run on one engine, the most faithful that is installed, unless a test is
#: marked ``every_engine``. Differences between engines show in ``tests/access``, which runs every
#: contract on each engine. Tests of the code between requests, of state machines, and those that
#: draw many items are marked ``one_engine``. ``make adversarial`` and ``make every-engine`` run all
#: of them on each engine, except those in ``http``.
_ON_ONE_ENGINE: Final = ("adversarial", "http")
#: Whether to run them on each engine: ``make every-engine``.
_EVERY_ENGINE: Final = "EVERY_ENGINE" in os.environ

_tables: Final = count(1)

#: The zone has an odd offset and half an hour of daylight saving time, so naive timestamps fail.
#: The other variables keep the tests away from a developer's AWS account and from proxies.
_ENVIRONMENT: Final = {
    "TZ": "Australia/Lord_Howe",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "*",
    "no_proxy": "*",
}

#: How many new containers start a search for garbage, and how often it examines older ones, too.
#: With Python's defaults a fifth of the time of the tests is spent in it: there are many long-lived
#: objects, such as the tests themselves, modules, and items in the tables of moto.
_THRESHOLDS: Final = (20_000, 20, 20)

for _name, _examples in {"dev": 10, "ci": 8, "nightly": 1000}.items():
    # No deadline: the first answer of an engine is slow, and slowness does not falsify a property.
    settings.register_profile(_name, max_examples=_examples, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session", params=list(servers.ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each DynamoDB engine in turn; one that is not installed is skipped."""
    name: str = request.param
    if name not in servers.available():
        pytest.skip(f"{name} is not installed: npm ci --prefix tests/engines")
    with servers.ENGINES[name]() as endpoint_url:
        yield Engine(name, endpoint_url)


@pytest.fixture(scope="session")
def autoforge_engine(engine: Engine) -> Iterator[testing.Engine]:
    """The engine of laws and embedded tables: each in turn, in place of the plugin's option."""
    if engine.name == "moto":
        with testing.running("moto") as moto:
            yield moto
    else:
        with closing(testing.Engine(engine.name, engine.endpoint_url)) as running:
            yield running


@pytest.fixture(scope="session")
def client(engine: Engine) -> Client:
    """A client of the engine that retries without waiting."""
    return client_of(engine)


@pytest.fixture(scope="module")
def own(engine: Engine) -> Client:
    """A client of the engine that no other test uses."""
    return client_of(engine)


@pytest.fixture(scope="module")
def table_name(client: Client) -> Iterator[str]:
    """The table of one test file; its tests use fresh ids, so they do not affect each other.

    Not one table for all files: moto scans the table for a query and copies it for a transaction.
    """
    name = f"autoforge-tests-{next(_tables)}"
    store_of(client, name, Clock()).create_table()
    yield name
    client.botocore.delete_table(TableName=name)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo how an application of Litestar sets up logging: it outlives the stream of its test."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for handler in [each for each in root.handlers if isinstance(each, QueueHandler)]:
        root.removeHandler(handler)


@pytest.fixture
def clock() -> Clock:
    """A clock that shows noon until it is set."""
    return Clock()


@pytest.fixture
def store(client: Client, table_name: str, clock: Clock) -> Store:
    """A Store on the engine's table."""
    return store_of(client, table_name, clock)


@pytest.fixture
def world(client: Client) -> World:
    """A new table with one project and nothing else."""
    return World.on(client)


@pytest.fixture
def forge(store: Store) -> Forge:
    """A Forge on the engine's table."""
    return forge_of(store)


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment before any test module is imported, and check the required engines."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "AUTOFORGE_")) and name != "AUTOFORGE_REQUIRE_ENGINES":
            del os.environ[name]
    os.environ.update(_ENVIRONMENT)
    time.tzset()
    gc.set_threshold(*_THRESHOLDS)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # logs each request of the tests' client
    if absent := set(servers.required()) - set(servers.available()):
        message = f"AUTOFORGE_REQUIRE_ENGINES: not available here: {', '.join(sorted(absent))}"
        raise pytest.UsageError(message)
    if not hasattr(config, "workerinput"):  # xdist workers report to the controller
        config.pluginmanager.register(_EngineCount(config))


def pytest_collection_finish() -> None:
    """Leave the tests and modules, which stay until the end, out of searches for garbage."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that run on the most faithful engine only and are set up for another one."""
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        (left_out if _is_of_another_engine(item) else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


def _is_of_another_engine(item: pytest.Item) -> bool:
    """Whether a test that runs on one engine only is set up for a different engine."""
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    on_one = folder in _ON_ONE_ENGINE or item.get_closest_marker("one_engine")
    if not on_one or item.get_closest_marker("every_engine"):
        return False
    if folder != "http" and (_EVERY_ENGINE or effort().whole):
        return False
    name = item.callspec.params.get("engine") if hasattr(item, "callspec") else None
    return name not in {None, servers.most_faithful()}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note the engine of the test in a property that xdist workers send to the controller."""
    if not isinstance(item, pytest.Function):
        return
    for judge in set(servers.JUDGES) - set(servers.ENGINES):
        if judge in item.fixturenames:
            item.user_properties.append(("engine", judge))
    if hasattr(item, "callspec") and "engine" in item.callspec.params:
        item.user_properties.append(("engine", item.callspec.params["engine"]))


class _EngineCount:
    """Count the tests that each engine ran; fail the run if a required engine ran none."""

    def __init__(self, config: pytest.Config) -> None:
        self._ran = Counter[str]()
        options = config.option
        # A run that names a file or filters tests does not need every engine.
        self._whole_suite = (
            config.args_source is pytest.Config.ArgsSource.TESTPATHS
            and not (options.keyword or options.markexpr or options.collectonly)
            and not (getattr(options, "lf", False) or getattr(options, "deselect", None))
        )

    @property
    def _idle(self) -> list[str]:
        return [name for name in servers.required() if not self._ran[name]]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # An expected failure ran, although it is reported as skipped.
        if report.when == "call" and (not report.skipped or hasattr(report, "wasxfail")):
            self._ran.update(str(v) for key, v in report.user_properties if key == "engine")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._whole_suite and self._idle and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        counts = (f"{name} {self._ran[name]} tests" for name in servers.JUDGES)
        terminalreporter.write_line(f"engines: {', '.join(counts)}")
        if self._whole_suite and self._idle:
            idle = ", ".join(self._idle)
            terminalreporter.write_line(f"required, but ran no contract test: {idle}", red=True)

"""The benchmarks run without errors; their measurements are not asserted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import orjson
import pytest

from autoforge.dynamodb.patterns.pattern import Pattern
from autoforge.forge import Forge
from autoforge.models import Event
from autoforge.testing.clock import Clock
from benchmarks import report
from benchmarks.__main__ import PARTS
from benchmarks.canned_server import canned_server
from benchmarks.claims import STRATEGIES, a_backlog, claim_all, first_claim
from benchmarks.clients import comparison
from benchmarks.clients.autoforge_store import connect, offers_transports
from benchmarks.clients.check import IncompleteError, check
from benchmarks.clients.client import Population
from benchmarks.clients.roster import OURS
from benchmarks.load import loaded
from benchmarks.plot import Chart, drawing
from benchmarks.profiling import PATTERNS, WRITES, call_of, items_for
from benchmarks.sample import SINGLE_SIZE, Sample, samples
from benchmarks.scale import PARTS as SCALE_PARTS
from benchmarks.synthetic import entities_of, pattern_of
from tests.factories import NOON
from tests.servers import Engine
from tests.stores import client_of, forge_of, fresh


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_way_to_claim_claims_each_feature_once(engine: Engine, name: str) -> None:
    forge = forge_of(fresh(client_of(engine)))
    project_id = a_backlog(forge, 5)

    tally = claim_all(forge, STRATEGIES[name], project_id, "agent")

    assert sorted(Counter(tally.claimed).values()) == [1] * 5
    assert tally.attempts == 1


def test_a_lone_claim_is_one_query_and_one_write(engine: Engine) -> None:
    forge = forge_of(fresh(client_of(engine)))

    requests, _ = first_claim(forge, STRATEGIES["ours"], a_backlog(forge, 5))

    assert requests == 2


@pytest.fixture(scope="module")
def population() -> Population:
    return Population(Sample(0, NOON, SINGLE_SIZE), samples(10, NOON))


@pytest.fixture(scope="module")
def url(population: Population) -> Iterator[str]:
    listed = [each.item for each in population.listed]
    with canned_server(population.single.item, listed) as url:
        yield url


@pytest.mark.parametrize("sample", [Sample(0, NOON, SINGLE_SIZE), Sample(120, NOON)])
def test_a_sample_is_an_event_of_the_size_that_it_says(sample: Sample) -> None:
    event = Event.from_item(sample.item)

    assert event.to_item() == sample.item
    assert event.unknown == {}
    assert len(orjson.dumps(sample.item)) == sample.size


def test_our_clients_read_and_write_everything_and_cost_something() -> None:
    names = [name for name in OURS if name != "autoforge-botocore" or offers_transports()]

    costs = comparison.compare(names, NOON, rounds=1, enough=0.001)

    assert [*costs] == names
    assert all(cost.seconds > 0 for each in costs.values() for cost in each.values())
    assert len(comparison.table(costs).rows) == len(names)


def test_a_client_that_leaves_something_out_is_not_timed(url: str, population: Population) -> None:
    client = connect(url, population)
    check(client, population, url, 5, 10)

    def forgetful(event: Event) -> dict[str, object]:
        return {**client.values(event), "summary": ""}

    with pytest.raises(IncompleteError, match="summary"):
        check(replace(client, values=forgetful), population, url, 5)
    with pytest.raises(IncompleteError, match="page of 5: 4 items"):
        check(replace(client, events=lambda page: page.items[1:]), population, url, 5)
    with pytest.raises(IncompleteError, match="put: 3 items of 1"):
        check(replace(client, put=client.transact), population, url, 5)


def test_the_canned_server_answers_under_load(url: str) -> None:
    measured = loaded(f"{url}/last", 2, 0.1, core=None)

    assert measured.requests > 0
    assert 0 < measured.median <= measured.p99


def test_the_canned_server_answers_after_its_delay(population: Population) -> None:
    with canned_server(population.single.item, [], delay=0.02) as url:
        measured = loaded(f"{url}/last", 1, 0.1, core=None)

    assert measured.median >= 0.02


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_can_be_made_up_with_what_it_answers(name: str) -> None:
    pattern: Pattern[object] = pattern_of(PATTERNS[name], NOON)

    single, listed = items_for(name, NOON)

    types = {entity.type_name for entity in entities_of(pattern)}
    assert {item["EntityType"]["S"] for item in (single, *listed)} == types


@pytest.mark.parametrize(
    "name", ["EventsOfProject", "HeldActions", "UserByEmail", "ProjectsOfUser", *WRITES]
)
def test_what_is_profiled_answers(name: str) -> None:
    with canned_server(*items_for(name, NOON)) as url:
        forge = Forge.connect(table_name="T", region="us-east-1", endpoint_url=url, clock=Clock())

        answer = call_of(name, forge.store, NOON)()

    assert (answer is None) == (name == "RecordEvent")


def test_what_is_measured_has_its_places_in_the_page() -> None:
    page = report.PAGE.read_text(encoding="utf-8")
    parts = dict.fromkeys(["machine", *PARTS, *SCALE_PARTS], "| measured |")

    written = report.replaced(page, parts)

    assert written.count("| measured |") == len(parts)
    assert report.replaced(written, parts) == written
    with pytest.raises(ValueError, match="0 places for weather"):
        report.replaced(page, {"weather": "fine"})


def test_a_plot_is_the_same_for_the_same_values(tmp_path: Path) -> None:
    chart = Chart("A page, ms", "items", {"newest": [(1000, 1.5), (10_000, 1.6)]})
    path = tmp_path / "plot.svg"

    path.write_text(drawing([chart, chart]), encoding="utf-8")

    assert drawing([chart, chart]) == path.read_text(encoding="utf-8")
    lines = ET.parse(path).findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2

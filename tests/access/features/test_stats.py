"""Statistics count every feature by status."""

from __future__ import annotations

from autoforge.dynamodb.client.client import Client
from autoforge.models import FeatureStatus
from autoforge.testing.faults import Answer, injected
from tests.access.worlds import PROJECT, World
from tests.factories import a_feature
from tests.servers import Engine
from tests.stores import client_of


def test_each_status_is_counted_to_the_end(client: Client) -> None:
    world = World.on(client)
    steps = [{"pad": "x" * 150_000}]
    world.store.put_all(
        [
            a_feature(project_id=PROJECT, status=status, steps=steps)
            for number, status in enumerate(FeatureStatus)
            for _ in range(number * 2 + 1)
        ]
    )

    counts = world.process().features.stats(PROJECT)

    found = (counts.pending, counts.in_progress, counts.review_ready, counts.passing)
    assert (*found, counts.failing) == (1, 3, 5, 7, 9)
    assert counts.total == 25


def test_a_count_of_several_pages_adds_them_up(client: Client, engine: Engine) -> None:
    own = client_of(engine)
    more = {"LastEvaluatedKey": {name: {"S": "x"} for name in ("PK", "SK", "GSI1PK", "GSI1SK")}}
    answers = [Answer({"Count": 5, **more}), Answer({"Count": 0, **more}), Answer({"Count": 2})]

    with injected(own, [*answers, *[Answer({"Count": n}) for n in (0, 1, 3, 9)]]):
        counts = World.on(client).process(own).features.stats(PROJECT)

    assert (counts.pending, counts.total) == (7, 20)

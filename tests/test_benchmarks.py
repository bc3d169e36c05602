"""The benchmarks run; what they measure is for people to read."""

from __future__ import annotations

from collections import Counter

import pytest

from autoforge.forge import Forge
from autoforge.moments import IdMint
from benchmarks.claims import STRATEGIES, a_backlog, claim_all, first_claim
from tests.servers import Engine
from tests.stores import Clock, client_of, fresh


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_way_to_claim_claims_each_feature_once(engine: Engine, name: str) -> None:
    store = fresh(client_of(engine), Clock())
    forge = Forge(store, clock=Clock(), new_id=IdMint())
    project_id = a_backlog(forge, 5)

    tally = claim_all(forge, STRATEGIES[name], project_id, "agent")

    assert sorted(Counter(tally.claimed).values()) == [1] * 5
    assert tally.attempts == 1


def test_a_lone_claim_is_one_query_and_one_write(engine: Engine) -> None:
    store = fresh(client_of(engine), Clock())
    forge = Forge(store, clock=Clock(), new_id=IdMint())

    requests, _ = first_claim(forge, STRATEGIES["ours"], a_backlog(forge, 5))

    assert requests == 2

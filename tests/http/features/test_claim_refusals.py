"""Invalid claims are refused before any request to DynamoDB."""

from typing import Any

import pytest

from tests.http.features.backlogs import MOVES
from tests.http.serving import Api, JsonObject, faults

moves = pytest.mark.parametrize("move", MOVES)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agentId", None),
        ("agentId", ""),
        ("agentId", "a b"),
        ("agentId", "a#b"),
        ("agentId", "a\n"),
        ("agentId", 5),
        ("leaseSeconds", 0),
        ("leaseSeconds", -1),
        ("leaseSeconds", 0.0009),
        ("leaseSeconds", 366 * 86_400 + 1),
        ("leaseSeconds", 1e300),
        ("leaseSeconds", 10**400),
        ("leaseSeconds", True),
        ("leaseSeconds", "60"),
        ("respectLimit", 1),
        ("respectLimit", "true"),
        ("respectLimit", None),
        ("version", 1),
    ],
)
def test_a_claim_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    body = {"agentId": "coder-1", field: value}

    for path in ("/projects/p/features", "/projects/p/features/f"):
        assert faults(detached.post(f"{path}/claim", json=body)) == [f"body.{field}"]


def test_a_lease_is_a_number_and_finite(detached: Api) -> None:
    for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999"):
        answer = detached.post(
            "/projects/p/features/claim",
            content=b'{"agentId": "coder-1", "leaseSeconds": %s}' % number,
            headers={"content-type": "application/json"},
        )

        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", None),
        ("version", 0),
        ("version", -1),
        ("version", 1.5),
        ("version", True),
        ("version", "1"),
        ("version", 10**15),
        ("leaseSeconds", 0),
        ("leaseSeconds", True),
        ("agentId", "coder-1"),
    ],
)
def test_a_renewal_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, field: str, value: Any
) -> None:
    body = {"version": 1, "leaseSeconds": 60, field: value}

    assert faults(detached.post("/projects/p/features/f/renew", json=body)) == [f"body.{field}"]


@pytest.mark.parametrize("missing", ["version", "leaseSeconds"])
def test_a_renewal_says_of_which_claim_and_for_how_long(detached: Api, missing: str) -> None:
    body: JsonObject = {"version": 1, "leaseSeconds": 60}
    del body[missing]

    answer = detached.post("/projects/p/features/f/renew", json=body)

    assert faults(answer) == [f"body.{missing}"]


@moves
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 0),
        ("version", 1.5),
        ("version", True),
        ("version", "1"),
        ("version", 10**40),
        ("force", 1),
        ("force", None),
        ("agentId", "coder-1"),
    ],
)
def test_a_move_with_a_value_that_is_not_allowed_is_refused(
    detached: Api, move: str, field: str, value: Any
) -> None:
    answer = detached.post(f"/projects/p/features/f/{move}", json={field: value})

    assert faults(answer) == [f"body.{field}"]


@pytest.mark.parametrize("feature_id", ["a%20b", "a%23b", "x" * 65, "%C3%A9"])
def test_what_can_be_no_feature_id_is_refused(detached: Api, feature_id: str) -> None:
    own = f"/projects/p/features/{feature_id}"

    for move, body in {
        "claim": {"agentId": "coder-1"},
        "renew": {"version": 1, "leaseSeconds": 1},
        **{move: {"version": 1} for move in MOVES},
        "reopen": None,
    }.items():
        assert faults(detached.post(f"{own}/{move}", json=body)) == ["path.featureId"]

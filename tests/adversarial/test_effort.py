from __future__ import annotations

import pytest

from tests.adversarial.effort import Effort, effort


def test_every_case_is_tried_where_the_environment_gives_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ADVERSARIAL_SECONDS", "60")

    assert effort() == Effort(60.0, whole=True)
    assert effort().share(range(10), of=3) == range(10)


def test_the_same_share_of_the_cases_is_tried_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADVERSARIAL_SECONDS", raising=False)

    assert [*effort().share(range(10), of=3)] == [0, 3, 6, 9]
    assert [*effort().share([1], of=3)] == [1]


def test_there_is_one_round_however_little_time_there_is() -> None:
    assert [*Effort(0, whole=False).rounds()] == [0]

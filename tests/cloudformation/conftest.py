"""The evaluator of policies, and templates made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.iam import Evaluator, is_installed


@pytest.fixture(scope="module")
def iam() -> Iterator[Evaluator]:
    """The evaluator of IAM policies; the test is skipped if it is not installed."""
    if not is_installed():
        pytest.skip("the evaluator of policies is not installed: npm ci --prefix tests/engines")
    with Evaluator() as evaluator:
        yield evaluator

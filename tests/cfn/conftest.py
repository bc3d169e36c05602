"""What judges policies, for the tests of each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from tests.cfn.judged import Judge, documents
from tests.iam import Evaluator, is_installed


@pytest.fixture(scope="module")
def iam() -> Iterator[Evaluator]:
    """What judges policies; skipped where it is not installed."""
    if not is_installed():
        pytest.skip("the evaluator of policies is not installed: npm ci --prefix tests/engines")
    with Evaluator() as evaluator:
        yield evaluator


@pytest.fixture(scope="module")
def judged(iam: Evaluator) -> Judge:
    """What judges the policies of the template."""
    return partial(iam.judge, documents())

"""The evaluator of policies, for the tests of policies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from tests.cfn.judged import Judge, documents
from tests.iam import Evaluator, is_installed


@pytest.fixture(scope="module")
def iam() -> Iterator[Evaluator]:
    """The evaluator of IAM policies; the test is skipped if it is not installed."""
    if not is_installed():
        pytest.skip("the evaluator of policies is not installed: npm ci --prefix tests/engines")
    with Evaluator() as evaluator:
        yield evaluator


@pytest.fixture(scope="module")
def judged(iam: Evaluator) -> Judge:
    """The evaluator, applied to the policies of the template."""
    return partial(iam.judge, documents())

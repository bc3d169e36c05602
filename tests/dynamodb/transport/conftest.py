"""The two ways that requests may go."""

from __future__ import annotations

import pytest

from autoforge.dynamodb.transport.transport import TransportName


@pytest.fixture(params=["auto", "botocore"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """Each way that requests may go, in turn."""
    way: TransportName = request.param
    return way

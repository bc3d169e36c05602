"""The two transports."""

from __future__ import annotations

import pytest

from autoforge.dynamodb.transport.transport import TransportName


@pytest.fixture(params=["auto", "botocore"])
def transport(request: pytest.FixtureRequest) -> TransportName:
    """Each transport in turn."""
    way: TransportName = request.param
    return way

"""The laws hold for the published designs, whose layouts and time forms are others' than ours."""

from __future__ import annotations

from typing import Final

import pytest

from autoforge.testing import laws_of
from docs.examples.published.customer_orders import CUSTOMER_ORDERS
from docs.examples.published.device_log import DEVICE_STATE_LOG
from docs.examples.published.online_shop import ONLINE_SHOP

pytestmark = pytest.mark.one_engine

#: Fewer than a user's default, which takes half a minute.
_EXAMPLES: Final = 10

test_the_laws_of_customer_orders = laws_of(CUSTOMER_ORDERS, examples=_EXAMPLES)
test_the_laws_of_a_device_log = laws_of(DEVICE_STATE_LOG, examples=_EXAMPLES)
test_the_laws_of_an_online_shop = laws_of(ONLINE_SHOP, examples=_EXAMPLES)

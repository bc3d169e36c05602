"""autoforge: an entity of the platform, one get."""

import sys

from autoforge import Forge
from autoforge.access.events.patterns import EventById

forge = Forge.connect(table_name="Benchmark", region="us-east-1", endpoint_url=sys.argv[1])
event = forge.store.require(EventById("550e8400-e29b-41d4-a716-446655440000", sys.argv[2]))
print(event.summary)

"""A single-table modelling toolkit for DynamoDB: entities, access patterns, writes and a Store.

It does not depend on the agent platform, so other domains can be modelled with it alone.
"""

from autoforge.dynamodb.lazy import offered_by

__getattr__, __dir__ = offered_by(__name__)

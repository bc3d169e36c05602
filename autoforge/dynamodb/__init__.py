"""A single-table modelling toolkit for DynamoDB: entities, access patterns, writes and a Store.

It knows no platform: whoever models another domain imports this and nothing else of autoforge.
"""

from autoforge.dynamodb.lazy import offered_by

__getattr__, __dir__ = offered_by(__name__)

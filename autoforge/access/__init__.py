"""The platform's access patterns and writes, as values that a Store runs."""

from autoforge.dynamodb.lazy import offered_by

__getattr__, __dir__ = offered_by(__name__)

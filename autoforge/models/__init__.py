"""The entities of the agent platform's table, with their attributes and keys."""

from autoforge.dynamodb.lazy import offered_by

__getattr__, __dir__ = offered_by(__name__)

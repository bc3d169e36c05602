"""What is stored: the entities of the agent platform's table, and what entities are made of."""

from autoforge.dynamodb.lazy import offered_by

__getattr__, __dir__ = offered_by(__name__)

"""A DynamoDB without AWS: moto inside this process, or dynoxide beside it with its data on disk."""

from autoforge.dynamodb.local.dynoxide import DynoxideDynamoDB
from autoforge.dynamodb.local.moto import EmbeddedDynamoDB

__all__ = ["DynoxideDynamoDB", "EmbeddedDynamoDB"]

"""A DynamoDB without AWS: moto in this process, or dynoxide in another, with its data on disk."""

from autoforge.dynamodb.local.dynoxide import DynoxideDynamoDB
from autoforge.dynamodb.local.moto import EmbeddedDynamoDB

__all__ = ["DynoxideDynamoDB", "EmbeddedDynamoDB"]

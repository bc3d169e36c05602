"""A DynamoDB without AWS: moto inside this process, or dynoxide beside it with its data on disk."""

from autoforge.embedded.dynoxide import DynoxideDynamoDB
from autoforge.embedded.moto import EmbeddedDynamoDB

__all__ = ["DynoxideDynamoDB", "EmbeddedDynamoDB"]

"""autoforge: single-table DynamoDB modelling, and the data layer of an agent platform on it."""

from autoforge.forge import Forge

__all__ = ["Forge", "__version__"]

__version__ = "0.1.0"

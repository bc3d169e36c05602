"""autoforge: single-table DynamoDB modelling, and the data layer of an agent platform on it.

``from autoforge import Forge`` imports the platform; ``autoforge.dynamodb`` does not.
"""

from autoforge.dynamodb.lazy import offered_by

__version__ = "0.1.0"

__getattr__, __dir__ = offered_by(__name__)

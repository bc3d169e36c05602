"""What is asked of the table and what is written, as values, and the Store that runs them."""

from autoforge.dynamodb.lazy import offered_by

__getattr__, __dir__ = offered_by(__name__)

"""What is asked of the table and what is written, as values, and the Store that runs them."""

from autoforge.lazily import offered_by

__getattr__, __dir__ = offered_by(__name__)

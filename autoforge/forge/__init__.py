"""The convenience object of agent loops, one attribute per kind of thing."""

from autoforge.dynamodb.lazy import offered_by

__getattr__, __dir__ = offered_by(__name__)

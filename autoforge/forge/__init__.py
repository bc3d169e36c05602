"""Forge: the high-level interface to the platform's data, with one attribute per concept."""

from autoforge.dynamodb.lazy import offered_by

__getattr__, __dir__ = offered_by(__name__)

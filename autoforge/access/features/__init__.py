"""Patterns and writes of features: creation, claims, outcomes, dependencies and deletion."""

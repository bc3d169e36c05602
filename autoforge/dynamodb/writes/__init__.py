"""Writes as values: puts, updates, deletes, checks and transactions."""

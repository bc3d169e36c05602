"""Writes as values: Put, Update, Delete, Check and Transaction."""

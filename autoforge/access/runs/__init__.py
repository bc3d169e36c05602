"""Patterns and writes of runs."""

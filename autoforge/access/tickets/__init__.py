"""Patterns and writes of tickets."""

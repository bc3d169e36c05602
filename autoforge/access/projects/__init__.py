"""Patterns and writes of projects, their owners and their members."""

"""Patterns and writes of projects and their members."""

"""Patterns and writes of events: recording within a time bound, and polling without gaps."""

"""Patterns and writes of events: recording in time, and complete feeds."""

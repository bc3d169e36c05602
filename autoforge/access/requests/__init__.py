"""Requests that a caller may repeat."""

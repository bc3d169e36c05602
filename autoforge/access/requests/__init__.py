"""Requests with an idempotency key, which a caller may repeat."""

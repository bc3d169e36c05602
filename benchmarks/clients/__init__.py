"""Clients of DynamoDB that perform the same tasks, and the measurement of their costs."""

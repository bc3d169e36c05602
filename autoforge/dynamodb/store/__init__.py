"""The Store runs patterns and writes on one table."""

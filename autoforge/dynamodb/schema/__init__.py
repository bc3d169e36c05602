"""The schema of items: attributes, keys, indexes, entities and the design of a table."""

"""What items are made of: attributes, keys, indexes, entities and the design of a table."""

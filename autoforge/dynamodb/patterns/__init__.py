"""Access patterns as values: the kinds of patterns, key conditions, cursors and the catalogue."""

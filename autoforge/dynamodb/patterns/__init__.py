"""Access patterns as values: key conditions, references, cursors and their catalogue."""

"""Administration of a table: creation, drift, permissions."""

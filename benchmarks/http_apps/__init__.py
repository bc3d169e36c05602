"""Applications that answer ``GET /projects/{id}/events`` equally, and their measurement."""

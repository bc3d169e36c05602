"""Applications that answer ``GET /projects/{id}/events`` alike, and what an answer takes them."""

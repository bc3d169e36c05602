"""Routes of projects and their members."""

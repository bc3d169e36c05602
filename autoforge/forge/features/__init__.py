"""``forge.features``: the backlog of a project, and the claims of its features."""

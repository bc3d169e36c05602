"""``forge.features``: the features of a project, and their claims."""

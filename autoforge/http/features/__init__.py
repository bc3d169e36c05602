"""Routes of features and their claims."""

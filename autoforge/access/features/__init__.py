"""Patterns and writes of features: claims, dependencies, propagation."""

"""Loads the history of a git repository as a project: real data for a first look."""

from autoforge.demo.loaded import Loaded
from autoforge.demo.loading import load_history

__all__ = ["Loaded", "load_history"]

"""Real input for a first look: the history of a git repository becomes a project."""

from autoforge.demo.loaded import Loaded
from autoforge.demo.loading import load_history

__all__ = ["Loaded", "load_history"]

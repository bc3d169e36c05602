"""``forge.features``."""

from autoforge.forge.features.backlog import Backlog
from autoforge.forge.features.claims import Claims


class Features(Backlog, Claims):
    """The features that agents build; an agent claims one that waits for no other."""

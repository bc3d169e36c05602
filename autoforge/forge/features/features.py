"""``forge.features``: the features of a project, and their claims."""

from autoforge.forge.features.backlog import Backlog
from autoforge.forge.features.claims import Claims


class Features(Backlog, Claims):
    """Creates, reads, changes and claims the features of projects."""

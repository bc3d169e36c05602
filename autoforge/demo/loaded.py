"""The result of loading a repository, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from autoforge.demo.history import counted
from autoforge.models import Event, Project


@dataclass(frozen=True)
class Loaded:
    """The result of loading a repository.

    Attributes:
        project: The project that the repository was loaded into.
        is_new: Whether the whole history was loaded, rather than only newer commits added.
        commits: The number of commits that were read.
        older_commits: The number of older commits that were not read.
        is_shallow: Whether the repository is a shallow clone, which lacks older commits.
        events: The number of events written, for commits and tags.
        expired: The number of commits and tags older than the lifetime of an event.
        artefacts: The number of artefacts written.
        escalations: The number of escalations written.
        actions: The number of actions written.
        shift: The time added to the history so that it ends now; negative if it ended later.
    """

    project: Project
    is_new: bool
    commits: int
    older_commits: int
    is_shallow: bool
    events: int
    expired: int
    artefacts: int
    escalations: int
    actions: int
    shift: timedelta

    @property
    def notes(self) -> tuple[str, ...]:
        """The result in words, as lines for a terminal."""
        happened = self.events + self.expired
        beyond = f"are more than {Event.lifetime.days} days old and have expired"
        older = f"{counted(self.older_commits, 'commit')} older than the newest {self.commits:,}"
        candidates = (
            (True, self._written()),
            (happened, f"the history is moved {_span(self.shift)}, so that it ends now"),
            (self.expired, f"{self.expired:,} of {happened:,} commits and tags {beyond}"),
            (self.older_commits, f"not read: {older}"),
            (self.is_shallow, "the repository is a shallow clone, which lacks older commits"),
        )
        return tuple(note for applies, note in candidates if applies)

    def _written(self) -> str:
        counts = (
            (self.events, "event"),
            (self.artefacts, "artefact"),
            (self.escalations, "escalation"),
            (self.actions, "action"),
        )
        written = ", ".join(counted(number, noun) for number, noun in counts)
        if self.is_new:
            return f"{self.project.name}: {written}"
        return f"{self.project.name} existed already; newer history was added: {written}"


def _span(shift: timedelta) -> str:
    days, hours = abs(shift).days, abs(shift) // timedelta(hours=1)
    amount = (
        counted(days, "day") if days else counted(hours, "hour") if hours else "less than an hour"
    )
    return f"{amount} {'forward' if shift >= timedelta() else 'back'}"

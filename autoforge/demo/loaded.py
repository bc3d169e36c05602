"""What loading a repository came to, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from autoforge.demo.history import counted
from autoforge.models import Event, Project


@dataclass(frozen=True)
class Loaded:
    """What became of a repository.

    Attributes:
        project: The project it is.
        is_new: Whether it was loaded from the beginning; else only what is newer was added.
        commits: How many commits were read.
        older_commits: How many there are that were not.
        is_shallow: Whether the repository itself lacks older commits.
        events: How many events were written, of commits and of tags.
        expired: How many commits and tags were not, being past the lifetime of an event.
        artefacts: How many artefacts were written.
        escalations: How many escalations were written.
        actions: How many actions were written.
        shift: How far the history was moved so that it ends now.
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
        """What happened, in lines for a terminal."""
        happened = self.events + self.expired
        beyond = f"lie more than {Event.lifetime.days} days back and are expired"
        older = f"{counted(self.older_commits, 'commit')} older than the newest {self.commits:,}"
        candidates = (
            (True, self._written()),
            (happened, f"the history is shown {_span(self.shift)}, so that it ends now"),
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
        return f"{self.project.name} was there already; what is newer was added: {written}"


def _span(shift: timedelta) -> str:
    days, hours = abs(shift).days, abs(shift) // timedelta(hours=1)
    amount = (
        counted(days, "day") if days else counted(hours, "hour") if hours else "less than an hour"
    )
    return f"{amount} {'later' if shift >= timedelta() else 'earlier'} than it happened"

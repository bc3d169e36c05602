"""What a process remembers between its claims, so that they cost little and seldom collide.

Nothing here decides anything: a claim is decided by one conditional write. Forgotten or wrong, the
memory costs a request, never a wrong claim.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from autoforge.access.features.claim_candidates import Candidate
from autoforge.dynamodb.schema.encoding import canonical_id

#: Among how many of the first candidates a claim chooses at most, and after a first lost race.
WIDEST: Final = 256
_WIDE: Final = 32.0
#: How much another lost race widens the choice, and how much a win narrows it. Together they let
#: about one attempt in eight lose: fewer would cost more to read than the lost writes cost.
_WIDER: Final = 2.0
_NARROWER: Final = 0.9
#: How long it takes to forget that others were racing.
_CALM: Final = timedelta(seconds=60)
#: How many claimed features are remembered, and how many projects.
_REMEMBERED: Final = 10_000
_PROJECTS: Final = 1_000


@dataclass
class _OfProject:
    """What is remembered of one project."""

    spread: float = 1.0
    raced_at: datetime | None = None
    #: When the next lease ends that is known of, and when all leases were looked at.
    lease_ends: datetime | None = None
    looked_at: datetime | None = None
    #: Features whose holder's lease has ended, as far as is known; by id.
    abandoned: dict[str, Candidate] = field(default_factory=dict)


@dataclass
class ClaimCache:
    """What a process remembers of the projects it claims features of. Safe under threads.

    Args:
        random: Draws from 0 to under 1, for the choice among candidates.
    """

    random: Callable[[], float]
    _projects: OrderedDict[str, _OfProject] = field(default_factory=OrderedDict)
    #: Features that a thread of this process is about to claim.
    _trying: set[tuple[str, str]] = field(default_factory=set)
    #: The latest version seen of claimed features: an index row of an older one is stale.
    _versions: OrderedDict[tuple[str, str], int] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def spread(self, project_id: str, now: datetime) -> int:
        """Among how many of the first candidates to choose: one, unless others are racing."""
        with self._lock:
            of = self._of(project_id)
            if of.raced_at is not None and now - of.raced_at > _CALM:
                of.spread, of.raced_at = 1.0, None
            return int(of.spread)

    @contextmanager
    def choosing(self, candidates: Iterable[Candidate], spread: int) -> Iterator[Candidate | None]:
        """Choose one of the first candidates that no other thread of this process is at.

        It is kept from the others until the caller knows whether it has it. Stale index rows are
        passed over.

        Args:
            candidates: What may be claimed, the best first.
            spread: Among how many to choose.
        """
        with self._lock:
            free = [each for each in candidates if self._is_free(each)][:spread]
            chosen = free[int(self.random() * len(free))] if free else None
            if chosen is not None:
                self._trying.add(chosen.name)
        try:
            yield chosen
        finally:
            if chosen is not None:
                with self._lock:
                    self._trying.discard(chosen.name)

    def won(self, candidate: Candidate) -> None:
        """Note what this process has claimed, as it then is."""
        with self._lock:
            of = self._of(candidate.project_id)
            of.spread = max(1.0, of.spread * _NARROWER)
            self._see(of, candidate)

    def lost(self, candidate: Candidate, now: datetime) -> None:
        """Note what another caller was faster to claim, as it then is."""
        with self._lock:
            of = self._of(candidate.project_id)
            of.spread = min(float(WIDEST), max(_WIDE, of.spread * _WIDER))
            of.raced_at = now
            self._see(of, candidate)

    def must_look_at_leases(self, project_id: str, lease: timedelta | None, now: datetime) -> bool:
        """Whether a lease that is known of has ended, or none was looked at for a lease's time."""
        with self._lock:
            of = self._of(project_id)
            if of.lease_ends is not None and of.lease_ends <= now:
                return True
            return lease is not None and (of.looked_at is None or now - of.looked_at >= lease)

    def looked_at_leases(
        self, project_id: str, held: Iterable[Candidate], now: datetime
    ) -> datetime | None:
        """Note all features of a project that are in progress; return when the next lease ends."""
        with self._lock:
            of = self._of(project_id)
            of.looked_at, of.lease_ends, of.abandoned = now, None, {}
            for each in held:
                if each.is_ready(now):
                    of.abandoned[each.id] = each
                else:
                    self._see(of, each)
            return of.lease_ends

    def abandoned(self, project_id: str) -> list[Candidate]:
        """The features of a project whose holder's lease has ended, as far as is known."""
        with self._lock:
            return list(self._of(project_id).abandoned.values())

    def _of(self, project_id: str) -> _OfProject:
        name = canonical_id(project_id)
        of = self._projects.setdefault(name, _OfProject())
        self._projects.move_to_end(name)
        if len(self._projects) > _PROJECTS:
            self._projects.popitem(last=False)
        return of

    def _see(self, of: _OfProject, candidate: Candidate) -> None:
        of.abandoned.pop(candidate.id, None)
        self._versions[candidate.name] = candidate.version
        self._versions.move_to_end(candidate.name)
        if len(self._versions) > _REMEMBERED:
            self._versions.popitem(last=False)
        ends = candidate.lease_until
        if ends is not None:
            of.lease_ends = ends if of.lease_ends is None else min(of.lease_ends, ends)

    def _is_free(self, candidate: Candidate) -> bool:
        seen = self._versions.get(candidate.name, 0)
        return candidate.name not in self._trying and candidate.version >= seen

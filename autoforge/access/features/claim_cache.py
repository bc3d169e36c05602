"""The cache of a process between its claims, which saves requests and avoids conflicts.

A claim is decided by one conditional write. A missing or stale cache entry therefore costs a
request; it never causes a wrong claim.
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
from autoforge.dynamodb.schema.value_codecs import canonical_id

#: The spread is the number of first candidates that a claim chooses among. Its largest value, and
#: its value after the first lost claim.
WIDEST: Final = 256
_WIDE: Final = 32.0
#: The factor of the spread after another lost claim, and after a successful one. Together they let
#: about one attempt in eight lose. A larger spread loses fewer, but costs more to read than the
#: lost writes.
_WIDER: Final = 2.0
_NARROWER: Final = 0.9
#: The time after the last lost claim until the spread is reset to one.
_CALM: Final = timedelta(seconds=60)
#: The most claimed features and the most projects in the cache.
_REMEMBERED: Final = 10_000
_PROJECTS: Final = 1_000


@dataclass
class _OfProject:
    """The cache of one project."""

    spread: float = 1.0
    #: The time of the last lost claim.
    raced_at: datetime | None = None
    #: The earliest known end of a lease, and the time of the last read of all leases.
    lease_ends: datetime | None = None
    looked_at: datetime | None = None
    #: Features with a lease that has ended, by id.
    abandoned: dict[str, Candidate] = field(default_factory=dict)


@dataclass
class ClaimCache:
    """The cache of a process for the projects it claims features of. Thread-safe.

    Args:
        random: Returns a random number from 0 to below 1, for the choice among candidates.
    """

    random: Callable[[], float]
    _projects: OrderedDict[str, _OfProject] = field(default_factory=OrderedDict)
    #: Features that a thread of this process is trying to claim.
    _trying: set[tuple[str, str]] = field(default_factory=set)
    #: The latest known version of claimed features; an index entry with an older one is stale.
    _versions: OrderedDict[tuple[str, str], int] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def spread(self, project_id: str, now: datetime) -> int:
        """The number of first candidates to choose among: one, or more after lost claims."""
        with self._lock:
            of = self._of(project_id)
            if of.raced_at is not None and now - of.raced_at > _CALM:
                of.spread, of.raced_at = 1.0, None
            return int(of.spread)

    @contextmanager
    def choosing(self, candidates: Iterable[Candidate], spread: int) -> Iterator[Candidate | None]:
        """Choose one of the first candidates, and reserve it within this process.

        Other threads do not choose it until the context ends. Candidates from stale index entries
        are skipped. Yields None if no candidate is left.

        Args:
            candidates: The candidates, the best first.
            spread: The number of first candidates to choose among.
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
        """Record a successful claim, with the feature as it is after the claim."""
        with self._lock:
            of = self._of(candidate.project_id)
            of.spread = max(1.0, of.spread * _NARROWER)
            self._see(of, candidate)

    def lost(self, candidate: Candidate, now: datetime) -> None:
        """Record a lost claim, with the feature as another caller has changed it."""
        with self._lock:
            of = self._of(candidate.project_id)
            of.spread = min(float(WIDEST), max(_WIDE, of.spread * _WIDER))
            of.raced_at = now
            self._see(of, candidate)

    def must_look_at_leases(self, project_id: str, lease: timedelta | None, now: datetime) -> bool:
        """Whether a known lease has ended, or the last read of all leases is a lease's time ago."""
        with self._lock:
            of = self._of(project_id)
            if of.lease_ends is not None and of.lease_ends <= now:
                return True
            return lease is not None and (of.looked_at is None or now - of.looked_at >= lease)

    def looked_at_leases(
        self, project_id: str, held: Iterable[Candidate], now: datetime
    ) -> datetime | None:
        """Record all features of a project in progress; return the next end of a lease."""
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
        """The known features of a project with a lease that has ended."""
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

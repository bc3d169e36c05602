"""The law of faults: what DynamoDB refuses for now, loses or leaves out changes no answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import EndpointConnectionError
from hypothesis import strategies as st

from autoforge.testing.faults import Break, Fault, Lose, Refuse, Throttle, Unprocessed, injected
from autoforge.testing.law import Bench, Law
from autoforge.testing.subject import Subject

#: What may happen to an attempt, in words. Only batches have unprocessed members.
_FAULTS: Final[dict[str, Fault]] = {
    "leaves the last key of a batch unprocessed": Unprocessed(),
    "is throttled": Throttle(),
    "fails in DynamoDB": Refuse("InternalServerError", 500),
    "finds no connection": Break(EndpointConnectionError(endpoint_url="made up")),
    "is answered, and the answer is lost": Lose(),
}
#: How many attempts faults happen to, at most.
_ATTEMPTS: Final = 3


def laws_of_faults(subject: Subject) -> Iterator[Law]:
    """Yield the law of a pattern."""
    claim = "faults of DynamoDB change no answer"
    check = _Faults(subject).check
    yield Law(subject.table, subject.pattern.__name__, claim, check, share=0.3)


@dataclass(frozen=True)
class _Faults:
    """A pattern, and what its law needs."""

    subject: Subject

    def check(self, bench: Bench) -> None:
        """Ask while some attempts fail, and compare with brute force."""
        population, asked = self.subject.several(bench)
        names = [*_FAULTS]
        batch = names[:1] * 2 if "Batch" in self.subject.pattern.operation else []
        happens = st.lists(st.sampled_from([*batch, *names]), min_size=1, max_size=_ATTEMPTS)
        drawn = bench.draw(happens)
        bench.note(asked)
        bench.scene.written = [f"attempt {n} {words}" for n, words in enumerate(drawn, 1)]
        faults = [_FAULTS[words] for words in drawn]
        with injected(bench.store, faults):
            self.subject.kind.compare(bench.store, population, asked)

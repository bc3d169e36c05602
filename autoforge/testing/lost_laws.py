"""The law of lost answers: a write whose answer is lost is made once, or not known to be made.

A connection may break after DynamoDB has carried a request out. Whoever sends the request again
blindly adds twice, or is refused by its own success (ADR 0009).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from autoforge.dynamodb.errors import UnavailableError
from autoforge.dynamodb.schema.design import Design
from autoforge.dynamodb.schema.entity import Entity, Item
from autoforge.testing.calls import Call, Calls, stored, stored_in_words
from autoforge.testing.comparing import are_alike
from autoforge.testing.faults import Lose, injected
from autoforge.testing.law import Bench, Law, words_of
from autoforge.testing.population import with_look_up_items
from autoforge.testing.recording import watching
from autoforge.testing.report import Broken
from autoforge.testing.values import Values

#: How many examples are tried to find a smaller one: each takes many requests.
_STEPS: Final = 60


def laws_of_lost_answers(design: Design, values: Values) -> Iterator[Law]:
    """Yield the law of each entity of a design."""
    claim = "a write whose answer is lost is made once"
    for entity in design.entities:
        check = _Lost(design, values, entity).check
        yield Law(design, entity.__name__, claim, check, share=0.06, steps=_STEPS)


@dataclass(frozen=True)
class _Lost:
    """An entity, and what its law needs."""

    design: Design
    values: Values
    entity: type[Entity]

    def check(self, bench: Bench) -> None:
        """Lose the answer to each request of each write in turn."""
        drawn = Calls(self.values, self.entity, bench)
        there = [each.item for each in with_look_up_items([drawn.one])]
        bench.scene.items = [words_of(drawn.one)]
        try:
            for call in drawn.all():
                self._lose_each(bench, call, there)
            bench.scene.items = ["none"]
            self._lose_each(bench, drawn.creation(), [])
        finally:
            bench.forget()
            bench.remember(bench.items())

    def _lose_each(self, bench: Bench, call: Call, there: Sequence[Item]) -> None:
        bench.scene.written = [call.words]
        bench.store_only(there)
        before = stored(bench)
        with watching(bench.store) as watched:
            wanted = call.outcome(bench.store)
        after = stored(bench)
        for number, operation in enumerate(watched.operations, 1):
            bench.store_only(there)
            with injected(bench.store, {number: Lose()}) as attempts:
                came = call.outcome(bench.store)
            bench.note_sent(
                [
                    f"{each}{', whose answer is lost' if place == number else ''}"
                    for place, each in enumerate(attempts.operations, 1)
                ]
            )
            found = stored(bench)
            unknown = came == UnavailableError.__name__ and are_alike(found, before)
            is_known = came in {wanted, UnavailableError.__name__} and are_alike(found, after)
            if not (unknown or is_known):
                raise Broken(
                    f"the answer to {operation} was lost, and the outcome is another one",
                    came=[came, *stored_in_words(self.design, found)],
                    wanted=[
                        f"{wanted}, or UnavailableError",
                        *stored_in_words(self.design, after),
                    ],
                )

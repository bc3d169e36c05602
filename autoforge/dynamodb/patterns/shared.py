"""SharedSort: the part of a sort key that items of several entities have in common.

A query reads one range of sort keys. If it answers with several entities, the range must hold the
items of all of them, so only what they all write alike can bound it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from autoforge.dynamodb.schema.codec import SEPARATOR
from autoforge.dynamodb.schema.keys import Key
from autoforge.dynamodb.schema.sort_order import prefix_end
from autoforge.dynamodb.schema.template import Template


class SharedSort(NamedTuple):
    """The template of a sort key, and how far the templates of other entities agree with it.

    Attributes:
        template: The template of the pattern's own key, whose components its parameters give.
        agreed: The number of first segments that all templates write alike.
        lengths: For each number of first segments up to ``agreed``, whether some template ends
            after them, and whether some template goes on.
    """

    template: Template
    agreed: int
    lengths: tuple[tuple[bool, bool], ...]

    @classmethod
    def of(
        cls, template: Template, others: Iterable[Template] = (), most: int | None = None
    ) -> SharedSort:
        """Compare a template with those of other entities.

        Args:
            template: The template of the pattern's own key.
            others: The templates of the other entities.
            most: The most segments that may be shared; None for all that are written alike.
        """
        every = (template, *others)
        agreed = min(template.agrees(each) for each in every)
        agreed = agreed if most is None else min(agreed, most)
        sizes = {len(each.segments) for each in every}
        return cls(
            template,
            agreed,
            tuple((count in sizes, max(sizes) > count) for count in range(agreed + 1)),
        )

    def fixed(self, values: Mapping[str, Any]) -> int:
        """Return the number of shared segments before the first component without a value."""
        return min(self.template.fixed(values), self.agreed)

    def prefix(self, values: Mapping[str, Any]) -> str:
        """Write the shared segments up to the first component without a value.

        The text ends in a separator if every sort key goes on.
        """
        count = self.fixed(values)
        text = self.template.leading(values, count)
        return f"{text}{SEPARATOR}" if count and not self.lengths[count][0] else text

    def whole(self, prefix: str, values: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
        """Return the operator and operands of the range of all sort keys with a prefix.

        Args:
            prefix: The prefix of the values.
            values: The values of the components.
        """
        if not prefix:
            return "", ()
        ends, goes_on = self.lengths[self.fixed(values)]
        if ends and goes_on:
            return "BETWEEN", (prefix, prefix_end(f"{prefix}{SEPARATOR}"))
        return "=" if ends else "begins_with", (prefix,)

    def reaches(self, key: Key, values: Mapping[str, Any], *, to_end: bool = False) -> bool:
        """Whether sort keys of another key could be among those that begin with the values.

        Args:
            key: The other key.
            values: The values of the components.
            to_end: Whether the range may include the text at its end.
        """
        count = self.fixed(values)
        return self.template.reaches(key.sort_template, count, self.lengths[count], to_end=to_end)

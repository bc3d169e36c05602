"""Shell completion of patterns and of their parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import click
from click.shell_completion import BashComplete, CompletionItem, ZshComplete, add_completion_class

from autoforge.cli.chosen import chosen_table
from autoforge.cli.parameters import parameters_of, pattern_named
from autoforge.dynamodb import Pattern
from autoforge.dynamodb.patterns.descriptions import description_of_parameter
from autoforge.errors import AutoforgeError

#: A separator at which bash has split a word, with the marks between the words around it.
_PARTED: Final = re.compile("\0?([:=])\0?")


def complete_pattern(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Complete the name of a pattern of the chosen table."""
    try:
        patterns = chosen_table(context).table.patterns
    except AutoforgeError:  # an error message would appear within the command line
        return []
    return [
        CompletionItem(each.__name__, help=each.question())
        for each in patterns
        if each.__name__.lower().startswith(incomplete.lower())
    ]


def complete_parameter(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Complete the name of a parameter that is not given yet, or its value."""
    try:
        pattern = pattern_named(chosen_table(context).table, context.params["pattern"])
    except (AutoforgeError, click.BadParameter):
        return []
    known = parameters_of(pattern)
    name, separator, start = incomplete.partition("=")
    if separator:
        hint = get_type_hints(pattern).get(known.get(name, ""))
        values = (each for each in _values(hint) if each.startswith(start))
        return [CompletionItem(f"{name}={each}") for each in values]
    given = {each.partition("=")[0] for each in context.params["parameters"] or ()}
    return [
        item
        for each in known
        if each not in given and each.startswith(incomplete)
        for item in _named(pattern, known[each], each)
    ]


def _named(pattern: type[Pattern[Any]], attribute: str, name: str) -> list[CompletionItem[str]]:
    """Return a parameter with each of its values if its type lists them, else without a value."""
    values = _values(get_type_hints(pattern)[attribute])
    said = description_of_parameter(pattern, attribute) or None
    return [CompletionItem(f"{name}={each}", help=said) for each in values or ("",)]


def _values(hint: Any) -> Sequence[str]:
    """Return the values of an enumeration or a literal; empty for any other type."""
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return [str(each) for each in hint]
    if get_origin(hint) is Literal:
        return [str(each) for each in get_args(hint)]
    return [value for each in get_args(hint) for value in _values(each)]


class _Bash(BashComplete):
    """Bash's completion of words with ``=`` and ``:``, at which bash itself splits them.

    Bash passes such a word in parts, and replaces only its last part by a completion.
    """

    #: As click's; no space follows a completion that ends with ``=``.
    source_template = BashComplete.source_template.replace(
        "    return 0\n", '    [[ "${COMPREPLY[0]}" == *= ]] && compopt -o nospace\n    return 0\n'
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the word to complete, and that word, as they were typed."""
        args, incomplete = super().get_completion_args()
        words = _PARTED.sub(r"\1", "\0".join([*args, incomplete])).split("\0")
        return words[:-1], words[-1]

    def complete(self) -> str:
        """Return the completions, each without the parts of the word that bash keeps."""
        _, incomplete = self.get_completion_args()
        kept = incomplete[: max(map(incomplete.rfind, "=:")) + 1]
        lines = (line.split(",", 1) for line in super().complete().splitlines())
        return "\n".join(f"{kind},{value.removeprefix(kept)}" for kind, value in lines)


class _Zsh(ZshComplete):
    """Zsh's completion, as click's; no space follows a completion that ends with ``=``."""

    source_template = ZshComplete.source_template.replace(
        "        compadd -U -V",
        '        local after=" "\n        [[ "${completions[1]}" == *= ]] && after=""\n'
        '        compadd -U -S "$after" -V',
    )


add_completion_class(_Bash)
add_completion_class(_Zsh)

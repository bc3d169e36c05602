"""Shells complete commands, patterns, parameters and their values, for any table."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from autoforge.access.catalogue import CATALOGUE
from tests.cli.conftest import Command
from tests.docs.running import AUTOFORGE

LIBRARY = ("--table", "tests.designs.library:LIBRARY")


def completions(command: Command, *words: str) -> list[str]:
    """Return what fish would offer for the last word, without the descriptions."""
    said = command(
        _AUTOFORGE_COMPLETE="fish_complete",
        COMP_WORDS=" ".join(["autoforge", *words]),
        COMP_CWORD=words[-1],
    )
    assert said.code == 0
    return [line.partition(",")[2].partition("\t")[0] for line in said.out.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("as",), ["ask"]),
        ((*LIBRARY, "ask", "Loans"), ["LoansOfBook", "LoansDueOn", "LoansOfReader"]),
        ((*LIBRARY, "explain", "loansof"), ["LoansOfBook", "LoansOfReader"]),
        (("ask", *LIBRARY, "History"), ["HistoryOfBook"]),
        ((*LIBRARY, "ask", "HistoryOfBook", ""), ["isbn=", "loans="]),
        ((*LIBRARY, "ask", "HistoryOfBook", "isbn=b1", ""), ["loans="]),
        ((*LIBRARY, "ask", "HistoryOfBook", "l"), ["loans="]),
        ((*LIBRARY, "ask", "HistoryOfBook", "isbn="), []),
        ((*LIBRARY, "ask", "Counts", "g"), ["genre=novel", "genre=science"]),
        ((*LIBRARY, "ask", "Counts", "genre=s"), ["genre=science"]),
        ((*LIBRARY, "ask", "LoansOfBook", "o"), ["order=asc", "order=desc"]),
        ((*LIBRARY, "ask", "Unheard", ""), []),
        ((*LIBRARY, "ask", "Counts", "unheard="), []),
        (("--table", "tests.designs.library:nothing", "ask", ""), []),
        (("ask", "ProjectsByStatus", "status=a"), ["status=active", "status=archived"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_word_that_is_typed_is_completed(
    command: Command, words: tuple[str, ...], offered: list[str]
) -> None:
    assert completions(command, *words) == offered


def test_the_patterns_of_the_platform_are_offered_without_the_option(command: Command) -> None:
    assert completions(command, "ask", "") == [each.__name__ for each in CATALOGUE]


def run_in(shell: str, script: str, *, completing: str | None = None) -> list[str]:
    """Run a script in a shell that finds this program, and return the lines that it prints."""
    asked = {} if completing is None else {"_AUTOFORGE_COMPLETE": completing}
    done = subprocess.run(
        [shell, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": f"{Path(AUTOFORGE).parent}:{os.environ['PATH']}", **asked},
    )
    assert done.stderr == ""
    return [each for each in done.stdout.splitlines() if each]


@cache
def set_up(shell: str) -> str:
    """Return the script that sets up completion in a shell: the program prints it."""
    return "\n".join(run_in(shell, "autoforge", completing=f"{shell}_source"))


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["--table", "tests.designs.library", ":", "LIBRARY", "ask", "OnSh"], ["OnShelf"]),
        (["--table", "tests.designs.library", ":", "LIBRARY", "ask", "OnShelf", "sh"], ["shelf="]),
        (["--table", "tests.designs.library", ":", "LIBRARY", "ask", "Counts", "genre", "="], None),
        (["ask", "ProjectsByStatus", "status", "=", "arc"], ["archived"]),
        (["ask", "ProjectsByStatus", "status", "=", "active", "order", "=", "d"], ["desc"]),
        (["ask", "ProjectById", "--order", "=", "d"], ["desc"]),
        (["ask", "EventsOfProject", "projectId", "=", "'a b'", "sev"], []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bash_which_splits_words_at_colons_and_signs_completes_the_last_part(
    words: list[str], offered: list[str] | None
) -> None:
    quoted = " ".join(f'"{each}"' for each in ["autoforge", *words])

    found = run_in(
        "bash",
        f"{set_up('bash')}\n"
        f"COMP_WORDS=({quoted})\nCOMP_CWORD={len(words)}\n"
        "compopt() { :; }\n_autoforge_completion autoforge\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n',
    )

    assert found == (["novel", "science"] if offered is None else offered)


#: What is typed, and what every shell offers for the last word.
TYPED: Final[Sequence[tuple[tuple[str, ...], list[str]]]] = (
    (("autoforge", "as"), ["ask"]),
    (("autoforge", *LIBRARY, "ask", "Loans"), ["LoansOfBook", "LoansDueOn", "LoansOfReader"]),
    (("autoforge", *LIBRARY, "ask", "Counts", "genre="), ["genre=novel", "genre=science"]),
    (("autoforge", *LIBRARY, "ask", "OnShelf", "sh"), ["shelf="]),
    (("autoforge", *LIBRARY, "ask", "Unheard", "x"), []),
)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
@pytest.mark.parametrize(("words", "offered"), TYPED)
def test_zsh_offers_the_completions(words: tuple[str, ...], offered: list[str]) -> None:
    quoted = " ".join(f"'{each}'" for each in words)

    found = run_in(
        "zsh",
        # What zsh's own completion does around the function.
        "compdef() { :; }\n"
        f"{set_up('zsh')}\n"
        '_describe() { for each in "${(@P)3}"; do print -r -- "${each%%:*} "; done }\n'
        'compadd() { for each in "${(@P)7}"; do print -r -- "$each$3"; done }\n'
        f"words=({quoted})\nCURRENT={len(words)}\n_autoforge_completion\ntrue\n",
    )

    # A value follows the sign at once, and another word follows everything else.
    assert found == [each if each.endswith("=") else f"{each} " for each in offered]


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
@pytest.mark.parametrize(("words", "offered"), TYPED)
def test_fish_offers_the_completions(words: tuple[str, ...], offered: list[str]) -> None:
    found = run_in(
        "fish",
        f"{set_up('fish')}\ncomplete --do-complete '{' '.join(words)}'\n",
    )

    assert sorted(each.partition("\t")[0] for each in found) == sorted(offered)

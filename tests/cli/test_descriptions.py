"""``explain`` and completion say what parameters mean."""

from __future__ import annotations

from tests.cli.conftest import Command

TABLE = ("--table", "tests.designs.described:DESCRIBED")


def test_explain_says_what_each_described_parameter_means(command: Command) -> None:
    said = command(*TABLE, "explain", "BooksDue", "state=new", "by=2026-02-04")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(
        "BooksDue: Which books are due?\n"
        "  state (new or worn): How it is.\n"
        "  since (moment): When it must be back.\n"
        "  by (moment): The day of the inventory.\n"
        "\n"
        "Query index ByDue for "
    )


def test_a_completion_says_what_the_parameter_means(command: Command) -> None:
    words = ["autoforge", *TABLE, "ask", "BooksDue", "by"]
    said = command(_AUTOFORGE_COMPLETE="fish_complete", COMP_WORDS=" ".join(words), COMP_CWORD="by")

    assert said.out == "plain,by=\tThe day of the inventory.\n"


def test_a_missing_parameter_is_described(command: Command) -> None:
    said = command(*TABLE, "ask", "BookByIsbn")

    assert said.code == 2
    assert "BookByIsbn needs number (text): The number on its back." in said.err


def test_a_missing_parameter_without_a_description_is_named(command: Command) -> None:
    said = command("--table", "tests.designs.library:LIBRARY", "explain", "HistoryOfBook")

    assert "HistoryOfBook needs isbn" in said.err

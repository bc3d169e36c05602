"""The group of commands: exit codes, and what the environment says wrongly."""

import click
import pytest

from autoforge import __version__
from autoforge.cli.main import EXIT_CODES, group
from autoforge.errors import (
    AutoforgeError,
    InvalidCursorError,
    ItemNotFoundError,
    ThrottledError,
    VersionConflictError,
)
from autoforge.settings import Settings, revealed
from tests.cli.conftest import Command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AutoforgeError("of its own"), 1),
        (VersionConflictError("it moved on"), 1),
        (InvalidCursorError("it is none"), 2),
        (ItemNotFoundError("Project", {"id": "p"}), 3),
        (ThrottledError("too fast"), 4),
        *(
            (kind("a reason"), code)
            for kind, code in EXIT_CODES.items()
            if kind is not ItemNotFoundError
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_is_one_line_and_the_exit_code_of_its_kind(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: AutoforgeError, code: int
) -> None:
    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setitem(group.commands, "fail", fail)

    said = command("fail")

    assert (said.code, said.out, said.err) == (code, "", f"autoforge: {error}\n")


def test_everything_that_is_wrong_with_the_settings_is_said_at_once(command: Command) -> None:
    said = command(
        "explain",
        "ProjectById",
        "projectId=p",
        AUTOFORGE_LOG_JSON="s3cr3t",
        AUTOFORGE_LOG_LEVEL="s3cr3t",
        AUTOFORGE_DYNOXIDE="/s3cr3t",
    )

    assert (said.code, said.out) == (2, "")
    lines = said.err.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["autoforge", "AUTOFORGE_DYNOXIDE"],
        ["autoforge", "AUTOFORGE_LOG_LEVEL"],
        ["autoforge", "AUTOFORGE_LOG_JSON"],
    ]
    assert "s3cr3t" not in said.err


def test_a_secret_of_the_settings_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOFORGE_CURSOR_SECRETS", "newest-s3cr3t, oldest-s3cr3t,")
    monkeypatch.setenv("AUTOFORGE_ENCRYPTION_SECRETS", "s3cr3t")
    monkeypatch.setenv("AUTOFORGE_ALLOWED_ORIGINS", "https://a.example,https://b.example")

    settings = Settings()

    assert "s3cr3t" not in f"{settings!r} {settings} {settings.model_dump()}"
    assert revealed(settings.cursor_secrets) == ("newest-s3cr3t", "oldest-s3cr3t")
    assert revealed(settings.encryption_secrets) == ("s3cr3t",)
    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_the_version_and_the_commands_are_shown(command: Command) -> None:
    assert __version__ in command("--version").out
    for arguments in (["-h"], ["--help"]):
        shown = command(*arguments).out
        assert all(name in shown for name in ("serve", "patterns", "explain", "table"))
    assert command("unheard-of").code == 2

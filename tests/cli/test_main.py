"""The group of commands: exit codes, and errors in environment variables."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import click
import pytest

from autoforge import Forge, __version__
from autoforge.cli.main import EXIT_CODES, group
from autoforge.errors import (
    AutoforgeError,
    ConfigurationError,
    InvalidCursorError,
    ItemNotFoundError,
    ThrottledError,
    VersionConflictError,
)
from autoforge.origins import require_host, require_origin
from autoforge.settings import Settings, revealed
from autoforge.strength import require_strong
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
    newest, oldest, third = (
        f"{each}-s3cr3t-of-thirty-two-characters" for each in ("1st", "2nd", "3rd")
    )
    monkeypatch.setenv("AUTOFORGE_CURSOR_SECRETS", f"{newest}, {oldest},")
    monkeypatch.setenv("AUTOFORGE_ENCRYPTION_SECRETS", third)
    monkeypatch.setenv("AUTOFORGE_ALLOWED_ORIGINS", "https://a.example,https://b.example")

    settings = Settings()

    assert "s3cr3t" not in f"{settings!r} {settings} {settings.model_dump()}"
    assert revealed(settings.cursor_secrets) == (newest, oldest)
    assert revealed(settings.encryption_secrets) == (third,)
    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_the_version_and_the_commands_are_shown(command: Command) -> None:
    assert __version__ in command("--version").out
    for arguments in (["-h"], ["--help"]):
        shown = command(*arguments).out
        assert all(name in shown for name in ("serve", "patterns", "explain", "table"))
    assert command("unheard-of").code == 2


@pytest.mark.parametrize("name", ["AUTOFORGE_CURSOR_SECRETS", "AUTOFORGE_ENCRYPTION_SECRETS"])
@pytest.mark.parametrize(
    ("secrets", "wrong"),
    [
        ("s3cr3t", "the secret has 6 characters, but needs at least 32"),
        ("s3cr3t-" * 4 + "abc", "the secret has 31 characters, but needs at least 32"),
        ("abcdefg" * 8, "the secret has 7 different characters, but needs at least 8"),
        ("s3cr3t-" * 4 + "abcdefg,s3cr3t", "secret 2 of 2 has 6 characters, but needs at least 32"),
    ],
)
def test_a_secret_that_could_be_guessed_is_refused_and_not_shown(
    command: Command, name: str, secrets: str, wrong: str
) -> None:
    for arguments in (("serve", "--embedded"), ("table", "check")):
        said = command(*arguments, **{name: secrets})

        assert (said.code, said.out) == (2, "")
        assert said.err == (
            f"autoforge: {name}: {wrong}; make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'\n"
        )


def test_what_is_said_to_make_a_secret_makes_one_that_is_taken() -> None:
    for _ in range(100):
        require_strong([secrets.token_urlsafe(32), secrets.token_hex(16)])


def test_the_library_refuses_weak_secrets_as_well() -> None:
    weak = ["short"]
    with pytest.raises(ConfigurationError, match="has 5 characters"):
        Forge.connect(table_name="T", region="us-east-1", cursor_secrets=weak)
    with pytest.raises(ConfigurationError, match="has 5 characters"):
        Forge.connect(table_name="T", region="us-east-1", encryption_secrets=weak)
    with pytest.raises(ConfigurationError, match="has 5 characters"):
        Forge.embedded(cursor_secrets=weak)


@pytest.mark.parametrize(
    ("origin", "wrong"),
    [
        ("*", "has a wildcard"),
        ("https://*.example.net", "has a wildcard"),
        ("null", "the origin null is sent by any sandboxed page"),
        ("https://a.example/", "is not an origin"),
        ("https://a.example/path", "is not an origin"),
        ("https://a.example?a", "is not an origin"),
        ("https://a.example#a", "is not an origin"),
        ("https://me@a.example", "is not an origin"),
        ("https://A.example", "is not an origin"),
        ("HTTPS://a.example", "is not an origin"),
        ("https://a.example:443", "is not an origin"),
        ("http://a.example:80", "is not an origin"),
        ("https://a.example:", "is not an origin"),
        ("https://a.example:0", "is not an origin"),
        ("https://a.example:99999", "is not an origin"),
        ("https://a.example:http", "is not an origin"),
        ("https://", "is not an origin"),
        ("https://[", "is not an origin"),
        ("https://[::1", "is not an origin"),
        ("https://a b", "is not an origin"),
        ("https://b\u00fccher.example", "is not an origin"),
        ("a.example", "is not an origin"),
        ("//a.example", "is not an origin"),
        ("file://", "is not an origin"),
        ("ftp://a.example", "is not an origin"),
    ],
)
def test_what_no_browser_sends_as_an_origin_is_refused(
    command: Command, origin: str, wrong: str
) -> None:
    said = command("serve", "--embedded", AUTOFORGE_ALLOWED_ORIGINS=f"https://b.example,{origin}")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("autoforge: AUTOFORGE_ALLOWED_ORIGINS: ")
    assert wrong in said.err
    with pytest.raises(ConfigurationError):
        require_origin(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://dashboard.example.net",
        "http://localhost:3000",
        "http://127.0.0.1:5173",
        "http://[::1]:3000",
        "https://a.example:8443",
        "https://xn--bcher-kva.example",
    ],
)
def test_an_origin_is_taken_as_browsers_send_it(origin: str) -> None:
    require_origin(origin)


@pytest.mark.parametrize(
    "host",
    [
        "*",
        "*.example",
        "a.example:80",
        "https://a.example",
        "a.example/",
        "A.example",
        "a b",
        "[::1]",
    ],
)
def test_what_is_no_host_is_refused(command: Command, host: str) -> None:
    said = command("serve", "--embedded", AUTOFORGE_ALLOWED_HOSTS=host)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("autoforge: AUTOFORGE_ALLOWED_HOSTS: ")


@pytest.mark.parametrize("host", ["forge.internal", "10.0.0.1", "2001:db8::1", "my_host"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    require_host(host)


def test_the_package_is_the_program_too(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("from tests.designs.library import LIBRARY as shop\n")

    done = subprocess.run(
        [sys.executable, "-m", "autoforge", "patterns", "--table", "shop:shop"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )

    assert done.stdout.startswith("BookByIsbn ")
    assert done.stderr == ""

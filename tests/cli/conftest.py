"""Run the command line in this process, as the installed command would run."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from autoforge.cli.main import main


@dataclass(frozen=True)
class Said:
    """The exit code and output of a command."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command with arguments and environment variables."""

    def call(*arguments: str, **environment: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["autoforge", *arguments])
        with monkeypatch.context() as during:
            for name, value in environment.items():
                during.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        captured = capsys.readouterr()
        code = ended.value.code
        return Said(code if isinstance(code, int) else 0, captured.out, captured.err)

    return call

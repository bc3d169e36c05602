"""Every block of the documentation runs, and shows exactly what it prints."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import types
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

import click
import pytest

from autoforge.cli.main import group
from tests.docs.pages import EXAMPLES, PAGES, ROOT, Block, blocks, code_spans, named, with_outputs
from tests.docs.repositories import make_repository
from tests.docs.running import AUTOFORGE, is_shown, serving

_SHELL: Final = ("sh", "console")
#: ``py`` shows signatures, and ``pycon`` the examples of docstrings, which test_doctests.py runs.
_LANGUAGES: Final = {"diff", "js", "python", "py", "pycon", "text", "json", "sh", "toml"}
_MARK: Final = "=== next block ==="
#: The pages use this address for what a reader opens in a browser or requests in a terminal.
_SERVER: Final = "http://localhost:8000"


def _with(*languages: str) -> list[Path]:
    return [page for page in PAGES if any(each.language in languages for each in blocks(page))]


def _with_shell(command: str) -> list[Path]:
    return [page for page in _with("sh") if any(_runs(each, command) for each in blocks(page))]


def _runs(block: Block, command: str) -> bool:
    return block.language == "sh" and f"{command} " in block.text


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository like the ones on the pages."""
    return make_repository(tmp_path_factory.mktemp("docs") / "books")


@pytest.fixture(scope="module")
def server(repository: Path) -> Iterator[str]:
    """The URL of a server as ``make serve`` starts it."""
    with serving(repository) as url:
        yield url


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_block_says_what_language_it_is_in(page: Path) -> None:
    assert {each.language for each in blocks(page)} <= _LANGUAGES


@pytest.mark.parametrize("page", _with("python"), ids=named)
def test_the_python_of_a_page_runs_in_order_and_prints_what_the_page_shows(
    page: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    module = types.ModuleType(f"page_{page.stem.replace('-', '_')}")
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)

    for block, shown in with_outputs(page, "python"):
        printed = io.StringIO()
        source = "\n" * block.line + block.text
        with redirect_stdout(printed):
            exec(compile(source, named(page), "exec", dont_inherit=True), vars(module))
        expected = shown or Block("text", "", block.line)
        assert is_shown(expected, printed.getvalue()), f"{block.line}: {printed.getvalue()}"


@pytest.mark.parametrize("page", _with_shell("curl"), ids=named)
def test_the_curl_session_of_a_page_answers_what_the_page_shows(page: Path, server: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    session = [pair for pair in with_outputs(page, "sh") if _runs(pair[0], "curl")]
    script = f"\necho; echo '{_MARK}'\n".join(block.text for block, _ in session)

    printed = _bash(script.replace(_SERVER, server)).replace(server, _SERVER)

    for (block, shown), text in zip(session, printed.split(f"{_MARK}\n"), strict=True):
        expected = shown or Block("text", "", block.line)
        assert is_shown(expected, f"{text.strip()}\n" if text.strip() else ""), text


@pytest.mark.parametrize("page", _with_shell("autoforge explain"), ids=named)
def test_an_explanation_is_the_one_that_the_page_shows(page: Path) -> None:
    for block, shown in with_outputs(page, "sh"):
        if _runs(block, "autoforge explain") and shown is not None:
            printed = _bash(block.text.replace(".venv/bin/autoforge", "autoforge"))
            assert is_shown(shown, printed), printed


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    spoken = [*(each.text for each in blocks(page) if each.language in _SHELL), *code_spans(page)]
    for line in "\n".join(spoken).splitlines():
        for target in re.findall(r"(?:^|\s)make (?!PYTHON)([a-z-]+)", line):
            assert target in _targets(), line
        for words in re.findall(r"(?:^|\s|/)(?<!from )autoforge ((?:[a-z]+(?: |$))+)", line):
            assert _is_command(words.split()), line
        for path in re.findall(r"docs/examples/\w+\.py", line):
            assert (ROOT / path).exists(), line


@pytest.mark.parametrize(
    ("page", "example"),
    [("agent-loop", "agent_loop"), ("watch-a-repository", "watch_repository")],
)
def test_the_functions_of_a_tutorial_are_those_of_its_example(page: str, example: str) -> None:
    program = (EXAMPLES / f"{example}.py").read_text(encoding="utf-8")
    tutorial = ROOT / "docs" / "tutorial" / f"{page}.md"

    shown = [each.text for each in blocks(tutorial) if each.text.startswith(("def ", "@dataclass"))]

    assert len(shown) > 4
    for text in shown:
        assert text.strip() in program


def _is_command(words: list[str]) -> bool:
    command: click.Command | None = group
    for word in words:
        if not isinstance(command, click.Group):
            return True
        command = command.commands.get(word)
    return command is not None


def _targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


def _bash(script: str) -> str:
    path = f'PATH="{Path(AUTOFORGE).parent}:$PATH"\n'
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", path + script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

"""What git may do while a repository is read, and the errors if it fails."""

from pathlib import Path

import pytest

from autoforge.demo.reading import read_history
from autoforge.errors import ConfigurationError
from tests.demo.repositories import START, Repository, minutes


def test_a_directory_outside_any_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read .*not a git repository"):
        read_history(tmp_path)


def test_a_path_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere is not a directory"):
        read_history(tmp_path / "nowhere")


def test_a_repository_without_a_commit_is_refused(repository: Repository) -> None:
    with pytest.raises(ConfigurationError, match=r"portal has no commits; expected at least one"):
        read_history(repository.path)


def test_a_machine_without_git_is_told_that_it_has_none(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("One")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(
        ConfigurationError, match=r"^git is not on PATH; the demo needs the git program"
    ):
        read_history(repository.path)


def test_a_git_that_cannot_be_run_is_told(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("One")
    (tmp_path / "git").write_text("no program")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigurationError, match=r"Exec format error"):
        read_history(repository.path)


def test_a_user_without_a_home_can_read(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home() -> Path:
        message = "Could not determine home directory."
        raise RuntimeError(message)

    repository.commit("One")
    monkeypatch.setattr(Path, "home", no_home)

    assert read_history(repository.path).head.subject == "One"


def test_a_repository_that_is_damaged_is_refused_in_gits_own_words(repository: Repository) -> None:
    commit = repository.commit("One", {"a": "a"})
    (repository.path / ".git" / "objects" / commit[:2] / commit[2:]).unlink()

    with pytest.raises(ConfigurationError, match=r"portal"):
        read_history(repository.path)


def test_the_environment_cannot_turn_to_another_repository(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Repository.new(tmp_path / "other").commit("Other")
    repository.commit("One")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("LANGUAGE", "de")

    assert read_history(repository.path).head.subject == "One"


@pytest.mark.parametrize(
    "settings",
    [
        ("core.fsmonitor",),
        ("filter.own.clean",),
        ("filter.own.process",),
        ("diff.own.textconv", "diff.own.command", "diff.external", "core.pager", "pager.log"),
    ],
)
def test_no_program_that_the_repository_names_is_run(
    repository: Repository, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    program, trace = _program(tmp_path)
    repository.commit("One", {".gitattributes": "*.txt filter=own diff=own\n", "a.txt": "a\n"})
    repository.commit("Two", {"a.txt": "b\n"})
    for setting in settings:
        repository.git("config", setting, str(program))
    repository.write({"a.txt": "c\n"})

    assert len(read_history(repository.path).commits) == 2
    assert not trace.exists()


def test_no_program_that_a_repository_inside_names_is_run(
    repository: Repository, tmp_path: Path
) -> None:
    program, trace = _program(tmp_path)
    inside = Repository.new(repository.path / "inside")
    inside.commit("Inside", {"a.txt": "a\n"})
    repository.commit("One")
    inside.git("config", "core.fsmonitor", str(program))
    inside.write({"a.txt": "b\n"})

    history = read_history(repository.path)

    assert (history.head.files, history.uncommitted) == (("inside",), ())
    assert not trace.exists()


def test_no_remote_is_asked_for_what_a_partial_clone_lacks(
    repository: Repository, tmp_path: Path
) -> None:
    program, trace = _program(tmp_path)
    repository.commit("One", {"a.txt": "a\n"})
    repository.git("config", "uploadpack.allowFilter", "true")
    options = ("--quiet", "--filter=blob:none", "--no-checkout", repository.path.as_uri())
    repository.git("clone", *options, str(tmp_path / "partial"))
    partial = Repository(tmp_path / "partial")
    partial.git("config", "remote.origin.uploadpack", str(program))

    with pytest.raises(ConfigurationError, match=r"cannot read .*partial"):
        read_history(partial.path)

    assert not trace.exists()


def test_no_signature_is_checked(repository: Repository, tmp_path: Path) -> None:
    program, trace = _program(tmp_path)
    repository.commit("One")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----"
    signed = repository.git("cat-file", "commit", "HEAD").replace("\n\n", f"\n{signature}\n\n", 1)
    own = repository.git("hash-object", "-t", "commit", "-w", "--stdin", give=f"{signed}\n")
    repository.git("reset", "--quiet", own)
    repository.git("config", "gpg.program", str(program))
    repository.git("config", "log.showSignature", "true")

    assert read_history(repository.path).head.subject == "One"
    assert not trace.exists()


def test_how_somebody_likes_git_to_look_does_not_matter(repository: Repository) -> None:
    repository.commit("Grüße", {"a.py": f"# {'TODO'}: ☂\nb\nc\nd\n"})
    repository.git("mv", "a.py", "☂.py")
    repository.commit("Two", {"b.py": "b\n"}, at=START + minutes(1))
    repository.git("tag", "v1")
    repository.write({"b.py": "c\n"})
    repository.git("mv", "☂.py", "c.py")
    plain = read_history(repository.path)
    for setting, value in {
        "color.ui": "always",
        "core.quotePath": "true",
        "diff.renames": "false",
        "format.pretty": "oneline",
        "grep.lineNumber": "true",
        "grep.column": "true",
        "grep.patternType": "fixed",
        "i18n.logOutputEncoding": "ISO-8859-1",
        "log.abbrevCommit": "true",
        "log.decorate": "full",
        "log.diffMerges": "on",
        "log.showRoot": "false",
        "status.branch": "true",
        "status.renames": "true",
        "status.short": "true",
        "status.showUntrackedFiles": "all",
        "tag.sort": "-refname",
    }.items():
        repository.git("config", setting, value)

    assert read_history(repository.path) == plain
    assert plain.head.files == ("b.py", "☂.py")
    assert plain.markers == (("☂.py", 1),)


def test_no_hook_is_run(repository: Repository, tmp_path: Path) -> None:
    program, trace = _program(tmp_path)
    repository.commit("One", {"a.txt": "a\n"})
    for name in ("post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (repository.path / ".git" / "hooks" / name).symlink_to(program)
    (repository.path / "a.txt").touch()

    read_history(repository.path)

    assert not trace.exists()


def test_the_index_is_left_alone(repository: Repository) -> None:
    repository.commit("One", {"a.txt": "a\n"})
    (repository.path / "a.txt").touch()
    index = repository.path / ".git" / "index"
    before = index.read_bytes(), index.stat().st_mtime_ns

    read_history(repository.path)

    assert (index.read_bytes(), index.stat().st_mtime_ns) == before


def _program(tmp_path: Path) -> tuple[Path, Path]:
    """A program that writes to a trace file when it runs, and the path of that file."""
    program, trace = tmp_path / "program", tmp_path / "trace"
    program.write_text(f'#!/bin/sh\necho "$0 $@" >>{trace}\ncat\n')
    program.chmod(0o755)
    return program, trace

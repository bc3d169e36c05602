"""What the loader reads from a repository."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from autoforge.demo.history import Commit, Document, Tag
from autoforge.demo.reading import read_history
from tests.demo.repositories import START, Repository, minutes

#: Without a comment sign before it, so that this file contains no marker itself.
TODO: Final = "TODO"
FIXME: Final = "FIXME"


def test_a_commit_is_read_with_its_message_author_and_files(repository: Repository) -> None:
    first = repository.commit("Begin", {"old name.py": "1\n2\n3\n4\n"})
    repository.write({"new\nname\t☂.py": "1\n2\n3\n4\n5\n", "logo.png": b"\0\1"})
    (repository.path / "old name.py").unlink()

    second = repository.commit(
        "Give it\na name\n\nFor Zoë <zoe@example.com>:\n\n1\t2\tnot-a-file\n",
        at=START + minutes(1),
        author='Zoë "Z" O\'Neil',
    )

    assert read_history(repository.path).commits[-1] == Commit(
        hash=second,
        parents=(first,),
        author='Zoë "Z" O\'Neil',
        moment=START + minutes(1),
        subject="Give it a name",
        body="For Zoë:\n\n1\t2\tnot-a-file",
        files=("logo.png", "new\nname\t☂.py"),
        insertions=1,
        deletions=0,
    )


def test_an_empty_message_and_an_empty_change_are_read(repository: Repository) -> None:
    repository.commit("")
    repository.commit("", at=START + minutes(1))

    history = read_history(repository.path)

    assert [(commit.subject, commit.body, commit.files) for commit in history.commits] == [
        ("", "", ())
    ] * 2


def test_a_message_in_another_encoding_is_read_in_it(repository: Repository) -> None:
    repository.git("config", "i18n.commitEncoding", "ISO-8859-1")
    message = repository.path / "message"
    message.write_bytes("Grüße".encode("latin-1"))
    repository.git("commit", "--quiet", "--allow-empty", f"--file={message}")

    assert read_history(repository.path).head.subject == "Grüße"


def test_an_author_who_is_only_an_address_is_unknown(repository: Repository) -> None:
    repository.commit("One", author="ada@example.com")

    assert read_history(repository.path).head.author == "unknown"


def test_a_name_that_fills_a_page_is_cut(repository: Repository) -> None:
    repository.commit("One", author="A" * 9000)

    assert read_history(repository.path).head.author == "A" * 99 + "…"


def test_commits_of_one_second_stand_after_their_parents(repository: Repository) -> None:
    repository.commit("Base")
    repository.git("branch", "side")
    repository.commit("Main")
    repository.git("checkout", "--quiet", "side")
    repository.commit("Side 1")
    repository.commit("Side 2")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message=Join", "side")

    commits = read_history(repository.path).commits

    place = {commit.hash: number for number, commit in enumerate(commits)}
    assert len(commits) == 5
    assert [commit.is_merge for commit in commits] == [False, False, False, False, True]
    assert all(
        place[parent] < place[commit.hash] for commit in commits for parent in commit.parents
    )


def test_a_commit_whose_moment_no_clock_can_show_is_read(repository: Repository) -> None:
    repository.commit("One")
    commit = repository.git("cat-file", "commit", "HEAD")
    broken = commit.replace(f"{int(START.timestamp())} +0000", "99999999999999 +0000")
    repository.git(
        "reset",
        "--quiet",
        repository.git("hash-object", "-t", "commit", "-w", "--stdin", give=broken),
    )

    assert read_history(repository.path).head.moment == datetime.fromtimestamp(0, UTC)


def test_only_the_newest_commits_are_read_and_all_are_counted(repository: Repository) -> None:
    for number in range(5):
        repository.commit(f"Change {number}", at=START + minutes(number))

    history = read_history(repository.path, limit=2)

    assert [commit.subject for commit in history.commits] == ["Change 3", "Change 4"]
    assert history.total == 5


def test_tags_of_this_history_are_read_oldest_first(repository: Repository) -> None:
    first = repository.commit("One")
    repository.git("tag", "--annotate", "--message=The first\nof all\n\nEver", "v0.1")
    second = repository.commit("Two", at=START + minutes(5))
    repository.git("tag", "a-light-one")
    repository.git("checkout", "--quiet", "--detach", first)
    repository.commit("Elsewhere", at=START + minutes(9))
    repository.git("tag", "elsewhere")
    repository.git("checkout", "--quiet", "main")

    assert read_history(repository.path).tags == (
        Tag("v0.1", first, START, "The first of all"),
        Tag("a-light-one", second, START + minutes(5), ""),
    )


def test_a_shallow_clone_does_not_count_its_oldest_commit_as_all_new(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit("One", {"a": "a\n", "b": "b\n"})
    repository.commit("Two", {"c": "c\n"}, at=START + minutes(1))
    repository.git("clone", "--quiet", "--depth=1", repository.path.as_uri(), str(tmp_path / "s"))

    history = read_history(tmp_path / "s")

    assert history.is_shallow
    assert [(commit.subject, commit.files, commit.insertions) for commit in history.commits] == [
        ("Two", (), 0)
    ]
    assert not read_history(repository.path).is_shallow


def test_a_remote_names_the_repository_and_its_password_stays_secret(
    repository: Repository,
) -> None:
    repository.commit("One")
    repository.git("remote", "add", "fork", "https://example.com/fork.git")
    repository.git("remote", "add", "origin", "https://ada:secret@example.com/team/gate.git")

    history = read_history(repository.path)

    assert history.name == "gate"
    assert history.remote == history.identity == "https://example.com/team/gate.git"
    assert "secret" not in repr(history)


def test_without_a_remote_the_directory_names_it_and_the_first_commit_identifies_it(
    repository: Repository,
) -> None:
    first = repository.commit("One")
    repository.commit("Two", at=START + minutes(1))

    history = read_history(repository.path)

    assert (history.name, history.remote, history.identity) == ("portal", None, first)


def test_a_directory_in_it_leads_to_the_whole_repository(repository: Repository) -> None:
    repository.commit("One", {"README.md": "# Portal\n", "src/a.py": ""})

    assert read_history(repository.path / "src") == read_history(repository.path)


def test_a_bare_repository_is_read_too(repository: Repository, tmp_path: Path) -> None:
    repository.commit("One", {"README.md": "# Portal\n"})
    repository.git("clone", "--quiet", "--bare", str(repository.path), str(tmp_path / "gate.git"))

    history = read_history(tmp_path / "gate.git")

    assert history.name == "gate"
    assert history.readme == Document("README.md", "# Portal\n")
    assert history.uncommitted == ()


def test_a_commit_that_was_checked_out_is_on_no_branch(repository: Repository) -> None:
    repository.commit("One")
    assert read_history(repository.path).branch == "main"

    repository.git("checkout", "--quiet", "--detach")

    assert read_history(repository.path).branch is None


def test_documents_are_read_from_the_newest_commit_and_links_are_not_followed(
    repository: Repository,
) -> None:
    (repository.path / "CHANGELOG.md").symlink_to("/etc/passwd")
    repository.commit(
        "One",
        {
            "Readme.rst": "Portal\n",
            "docs/adr/0002-two.md": "# Two, by ada@example.com",
            "docs/adr/0001-one.md": "# One",
            "docs/adr/template.md": "# Template",
        },
    )
    repository.write({"Readme.rst": "Changed\n"})

    history = read_history(repository.path)

    assert history.readme == Document("Readme.rst", "Portal\n")
    assert history.changelog is None
    assert history.decisions == (
        Document("docs/adr/0001-one.md", "# One"),
        Document("docs/adr/0002-two.md", "# Two, by …"),
    )


def test_only_changes_of_tracked_files_are_uncommitted(repository: Repository) -> None:
    repository.commit("One", {"a b.txt": "a", "b.txt": "b", "c.txt": "c", "d.txt": "d"})
    repository.write({"a b.txt": "changed", "new.txt": "new"})
    (repository.path / "b.txt").unlink()
    repository.git("mv", "c.txt", "e.txt")

    assert sorted(read_history(repository.path).uncommitted) == [
        "a b.txt",
        "b.txt",
        "c.txt",
        "e.txt",
    ]


@pytest.mark.parametrize(
    "remark", [f"# {TODO}: x", f"// {FIXME}", f"  /* {TODO}(ada) x */", f"-- {TODO}"]
)
def test_a_comment_that_says_todo_is_a_marker(repository: Repository, remark: str) -> None:
    repository.commit("One", {"a\nb.py": f"{remark}\nx\n{remark}\n"})

    assert read_history(repository.path).markers == (("a\nb.py", 2),)


@pytest.mark.parametrize(
    "line", ["x = 'TODO'", f"# {TODO}S", "say TODO", "# the TODO list", f"# {TODO} in\0binary"]
)
def test_the_mere_word_is_no_marker(repository: Repository, line: str) -> None:
    repository.commit("One", {"a.py": f"{line}\n"})

    assert read_history(repository.path).markers == ()

"""The dynoxide process: restarted when it ends, ended with its parent, and private to it."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from autoforge import Forge
from autoforge.dynamodb.client.client import RetryPolicy
from autoforge.dynamodb.local.child import Child
from autoforge.errors import ConfigurationError
from tests.servers import dynoxide_binary

pytestmark = [
    pytest.mark.skipif(
        dynoxide_binary() is None, reason="dynoxide is not installed: npm ci --prefix tests/engines"
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

_SECONDS = 30


def children(pid: int) -> list[int]:
    """The running child processes of a process, including zombies."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # the thread has ended
            found += map(int, (task / "children").read_text().split())
    return found


def the_engine(pid: int, besides: Collection[int] = ()) -> int:
    """The dynoxide process that a process started, ignoring the given children."""
    (engine,) = (
        each
        for each in children(pid)
        if each not in besides and Path(f"/proc/{each}/exe").resolve() == dynoxide_binary()
    )
    return engine


def ends(pid: int) -> bool:
    """Whether a process ends within ``_SECONDS``."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], _SECONDS)[0])
    finally:
        os.close(watched)


@pytest.fixture
def others() -> list[int]:
    """The children that the test process had before the test."""
    return children(os.getpid())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "forge.db"


@pytest.fixture
def forge(data: Path, others: list[int]) -> Iterator[Forge]:
    with Forge.embedded(data=data, dynoxide=dynoxide_binary()) as forge:
        forge.store.client.retries = RetryPolicy(attempts=30)  # a start may be slow on this machine
        yield forge


def test_an_engine_that_was_killed_is_started_again(forge: Forge, others: list[int]) -> None:
    for number in range(3):
        forge.projects.create(f"Project {number}", id=f"p{number}")
        engine = the_engine(os.getpid(), others)
        os.kill(engine, signal.SIGKILL)
        assert ends(engine)

        # The client retries until the next engine answers.
        assert forge.projects.get(f"p{number}").name == f"Project {number}"
        assert the_engine(os.getpid(), others) != engine

    assert [each.id for each in forge.projects.by_status().items] == ["p0", "p1", "p2"]


def test_no_dead_engine_stays_behind(forge: Forge, others: list[int]) -> None:
    before = the_engine(os.getpid(), others)
    os.kill(before, signal.SIGKILL)
    assert ends(before)
    forge.projects.create("Portal")

    assert children(os.getpid()) == [*others, the_engine(os.getpid(), others)]
    forge.close()
    assert children(os.getpid()) == others


def test_an_engine_that_does_not_start_again_is_lost_and_said_to_be(
    tmp_path: Path, data: Path, others: list[int]
) -> None:
    program = tmp_path / "dynoxide"
    program.symlink_to(str(dynoxide_binary()))
    lost = Event()
    with Forge.embedded(data=data, dynoxide=program, on_lost=lost.set):
        program.unlink()
        os.kill(the_engine(os.getpid(), others), signal.SIGKILL)

        assert lost.wait(_SECONDS)
    assert children(os.getpid()) == others


def test_an_engine_is_closed_while_it_is_started_again(data: Path, others: list[int]) -> None:
    for _ in range(5):
        lost = Event()
        forge = Forge.embedded(data=data, dynoxide=dynoxide_binary(), on_lost=lost.set)
        os.kill(the_engine(os.getpid(), others), signal.SIGKILL)
        forge.close()

        assert children(os.getpid()) == others
        assert not lost.is_set()


def test_an_engine_outlives_the_thread_that_asked_for_it(data: Path, others: list[int]) -> None:
    made: list[Forge] = []
    thread = Thread(
        target=lambda: made.append(Forge.embedded(data=data, dynoxide=dynoxide_binary()))
    )
    thread.start()
    thread.join()

    (forge,) = made
    engine = the_engine(os.getpid(), others)
    forge.projects.create("Portal")

    assert the_engine(os.getpid(), others) == engine
    forge.close()


_EMBEDS = """\
import os, sys
from pathlib import Path
from autoforge import Forge
from autoforge.dynamodb.client.client import RetryPolicy
forge = Forge.embedded(data=Path(sys.argv[1]), dynoxide=Path(sys.argv[2]))
print(flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_an_engine_ends_with_its_process_whatever_ends_that(
    data: Path, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _EMBEDS, str(data), str(dynoxide_binary())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        engine = the_engine(process.pid)

        process.send_signal(number)

        assert ends(engine)


_WATCHES = """\
import sys
from autoforge.dynamodb.local.child import Child
child = Child(["/bin/sleep", "600"], watched=True)
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_where_the_kernel_does_not_end_it_a_second_process_does() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WATCHES], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())

        process.kill()

        assert ends(child)


def test_the_second_process_goes_when_it_has_nothing_to_watch(others: list[int]) -> None:
    child = Child(["/bin/sleep", "600"], watched=True)
    assert len(children(os.getpid())) == len(others) + 2

    child.terminate()

    assert child.wait() == -signal.SIGTERM
    assert children(os.getpid()) == others


def test_ctrl_c_is_not_the_engines(forge: Forge, others: list[int]) -> None:
    assert os.getpgid(the_engine(os.getpid(), others)) != os.getpgid(0)


def test_an_engine_has_an_empty_environment(forge: Forge, others: list[int]) -> None:
    assert os.environ
    assert Path(f"/proc/{the_engine(os.getpid(), others)}/environ").read_bytes() == b""


def test_an_engine_inherits_no_open_file(data: Path, others: list[int], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    with secret.open("w") as file:
        os.set_inheritable(file.fileno(), True)
        with Forge.embedded(data=data, dynoxide=dynoxide_binary()):
            opened = set()
            for each in Path(f"/proc/{the_engine(os.getpid(), others)}/fd").iterdir():
                with contextlib.suppress(OSError):
                    opened.add(each.readlink())

    assert data in opened
    assert secret not in opened


def modes(data: Path) -> dict[str, int]:
    """The permissions of the files of a database."""
    return {
        each.name.removeprefix(data.name): stat.S_IMODE(each.stat().st_mode)
        for each in data.parent.glob(f"{data.name}*")
    }


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_only_its_owner_reads_the_data(data: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Forge.embedded(data=data, dynoxide=dynoxide_binary()) as forge:
            forge.projects.create("Secret")

            assert modes(data) == dict.fromkeys(["", "-wal", "-shm", ".key"], 0o600)
    finally:
        os.umask(before)


def test_what_others_could_read_they_can_no_more(data: Path, others: list[int]) -> None:
    with Forge.embedded(data=data, dynoxide=dynoxide_binary()) as forge:
        forge.projects.create("Secret", id="p1")
        engine = the_engine(os.getpid(), others)
        os.kill(engine, signal.SIGSTOP)  # like a crash, this leaves all four files
        kept = {each: each.read_bytes() for each in data.parent.glob(f"{data.name}*")}
        os.kill(engine, signal.SIGCONT)
    for path, content in kept.items():
        path.write_bytes(content)
        path.chmod(0o644)

    with Forge.embedded(data=data, dynoxide=dynoxide_binary()) as forge:
        assert forge.projects.get("p1").name == "Secret"

        assert modes(data) == dict.fromkeys(["", "-wal", "-shm", ".key"], 0o600)


def test_data_that_others_can_read_whatever_we_do_is_refused(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.touch(0o644)

    def chmod(path: Path, mode: int) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "chmod", chmod)

    with pytest.raises(ConfigurationError) as refused:
        Forge.embedded(data=data, dynoxide=dynoxide_binary())
    assert str(refused.value) == (
        f"the permissions of {data} cannot be restricted to its owner: Operation not permitted"
    )

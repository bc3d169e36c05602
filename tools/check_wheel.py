"""Prove that the wheel is enough: build it, install it where nothing else is, serve from it."""

import socket
import subprocess
import sys
import tempfile
import time
import venv
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final
from zipfile import ZipFile

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE: Final = 60.0


def main() -> None:
    """Build, look inside, install, run."""
    with tempfile.TemporaryDirectory() as directory:
        workspace = Path(directory)
        wheel = build(workspace / "dist")
        print(f"{wheel.name}: holds the package alone")
        commands = install(wheel, workspace / "venv")
        # From elsewhere, so that the checkout cannot stand in for what the wheel lacks.
        run(commands / "autoforge", "--help", cwd=workspace)
        serve(commands / "autoforge", workspace)
        print(f"{wheel.name}: installs, and answers /health")


def build(output: Path) -> Path:
    """Build the sdist, and the wheel from the sdist."""
    # Without isolation: the backend is the one that the lock pins.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", output, ROOT)
    (wheel,) = output.glob("*.whl")
    with ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    strangers = {top for top in tops if top != "autoforge" and not top.endswith(".dist-info")}
    if strangers:
        sys.exit(f"{wheel.name} must not hold {', '.join(sorted(strangers))}")
    return wheel


def install(wheel: Path, target: Path) -> Path:
    """Install the run lock and the wheel into an empty environment; return where commands are."""
    venv.create(target)
    pip = (sys.executable, "-m", "pip", "-qq", "--python", target, "--disable-pip-version-check")
    lock = ROOT / "requirements" / "run.txt"
    options = ("--only-binary", ":all:", "--no-compile")
    run(*pip, "install", *options, "--require-hashes", "-r", lock)
    run(*pip, "install", *options, "--no-deps", wheel)
    run(*pip, "check")
    return target / "bin"


def serve(autoforge: Path, cwd: Path) -> None:
    """Start the API with an embedded table and wait until it is healthy."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [autoforge, "serve", "--embedded", "--port", str(port)],
            cwd=cwd,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            healthy = wait_until_healthy(process, port)
        finally:
            process.terminate()
            process.wait(PATIENCE)
        if not healthy:
            output.seek(0)
            sys.exit(f"autoforge serve did not answer /health:\n{output.read().decode()}")


def wait_until_healthy(process: subprocess.Popen[bytes], port: int) -> bool:
    """Ask /health until it answers 200, the process ends or patience does."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == HTTPStatus.OK:
                return True
        except (OSError, HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    return False


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run a command; show what it said only if it failed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()

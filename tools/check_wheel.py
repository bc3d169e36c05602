"""Prove that the wheel is enough: build it, install it where nothing else is, use and serve it.

It is installed twice: bare, as for an agent on AWS, and with all extras, as for the API.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from importlib.metadata import distributions
from pathlib import Path
from typing import Final
from zipfile import ZipFile

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE: Final = 60.0

#: What a bare installation may weigh, itself included: unzipped, as it counts on AWS Lambda.
MOST_DISTRIBUTIONS: Final = 12
MOST_BYTES: Final = 30_000_000

#: What the wheel holds of Swagger UI.
SWAGGER_UI: Final = "autoforge/http/api/swagger_ui"
SWAGGER_UI_FILES: Final = {
    f"{SWAGGER_UI}/{name}"
    for name in (
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-ui-standalone-preset.js",
        "LICENSE",
        "VERSION",
    )
}

#: The command and what it says where an extra is missing.
MISSING: Final = "autoforge: {} is not installed, and {} needs it: pip install 'autoforge[{}]'\n"


def main() -> None:
    """Build, look inside, install, run."""
    with tempfile.TemporaryDirectory() as directory:
        workspace = Path(directory)
        wheel = build(workspace / "dist")
        print(f"{wheel.name}: holds the package with Swagger UI, and nothing else")
        check_bare(wheel, workspace)
        check_complete(wheel, workspace)


def check_bare(wheel: Path, workspace: Path) -> None:
    """Install it without extras; weigh it, use it, and ask for what is missing."""
    environment = workspace / "bare"
    commands = install(wheel, environment, "bare.txt")
    weigh(environment)
    refuse([commands / "autoforge"], "click", "the command line", "cli")
    engine = dynoxide()
    if engine is not None:
        program = ROOT / "tools" / "bare_round_trip.py"
        run(commands / "python", "-P", program, engine, cwd=workspace)
        print("bare: stores and reads items on dynoxide, and names each missing extra")
    elif "dynoxide" in os.environ.get("AUTOFORGE_REQUIRE_ENGINES", ""):
        sys.exit("AUTOFORGE_REQUIRE_ENGINES: dynoxide is not installed, and must be")
    else:
        print("bare: not used, as dynoxide is not installed: npm ci --prefix tests/engines")


def check_complete(wheel: Path, workspace: Path) -> None:
    """Install it with all extras; serve, then ask for what is taken away again."""
    environment = workspace / "complete"
    commands = install(wheel, environment, "run.txt")
    # From elsewhere, so that the checkout cannot stand in for what the wheel lacks.
    run(commands / "autoforge", "--help", cwd=workspace)
    serve(commands / "autoforge", workspace)
    print("with all extras: answers /health, and loads its documentation")
    embedding = (commands / "autoforge", "serve", "--embedded", "--port", str(free_port()))
    run(*pip(environment), "uninstall", "-y", "moto")
    refuse(embedding, "moto", "EmbeddedDynamoDB", "embedded")
    run(*pip(environment), "uninstall", "-y", "litestar", "structlog")
    refuse(embedding, "structlog", "autoforge.log", "http")


def weigh(environment: Path) -> None:
    """Count the distributions of an environment and their bytes."""
    (packages,) = environment.glob("lib/python*/site-packages")
    found = sorted(each.name for each in distributions(path=[str(packages)]))
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    print(f"bare: {len(found)} distributions, {size / 1e6:.1f} MB")
    if len(found) > MOST_DISTRIBUTIONS:
        sys.exit(f"a bare installation has {len(found)} distributions: {', '.join(found)}")
    if size > MOST_BYTES:
        sys.exit(f"a bare installation has {size:,} bytes, more than {MOST_BYTES:,}")


def refuse(command: Sequence[str | Path], *missing: str) -> None:
    """Require that a command says which package is missing, for what, and in which extra it is."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0 or done.stderr != MISSING.format(*missing):
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr}")


def dynoxide() -> Path | None:
    """The program that the tests' own package brings, or None."""
    return next(ROOT.glob("tests/engines/node_modules/@dynoxide/*/dynoxide"), None)


def build(output: Path) -> Path:
    """Build the sdist, and the wheel from the sdist."""
    # Without isolation: the backend is the one that the lock pins.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", output, ROOT)
    (wheel,) = output.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.partition("/")[0] for name in names}
    strangers = {top for top in tops if top != "autoforge" and not top.endswith(".dist-info")}
    if strangers:
        sys.exit(f"{wheel.name} must not hold {', '.join(sorted(strangers))}")
    if lacking := SWAGGER_UI_FILES - names:
        sys.exit(f"{wheel.name} lacks {', '.join(sorted(lacking))}")
    return wheel


def install(wheel: Path, target: Path, lock: str) -> Path:
    """Install a lock and the wheel into an empty environment; return where commands are."""
    venv.create(target)
    options = ("--only-binary", ":all:", "--no-compile")
    pins = ROOT / "requirements" / lock
    run(*pip(target), "install", *options, "--require-hashes", "-r", pins)
    run(*pip(target), "install", *options, "--no-deps", wheel)
    run(*pip(target), "check")
    return target / "bin"


def pip(target: Path) -> tuple[str | Path, ...]:
    """The pip of the checkout, at work on another environment."""
    return (sys.executable, "-m", "pip", "-qq", "--python", target, "--disable-pip-version-check")


def serve(autoforge: Path, cwd: Path) -> None:
    """Start the API with an embedded table and wait until it is healthy."""
    port = free_port()
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


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(process: subprocess.Popen[bytes], port: int) -> bool:
    """Ask for health and documentation until all is there, the process ends or patience does."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            for path in ("/health", "/docs", "/docs/assets/swagger-ui-bundle.js"):
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                if answer.status != HTTPStatus.OK:
                    break
            else:
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

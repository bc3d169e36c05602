"""Check that the wheel works alone: build it, install it into empty environments and use it.

It is installed three times: without extras, as for an agent on AWS; with all extras, as for the
API; and with the extra for tests, as for the laws of a table of one's own.
"""

import os
import shutil
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
#: Seconds to wait for the server to become healthy, and to end.
PATIENCE: Final = 60.0

#: The limits of an installation without extras, including autoforge: the number of distributions,
#: and the unzipped size, which AWS Lambda limits.
MOST_DISTRIBUTIONS: Final = 12
MOST_BYTES: Final = 30_000_000

#: The files of Swagger UI that the wheel must contain.
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

#: A test of the laws of a design, as a user writes it.
LAWS: Final = """
from another_domain import LIBRARY
from autoforge.testing import laws_of

test_laws = laws_of(LIBRARY, examples=5)
"""

#: The error message of the command if an extra is missing.
MISSING: Final = "autoforge: {} is not installed, and {} needs it: pip install 'autoforge[{}]'\n"


def main() -> None:
    """Build the wheel, check its contents, install it and use it."""
    with tempfile.TemporaryDirectory() as directory:
        workspace = Path(directory)
        wheel = build(workspace / "dist")
        print(f"{wheel.name}: contains the package with Swagger UI, and nothing else")
        check_bare(wheel, workspace)
        check_complete(wheel, workspace)
        check_laws(wheel, workspace)


def check_bare(wheel: Path, workspace: Path) -> None:
    """Install the wheel without extras; check its size, use it, and use the missing parts."""
    environment = workspace / "bare"
    commands = install(wheel, environment, "bare.txt")
    check_size(environment)
    check_error([commands / "autoforge"], "click", "the command line", "cli")
    engine = dynoxide()
    if engine is not None:
        program = ROOT / "tools" / "bare_round_trip.py"
        run(commands / "python", "-P", program, engine, cwd=workspace)
        print("bare: stores and reads items on dynoxide, and names each missing extra")
    elif "dynoxide" in os.environ.get("AUTOFORGE_REQUIRE_ENGINES", ""):
        sys.exit("dynoxide is not installed; AUTOFORGE_REQUIRE_ENGINES requires it")
    else:
        print("bare: not tested, since dynoxide is not installed: npm ci --prefix tests/engines")


def check_complete(wheel: Path, workspace: Path) -> None:
    """Install the wheel with all extras; serve, then use parts whose packages are removed."""
    environment = workspace / "complete"
    commands = install(wheel, environment, "run.txt")
    # Run outside the checkout, from which missing modules would be imported otherwise.
    run(commands / "autoforge", "--help", cwd=workspace)
    run(commands / "python", "-P", "-c", "import autoforge.cloudformation", cwd=workspace)
    serve(commands / "autoforge", workspace)
    print("with all extras: answers /health, and serves its documentation")
    embedding = (commands / "autoforge", "serve", "--embedded", "--port", str(free_port()))
    run(*pip(environment), "uninstall", "-y", "moto")
    check_error(embedding, "moto", "EmbeddedDynamoDB", "embedded")
    run(*pip(environment), "uninstall", "-y", "litestar", "structlog")
    check_error(embedding, "structlog", "autoforge.log", "http")


def check_laws(wheel: Path, workspace: Path) -> None:
    """Install the wheel with the extra for tests, and prove the laws of the example."""
    commands = install(wheel, workspace / "testing", "testing.txt")
    tests = workspace / "tests"
    tests.mkdir()
    shutil.copy2(ROOT / "docs" / "examples" / "another_domain.py", tests)
    (tests / "test_laws.py").write_text(LAWS, encoding="utf-8")
    run(commands / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", ".", cwd=tests)
    print("with the extra for tests: proves the laws of a table")


def check_size(environment: Path) -> None:
    """Check the number of distributions in an environment, and their size."""
    (packages,) = environment.glob("lib/python*/site-packages")
    found = sorted(each.name for each in distributions(path=[str(packages)]))
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    print(f"bare: {len(found)} distributions, {size / 1e6:.1f} MB")
    if len(found) > MOST_DISTRIBUTIONS:
        names = ", ".join(found)
        sys.exit(
            f"a bare installation has {len(found)} distributions; at most {MOST_DISTRIBUTIONS} "
            f"are allowed: {names}"
        )
    if size > MOST_BYTES:
        sys.exit(f"a bare installation has {size:,} bytes; at most {MOST_BYTES:,} are allowed")


def check_error(command: Sequence[str | Path], *missing: str) -> None:
    """Check that a command fails and names a missing package, the part and the extra."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0 or done.stderr != MISSING.format(*missing):
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr}")


def dynoxide() -> Path | None:
    """Return the dynoxide that npm installed for the tests, or None."""
    return next(ROOT.glob("tests/engines/node_modules/@dynoxide/*/dynoxide"), None)


def build(output: Path) -> Path:
    """Build the sdist, and the wheel from the sdist."""
    # Without isolation, so that the build backend is the pinned one.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", output, ROOT)
    (wheel,) = output.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.partition("/")[0] for name in names}
    unexpected = {top for top in tops if top != "autoforge" and not top.endswith(".dist-info")}
    if unexpected:
        sys.exit(f"{wheel.name} contains {', '.join(sorted(unexpected))}; expected only autoforge")
    if missing := SWAGGER_UI_FILES - names:
        sys.exit(f"{wheel.name} lacks {', '.join(sorted(missing))}")
    return wheel


def install(wheel: Path, target: Path, lock: str) -> Path:
    """Install a lock and the wheel into a new environment; return the folder of its commands."""
    venv.create(target)
    options = ("--only-binary", ":all:", "--no-compile")
    pins = ROOT / "requirements" / lock
    run(*pip(target), "install", *options, "--require-hashes", "-r", pins)
    run(*pip(target), "install", *options, "--no-deps", wheel)
    run(*pip(target), "check")
    return target / "bin"


def pip(target: Path) -> tuple[str | Path, ...]:
    """Return the command of the checkout's pip for another environment."""
    return (sys.executable, "-m", "pip", "-qq", "--python", target, "--disable-pip-version-check")


def serve(autoforge: Path, cwd: Path) -> None:
    """Serve the API with an embedded table, and check that it becomes healthy."""
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
    """Return a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(process: subprocess.Popen[bytes], port: int) -> bool:
    """Request health and documentation until all succeed, the process ends or time is up."""
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
    """Run a command; if it fails, exit with its output."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()

"""Extract the files of Swagger UI that the documentation page loads from a pinned wheel.

No package contains only these files: the wheel is a Flask extension that includes Swagger UI. npm
has a package of it, but serving the API from a checkout must work without npm (ADR 0041).
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final
from zipfile import ZipFile

ROOT: Final = Path(__file__).resolve().parent.parent
PIN: Final = ROOT / "requirements" / "swagger-ui.txt"
TARGET: Final = ROOT / "autoforge" / "http" / "api" / "swagger_ui"

#: The folder of the files in the wheel.
SOURCE: Final = "flask_swagger_ui/dist"
#: The files that the page loads, their licence, and their version.
FILES: Final = (
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "LICENSE",
    "VERSION",
)


def main() -> None:
    """Download the wheel and copy the files to the folder from which the API serves them."""
    with tempfile.TemporaryDirectory() as directory:
        workspace = Path(directory)
        options = ("--no-deps", "--require-hashes", "--only-binary", ":all:")
        command = (sys.executable, "-m", "pip", "-qq", "download", *options, "-r", PIN)
        subprocess.run((*command, "-d", workspace), check=True)
        (wheel,) = workspace.glob("*.whl")
        shutil.rmtree(TARGET, ignore_errors=True)
        TARGET.mkdir()
        with ZipFile(wheel) as archive:
            for name in FILES:
                (TARGET / name).write_bytes(archive.read(f"{SOURCE}/{name}"))


if __name__ == "__main__":
    main()

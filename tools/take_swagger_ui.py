"""Take the files of Swagger UI that the documentation page loads out of the wheel that is pinned.

No package holds just these: the wheel is an extension of Flask's with Swagger UI in it, and npm,
which has it by itself, need not be there where the API is served from a checkout.
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

#: Where they are in the wheel.
SOURCE: Final = "flask_swagger_ui/dist"
#: What the page loads, the licence of it, and which version it is.
FILES: Final = (
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "LICENSE",
    "VERSION",
)


def main() -> None:
    """Download the wheel, and put the files where the package looks for them."""
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

"""The program ``autoforge``; without the extra ``cli`` it says how to install it."""

from __future__ import annotations

import sys

from autoforge.errors import MissingExtraError


def main() -> None:
    """Run the command line."""
    try:
        from autoforge.cli.main import main as run  # noqa: PLC0415 - may lack its extra
    except MissingExtraError as error:
        sys.stderr.write(f"autoforge: {error}\n")
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()

"""The program ``autoforge``, which says what is missing where its extra is not installed."""

from __future__ import annotations

import sys

from autoforge.errors import MissingExtraError


def main() -> None:
    """Run the command line."""
    try:
        from autoforge.cli.main import main as run  # noqa: PLC0415 - it may not be installed
    except MissingExtraError as error:
        sys.stderr.write(f"autoforge: {error}\n")
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()

"""Files that only their owner may read."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from autoforge.dynamodb.errors import ConfigurationError

#: What SQLite puts beside a database file while it is open.
_BESIDE: Final = ("", "-wal", "-shm", "-journal")

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def require_private(data: Path) -> None:
    """Take from everybody but the owner what they may do with a database file that is there.

    Raises:
        ConfigurationError: if that is not possible, as where the file is somebody else's.
    """
    for suffix in _BESIDE:
        path = data.with_name(data.name + suffix)
        try:
            mode = path.stat().st_mode
            if mode & _OTHERS:
                path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigurationError(
                f"{path} must be readable by its owner only, and cannot be made so: "
                f"{error.strerror}"
            ) from error


def private_text(path: Path, new: str) -> str:
    """Return the text of a file that only its owner may read; one that has none gets the new one.

    Raises:
        ConfigurationError: as require_private.
    """
    require_private(path)
    path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    text = path.read_text()
    if not text:
        path.write_text(new)
    return text or new

"""Files that only their owner can read."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from autoforge.dynamodb.errors import ConfigurationError

#: The suffixes of a database file and of the files that SQLite creates next to it.
_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def require_private(data: Path) -> None:
    """Remove the permissions of group and others on a database file, if it exists.

    Raises:
        ConfigurationError: if the mode cannot be changed, such as that of another user's file.
    """
    for suffix in _SUFFIXES:
        path = data.with_name(data.name + suffix)
        try:
            mode = path.stat().st_mode
            if mode & _OTHERS:
                path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigurationError(
                f"the permissions of {path} cannot be restricted to its owner: {error.strerror}"
            ) from error


def private_text(path: Path, new: str) -> str:
    """Return the text of a file that only its owner can read; write it first if the file is empty.

    Args:
        path: The file, created if it does not exist.
        new: The text for an empty file.

    Raises:
        ConfigurationError: if the mode of the file cannot be changed.
    """
    require_private(path)
    path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    text = path.read_text()
    if not text:
        path.write_text(new)
    return text or new

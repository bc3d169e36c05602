"""What is demanded of a secret that keys are derived from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from autoforge.errors import ConfigurationError

#: Characters that a secret has at least. It is hashed to 256 bits and not stretched, so it must
#: hold all the chance there is: 32 random hexadecimal digits have 128 bits.
SHORTEST: Final = 32

#: Different characters that it has at least; of 32 random hexadecimal digits, one in 27 million has
#: fewer.
_VARIETY: Final = 8


def require_strong(secrets: Sequence[str]) -> None:
    """Refuse secrets that could be guessed.

    Raises:
        ConfigurationError: without the secret, if one is too short or repeats few characters.
    """
    for number, secret in enumerate(secrets, start=1):
        which = f"secret {number} of {len(secrets)}" if len(secrets) > 1 else "the secret"
        if len(secret) < SHORTEST:
            wrong = f"has {len(secret)} characters, not at least {SHORTEST}"
        elif len(set(secret)) < _VARIETY:
            wrong = f"has {len(set(secret))} different characters, not at least {_VARIETY}"
        else:
            continue
        raise ConfigurationError(
            f"{which} {wrong}; make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )

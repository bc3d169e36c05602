"""Checks that a secret is strong enough to derive keys from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from autoforge.errors import ConfigurationError

#: The fewest characters of a secret. It is hashed to 256 bits and not stretched, so it must hold
#: all the entropy of the key: 32 random hexadecimal digits have 128 bits.
SHORTEST: Final = 32

#: The fewest different characters of a secret. Of texts of 32 random hexadecimal digits, one in 27
#: million has fewer.
_VARIETY: Final = 8


def require_strong(secrets: Sequence[str]) -> None:
    """Refuse secrets that could be guessed.

    Raises:
        ConfigurationError: if a secret is too short or has too few different characters. The
            message does not hold the secret.
    """
    for number, secret in enumerate(secrets, start=1):
        which = f"secret {number} of {len(secrets)}" if len(secrets) > 1 else "the secret"
        if len(secret) < SHORTEST:
            found = f"has {len(secret)} characters, but needs at least {SHORTEST}"
        elif len(set(secret)) < _VARIETY:
            found = f"has {len(set(secret))} different characters, but needs at least {_VARIETY}"
        else:
            continue
        raise ConfigurationError(
            f"{which} {found}; make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )

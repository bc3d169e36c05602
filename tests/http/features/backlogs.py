"""Bodies and answers that several tests of features use."""

from typing import Final

from tests.http.serving import JsonObject

#: Every field of a new feature except its id, its dependencies and its Linear issue.
EVERYTHING: Final[JsonObject] = {
    "name": "Sign in with a passkey",
    "description": "Offer passkeys beside passwords",
    "priority": 7,
    "category": "authentication",
    "steps": ["Register", "", "Sign in"],
    "linearIssueUrl": "https://linear.app/acme/issue/MCU-160",
}

#: The statistics of a project without features.
NO_FEATURES: Final[JsonObject] = {
    "pending": 0,
    "inProgress": 0,
    "reviewReady": 0,
    "passing": 0,
    "failing": 0,
    "total": 0,
}

#: The moves that take a version or ``force``, with the status each leads to.
MOVES: Final = {
    "release": "pending",
    "review": "review_ready",
    "pass": "passing",
    "fail": "failing",
}
